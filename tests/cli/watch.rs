//! `mastery watch`: what is saved is checked, in a pipe and on a terminal, and nothing is left behind.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use crate::support::watched::{Pty, Watched};
use crate::support::{Sandbox, copy, fixtures, redact};

const SOLUTION: &str = "curricula/base/project/basics/numbers.py";
const WAITING: &str = "waiting for changes";

/// The base curriculum, watched in a pipe; its first check is over.
fn watched(arguments: &[&str]) -> (Sandbox, Watched) {
    let sandbox = Sandbox::with_base();
    let mut watched = Watched::in_pipe(sandbox.command(&[&["watch"], arguments].concat()));
    watched.wait_for("green: ");
    watched.wait_for(WAITING);
    (sandbox, watched)
}

/// The text without what differs from run to run.
fn steady(text: &str, sandbox: &Sandbox) -> String {
    let time = regex::Regex::new(r"\d\d:\d\d:\d\d").unwrap();
    time.replace_all(&redact(text, sandbox.path()), "[NOW]")
        .into_owned()
}

/// The cases that were run, in the output of `--verbose`.
fn run_in(output: &str) -> Vec<String> {
    let ids = output.lines().filter_map(|line| line.strip_prefix("ok "));
    let mut ids: Vec<_> = ids
        .filter_map(|line| Some(line.split_whitespace().next()?.to_owned()))
        .collect();
    ids.sort();
    ids
}

#[test]
fn solution_that_is_broken_and_mended_turns_red_and_green() {
    let (sandbox, mut watched) = watched(&["--jobs", "1"]);
    sandbox.replace(SOLUTION, "sum(values) / len(values)", "sum(values)");
    let red = watched.wait_for(WAITING);
    insta::assert_snapshot!("watch-red", steady(&red, &sandbox));
    sandbox.replace(SOLUTION, "sum(values)", "sum(values) / len(values)");
    watched.wait_for("green: all 10 cases as expected; no findings");
}

#[test]
fn only_what_a_save_concerns_is_run() {
    let (sandbox, mut watched) = watched(&["--verbose"]);
    let (from, to) = (
        "sum(values) / len(values)",
        "sum(values) * (1 / len(values))",
    );
    sandbox.replace(SOLUTION, from, to);
    assert_eq!(
        run_in(&watched.wait_for(WAITING)),
        [
            "base/double/complete",
            "base/double/reference",
            "base/mean/complete",
            "base/mean/reference",
        ]
    );
    let prompt = "curricula/base/modules/mean/prompt.md";
    sandbox.write(prompt, sandbox.read(prompt) + "\nIt may be empty.\n");
    let checked = watched.wait_for(WAITING);
    assert!(
        checked.contains("prompt.md") && checked.contains("nothing had to be run"),
        "{checked}"
    );
}

#[test]
fn file_that_is_saved_by_a_rename_is_checked() {
    let (sandbox, mut watched) = watched(&[]);
    let text = sandbox.read(SOLUTION);
    for (text, colour) in [
        (text.replace("len(values)", "2"), "red: "),
        (text, "green: "),
    ] {
        let temporary = format!("{SOLUTION}~");
        sandbox.write(&temporary, text);
        fs::rename(
            sandbox.path().join(temporary),
            sandbox.path().join(SOLUTION),
        )
        .unwrap();
        watched.wait_for(colour);
    }
}

#[test]
fn burst_of_saves_ends_with_the_last_one() {
    let (sandbox, mut watched) = watched(&[]);
    let text = sandbox.read(SOLUTION);
    for number in 0..50 {
        sandbox.write(
            SOLUTION,
            text.replace("len(values)", &format!("({number} + 0.5)")),
        );
    }
    sandbox.write(SOLUTION, text.replace("sum(values)", "sum(list(values))"));
    watched.wait_for("green: all 10 cases as expected; no findings");
}

#[test]
fn folders_that_are_deleted_and_restored_are_checked() {
    let (sandbox, mut watched) = watched(&[]);
    for folder in ["modules/double", "project", ""] {
        let folder = PathBuf::from("curricula/base").join(folder);
        fs::remove_dir_all(sandbox.path().join(&folder)).unwrap();
        watched.wait_for("red: ");
        let whole = fixtures().join("base");
        let part = folder.strip_prefix("curricula/base").unwrap();
        copy(&whole.join(part), &sandbox.path().join(&folder));
        watched.wait_for("green: all 10 cases as expected; no findings");
    }
    sandbox.replace(SOLUTION, "len(values)", "2");
    watched.wait_for("red: ");
}

#[test]
fn what_was_known_before_the_manifest_could_not_be_read_is_known_after() {
    let (sandbox, mut watched) = watched(&[]);
    let manifest = "curricula/base/curriculum.yaml";
    let text = sandbox.read(manifest);
    sandbox.write(manifest, "modules: [double, ");
    let red = watched.wait_for("red: no cases");
    assert!(red.contains("yaml-syntax"), "{red}");
    sandbox.write(manifest, text);
    watched.wait_for("green: all 10 cases as expected; no findings; nothing had to be run");
}

#[test]
fn endless_test_does_not_keep_its_correction_from_being_checked() {
    let sandbox = Sandbox::with_base();
    let module = "curricula/base/modules/mean/module.yaml";
    sandbox.replace(module, "timeout_seconds: 20", "timeout_seconds: 600");
    let mut watched = Watched::in_pipe(sandbox.command(&["watch", "mean", "--verbose"]));
    watched.wait_for("green: ");
    watched.wait_for(WAITING);
    let (right, endless) = (
        "    return sum(values) / len(values)",
        "    import time\n    while True:\n        time.sleep(1)",
    );
    let test = "curricula/base/project/tests/test_mean.py";
    let text = sandbox.read(test);
    sandbox.write(
        test,
        format!("{text}\n\ndef test_small():\n    assert mean([2]) == 2\n"),
    );
    watched.wait_for("green: ");
    sandbox.replace(SOLUTION, right, endless);
    watched.wait_for("numbers.py");
    sandbox.replace(SOLUTION, endless, right);
    watched.wait_for("green: all 3 cases as expected; no findings");
}

#[test]
fn each_check_is_a_line_of_json() {
    let sandbox = Sandbox::with_base();
    let command = sandbox.command(&["watch", "mean", "--format", "json"]);
    let mut watched = Watched::in_pipe(command);
    let schema = mastery::curriculum::schema::Schema::by_name("report").unwrap();
    let mut next = || serde_json::from_str::<serde_json::Value>(&watched.wait_for("\n")).unwrap();
    let report = next();
    assert!(schema.accepts(&report), "{report:#}");
    assert_eq!(report["summary"]["as_expected"], 3);
    sandbox.replace(SOLUTION, "len(values)", "2");
    let report = next();
    assert!(schema.accepts(&report), "{report:#}");
    assert_eq!(report["summary"]["unexpected"], 2);
}

#[test]
fn signal_ends_the_watch_and_all_it_has_started() {
    for signal in [libc::SIGINT, libc::SIGTERM] {
        let (_sandbox, mut watched) = watched(&[]);
        let supervisors = supervisors_of(watched.child.id());
        watched.signal(signal);
        assert_eq!(watched.end().0.code(), Some(130));
        for pid in supervisors {
            assert!(!PathBuf::from(format!("/proc/{pid}")).exists());
        }
    }
}

/// The processes that a process has started.
fn supervisors_of(process: u32) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{process}/task"))
        .unwrap()
        .flatten();
    let children = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    children
        .flat_map(|text| {
            text.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect()
}

/// The base curriculum, watched on a terminal; its first check is over.
fn on_terminal(environment: &[(&str, &str)]) -> (Sandbox, Pty, Watched) {
    let sandbox = Sandbox::with_base();
    let mut command = sandbox.command(&["watch"]);
    command
        .env("TERM", "xterm")
        .envs(environment.iter().copied());
    let (pty, mut watched) = Pty::start(command, 100);
    watched.wait_for(WAITING);
    (sandbox, pty, watched)
}

const USUAL: libc::tcflag_t = libc::ICANON | libc::ECHO | libc::ISIG;

#[test]
fn keys_do_what_they_say_and_the_terminal_is_as_it_was() {
    let (sandbox, pty, mut watched) = on_terminal(&[]);
    assert_eq!(pty.modes(), libc::ISIG);
    pty.press("h");
    watched.wait_for("q      quit");
    pty.press("a");
    watched.wait_for(" run ");
    watched.wait_for(WAITING);
    pty.press("/mexn\x7f\x7fan\r");
    watched.wait_for("only cases with `mean`");
    watched.wait_for("all 3 cases as expected");
    sandbox.replace(SOLUTION, "x * 2", "x * 3");
    let checked = watched.wait_for(WAITING);
    assert!(!checked.contains("double/reference"), "{checked}");
    // What the filter has kept from being run is run now.
    pty.press("/\r");
    watched.wait_for("double/reference");
    watched.wait_for(WAITING);
    pty.press("f");
    let failed = watched.wait_for("red\u{1b}[0m: ");
    assert!(
        failed.contains("only ") && failed.contains("that failed"),
        "{failed}"
    );
    watched.wait_for(WAITING);
    pty.press("q");
    let (status, _) = watched.end();
    assert_eq!(status.code(), Some(0));
    assert_eq!(pty.modes(), USUAL);
}

#[test]
fn editor_is_told_file_and_line_and_has_the_terminal() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "editor",
        "#!/bin/sh\necho \"opened: $@ $(stty -a | grep -o ' icanon')\"\nread line\n",
    );
    let editor = sandbox.path().join("editor");
    fs::set_permissions(&editor, fs::Permissions::from_mode(0o755)).unwrap();
    let (other, pty, mut watched) = on_terminal(&[("EDITOR", editor.to_str().unwrap())]);
    let tests = "curricula/base/modules/mean/module.yaml";
    other.replace(tests, "title: The middle", "titel: The middle");
    watched.wait_for("o open module.yaml:2");
    pty.press("o");
    watched.wait_for(&format!(
        "opened: +2 {}  icanon",
        other.path().join(tests).display()
    ));
    pty.press("\n");
    watched.wait_for("o open module.yaml:2");
    assert_eq!(pty.modes(), libc::ISIG);
}

#[test]
fn last_line_follows_the_width_of_the_terminal() {
    let (_sandbox, pty, mut watched) = on_terminal(&[]);
    watched.wait_for("q quit");
    pty.resize(40);
    watched.wait_for("waiting for changes   a all, f faile...");
    pty.resize(100);
    watched.wait_for("q quit");
}

#[test]
fn stopped_watch_gives_the_terminal_back_and_takes_it_again() {
    let (_sandbox, pty, mut watched) = on_terminal(&[]);
    watched.wait_for("q quit");
    pty.press("\x1a");
    watched.wait_until_stopped();
    assert_eq!(pty.modes(), USUAL);
    watched.signal(libc::SIGCONT);
    watched.wait_for(WAITING);
    assert_eq!(pty.modes(), libc::ISIG);
    pty.press("\x03");
    assert_eq!(watched.end().0.code(), Some(130));
    assert_eq!(pty.modes(), USUAL);
}
