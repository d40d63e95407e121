//! What a learner reads, as they read it: on a terminal of 80 columns, and as plain lines.

use std::fs;
use std::path::Path;

use crate::player::{Learner, bundle};
use crate::support::{Sandbox, redact};

/// Wrong for the last place.
const WRONG: &str = "\
def lower_bound(values, target):
    low, high = 0, len(values) - 1
    while low < high:
        middle = (low + high) // 2
        if values[middle] < target:
            low = middle + 1
        else:
            high = middle
    return low
";

const SHALLOW: &str = "Because a binary search is fast: it halves the range in every step.";

/// A learner at the beginning of a small course, in their project.
struct Reader {
    sandbox: Sandbox,
    learner: Learner,
}

impl Reader {
    fn new() -> Self {
        let sandbox = Sandbox::new();
        let file = bundle(&sandbox, "foundations", &["--no-check"]);
        let learner = Learner::new(&sandbox, "learner", &file);
        Self { sandbox, learner }
    }

    fn begun() -> Self {
        let mut reader = Self::new();
        let _ = reader.learner.sees(0, &["init", "work"]);
        reader.learner.project.push("work");
        reader
    }

    /// What a command shows, without what differs from run to run.
    #[track_caller]
    fn reads(&self, code: i32, arguments: &[&str]) -> String {
        let text = redact(&self.learner.sees(code, arguments), self.sandbox.path());
        let changing = [
            (r"Python \d+\.\d+\.\d+", "Python [VERSION]"),
            (r"\b[0-9a-f]{12}\b", "[SNAPSHOT]"),
            (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", "[WHEN]"),
        ];
        changing.iter().fold(text, |text, (pattern, word)| {
            let pattern = regex::Regex::new(pattern).unwrap();
            pattern.replace_all(&text, *word).into_owned()
        })
    }

    fn writes(&self, code: &str) {
        let path = self.learner.project.join("foundations/binary_search.py");
        fs::write(path, code).unwrap();
    }

    /// Hands in a file as an answer.
    #[track_caller]
    fn answers(&self, text: &str) -> String {
        let file = self.sandbox.path().join("written.txt");
        fs::write(&file, text).unwrap();
        self.reads(1, &["submit", "--answer", &file.to_string_lossy()])
    }
}

fn right() -> String {
    WRONG.replace("len(values) - 1", "len(values)")
}

/// Several outputs, each below its command.
fn sheet(reader: &Reader, commands: &[(i32, &[&str])]) -> String {
    let shown = commands.iter().map(|(code, arguments)| {
        let text = reader.reads(*code, arguments);
        format!("$ course {}\n{text}", arguments.join(" "))
    });
    shown.collect::<Vec<_>>().join("\n")
}

#[test]
fn beginning_says_each_time_what_comes_next() {
    let mut reader = Reader::new();
    let before = sheet(&reader, &[(0, &[]), (0, &["init", "work"])]);
    reader.learner.project.push("work");
    let after = sheet(
        &reader,
        &[
            (0, &[]),
            (0, &["list"]),
            (4, &["submit"]),
            (4, &["hint"]),
            (0, &["select", "binary_search"]),
            (0, &["status"]),
            (0, &["hint"]),
            (0, &["history"]),
        ],
    );
    insta::assert_snapshot!(format!("{before}\n{after}"));
}

#[test]
fn stages_are_told_apart_and_failures_are_short() {
    let reader = Reader::begun();
    let _ = reader.reads(0, &["select", "binary_search"]);
    reader.writes(WRONG);
    let failed = reader.reads(1, &["submit"]);
    reader.writes(&right());
    let passed = sheet(&reader, &[(0, &["submit"]), (0, &["show"])]);
    let caught = reader.answers(SHALLOW);
    let after = sheet(&reader, &[(0, &["status"]), (0, &["history"])]);
    insta::assert_snapshot!([failed, passed, caught, after].join("\n"));
}

#[test]
fn challenge_is_told_the_same_when_it_begins_and_later() {
    let reader = Reader::begun();
    let _ = reader.reads(0, &["select", "binary_search"]);
    reader.writes(&right());
    let _ = reader.reads(0, &["submit"]);
    let begun = reader.reads(0, &["start-challenge"]);
    assert_eq!(reader.reads(0, &["show"]), begun);
    insta::assert_snapshot!(begun);
}

#[test]
fn plain_lines_say_by_themselves_what_they_are_about() {
    let reader = Reader::begun();
    let _ = reader.reads(0, &["select", "binary_search"]);
    reader.writes(WRONG);
    insta::assert_snapshot!(sheet(
        &reader,
        &[
            (0, &["--plain"]),
            (0, &["--plain", "status"]),
            (0, &["--plain", "list"]),
            (1, &["--plain", "submit"]),
            (0, &["--plain", "hint"]),
            (0, &["--plain", "history"]),
        ],
    ));
}

#[test]
fn file_with_the_name_of_the_course_is_not_in_the_way() {
    let reader = Reader::new();
    let taken = reader.learner.project.join("foundations");
    fs::rename(reader.learner.project.join("course"), &taken).unwrap();
    let output = std::process::Command::new(&taken)
        .args(["init", "--no-environment"])
        .current_dir(&reader.learner.project)
        .output()
        .unwrap();
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{output:?}");
    let command = "cd foundations-work && ../foundations select binary_search";
    assert!(shown.contains(command), "{shown}");
    assert!(is_project(&reader.learner.project.join("foundations-work")));
}

fn is_project(folder: &Path) -> bool {
    folder.join(".mastery").is_dir() && folder.join("foundations/binary_search.py").is_file()
}

#[test]
fn no_line_is_wider_than_the_terminal_and_no_colour_is_hard_to_read() {
    let reader = Reader::begun();
    let commands: &[&[&str]] = &[
        &["list"],
        &["status"],
        &["show"],
        &["select", "log_summary"],
    ];
    for arguments in commands {
        let screen = reader.learner.types(arguments, "");
        for line in screen.text.lines() {
            let is_code = line.starts_with("    ");
            assert!(is_code || line.chars().count() <= 80, "{line}");
        }
        for yellow_or_cyan in ["\u{1b}[33m", "\u{1b}[36m"] {
            assert!(!screen.raw.contains(yellow_or_cyan), "{}", screen.raw);
        }
    }
}
