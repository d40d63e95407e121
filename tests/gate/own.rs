//! The gate on a small repository: that the workflows run, whatever they find.

use std::fs;
use std::path::{Path, PathBuf};

use crate::runner::{Conclusion, Event, Runner, git};
use crate::support::{Sandbox, copy, fixtures};

/// A repository with the project's workflows and action and the base curriculum, in one commit on `main`.
pub(crate) fn repository() -> (Sandbox, PathBuf) {
    let sandbox = Sandbox::new();
    let repository = sandbox.path().join("courses");
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    copy(&project.join(".github"), &repository.join(".github"));
    copy(&fixtures().join("base"), &repository.join("curricula/base"));
    fs::write(repository.join("README.md"), "# Courses\n").unwrap();
    git(&repository, &["init", "--quiet"]);
    commit_all(&repository, "a course");
    (sandbox, repository)
}

pub(crate) fn commit_all(repository: &Path, message: &str) {
    git(repository, &["add", "--all"]);
    git(repository, &["commit", "--quiet", "--message", message]);
}

#[test]
fn a_change_of_documents_is_green_without_running_anything() {
    let (_sandbox, repository) = repository();
    git(&repository, &["switch", "--quiet", "--create", "docs"]);
    fs::write(repository.join("README.md"), "# Our courses\n").unwrap();
    commit_all(&repository, "readme");
    let run = Runner::new(&repository).run(
        "curriculum.yml",
        &Event::pull_request(&repository, 1, "docs"),
    );
    assert_eq!(run.conclusion(), Conclusion::Success, "{}", run.log());
    assert_eq!(run.job("verify").conclusion, Conclusion::Skipped);
    assert!(run.artifacts.is_empty());
}

#[test]
fn a_push_runs_everything() {
    let (_sandbox, repository) = repository();
    let runner = Runner::new(&repository);
    let run = runner.run("curriculum.yml", &Event::push(&repository));
    assert_eq!(run.conclusion(), Conclusion::Success, "{}", run.log());
}
