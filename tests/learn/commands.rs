//! The learner's program in folders that are not as it has left them, and in two terminals at once.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::player::{Author, source};
use crate::support::{Run, Sandbox, clear};

/// A learner of the course as it is in this repository.
struct Learner {
    sandbox: Sandbox,
    project: PathBuf,
}

impl Learner {
    /// One who has begun.
    fn begun() -> Self {
        let learner = Self::new();
        learner.does(0, &["init", ".", "--no-environment"]);
        learner
    }

    fn new() -> Self {
        let sandbox = Sandbox::new();
        let project = sandbox.path().join("my work");
        fs::create_dir(&project).unwrap();
        Self { sandbox, project }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mastery-learn"));
        command
            .arg("--course")
            .arg(source("foundations"))
            .args(arguments)
            .current_dir(&self.project)
            .stdin(Stdio::null());
        clear(&mut command);
        command
    }

    /// Runs a command that has to end with a code, and returns all that it prints.
    #[track_caller]
    fn does(&self, code: i32, arguments: &[&str]) -> String {
        let output = self.command(arguments).output().unwrap();
        let run = Run::of(output, self.sandbox.path());
        let said = format!("{}{}", run.stdout, run.stderr);
        assert_eq!(run.code, code, "{arguments:?}\n{said}");
        said
    }

    fn solves(&self, module: &str) {
        let author = Author::of("foundations");
        let solved = author.solved(module, false);
        for path in author.edited(module) {
            fs::write(self.at(&path), solved.get(&path).unwrap().text().unwrap()).unwrap();
        }
    }

    fn at(&self, path: &str) -> PathBuf {
        self.project.join(path)
    }

    fn reads(&self, path: &str) -> String {
        fs::read_to_string(self.at(path)).unwrap()
    }

    fn exported(&self) -> Value {
        serde_json::from_str(&self.does(0, &["export"])).unwrap()
    }

    /// Moves a folder out of the project and puts a link in its place.
    fn replaces_by_link(&self, folder: &str) -> PathBuf {
        let outside = self.sandbox.path().join("elsewhere");
        fs::rename(self.at(folder), &outside).unwrap();
        symlink(&outside, self.at(folder)).unwrap();
        outside
    }
}

const CODE: &str = "foundations/binary_search.py";
const CHALLENGE: &str = ".mastery/challenges/binary_search/foundations/binary_search.py";

#[test]
fn project_without_its_record_is_begun_again_over_the_learners_files() {
    let learner = Learner::begun();
    fs::write(learner.at(CODE), "mine = 1\n").unwrap();
    fs::remove_file(learner.at("shell/log_summary.sh")).unwrap();
    fs::remove_dir_all(learner.at(".mastery")).unwrap();
    let told = learner.does(0, &["init", ".", "--no-environment"]);
    assert!(told.contains("1 file, in the repository"), "{told}");
    assert!(told.contains(CODE), "{told}");
    assert_eq!(learner.reads(CODE), "mine = 1\n");
    assert!(learner.at("shell/log_summary.sh").is_file());
    learner.does(0, &["status"]);
}

#[test]
fn nothing_is_written_through_links_that_lead_out_of_the_project() {
    let learner = Learner::begun();
    let outside = learner.replaces_by_link("tests");
    let test = outside.join("test_binary_search.py");
    fs::write(&test, "not ours").unwrap();
    let told = learner.does(2, &["init", "--no-environment"]);
    assert!(
        told.contains("in the way of the course's files: `tests`"),
        "{told}"
    );
    assert_eq!(fs::read_to_string(test).unwrap(), "not ours");
}

#[test]
fn reset_that_can_not_put_files_back_forgets_nothing() {
    let learner = Learner::begun();
    learner.solves("binary_search");
    learner.does(0, &["select", "binary_search"]);
    learner.does(0, &["submit"]);
    let outside = learner.replaces_by_link("foundations");
    let written = fs::read(outside.join("binary_search.py")).unwrap();
    let reset = ["reset", "binary_search", "--files", "--yes"];
    let told = learner.does(2, &reset);
    assert!(told.contains("`foundations`"), "{told}");
    assert_eq!(fs::read(outside.join("binary_search.py")).unwrap(), written);
    assert_eq!(learner.exported()["passes"].as_array().unwrap().len(), 1);

    fs::remove_file(learner.at("foundations")).unwrap();
    fs::rename(outside, learner.at("foundations")).unwrap();
    learner.does(0, &reset);
    assert!(learner.exported()["passes"].as_array().unwrap().is_empty());
    assert!(learner.reads(CODE).contains("NotImplementedError"));
}

#[test]
fn two_terminals_begin_the_same_project() {
    let learner = Learner::new();
    let init = || {
        let mut command = learner.command(&["init", ".", "--no-environment"]);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    };
    let mut both = [init(), init()];
    for child in &mut both {
        assert!(child.wait().unwrap().success());
    }
    learner.does(0, &["status"]);
    assert!(learner.at(CODE).is_file());
}

#[test]
fn folder_that_is_named_is_the_one_that_is_looked_at() {
    let learner = Learner::begun();
    let told = learner.does(0, &["-C", ".."]);
    assert!(told.contains("init"), "{told}");
    learner.does(4, &["-C", "..", "status"]);
    learner.does(0, &["-C", "tests/..", "status"]);
}

#[test]
fn submit_that_nobody_reads_is_recorded() {
    let learner = Learner::begun();
    learner.solves("binary_search");
    learner.does(0, &["select", "binary_search"]);
    let mut command = learner.command(&["submit"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    child.wait().unwrap();
    assert_eq!(learner.exported()["passes"].as_array().unwrap().len(), 1);
}

#[test]
fn another_challenge_is_another_one_and_what_was_done_is_kept() {
    let learner = Learner::begun();
    learner.solves("binary_search");
    learner.does(0, &["select", "binary_search"]);
    learner.does(0, &["submit"]);
    learner.does(0, &["start-challenge"]);
    let mut work = learner.reads(CHALLENGE);
    work.push_str("# An hour of work.\n");
    fs::write(learner.at(CHALLENGE), &work).unwrap();
    learner.does(0, &["start-challenge", "--another"]);
    let challenges = learner.exported()["challenges"].as_array().unwrap().clone();
    assert_eq!(challenges.len(), 2);
    assert_ne!(challenges[0]["incident"], challenges[1]["incident"]);
    assert_eq!(challenges[0]["end"], "abandoned");
    let listed = learner.does(0, &["history", "--plain"]);
    let why = "before a challenge of binary_search";
    let names = listed.lines().filter(|line| line.contains(why));
    let names = names.flat_map(|line| {
        line.split_whitespace()
            .map(|it| it.trim_matches([',', ';']))
    });
    let names =
        names.filter(|it| it.len() == 12 && it.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let is_kept = |(number, name): (usize, &str)| {
        let folder = format!("../back-{number}");
        learner.does(0, &["history", name, "--to", &folder]);
        learner.reads(&format!("{folder}/{CODE}")) == work
    };
    assert!(names.enumerate().any(is_kept), "{listed}");

    fs::remove_dir_all(learner.at(".mastery/challenges")).unwrap();
    let told = learner.does(4, &["test"]);
    assert!(told.contains("start-challenge"), "{told}");
}

#[test]
fn fix_of_the_bug_alone_is_no_file_that_was_put_back() {
    let learner = Learner::begun();
    learner.solves("binary_search");
    learner.does(0, &["select", "binary_search"]);
    learner.does(0, &["submit"]);
    let solution = learner.reads(CODE);
    for (how, suffix) in [
        ("passed", "# This is the copy with the bug.\n"),
        ("restored", ""),
    ] {
        learner.does(0, &["start-challenge"]);
        assert!(learner.reads(CHALLENGE).ends_with("the bug.\n"));
        fs::write(learner.at(CHALLENGE), format!("{solution}{suffix}")).unwrap();
        let told = learner.does(0, &["submit"]);
        assert_eq!(told.contains("restored:"), how == "restored", "{told}");
        assert!(!learner.at(".mastery/challenges/binary_search").exists());
    }
}

#[test]
fn module_that_was_broken_is_mended_by_going_back_to_it() {
    let learner = Learner::begun();
    learner.solves("log_summary");
    learner.does(0, &["select", "log_summary"]);
    learner.does(0, &["submit"]);
    let right = learner.reads("shell/log_summary.sh");
    fs::write(learner.at("shell/log_summary.sh"), "exit 1\n").unwrap();
    learner.solves("binary_search");
    learner.does(0, &["select", "binary_search"]);
    let told = learner.does(1, &["submit"]);
    assert!(told.contains("select log_summary"), "{told}");
    fs::write(learner.at("shell/log_summary.sh"), right).unwrap();
    let told = learner.does(0, &["select", "log_summary"]);
    assert!(told.contains("Build log_summary"), "{told}");
    learner.does(0, &["submit"]);
    assert!(!learner.does(0, &["status"]).contains("broken"));
}

#[test]
fn what_comes_first_is_what_the_module_builds_on() {
    let learner = Learner::begun();
    learner.does(0, &["select", "running_stats"]);
    let told = learner.does(4, &["select", "versioned_map"]);
    assert!(told.contains("`binary_search` comes first"), "{told}");
}
