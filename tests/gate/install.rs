//! How the action installs a release: with the right checksum, or not at all.

use std::fs;

use serde_json::{Value, json};

use crate::release::Release;
use crate::repository::Courses;
use crate::runner::{Conclusion, Event, JobRun, Runner};

/// A release whose program only says that it was there.
fn release() -> Release {
    Release::new("echo \"the released mastery: $*\"")
}

fn install(courses: &Courses, release: &Release, checksum: &str) -> JobRun {
    let mut with = release.inputs(checksum);
    with["command"] = "lint".into();
    run(courses, &with)
}

fn run(courses: &Courses, with: &Value) -> JobRun {
    let event = Event::push(&courses.path);
    Runner::new(&courses.path).run_action(&event, &json!({"contents": "read"}), with)
}

#[track_caller]
fn is_refused(job: &JobRun, why: &str) {
    assert_eq!(job.conclusion, Conclusion::Failure, "{}", job.log);
    assert!(!job.log.contains("the released mastery"), "{}", job.log);
    let [annotation] = &*job.annotations else {
        panic!("{}", job.log)
    };
    assert!(annotation.message.contains(why), "{}", annotation.message);
}

#[test]
fn a_release_is_installed_when_its_checksum_is_right() {
    let (courses, release) = (Courses::new(), release());
    let job = install(&courses, &release, "");
    assert_eq!(job.conclusion, Conclusion::Success, "{}", job.log);
    assert!(
        job.log.contains("the released mastery: lint"),
        "{}",
        job.log
    );
    // The pin counts, whatever the release says of itself.
    let checksum = release.checksum();
    release.write_checksum(&"1".repeat(64));
    let job = install(&courses, &release, &checksum.to_uppercase());
    assert_eq!(job.conclusion, Conclusion::Success, "{}", job.log);
}

#[test]
fn a_release_with_another_checksum_is_not_run() {
    let (courses, release) = (Courses::new(), release());
    is_refused(
        &install(&courses, &release, &"2".repeat(64)),
        "has the checksum",
    );
    release.write_checksum(&"1".repeat(64));
    is_refused(&install(&courses, &release, ""), "has the checksum");
}

#[test]
fn a_release_without_a_checksum_is_not_run() {
    let (courses, release) = (Courses::new(), release());
    fs::write(release.path().join("SHA256SUMS"), "").unwrap();
    is_refused(&install(&courses, &release, ""), "there is no checksum");
    fs::remove_file(release.path().join("SHA256SUMS")).unwrap();
    is_refused(&install(&courses, &release, ""), "could not be fetched");
    is_refused(&install(&courses, &release, "abc"), "there is no checksum");
}

#[test]
fn inputs_of_another_form_are_refused_before_anything_is_done() {
    let courses = Courses::new();
    let command = json!({"version": "1.0.0; touch /tmp/x"});
    is_refused(
        &run(&courses, &command),
        "`version` is `source` or a version",
    );
    is_refused(
        &run(&courses, &json!({"command": "bundle"})),
        "`command` is",
    );
    let shard = json!({"command": "verify", "shard": "1/2\nx=y"});
    is_refused(&run(&courses, &shard), "`shard` is of the form");
    let switch = json!({"command": "lint", "deny-warnings": "yes"});
    is_refused(
        &run(&courses, &switch),
        "`deny-warnings` is `true` or `false`",
    );
    let since = json!({"command": "lint", "changed-since": "main"});
    is_refused(&run(&courses, &since), "`changed-since` is not for lint");
}
