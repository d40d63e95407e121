//! Runs the project's workflows and its action on this machine, as far as they can be told from GitHub's runner.
//!
//! The real files are read. Their `run` steps are executed by bash, with the runner's files and variables; `uses` of
//! the action is followed, and other actions have stand-ins (`actions`). Jobs run one after the other, each on a machine of
//! its own that begins empty. **What is not known fails the test**: keys, contexts, functions, inputs, names.
//!
//! ```ignore
//! let runner = Runner::new(&repository);
//! let run = runner.run("curriculum.yml", &Event::pull_request(&repository, 7, "broken-patch"));
//! assert_eq!(run.conclusion(), Conclusion::Failure);
//! run.job("gate").summary
//! ```

mod actions;
mod event;
mod expression;
mod files;
mod job;
mod log;
mod run;
mod spec;
mod store;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::{Map, Value, json};

pub(crate) use event::{Event, FORK, MAIN, OWNER, REPOSITORY, commit, git};
#[allow(unused_imports, reason = "scenarios name what they look at")]
pub(crate) use log::{Annotation, Level};
pub(crate) use run::{Conclusion, JobRun, UploadedSarif, WorkflowRun};
pub(crate) use spec::read_yaml;

use expression::{Scope, Status};
use job::{Frame, Job};
use store::Caches;

/// A service that runs workflows of one repository. Caches outlive runs.
pub(crate) struct Runner {
    root: Arc<tempfile::TempDir>,
    repository: PathBuf,
    caches: Caches,
    api_url: String,
    cancelled: BTreeSet<String>,
    lost: BTreeSet<String>,
    runs: Cell<u64>,
}

impl Runner {
    /// One for a repository. The built program stands in for what the action would build from source.
    pub(crate) fn new(repository: &Path) -> Self {
        let root = tempfile::Builder::new()
            .prefix("mastery-gate-")
            .tempdir()
            .unwrap();
        // Cases may run as other users.
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(root.path(), mode).unwrap();
        let caches = Caches::new(root.path().join("caches"));
        Self {
            repository: repository.to_owned(),
            caches,
            api_url: "http://127.0.0.1:9/api".to_owned(),
            cancelled: BTreeSet::new(),
            lost: BTreeSet::new(),
            runs: Cell::new(0),
            root: Arc::new(root),
        }
    }

    /// Lets steps ask this server instead of GitHub's.
    #[must_use]
    pub(crate) fn with_api(mut self, url: &str) -> Self {
        url.clone_into(&mut self.api_url);
        self
    }

    /// Cancels a job before it begins: what happens when a runner is lost or somebody stops it.
    #[must_use]
    pub(crate) fn cancelling(mut self, job: &str) -> Self {
        self.cancelled.insert(job.to_owned());
        self
    }

    /// Loses an artifact as soon as it is there.
    #[must_use]
    pub(crate) fn losing(mut self, artifact: &str) -> Self {
        self.lost.insert(artifact.to_owned());
        self
    }

    /// The caches that are there: scope and key.
    pub(crate) fn caches(&self) -> Vec<(String, String)> {
        self.caches.keys()
    }

    /// Runs a workflow of `.github/workflows`, as it is in the commit of the event.
    pub(crate) fn run(&self, workflow: &str, event: &Event) -> WorkflowRun {
        self.runs.set(self.runs.get() + 1);
        let path = format!("{}:.github/workflows/{workflow}", event.sha);
        let text = git(&self.repository, &["show", &path]);
        let document = read_yaml(workflow, &text);
        spec::check_workflow(workflow, &document);
        let mut run = WorkflowRun {
            id: self.runs.get(),
            event: event.clone(),
            jobs: Vec::new(),
            artifacts: BTreeMap::new(),
            _root: Arc::clone(&self.root),
        };
        let mut waiting: Vec<(&String, &Value)> =
            document["jobs"].as_object().unwrap().iter().collect();
        while !waiting.is_empty() {
            let has_run = |id: &str| run.jobs.iter().any(|job| job.id == id);
            let is_ready = |spec: &Value| spec::needs(spec).iter().all(|id| has_run(id));
            let at = waiting.iter().position(|(_, spec)| is_ready(spec));
            let (id, spec) = waiting.remove(at.expect("needs are no circle"));
            self.run_job(id, spec, &document, &mut run);
        }
        run
    }

    /// Runs the action alone, in a checkout of the event's commit, as the only step of a job.
    pub(crate) fn run_action(&self, event: &Event, permissions: &Value, with: &Value) -> JobRun {
        self.runs.set(self.runs.get() + 1);
        let checkout = json!({"uses": "actions/checkout@x", "with": {"persist-credentials": false, "fetch-depth": 0}});
        let action = json!({"id": "mastery", "uses": "./.github/actions/mastery", "with": with});
        let action = if action["with"].is_null() {
            json!({"id": "mastery", "uses": "./.github/actions/mastery"})
        } else {
            action
        };
        let declared = spec::action_of(&self.repository.join(".github/actions/mastery"));
        let outputs: Map<String, Value> = declared["outputs"]
            .as_object()
            .unwrap()
            .keys()
            .map(|name| {
                (
                    name.clone(),
                    format!("${{{{ steps.mastery.outputs.{name} }}}}").into(),
                )
            })
            .collect();
        let spec = json!({
            "runs-on": "ubuntu-24.04", "permissions": permissions, "outputs": outputs,
            "steps": [checkout, action],
        });
        let document = json!({"name": "action", "jobs": {"action": spec}});
        let mut run = WorkflowRun {
            id: self.runs.get(),
            event: event.clone(),
            jobs: Vec::new(),
            artifacts: BTreeMap::new(),
            _root: Arc::clone(&self.root),
        };
        self.run_job("action", &document["jobs"]["action"], &document, &mut run);
        run.jobs.remove(0)
    }

    /// Runs a job, or all jobs of its matrix.
    fn run_job(&self, id: &str, spec: &Value, document: &Value, run: &mut WorkflowRun) {
        let mut contexts = Map::new();
        contexts.insert("github".into(), self.github(run, document, id));
        contexts.insert("needs".into(), needs_context(spec, document, run));
        contexts.insert("inputs".into(), spec::dispatch_inputs(document, &run.event));
        contexts.insert("vars".into(), json!({}));
        contexts.insert("secrets".into(), json!({"GITHUB_TOKEN": "the-token"}));
        let results: Vec<_> = spec::needs(spec)
            .iter()
            .map(|id| {
                contexts["needs"][id.as_str()]["result"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
            .collect();
        let status = Status {
            // A job whose need was skipped is skipped unless it says otherwise, like one whose need failed.
            has_failed: results.iter().any(|result| result != "success"),
            is_cancelled: false,
        };
        let scope = |contexts: &Map<String, Value>| {
            Scope {
                contexts,
                status,
                workspace: &self.repository,
            }
            .condition(&spec["if"])
        };
        let is_cancelled = self.cancelled.contains(id);
        if is_cancelled || !scope(&contexts) {
            let conclusion = if is_cancelled {
                Conclusion::Cancelled
            } else {
                Conclusion::Skipped
            };
            run.jobs.push(JobRun {
                id: id.to_owned(),
                matrix: Value::Null,
                conclusion,
                outputs: BTreeMap::new(),
                summary: String::new(),
                log: String::new(),
                annotations: Vec::new(),
                sarif: Vec::new(),
                steps: Vec::new(),
            });
            return;
        }
        let scope = Scope {
            contexts: &contexts,
            status,
            workspace: &self.repository,
        };
        let parts = spec::matrix(&scope, &spec["strategy"]["matrix"]);
        let total = parts.len();
        for (index, matrix) in parts.into_iter().enumerate() {
            let mut contexts = contexts.clone();
            contexts.insert("matrix".into(), matrix.clone());
            contexts.insert(
                "strategy".into(),
                json!({"job-index": index, "job-total": total}),
            );
            contexts.insert("job".into(), json!({"status": "success"}));
            contexts.insert("env".into(), json!({}));
            let ended = self.run_one(id, spec, document, contexts, matrix, run);
            for lost in &self.lost {
                run.artifacts.remove(lost);
            }
            run.jobs.push(ended);
        }
    }

    fn run_one(
        &self,
        id: &str,
        spec: &Value,
        document: &Value,
        contexts: Map<String, Value>,
        matrix: Value,
        run: &mut WorkflowRun,
    ) -> JobRun {
        let machine = self.root.path().join("machine");
        if machine.exists() {
            remove(&machine);
        }
        let artifacts = self.root.path().join(format!("artifacts/{}", run.id));
        let mut job = Job::new(self, run, &machine, &artifacts, contexts);
        job.permissions = spec::permissions(spec, document, run.event.may_write());
        job.set_environment(&[&document["env"], &spec["env"]]);
        let mut frame = Frame::default();
        job.steps(spec["steps"].as_array().unwrap(), &mut frame);
        job.finish(&frame);
        let outputs = match spec["outputs"].as_object() {
            Some(outputs) => {
                let outputs = outputs
                    .iter()
                    .map(|(name, value)| (name.clone(), job.text(&frame, value.as_str().unwrap())));
                outputs.collect()
            }
            None => BTreeMap::new(),
        };
        let ended = JobRun {
            id: id.to_owned(),
            matrix,
            conclusion: frame.conclusion(),
            outputs,
            summary: job.summary,
            log: job.log,
            annotations: job.annotations,
            sarif: job.sarif,
            steps: job.ended,
        };
        run.artifacts.extend(job.uploaded);
        ended
    }

    fn github(&self, run: &WorkflowRun, document: &Value, job: &str) -> Value {
        let event = &run.event;
        let name = event.reference.trim_start_matches("refs/");
        let name = name
            .trim_start_matches("heads/")
            .trim_start_matches("pull/");
        let base = if event.head.is_empty() { "" } else { MAIN };
        json!({
            "event_name": event.name,
            "event": event.payload,
            "ref": event.reference,
            "ref_name": name,
            "sha": event.sha,
            "head_ref": event.head,
            "base_ref": base,
            "repository": REPOSITORY,
            "repository_owner": OWNER,
            "run_id": run.id,
            "run_number": run.id,
            "run_attempt": 1,
            "workflow": document["name"],
            "job": job,
            "actor": "somebody",
            "server_url": "https://github.example",
            "api_url": self.api_url,
            "token": "the-token",
        })
    }
}

/// What a job sees of those that it needs: each declared output is there.
fn needs_context(spec: &Value, document: &Value, run: &WorkflowRun) -> Value {
    let mut needs = Map::new();
    for id in spec::needs(spec) {
        let jobs = run.jobs_of(&id);
        let worst = [
            Conclusion::Failure,
            Conclusion::Cancelled,
            Conclusion::Success,
        ]
        .into_iter()
        .find(|conclusion| jobs.iter().any(|job| job.conclusion == *conclusion));
        let mut outputs = Map::new();
        let declared = document["jobs"][&id]["outputs"].as_object();
        for name in declared.into_iter().flat_map(Map::keys) {
            let value = jobs.iter().find_map(|job| job.outputs.get(name));
            outputs.insert(name.clone(), value.cloned().unwrap_or_default().into());
        }
        let result = worst.unwrap_or(Conclusion::Skipped).name();
        needs.insert(id, json!({"result": result, "outputs": outputs}));
    }
    needs.into()
}

/// Removes a folder, also one whose parts can't be written.
fn remove(folder: &Path) {
    for path in files::files_below(folder) {
        let parent = path.parent().unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        let _ = fs::set_permissions(parent, mode);
    }
    fs::remove_dir_all(folder).unwrap();
}
