//! The workflows on a small repository: what is run when, and that nothing is green that was not looked at.

use std::fs;

use serde_json::json;

use crate::repository::Courses;
use crate::runner::{Conclusion, Event, Level, Runner};
use crate::support::{copy, fixtures};

#[test]
fn a_change_of_documents_is_green_without_running_anything() {
    let courses = Courses::new();
    courses.branch("docs");
    courses.replace("README.md", "# Courses", "# Our courses");
    courses.commit("readme");
    let event = Event::pull_request(&courses.path, 1, "docs");
    let run = Runner::new(&courses.path).run("curriculum.yml", &event);
    assert_eq!(run.conclusion(), Conclusion::Success, "{}", run.log());
    assert_eq!(run.job("verify").conclusion, Conclusion::Skipped);
    assert!(run.artifacts.is_empty());
    assert!(!run.log().contains("install"), "{}", run.log());
}

#[test]
fn a_prompt_is_linted_and_runs_no_case() {
    let courses = Courses::new();
    courses.branch("prompt");
    courses.replace(
        "curricula/base/modules/mean/prompt.md",
        "The middle",
        "The mean",
    );
    courses.commit("prompt");
    let event = Event::pull_request(&courses.path, 1, "prompt");
    let run = Runner::new(&courses.path).run("curriculum.yml", &event);
    assert_eq!(run.conclusion(), Conclusion::Success, "{}", run.log());
    assert_eq!(run.job("verify").conclusion, Conclusion::Skipped);
    assert!(run.artifacts.contains_key("mastery-gate"));
}

#[test]
fn a_pull_request_runs_what_it_changes_and_leaves_nothing_to_main() {
    let courses = Courses::new();
    let runner = Runner::new(&courses.path);
    let all = runner.run("curriculum.yml", &Event::push(&courses.path));
    assert_eq!(all.conclusion(), Conclusion::Success, "{}", all.log());
    assert_eq!(
        all.jobs_of("verify").len(),
        1,
        "a machine takes longer to start than all of it"
    );
    let caches = runner.caches();
    assert!(
        caches
            .iter()
            .any(|(_, key)| key.starts_with("mastery-base-report-"))
    );

    courses.break_a_module();
    let event = Event::pull_request(&courses.path, 7, "reworded").from_fork();
    let run = runner.run("curriculum.yml", &event);
    assert_eq!(run.conclusion(), Conclusion::Failure);
    assert_eq!(run.job("gate").conclusion, Conclusion::Failure);
    let report: serde_json::Value =
        serde_json::from_str(&run.artifact_file("mastery-gate", "report.json")).unwrap();
    let cases = report["cases"].as_array().unwrap();
    assert!(cases.len() < 10, "{} cases", cases.len());
    let wrong: Vec<_> = cases
        .iter()
        .filter(|case| case["severity"] == "error")
        .collect();
    assert!(
        wrong.iter().all(|case| case["verdict"] == "wrong_reason"),
        "{wrong:#?}"
    );
    assert!(!wrong.is_empty());
    let gate = run.job("gate");
    let first = &gate.annotations[0];
    assert_eq!(first.level, Level::Error);
    let bug = "curricula/base/modules/double/bugs/off_by_one.yaml";
    assert_eq!((first.file.as_deref(), first.line), (Some(bug), Some(14)));
    assert!(
        gate.summary.starts_with("## ❌ Not to be merged yet"),
        "{}",
        gate.summary
    );
    let against = "newly failing (3): `base/double/bug/off_by_one/patch`";
    assert!(gate.summary.contains(against), "{}", gate.summary);
    // Shards tell nothing at lines: that would be told twice.
    let told: Vec<_> = run
        .jobs
        .iter()
        .filter(|job| job.id != "gate" && !job.annotations.is_empty())
        .collect();
    assert!(told.is_empty(), "{told:#?}");
    // What the pull request saved is its own.
    let new: Vec<_> = runner.caches().split_off(caches.len());
    assert!(
        new.iter().all(|(scope, _)| scope == "refs/pull/7/merge"),
        "{new:?}"
    );
}

#[test]
fn a_job_that_is_cancelled_or_lost_its_report_is_never_green() {
    let courses = Courses::new();
    let event = Event::push(&courses.path);
    for job in ["plan", "verify"] {
        let run = Runner::new(&courses.path)
            .cancelling(job)
            .run("curriculum.yml", &event);
        assert_eq!(
            run.job("gate").conclusion,
            Conclusion::Failure,
            "{}",
            run.log()
        );
    }
    // The report of the only shard, then that of one of several.
    for shards in [1, 2] {
        if shards == 2 {
            let workflow = ".github/workflows/curriculum.yml";
            courses.replace(
                workflow,
                "shards: 4\n",
                "shards: 2\n          shard-seconds: 1\n",
            );
            courses.commit("two shards");
        }
        let runner = Runner::new(&courses.path).losing("mastery-report-shard-0");
        let run = runner.run("curriculum.yml", &Event::push(&courses.path));
        let verified = run.jobs_of("verify");
        assert_eq!(verified.len(), shards);
        assert!(
            verified
                .iter()
                .all(|job| job.conclusion == Conclusion::Success)
        );
        assert_eq!(
            run.job("gate").conclusion,
            Conclusion::Failure,
            "{}",
            run.log()
        );
    }
}

#[test]
fn what_can_not_be_read_is_red_and_told_at_its_line() {
    let courses = Courses::new();
    courses.branch("broken");
    fs::write(
        courses.path.join("curricula/base/curriculum.yaml"),
        "schema: [1\n",
    )
    .unwrap();
    courses.commit("a bracket");
    let event = Event::pull_request(&courses.path, 1, "broken");
    let run = Runner::new(&courses.path).run("curriculum.yml", &event);
    assert_eq!(
        run.job("gate").conclusion,
        Conclusion::Failure,
        "{}",
        run.log()
    );
    assert_eq!(run.job("verify").conclusion, Conclusion::Skipped);
}

#[test]
fn a_curriculum_whose_manifest_is_lost_is_red() {
    let courses = Courses::new();
    let other = courses.path.join("curricula/other");
    copy(&fixtures().join("base"), &other);
    courses.replace("curricula/other/curriculum.yaml", "id: base", "id: other");
    courses.commit("another course");
    courses.branch("renamed");
    fs::rename(other.join("curriculum.yaml"), other.join("curriculum.yml")).unwrap();
    courses.commit("renamed");
    let event = Event::pull_request(&courses.path, 1, "renamed");
    let run = Runner::new(&courses.path).run("curriculum.yml", &event);
    let gate = run.job("gate");
    assert_eq!(gate.conclusion, Conclusion::Failure, "{}", run.log());
    assert!(gate.summary.contains("missing-file"), "{}", gate.summary);
}

#[test]
fn tests_that_lean_on_their_order_are_found_where_every_case_is_repeated() {
    let courses = Courses::new();
    let test = "curricula/base/project/tests/test_mean.py";
    courses.replace(
        test,
        "def test_mean_of_two():\n",
        "SEEN = []\n\n\ndef test_mean_of_two():\n    SEEN.append(2)\n",
    );
    courses.replace(
        test,
        "def test_mean_of_one():\n",
        "def test_mean_of_one():\n    assert SEEN\n",
    );
    courses.commit("a test that needs another");
    let runner = Runner::new(&courses.path);
    let ended = |event: &Event| {
        let run = runner.run("curriculum.yml", event);
        let is_told = run.job("gate").summary.contains("flaky");
        (run.conclusion(), is_told)
    };
    let dispatch = |repeat: u32| Event::dispatch(&courses.path, &json!({"repeat": repeat}));
    assert_eq!(ended(&dispatch(1)), (Conclusion::Success, false));
    assert_eq!(ended(&dispatch(4)), (Conclusion::Failure, true));
    let nightly = Event::schedule(&courses.path);
    assert_eq!(ended(&nightly), (Conclusion::Failure, true));
}
