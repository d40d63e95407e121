//! What came of a run: jobs, what they said, what they left.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;

use super::event::Event;
use super::log::Annotation;

/// How a job or a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Conclusion {
    Success,
    Failure,
    Cancelled,
    Skipped,
}

impl Conclusion {
    /// As it stands in contexts.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Cancelled => "cancelled",
            Self::Skipped => "skipped",
        }
    }
}

/// A SARIF file that was handed to code scanning.
#[derive(Clone, Debug)]
pub(crate) struct UploadedSarif {
    pub(crate) category: String,
    /// The commit that it is said to be about, where the step names one.
    pub(crate) sha: String,
    /// The branch or pull request, where the step names one.
    pub(crate) reference: String,
    pub(crate) document: Value,
}

/// A job that has ended, or was skipped.
#[derive(Clone, Debug)]
pub(crate) struct JobRun {
    /// Its key in the workflow.
    pub(crate) id: String,
    /// Its part of the matrix; `null` without one.
    pub(crate) matrix: Value,
    pub(crate) conclusion: Conclusion,
    pub(crate) outputs: BTreeMap<String, String>,
    /// What its steps wrote to their summaries, one after the other.
    pub(crate) summary: String,
    /// What its steps printed, with a line `## NAME` before each.
    pub(crate) log: String,
    /// What GitHub would show of it at the changed files and above the log.
    pub(crate) annotations: Vec<Annotation>,
    pub(crate) sarif: Vec<UploadedSarif>,
    /// How each step ended that was not skipped, by id or name.
    pub(crate) steps: Vec<(String, Conclusion)>,
}

/// A workflow that was run.
#[derive(Debug)]
pub(crate) struct WorkflowRun {
    pub(crate) id: u64,
    pub(crate) event: Event,
    /// In the order in which they ran; those of a matrix one after the other.
    pub(crate) jobs: Vec<JobRun>,
    /// The folder of each artifact.
    pub(crate) artifacts: BTreeMap<String, PathBuf>,
    /// Where they lie.
    pub(super) _root: Arc<tempfile::TempDir>,
}

impl WorkflowRun {
    /// The job of that key. Of a matrix use [`Self::jobs_of`].
    #[track_caller]
    pub(crate) fn job(&self, id: &str) -> &JobRun {
        match &*self.jobs_of(id) {
            [job] => job,
            jobs => panic!("{} jobs are called `{id}`", jobs.len()),
        }
    }

    /// All jobs of a key: those of a matrix.
    pub(crate) fn jobs_of(&self, id: &str) -> Vec<&JobRun> {
        self.jobs.iter().filter(|job| job.id == id).collect()
    }

    /// How the run ended.
    pub(crate) fn conclusion(&self) -> Conclusion {
        let has = |conclusion| self.jobs.iter().any(|job| job.conclusion == conclusion);
        if has(Conclusion::Failure) {
            Conclusion::Failure
        } else if has(Conclusion::Cancelled) {
            Conclusion::Cancelled
        } else {
            Conclusion::Success
        }
    }

    /// All annotations, in the order of jobs.
    pub(crate) fn annotations(&self) -> Vec<&Annotation> {
        self.jobs.iter().flat_map(|job| &job.annotations).collect()
    }

    /// A file of an artifact as text.
    #[track_caller]
    pub(crate) fn artifact_file(&self, artifact: &str, file: &str) -> String {
        let names: Vec<_> = self.artifacts.keys().collect();
        let folder = self.artifacts.get(artifact);
        let folder = folder.unwrap_or_else(|| panic!("no artifact `{artifact}` in {names:?}"));
        fs::read_to_string(folder.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    /// Everything that was printed, for the message of a test that fails.
    pub(crate) fn log(&self) -> String {
        let mut log = String::new();
        for job in &self.jobs {
            let matrix = if job.matrix.is_null() {
                String::new()
            } else {
                job.matrix.to_string()
            };
            log += &format!(
                "# {} {matrix}: {}\n{}\n",
                job.id,
                job.conclusion.name(),
                job.log
            );
        }
        log
    }
}
