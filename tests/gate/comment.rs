//! The comment of a pull request: one, of its own, kept up to date.

use std::fs;

use serde_json::json;

use crate::github::{GitHub, State, comment};
use crate::release::Release;
use crate::repository::Courses;
use crate::runner::{Conclusion, Event, JobRun, Runner};

const BOT: &str = "github-actions[bot]";
const MARKER: &str = "<!-- mastery: the gate -->";

/// A program that comments what the repository's `summary.md` says, and ends with what is in `code`.
const PROGRAM: &str = "for it; do case $it in
    comment=*) cp summary.md ${it#comment=} ;;
    json=*) echo {} >${it#json=} ;;
    --version) exit ;;
esac; done
exit $(cat code)";

fn courses(summary: &str, code: &str) -> Courses {
    let courses = Courses::new();
    report(&courses, summary, code);
    courses
}

fn report(courses: &Courses, summary: &str, code: &str) {
    fs::write(courses.path.join("summary.md"), summary).unwrap();
    fs::write(courses.path.join("code"), code).unwrap();
    courses.commit("what is reported");
}

fn lint(courses: &Courses, github: &GitHub) -> JobRun {
    let runner = Runner::new(&courses.path).with_api(&github.url());
    let release = Release::new(PROGRAM);
    let mut with = release.inputs("");
    let inputs =
        json!({"command": "lint", "comment": true, "pull-request": 7, "artifact": "report"});
    with.as_object_mut()
        .unwrap()
        .extend(inputs.as_object().unwrap().clone());
    let permissions = json!({"contents": "read", "pull-requests": "write"});
    runner.run_action(&Event::push(&courses.path), &permissions, &with)
}

fn bodies(github: &GitHub) -> Vec<String> {
    github.with(|state| {
        let bodies = state
            .comments
            .iter()
            .map(|it| it["body"].as_str().unwrap().to_owned());
        bodies.collect()
    })
}

#[test]
fn a_comment_is_written_once_and_then_edited() {
    let (courses, github) = (courses("# Green\n", "0"), GitHub::new(State::default()));
    let job = lint(&courses, &github);
    assert_eq!(job.conclusion, Conclusion::Success, "{}", job.log);
    let first = bodies(&github);
    assert_eq!(first.len(), 1);
    let url = "https://github.example/school/courses/actions/runs/1";
    assert_eq!(first[0], commented("# Green\n", url));

    report(&courses, "# Red\n", "1");
    let job = lint(&courses, &github);
    assert_eq!(job.conclusion, Conclusion::Failure, "{}", job.log);
    let second = bodies(&github);
    assert_eq!(second.len(), 1);
    assert_eq!(second[0], commented("# Red\n", url));
    assert!(github.with(|state| state.requests.iter().all(|(_, has_token)| *has_token)));
    // The verdict comes last, when all has been told.
    let steps: Vec<_> = job.steps.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        steps[steps.len() - 4..],
        ["artifact", "comment", "verdict", "mastery"]
    );
}

#[test]
fn comments_of_others_are_left_alone_wherever_the_own_one_is() {
    let courses = courses("# Green\n", "0");
    let mut comments: Vec<_> = (0..150)
        .map(|id| comment(id, "somebody", "User", "Nice!"))
        .collect();
    comments[3] = comment(3, "somebody", "User", MARKER);
    comments[4] = comment(4, BOT, "User", MARKER);
    comments[5] = comment(5, "another[bot]", "Bot", MARKER);
    comments[6] = comment(6, BOT, "Bot", &format!("> {MARKER}\nquoted"));
    comments[120] = comment(120, BOT, "Bot", &format!("{MARKER}\nold"));
    let github = GitHub::new(State {
        comments: comments.clone(),
        ..State::default()
    });
    let job = lint(&courses, &github);
    assert_eq!(job.conclusion, Conclusion::Success, "{}", job.log);
    github.with(|state| {
        assert_eq!(state.comments.len(), 150);
        for (before, after) in comments.iter().zip(&state.comments) {
            assert_eq!(before == after, before["id"] != 120, "{after}");
        }
    });
}

#[test]
fn a_token_that_may_not_write_is_told_and_changes_no_verdict() {
    let courses = courses("# Green\n", "0");
    let github = GitHub::new(State {
        is_read_only: true,
        ..State::default()
    });
    let job = lint(&courses, &github);
    assert_eq!(job.conclusion, Conclusion::Success, "{}", job.log);
    let told = job
        .annotations
        .iter()
        .any(|it| it.message.contains("can not be written"));
    assert!(told, "{}", job.log);
}

#[test]
fn what_is_hostile_stays_text_and_what_is_too_long_is_cut() {
    // Characters that JSON, the shell and the runner know, each for another purpose.
    let hostile = "::error::gone \" \\ ' `$(touch x)` ${{ github.token }} \u{1f426} %0A\n";
    let summary = hostile.repeat(2000);
    let courses = courses(&summary, "1");
    let github = GitHub::new(State::default());
    let job = lint(&courses, &github);
    assert!(job.annotations.is_empty(), "{}", job.log);
    let [body] = &*bodies(&github) else {
        panic!("{}", job.log)
    };
    let kept: String = summary.chars().take(65_000).collect();
    let url = "https://github.example/school/courses/actions/runs/1";
    assert!(*body == commented(&kept, url));
    assert!(body.chars().count() <= 65_536);
}

/// The comment that a text becomes.
fn commented(text: &str, run: &str) -> String {
    format!("{MARKER}\n{text}\n[The run]({run})\n")
}
