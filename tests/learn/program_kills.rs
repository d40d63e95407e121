//! The program killed at random moments, with all that it started: nothing that it reported is lost, and nothing that it
//! was at is in the way of what comes next.

use std::fs;
use std::io::Read as _;
use std::os::unix::process::CommandExt as _;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use mastery::learn::state::Store;

use crate::kills::Numbers;
use crate::player::{Author, Learner, bundle};
use crate::support::Sandbox;

const LOOPS: usize = 500;

/// Longer than most commands take, so that each moment of them has its turn.
const LONGEST_DELAY: u64 = 150_000;

/// Runs a command, kills it after some microseconds with its whole group, and returns what it had printed.
fn killed(learner: &Learner, arguments: &[&str], delay: u64) -> String {
    let mut command = learner.command(arguments);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0);
    let mut child = command.spawn().unwrap();
    thread::sleep(Duration::from_micros(delay));
    let group = i32::try_from(child.id()).unwrap();
    // SAFETY: a plain system call. The child was not waited for, so that its group is still its own.
    unsafe { libc::kill(-group, libc::SIGKILL) };
    let _ = child.wait().unwrap();
    let mut printed = String::new();
    let mut stdout = child.stdout.take().unwrap();
    let _ = stdout.read_to_string(&mut printed);
    printed
}

#[test]
fn program_that_is_killed_at_any_moment_loses_nothing_that_it_reported() {
    let sandbox = Sandbox::new();
    let file = bundle(&sandbox, "foundations", &["--no-check"]);
    let author = Author::of("foundations");
    let mut learner = Learner::new(&sandbox, "learner", &file);
    let _ = learner.sees(0, &["init"]);
    learner.project.push("foundations");
    let _ = learner.sees(0, &["select", "log_summary"]);
    let edited = author.edited("log_summary");
    learner.writes(&author.solved("log_summary", false), &edited);
    let _ = learner.sees(0, &["submit"]);
    let own = learner.project.join(".mastery");
    fs::write(learner.project.join("vague.txt"), "Because it is better.").unwrap();
    let commands = [
        &["submit", "--answer", "vague.txt"][..],
        &["start-challenge", "log_summary", "--another"],
        &["hint"],
        &["submit", "--answer", "vague.txt"],
        &["test", "log_summary"],
        &["select", "log_summary"],
    ];
    let mut numbers = Numbers::new(0x9e37_79b9);
    let (mut begun, mut reported) = (0, 0);
    for turn in 0..LOOPS {
        let arguments = commands[turn % commands.len()];
        let printed = killed(&learner, arguments, numbers.below(LONGEST_DELAY));
        if arguments[0] == "submit" {
            begun += 1;
            let is_reported = ["unclear:", "caught:"]
                .iter()
                .any(|it| printed.contains(it));
            reported += usize::from(is_reported);
        }
        let (store, notices) = Store::open(&own).unwrap();
        assert_eq!(notices, [], "turn {turn}");
        let export = store.export().unwrap();
        let answers = export["answers"].as_array().unwrap().len();
        assert!(
            (reported..=begun).contains(&answers),
            "turn {turn}: {reported} reported, {answers} kept, {begun} begun"
        );
        let is_told = printed.contains("this was reported");
        let record = store.progress().unwrap();
        let module = author.module("log_summary").id.clone();
        assert!(
            !is_told || record.open_challenge(&module).is_some(),
            "turn {turn}"
        );
    }
    assert!(reported > 0, "the delays are too short for this machine");

    // What comes next works as if nothing had been.
    for question in author.questions("log_summary") {
        let _ = learner.answers(0, question.model_answer.as_str());
    }
    let _ = learner.sees(0, &["start-challenge", "--another"]);
    let challenge = own.join("challenges/log_summary");
    for path in &edited {
        fs::copy(learner.project.join(path), challenge.join(path)).unwrap();
    }
    let _ = learner.sees(0, &["submit"]);
    let left: Vec<_> = fs::read_dir(own.join("challenges"))
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, Vec::<std::ffi::OsString>::new());
}
