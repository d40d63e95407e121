//! The run that follows the gate's: it may write, and trusts nothing of what it is handed.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::github::{GitHub, State};
use crate::repository::Courses;
use crate::runner::{Conclusion, Event, FORK, REPOSITORY, Runner, WorkflowRun, commit};

/// Packs files into a ZIP archive, whatever they are called.
fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new("python3");
    let script = "import sys, zipfile\n\
        with zipfile.ZipFile(sys.argv[1], 'w', zipfile.ZIP_DEFLATED) as archive:\n    \
        for name, path in zip(sys.argv[2::2], sys.argv[3::2]):\n        \
        archive.writestr(name, open(path, 'rb').read())\n";
    command.args(["-c", script]).arg(folder.path().join("zip"));
    for (index, (name, content)) in files.iter().enumerate() {
        let path = folder.path().join(index.to_string());
        fs::write(&path, content).unwrap();
        command.arg(name).arg(path);
    }
    assert!(command.status().unwrap().success());
    fs::read(folder.path().join("zip")).unwrap()
}

fn pull(number: u64, repository: &str, branch: &str, sha: &str) -> Value {
    json!({
        "number": number,
        "head": {"ref": branch, "sha": sha, "repo": {"full_name": repository}},
        "base": {"repo": {"full_name": REPOSITORY}},
    })
}

/// A repository, a run of the gate for a stranger's pull request 7, and a GitHub that has both.
fn gate() -> (Courses, WorkflowRun, GitHub) {
    let courses = Courses::new();
    courses.break_a_module();
    let event = Event::pull_request(&courses.path, 7, "reworded").from_fork();
    let run = Runner::new(&courses.path).run("curriculum.yml", &event);
    let artifact = run.artifacts["mastery-gate"].join("report.json");
    let sha = commit(&courses.path, "reworded");
    let github = GitHub::new(State {
        pulls: vec![
            pull(5, REPOSITORY, "reworded", &sha),
            pull(6, FORK, "reworded", &"0".repeat(40)),
            pull(7, FORK, "reworded", &sha),
        ],
        artifact: Some(zip(&[("report.json", &fs::read(artifact).unwrap())])),
        ..State::default()
    });
    (courses, run, github)
}

fn follow(courses: &Courses, run: &WorkflowRun, github: &GitHub) -> WorkflowRun {
    let runner = Runner::new(&courses.path).with_api(&github.url());
    runner.run(
        "curriculum-report.yml",
        &Event::workflow_run(&courses.path, run),
    )
}

#[test]
fn the_pull_request_of_a_fork_is_told_and_nothing_of_it_is_run() {
    let (courses, run, github) = gate();
    let told = follow(&courses, &run, &github);
    assert_eq!(told.conclusion(), Conclusion::Success, "{}", told.log());
    github.with(|state| {
        let [comment] = &*state.comments else {
            panic!("{} {:?}", told.log(), state.requests)
        };
        let text = comment["body"].as_str().unwrap();
        assert!(text.contains("double"), "{text}");
        // The token goes to GitHub, and not to where it keeps artifacts.
        for (request, has_token) in &state.requests {
            assert_eq!(!request.contains("/blob"), *has_token, "{request}");
        }
    });
    let [sarif] = &*told.job("report").sarif else {
        panic!("{}", told.log())
    };
    assert_eq!(sarif.category, "mastery");
    let results = sarif.document["runs"][0]["results"].as_array().unwrap();
    assert!(
        results
            .iter()
            .all(|it| it["ruleId"] == "verdict/wrong-reason"),
        "{results:#?}"
    );
    assert!(!results.is_empty());
    assert_eq!(sarif.reference, "refs/pull/7/head");
    assert_eq!(sarif.sha, commit(&courses.path, "reworded"));
    // A second run finds its comment.
    let told = follow(&courses, &run, &github);
    assert_eq!(told.conclusion(), Conclusion::Success, "{}", told.log());
    github.with(|state| assert_eq!(state.comments.len(), 1));
}

#[test]
fn a_report_that_nobody_waits_for_is_left() {
    let (courses, run, github) = gate();
    github.with(|state| state.pulls.retain(|pull| pull["number"] != 7));
    let told = follow(&courses, &run, &github);
    assert_eq!(told.conclusion(), Conclusion::Success, "{}", told.log());
    github.with(|state| {
        assert!(state.comments.is_empty());
        assert!(
            state
                .requests
                .iter()
                .all(|(request, _)| !request.contains("artifact"))
        );
        state.artifact = None;
        state.pulls.push(pull(
            7,
            FORK,
            "reworded",
            &commit(&courses.path, "reworded"),
        ));
    });
    let told = follow(&courses, &run, &github);
    assert_eq!(told.conclusion(), Conclusion::Success, "{}", told.log());
    github.with(|state| assert!(state.comments.is_empty()));
}

#[test]
fn a_hostile_artifact_writes_nothing_and_says_nothing() {
    let (courses, run, github) = gate();
    let outside = Path::new("/tmp/mastery-gate-was-here");
    let big = vec![b' '; 33 * 1024 * 1024];
    let hostile: [Vec<u8>; 5] = [
        b"not a zip archive".to_vec(),
        zip(&[("reports.json", b"{}")]),
        zip(&[(
            "report.json",
            b"::error::taken\n::set-output name=pull-request::1\n",
        )]),
        zip(&[
            ("../../../../../../tmp/mastery-gate-was-here", b"x"),
            ("/tmp/mastery-gate-was-here", b"x"),
            ("report.json", b"[1]"),
        ]),
        zip(&[("report.json", &big)]),
    ];
    for artifact in hostile {
        github.with(|state| state.artifact = Some(artifact));
        let told = follow(&courses, &run, &github);
        assert_eq!(told.conclusion(), Conclusion::Failure, "{}", told.log());
        assert!(
            told.annotations().iter().all(|it| it.message != "taken"),
            "{}",
            told.log()
        );
        github.with(|state| assert!(state.comments.is_empty()));
        assert!(told.job("report").sarif.is_empty());
        assert!(!outside.exists());
    }
}
