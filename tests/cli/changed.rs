//! `--changed-since`, in real repositories.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::cache::Place;
use crate::support::Run;

const MODULE: &str = "curricula/base/modules/mean/module.yaml";
const NUMBERS: &str = "curricula/base/project/basics/numbers.py";

/// The base curriculum in a repository, committed.
pub(crate) fn repository() -> Place {
    let place = Place::new();
    git(&place, &["init", "--quiet"]);
    place.sandbox.write(".gitignore", "/cache\n");
    commit(&place);
    place
}

pub(crate) fn git(place: &Place, arguments: &[&str]) {
    let status = Command::new("git")
        .args(["-c", "user.name=a", "-c", "user.email=a@example.org"])
        .args([
            "-c",
            "commit.gpgsign=false",
            "-c",
            "init.defaultBranch=main",
        ])
        .args(arguments)
        .current_dir(place.sandbox.path())
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .status()
        .unwrap();
    assert!(status.success(), "git {arguments:?}");
}

pub(crate) fn commit(place: &Place) {
    git(place, &["add", "--all"]);
    git(place, &["commit", "--quiet", "--allow-empty", "-m", "c"]);
}

/// The cases that a run with `--changed-since` is about, without the name of the curriculum.
fn run(place: &Place, revision: &str, arguments: &[&str]) -> Vec<String> {
    let all = [
        &["verify", "--changed-since", revision, "--format", "json"],
        arguments,
    ]
    .concat();
    let run = place.run(&all);
    assert!(run.code == 0 || run.code == 1, "{}", run.shown());
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    let cases = report["cases"].as_array().unwrap();
    cases
        .iter()
        .map(|case| {
            let id = case["id"].as_str().unwrap();
            id.strip_prefix("base/").unwrap().to_owned()
        })
        .collect()
}

fn changed(place: &Place) -> Vec<String> {
    run(place, "HEAD", &[])
}

const MEAN: [&str; 3] = ["mean/reference", "mean/complete", "mean/starter"];

#[test]
fn nothing_changed_is_green_and_says_so() {
    let place = repository();
    let told = place.run(&["verify", "--changed-since", "HEAD"]).success();
    insta::assert_snapshot!("changed-nothing", told.shown());
    assert_eq!(changed(&place), Vec::<String>::new());
    let quiet = place
        .run(&["check", "-q", "--changed-since", "HEAD"])
        .success();
    assert_eq!(quiet.stderr, "");
    // What is not there at all is another matter than what has not changed.
    let none = place.run(&["verify", "--changed-since", "HEAD", "--case", "base/none/*"]);
    assert_eq!(none.code, 4, "{}", none.shown());
}

#[test]
fn prompts_and_questions_run_nothing() {
    let place = repository();
    for path in ["modules/mean/prompt.md", "modules/double/questions.yaml"] {
        let path = format!("curricula/base/{path}");
        let text = place.sandbox.read(&path);
        place.sandbox.write(&path, format!("{text}\n"));
    }
    place.sandbox.write("README.md", "new\n");
    assert_eq!(changed(&place), Vec::<String>::new());
}

#[test]
fn region_of_a_shared_file_runs_the_cases_that_have_it() {
    let place = repository();
    // `double` comes before `mean`: only where all is solved it has the code of `mean`.
    let (from, to) = (
        "return sum(values) / len(values)",
        "return sum(values) * 1 / len(values)",
    );
    place.sandbox.replace(NUMBERS, from, to);
    assert_eq!(
        changed(&place),
        [
            "double/reference",
            "double/complete",
            "mean/reference",
            "mean/complete"
        ]
    );
    commit(&place);
    assert_eq!(changed(&place), Vec::<String>::new());
    assert_eq!(run(&place, "HEAD~1", &["--case", "*/mean/*"]).len(), 2);
}

#[test]
fn limit_runs_the_cases_of_its_module() {
    let place = repository();
    place
        .sandbox
        .replace(MODULE, "timeout_seconds: 20", "timeout_seconds: 21");
    assert_eq!(changed(&place), MEAN);
}

#[test]
fn expectation_runs_its_bug_with_what_it_is_judged_with() {
    let place = repository();
    let bug = "curricula/base/modules/double/bugs/off_by_one.yaml";
    place
        .sandbox
        .replace(bug, "message: assert", "message: ass?ert");
    assert_eq!(
        changed(&place),
        [
            "double/reference",
            "double/starter",
            "double/variant/sum",
            "double/bug/off_by_one/patch",
            "double/bug/off_by_one/rewrite",
            "double/bug/off_by_one/rewrite@sum",
        ]
    );
}

#[test]
fn starter_that_changes_has_bugs_judged_anew() {
    let place = repository();
    let end = "    # mastery:end double";
    let stub = "    # mastery:stub double\n    # return None\n";
    place.sandbox.replace(NUMBERS, end, &format!("{stub}{end}"));
    let cases = changed(&place);
    assert!(cases.contains(&"double/starter".to_owned()), "{cases:?}");
    assert!(
        cases.contains(&"double/bug/off_by_one/patch".to_owned()),
        "{cases:?}"
    );
    assert!(!cases.contains(&"mean/reference".to_owned()), "{cases:?}");
}

#[test]
fn environment_and_lock_run_everything() {
    let place = repository();
    let lock = "curricula/base/requirements.txt";
    let text = place.sandbox.read(lock);
    place.sandbox.write(lock, format!("# changed\n{text}"));
    assert_eq!(changed(&place).len(), 10);
    place.sandbox.write(lock, text);
    let manifest = "curricula/base/curriculum.yaml";
    place.sandbox.replace(manifest, ">=3.10", ">=3.9");
    assert_eq!(changed(&place).len(), 10);
}

#[test]
fn untracked_files_count() {
    let place = repository();
    place
        .sandbox
        .write("curricula/base/project/basics/extra.py", "X = 1\n");
    assert_eq!(changed(&place).len(), 10);
}

#[test]
fn curriculum_that_is_new_is_run_in_full() {
    let place = repository();
    git(&place, &["mv", "curricula/base", "curricula/other"]);
    let _ = fs::remove_dir_all(place.sandbox.path().join("curricula/base"));
    assert_eq!(changed(&place).len(), 10);
}

#[test]
fn what_can_not_be_compared_is_run_in_full_with_the_reason() {
    let place = repository();
    let manifest = "curricula/base/curriculum.yaml";
    let text = place.sandbox.read(manifest);
    place.sandbox.write(manifest, "schema: [");
    commit(&place);
    place.sandbox.write(manifest, text);
    let run = place.run(&["verify", "--changed-since", "HEAD"]).success();
    assert!(
        run.stderr
            .contains("note: all cases of `curricula/base` are run: its manifest can't be read"),
        "{}",
        run.shown()
    );
    assert!(run.stdout.contains("all 10 cases"), "{}", run.shown());
}

#[test]
fn revisions_that_are_not_there_are_told() {
    let place = repository();
    commit(&place);
    let url = format!("file://{}", place.sandbox.path().display());
    git(
        &place,
        &["clone", "--quiet", "--depth", "1", &url, "shallow"],
    );
    let mut shown = String::new();
    for (folder, revision) in [("", "no-such-branch"), ("shallow", "HEAD~1")] {
        let mut command = place.command(&["verify", "--changed-since", revision]);
        command.current_dir(place.sandbox.path().join(folder));
        let run = Run::of(command.output().unwrap(), place.sandbox.path());
        shown.push_str(&format!("{}\n", run.shown()));
    }
    let outside = Place::new();
    let run = outside.run(&["verify", "--changed-since", "HEAD"]);
    shown.push_str(&run.shown());
    insta::assert_snapshot!("changed-revisions", shown);
}
