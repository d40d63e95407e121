//! One job on its machine: steps in their order, with what they tell the runner in its files.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Map, Value, json};

use super::expression::{Scope, Status, shown};
use super::files::assignments;
use super::log::{Annotation, annotations};
use super::{Conclusion, Event, REPOSITORY, Runner, UploadedSarif, WorkflowRun, spec};

/// How much a summary of one step may hold.
const LARGEST_SUMMARY: u64 = 1024 * 1024;

/// What a list of steps belongs to: the job, or an action in it.
#[derive(Default)]
pub(super) struct Frame {
    inputs: Option<Value>,
    steps: Map<String, Value>,
    /// The folder of the action.
    action: Option<PathBuf>,
    /// What is set for all its steps.
    env: BTreeMap<String, String>,
    has_failed: bool,
}

impl Frame {
    pub(super) fn conclusion(&self) -> Conclusion {
        if self.has_failed {
            Conclusion::Failure
        } else {
            Conclusion::Success
        }
    }
}

/// A cache that is saved once the job has ended well.
pub(super) struct Saved {
    pub(super) key: String,
    pub(super) paths: Vec<PathBuf>,
}

/// A job that runs.
pub(super) struct Job<'a> {
    pub(super) runner: &'a Runner,
    pub(super) event: &'a Event,
    /// Where the repository is checked out.
    pub(super) workspace: PathBuf,
    pub(super) home: PathBuf,
    temporary: PathBuf,
    tools: PathBuf,
    /// Where artifacts of the run are kept.
    pub(super) artifact_folder: PathBuf,
    /// Artifacts of jobs before this one.
    pub(super) artifacts: BTreeMap<String, PathBuf>,
    /// Artifacts of this job.
    pub(super) uploaded: BTreeMap<String, PathBuf>,
    pub(super) permissions: BTreeMap<String, String>,
    contexts: Map<String, Value>,
    env: BTreeMap<String, String>,
    path: Vec<String>,
    pub(super) saved: Vec<Saved>,
    pub(super) summary: String,
    pub(super) log: String,
    pub(super) annotations: Vec<Annotation>,
    pub(super) sarif: Vec<UploadedSarif>,
    pub(super) ended: Vec<(String, Conclusion)>,
    files: usize,
}

impl<'a> Job<'a> {
    pub(super) fn new(
        runner: &'a Runner,
        run: &'a WorkflowRun,
        machine: &Path,
        artifacts: &Path,
        mut contexts: Map<String, Value>,
    ) -> Self {
        let name = REPOSITORY.split('/').next_back().unwrap();
        let workspace = machine.join("work").join(name).join(name);
        let [home, temporary, tools] = ["home", "temp", "tools"].map(|it| machine.join(it));
        for folder in [&workspace, &home, &temporary, &tools] {
            fs::create_dir_all(folder).unwrap();
        }
        contexts["github"]["workspace"] = workspace.to_str().unwrap().into();
        contexts.insert(
            "runner".into(),
            json!({
                "os": "Linux", "arch": "X64", "name": "one", "environment": "self-hosted",
                "temp": temporary, "tool_cache": tools, "debug": "",
            }),
        );
        Self {
            runner,
            event: &run.event,
            workspace,
            home,
            temporary,
            tools,
            artifact_folder: artifacts.to_owned(),
            artifacts: run.artifacts.clone(),
            uploaded: BTreeMap::new(),
            permissions: BTreeMap::new(),
            contexts,
            env: BTreeMap::new(),
            path: Vec::new(),
            saved: Vec::new(),
            summary: String::new(),
            log: String::new(),
            annotations: Vec::new(),
            sarif: Vec::new(),
            ended: Vec::new(),
            files: 0,
        }
    }

    /// Sets the variables that a workflow and a job state.
    pub(super) fn set_environment(&mut self, blocks: &[&Value]) {
        for block in blocks {
            for (name, value) in block.as_object().into_iter().flatten() {
                let value = self.text(&Frame::default(), &shown(value));
                self.env.insert(name.clone(), value);
            }
        }
    }

    /// Runs steps.
    pub(super) fn steps(&mut self, steps: &[Value], frame: &mut Frame) {
        for (index, step) in steps.iter().enumerate() {
            spec::check_step("a step", step);
            let id = step["id"].as_str();
            let name = id.or(step["name"].as_str()).or(step["uses"].as_str());
            let name = name.map_or_else(|| format!("step {}", index + 1), str::to_owned);
            let ended = if self.condition(frame, &step["if"]) {
                let (outcome, outputs) = self.step(&name, step, frame);
                self.ended.push((name, outcome));
                let may_fail = step["continue-on-error"] == true;
                let conclusion = if may_fail {
                    Conclusion::Success
                } else {
                    outcome
                };
                frame.has_failed |= conclusion == Conclusion::Failure;
                (outcome, conclusion, outputs)
            } else {
                (Conclusion::Skipped, Conclusion::Skipped, BTreeMap::new())
            };
            if let Some(id) = id {
                let (outcome, conclusion, outputs) = ended;
                let context = json!({
                    "outcome": outcome.name(), "conclusion": conclusion.name(), "outputs": outputs,
                });
                assert!(
                    frame.steps.insert(id.to_owned(), context).is_none(),
                    "two steps `{id}`"
                );
            }
        }
    }

    fn step(
        &mut self,
        name: &str,
        step: &Value,
        frame: &Frame,
    ) -> (Conclusion, BTreeMap<String, String>) {
        self.log += &format!("## {name}\n");
        let mut env = frame.env.clone();
        for (key, value) in step["env"].as_object().into_iter().flatten() {
            env.insert(key.clone(), self.text(frame, &shown(value)));
        }
        if let Some(script) = step["run"].as_str() {
            return self.run(step, &self.text(frame, script), &env, frame);
        }
        let with: BTreeMap<String, String> = step["with"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(key, value)| (key.clone(), self.text(frame, &shown(value))))
            .collect();
        let uses = step["uses"].as_str().unwrap();
        match uses.strip_prefix("./") {
            Some(folder) => self.composite(folder, &with, env),
            None => self.stand_in(uses, &with),
        }
    }

    /// Runs an action of the repository.
    fn composite(
        &mut self,
        folder: &str,
        with: &BTreeMap<String, String>,
        env: BTreeMap<String, String>,
    ) -> (Conclusion, BTreeMap<String, String>) {
        let folder = self.workspace.join(folder);
        let action = spec::action_of(&folder);
        let declared = action["inputs"].as_object().unwrap();
        for name in with.keys() {
            assert!(
                declared.contains_key(name),
                "the action has no input `{name}`"
            );
        }
        let mut frame = Frame {
            action: Some(folder),
            env,
            ..Frame::default()
        };
        let mut inputs = Map::new();
        for (name, input) in declared {
            let value = match with.get(name) {
                Some(given) => given.clone(),
                None => {
                    assert_ne!(input["required"], true, "`{name}` is not given");
                    self.text(&Frame::default(), &shown(&input["default"]))
                }
            };
            inputs.insert(name.clone(), value.into());
        }
        frame.inputs = Some(inputs.into());
        self.steps(action["runs"]["steps"].as_array().unwrap(), &mut frame);
        let outputs = action["outputs"].as_object().into_iter().flatten();
        let outputs = outputs.map(|(name, output)| {
            (
                name.clone(),
                self.text(&frame, output["value"].as_str().unwrap()),
            )
        });
        (frame.conclusion(), outputs.collect())
    }

    /// Executes a script as the runner does.
    fn run(
        &mut self,
        step: &Value,
        script: &str,
        env: &BTreeMap<String, String>,
        frame: &Frame,
    ) -> (Conclusion, BTreeMap<String, String>) {
        self.files += 1;
        let file = |name: &str| self.temporary.join(format!("_{name}_{}", self.files));
        let shell: &[&str] = match step["shell"].as_str() {
            None => &["-e"],
            Some("bash") => &["--noprofile", "--norc", "-eo", "pipefail"],
            Some(other) => panic!("the shell `{other}`"),
        };
        fs::write(file("script"), script).unwrap();
        let files = [
            ("GITHUB_OUTPUT", file("output")),
            ("GITHUB_ENV", file("env")),
            ("GITHUB_PATH", file("path")),
            ("GITHUB_STEP_SUMMARY", file("summary")),
            ("GITHUB_EVENT_PATH", file("event")),
        ];
        for (_, path) in &files {
            fs::write(path, "").unwrap();
        }
        fs::write(file("event"), self.event.payload.to_string()).unwrap();
        let log = File::create(file("log")).unwrap();
        let mut command = Command::new("bash");
        crate::support::clear(&mut command);
        let mut path = self.path.clone();
        path.push(std::env::var("PATH").unwrap());
        command
            .args(shell)
            .arg(file("script"))
            .current_dir(match step["working-directory"].as_str() {
                Some(folder) => self.workspace.join(self.text(frame, folder)),
                None => self.workspace.clone(),
            })
            .env_remove("MASTERY_NO_CACHE")
            .env_remove("MASTERY_CACHE_DIR")
            .env_remove("XDG_CACHE_HOME")
            .env("PATH", path.join(":"))
            .env("HOME", &self.home)
            .env("CI", "true")
            .env("LANG", "C.UTF-8")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GITHUB_ACTIONS", "true")
            .env("RUNNER_TEMP", &self.temporary)
            .env("RUNNER_TOOL_CACHE", &self.tools)
            .env("RUNNER_OS", "Linux")
            .env("RUNNER_ARCH", "X64")
            .env("RUNNER_ENVIRONMENT", "self-hosted")
            .envs(self.github_variables())
            .envs(files.iter().map(|(name, path)| (*name, path)))
            .envs(&self.env)
            .envs(env)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        if let Some(action) = &frame.action {
            command.env("GITHUB_ACTION_PATH", action);
        }
        let status = command.status().unwrap();
        let printed = String::from_utf8_lossy(&fs::read(file("log")).unwrap()).into_owned();
        let [output, variables, path, summary, _] = files.map(|(_, path)| path);
        self.annotations.extend(annotations(&printed));
        self.log += &printed;
        if !status.success() {
            self.log += &format!("\n({status})\n");
        }
        let length = fs::metadata(&summary).unwrap().len();
        assert!(
            length <= LARGEST_SUMMARY,
            "a summary of {length} bytes is dropped"
        );
        self.summary += &fs::read_to_string(&summary).unwrap();
        self.env.extend(assignments(&variables));
        for line in fs::read_to_string(&path).unwrap().lines() {
            self.path.insert(0, line.to_owned());
        }
        let conclusion = if status.success() {
            Conclusion::Success
        } else {
            Conclusion::Failure
        };
        (conclusion, assignments(&output))
    }

    /// The context `github` as variables.
    fn github_variables(&self) -> Vec<(String, String)> {
        let github = self.contexts["github"].as_object().unwrap();
        let is_variable = |name: &str| !["event", "token"].contains(&name);
        github
            .iter()
            .filter(|(name, _)| is_variable(name))
            .map(|(name, value)| (format!("GITHUB_{}", name.to_uppercase()), shown(value)))
            .collect()
    }

    /// Saves what caches wait for.
    pub(super) fn finish(&mut self, frame: &Frame) {
        if frame.has_failed {
            return;
        }
        for saved in std::mem::take(&mut self.saved) {
            self.runner
                .caches
                .save(&self.event.reference, &saved.key, &saved.paths);
        }
    }

    /// A text with its expressions replaced.
    pub(super) fn text(&self, frame: &Frame, text: &str) -> String {
        self.with_scope(frame, |scope| scope.text(text))
    }

    fn condition(&self, frame: &Frame, condition: &Value) -> bool {
        self.with_scope(frame, |scope| scope.condition(condition))
    }

    fn with_scope<T>(&self, frame: &Frame, look: impl FnOnce(&Scope<'_>) -> T) -> T {
        let mut contexts = self.contexts.clone();
        contexts.insert("steps".into(), frame.steps.clone().into());
        contexts.insert("env".into(), json!(self.env));
        if let Some(inputs) = &frame.inputs {
            contexts.insert("inputs".into(), inputs.clone());
            // An action knows its inputs, and neither the job's secrets nor its needs.
            for context in ["needs", "secrets", "vars"] {
                contexts.remove(context);
            }
        }
        if let Some(action) = &frame.action {
            contexts["github"]["action_path"] = action.to_str().unwrap().into();
            // Of an action of the same repository nothing is known.
            contexts["github"]["action_repository"] = "".into();
            contexts["github"]["action_ref"] = "".into();
        }
        contexts["job"]["status"] = frame.conclusion().name().into();
        look(&Scope {
            contexts: &contexts,
            status: Status {
                has_failed: frame.has_failed,
                is_cancelled: false,
            },
            workspace: &self.workspace,
        })
    }
}
