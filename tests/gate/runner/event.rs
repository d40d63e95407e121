//! What a workflow is run for: a pull request, a push, a schedule, another workflow's end.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::WorkflowRun;

/// Who owns the repository, and its name.
pub(crate) const OWNER: &str = "school";
pub(crate) const REPOSITORY: &str = "school/courses";
/// The repository that a stranger's pull request comes from.
pub(crate) const FORK: &str = "stranger/courses";
/// The branch that pull requests are for.
pub(crate) const MAIN: &str = "main";

/// An event.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(super) name: &'static str,
    /// The full name of what is checked out, which is also the scope of caches.
    pub(super) reference: String,
    pub(super) sha: String,
    /// The head's branch, of pull requests.
    pub(super) head: String,
    pub(super) payload: Value,
    is_from_fork: bool,
}

impl Event {
    /// A pull request of a branch of the repository. It is checked out as GitHub does: merged into the main branch.
    pub(crate) fn pull_request(repository: &Path, number: u32, branch: &str) -> Self {
        let base = commit(repository, MAIN);
        let head = commit(repository, branch);
        let tree = git(repository, &["merge-tree", "--write-tree", MAIN, branch]);
        let message = format!("Merge {head} into {base}");
        let merge = git(
            repository,
            &[
                "commit-tree",
                &tree,
                "-p",
                &base,
                "-p",
                &head,
                "-m",
                &message,
            ],
        );
        let reference = format!("refs/pull/{number}/merge");
        git(repository, &["update-ref", &reference, &merge]);
        Self {
            name: "pull_request",
            reference,
            sha: merge,
            head: branch.to_owned(),
            payload: json!({
                "number": number,
                "pull_request": {
                    "number": number,
                    "base": {"ref": MAIN, "sha": base, "repo": {"full_name": REPOSITORY}},
                    "head": {"ref": branch, "sha": head, "repo": {"full_name": REPOSITORY}},
                },
            }),
            is_from_fork: false,
        }
    }

    /// The same from a fork: its jobs have no secrets, and can write nothing.
    #[must_use]
    #[allow(clippy::wrong_self_convention, reason = "it is said so")]
    pub(crate) fn from_fork(mut self) -> Self {
        self.payload["pull_request"]["head"]["repo"]["full_name"] = FORK.into();
        self.is_from_fork = true;
        self
    }

    /// The main branch as it is, pushed.
    pub(crate) fn push(repository: &Path) -> Self {
        Self::on_main(repository, "push", json!({"ref": "refs/heads/main"}))
    }

    /// The nightly run.
    pub(crate) fn schedule(repository: &Path) -> Self {
        Self::on_main(repository, "schedule", json!({}))
    }

    /// A run that somebody starts by hand.
    pub(crate) fn dispatch(repository: &Path, inputs: &Value) -> Self {
        Self::on_main(repository, "workflow_dispatch", json!({"inputs": inputs}))
    }

    /// What follows the run of another workflow. It belongs to the main branch, whatever the other one was run for.
    pub(crate) fn workflow_run(repository: &Path, of: &WorkflowRun) -> Self {
        let pull_request = &of.event.payload["pull_request"];
        let head = &pull_request["head"];
        let owner = head["repo"]["full_name"].as_str().unwrap_or_default();
        let pull_requests = if of.event.is_from_fork || pull_request.is_null() {
            json!([])
        } else {
            json!([{"number": pull_request["number"]}])
        };
        let run = json!({"workflow_run": {
            "id": of.id,
            "event": of.event.name,
            "conclusion": of.conclusion().name(),
            "head_branch": head["ref"],
            "head_sha": head["sha"],
            "head_repository": {
                "full_name": head["repo"]["full_name"],
                "owner": {"login": owner.split('/').next()},
            },
            "pull_requests": pull_requests,
        }});
        Self::on_main(repository, "workflow_run", run)
    }

    fn on_main(repository: &Path, name: &'static str, payload: Value) -> Self {
        Self {
            name,
            reference: format!("refs/heads/{MAIN}"),
            sha: commit(repository, MAIN),
            head: String::new(),
            payload,
            is_from_fork: false,
        }
    }

    /// Whether jobs may write at all.
    pub(super) fn may_write(&self) -> bool {
        !self.is_from_fork
    }

    /// The scopes whose caches can be read, nearest first: one's own, and that of the main branch.
    pub(super) fn cache_scopes(&self) -> [String; 2] {
        [self.reference.clone(), format!("refs/heads/{MAIN}")]
    }
}

/// The commit of a branch or tag.
pub(crate) fn commit(repository: &Path, revision: &str) -> String {
    git(
        repository,
        &["rev-parse", "--verify", &format!("{revision}^{{commit}}")],
    )
}

/// Runs git in a folder, without the settings of whoever runs the tests, and returns what it prints.
pub(crate) fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=A", "-c", "user.email=a@example.org"])
        .args([
            "-c",
            "init.defaultBranch=main",
            "-c",
            "commit.gpgsign=false",
        ])
        .args(["-c", "safe.directory=*", "-c", "protocol.file.allow=always"])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", PathBuf::from("/dev/null"))
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {arguments:?}: {errors}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
