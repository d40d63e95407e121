//! Runs one request in one working copy, and says how that ended.
//!
//! What is run is a pure function of the request; who runs it is behind a trait, so that a warm
//! worker, a remote service or a fake can take the place of a fresh process.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::environment::Environment;
use super::job::{End, Job, Record};
use super::junit;
use super::launcher::Launcher;
use super::limits::Limits;
use super::outcome::{Outcome, RunResult, TestOutcome, TestResult, outcome_of_end};
use super::pytest::{self, DriverRequest};
use super::sandbox::Policy;
use super::working_copy::{RunDir, WorkingCopy};
use crate::source::tree::Tree;

/// The id of the one test that a command without a report stands for.
pub const COMMAND_TEST: &str = "command";

/// How many threads libraries may use in a case.
pub(super) const THREADS: &str = "1";

/// Characters of a failed command's output that stand for its exception text.
const COMMAND_MESSAGE: usize = 4 * 1024;

/// Everything that decides how a run ends.
#[derive(Clone, Debug)]
pub struct RunRequest {
    /// The files of the project.
    pub tree: Arc<Tree>,
    /// What judges them.
    pub task: Task,
    /// A command that is run before.
    pub prepare: Option<Vec<String>>,
    /// Wall time of preparation and task together.
    pub timeout: Duration,
    /// Wall time of one pytest test.
    pub test_timeout: Duration,
    /// Memory of all processes together, in bytes.
    pub memory_bytes: u64,
    /// What random generators and the hashes of strings start from. With another seed than 0 tests run in
    /// an order that is drawn from it.
    pub seed: u32,
    /// What it runs in.
    pub environment: Arc<Environment>,
}

/// What judges a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Task {
    /// Tests that pytest runs.
    Pytest {
        /// What is selected.
        node_ids: Vec<String>,
    },
    /// A program.
    Command {
        /// Program and arguments.
        argv: Vec<String>,
        /// Where it writes a JUnit report, relative to the project.
        junit: Option<String>,
    },
}

/// Runs requests, from several threads at once.
pub trait Executor: Sync {
    /// Runs a request to its end.
    fn run(&self, request: &RunRequest) -> RunResult;

    /// Does what takes long and is the same for requests like these, so that `jobs` of them begin at once when they
    /// come. Returns when that is done.
    fn get_ready(&self, _requests: &[RunRequest], _jobs: usize) {}

    /// What its user should know, once: that cases were run in another way than asked for, and why.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }

    /// What of the executor itself can change results, the sandbox among it, in words. Two that say the
    /// same run everything alike.
    fn kind(&self) -> String;
}

/// Runs each request in fresh processes.
#[derive(Debug)]
pub struct FreshExecutor {
    pub(super) launcher: Arc<Launcher>,
    pub(super) run_dir: RunDir,
    policy: Policy,
    /// The pytest driver, where cases can read it.
    driver: PathBuf,
    /// A configuration file without settings, for projects that have none.
    empty_config: PathBuf,
}

impl FreshExecutor {
    /// Returns an executor that keeps its working copies in `run_dir`.
    ///
    /// # Errors
    ///
    /// When the run folder can't be written.
    pub fn new(launcher: Arc<Launcher>, run_dir: RunDir, policy: Policy) -> io::Result<Self> {
        let driver = run_dir.write_shared("mastery_pytest.py", pytest::DRIVER)?;
        let empty_config = run_dir.write_shared("pytest.ini", "[pytest]\n")?;
        Ok(Self {
            launcher,
            run_dir,
            policy,
            driver,
            empty_config,
        })
    }

    fn run_in(&self, copy: &WorkingCopy, request: &RunRequest) -> RunResult {
        let left = match self.prepare(copy, request) {
            Ok(left) => left,
            Err(result) => return *result,
        };
        if let Task::Command {
            junit: Some(junit), ..
        } = &request.task
        {
            remove_report(&copy.project(), junit);
        }
        let (argv, has_channel) = match &request.task {
            Task::Command { argv, .. } => (argv.clone(), false),
            Task::Pytest { node_ids } => match self.driver_command(request) {
                Some(mut argv) => {
                    let asked = self.driver_request(request, node_ids);
                    argv.push(serde_json::to_string(&asked).expect("it holds text and numbers"));
                    (argv, true)
                }
                None => {
                    let detail = "there is no Python to run pytest with".to_owned();
                    return RunResult::ended(Outcome::InfrastructureError, detail);
                }
            },
        };
        let job = self.job(copy, request, argv, left, has_channel);
        let record = match self.launcher.run(&job) {
            Ok(record) => record,
            Err(lost) => return RunResult::ended(Outcome::InfrastructureError, lost.to_string()),
        };
        match &request.task {
            Task::Pytest { .. } => pytest_result(record, &copy.project()),
            Task::Command { junit, .. } => {
                command_result(record, &copy.project(), junit.as_deref())
            }
        }
    }

    /// Runs what is run before the task; returns the time that is left, or how the run ends.
    pub(super) fn prepare(
        &self,
        copy: &WorkingCopy,
        request: &RunRequest,
    ) -> Result<Duration, Box<RunResult>> {
        let Some(prepare) = &request.prepare else {
            return Ok(request.timeout);
        };
        let job = self.job(copy, request, prepare.clone(), request.timeout, false);
        match self.launcher.run(&job) {
            Ok(record) if record.end == End::Exited(0) => {
                Ok(request.timeout.saturating_sub(record.wall))
            }
            Ok(record) => Err(Box::new(failed_preparation(record))),
            Err(lost) => {
                let lost = RunResult::ended(Outcome::InfrastructureError, lost.to_string());
                Err(Box::new(lost))
            }
        }
    }

    pub(super) fn job(
        &self,
        copy: &WorkingCopy,
        request: &RunRequest,
        argv: Vec<String>,
        wall: Duration,
        has_channel: bool,
    ) -> Job {
        let mut policy = self.policy.clone();
        policy.read.clone_from(&request.environment.readable);
        policy.read.push(self.run_dir.path().join("shared"));
        policy.write = vec![copy.path().to_owned()];
        Job {
            argv,
            environment: variables(copy, request),
            directory: copy.project(),
            limits: Limits::new(wall, request.memory_bytes),
            sandbox: policy,
            has_channel,
            worker: None,
        }
    }

    /// The driver without a request; `None` where there is no Python.
    pub(super) fn driver_command(&self, request: &RunRequest) -> Option<Vec<String>> {
        let python = request.environment.python.as_ref()?;
        Some(vec![
            python.executable.to_string_lossy().into_owned(),
            self.driver.to_string_lossy().into_owned(),
        ])
    }

    /// The configuration of projects that have none.
    pub(super) fn empty_config(&self) -> String {
        self.empty_config.to_string_lossy().into_owned()
    }

    /// What the driver is asked to do.
    pub(super) fn driver_request<'a>(
        &self,
        request: &'a RunRequest,
        node_ids: &'a [String],
    ) -> DriverRequest<'a> {
        let mut files: Vec<_> = node_ids.iter().map(|id| file_of(id)).collect();
        files.dedup();
        let config = config_of(&request.tree).map_or_else(|| self.empty_config(), str::to_owned);
        DriverRequest {
            files,
            select: node_ids.iter().map(String::as_str).collect(),
            plugins: &request.environment.pytest_plugins,
            config,
            test_seconds: request.test_timeout.as_secs_f64(),
            seed: request.seed,
        }
    }
}

impl Executor for FreshExecutor {
    fn run(&self, request: &RunRequest) -> RunResult {
        let started = Instant::now();
        let mut result = match self.run_dir.working_copy(&request.tree) {
            Ok(copy) => {
                let result = self.run_in(&copy, request);
                with_removal(result, copy.remove())
            }
            Err(error) => RunResult::ended(
                Outcome::InfrastructureError,
                format!("the working copy can't be made: {error}"),
            ),
        };
        result.wall = started.elapsed();
        result
    }

    fn kind(&self) -> String {
        format!("fresh processes, {}", self.policy.kind())
    }
}

fn file_of(node_id: &str) -> &str {
    node_id.split_once("::").map_or(node_id, |(file, _)| file)
}

/// The file that pytest would take its configuration from, as pytest looks for it.
pub(super) fn config_of(tree: &Tree) -> Option<&'static str> {
    let has = |path: &str, section: &str| {
        tree.get(path)
            .and_then(|entry| entry.text())
            .is_some_and(|text| text.contains(section))
    };
    [
        ("pytest.ini", ""),
        (".pytest.ini", ""),
        ("pyproject.toml", "[tool.pytest"),
        ("tox.ini", "[pytest]"),
        ("setup.cfg", "[tool:pytest]"),
    ]
    .into_iter()
    .find(|(path, section)| has(path, section))
    .map(|(path, _)| path)
}

/// All variables that a case sees. Nothing of the author's environment is among them.
fn variables(copy: &WorkingCopy, request: &RunRequest) -> Vec<(String, String)> {
    let environment = &request.environment;
    let text = |path: PathBuf| path.to_string_lossy().into_owned();
    let mut variables: Vec<(String, String)> = [
        ("PATH", environment.path_variable()),
        ("HOME", text(copy.home())),
        ("TMPDIR", text(copy.temp())),
        // Some libraries look up the user, who has no entry in any list of users.
        ("USER", "learner".to_owned()),
        ("LOGNAME", "learner".to_owned()),
        ("LANG", "C.UTF-8".to_owned()),
        ("LC_ALL", "C.UTF-8".to_owned()),
        ("TZ", "UTC".to_owned()),
        ("TERM", "dumb".to_owned()),
        // The same on every run and every machine.
        ("PYTHONHASHSEED", request.seed.to_string()),
        ("PYTHONDONTWRITEBYTECODE", "1".to_owned()),
        ("PYTHONNOUSERSITE", "1".to_owned()),
        ("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1".to_owned()),
        // Cases run side by side; each that took all cores would slow down all others.
        ("OMP_NUM_THREADS", THREADS.to_owned()),
        ("OPENBLAS_NUM_THREADS", THREADS.to_owned()),
        ("MKL_NUM_THREADS", THREADS.to_owned()),
    ]
    .map(|(key, value)| (key.to_owned(), value))
    .into();
    if let Some(python) = &environment.python {
        variables.push(("MASTERY_PYTHON".to_owned(), text(python.executable.clone())));
        if python.prefix != python.base_prefix {
            variables.push(("VIRTUAL_ENV".to_owned(), text(python.prefix.clone())));
        }
    }
    variables
}

fn with_record(mut result: RunResult, record: Record) -> RunResult {
    result.ended_by_itself = matches!(record.end, End::Exited(_));
    result.output = record.output;
    result.process_wall = record.wall;
    result.peak_memory_bytes = Some(record.peak_memory_bytes);
    result
}

/// A case that leaves something behind which can't be removed is not over.
pub(super) fn with_removal(mut result: RunResult, removal: io::Result<()>) -> RunResult {
    if let Err(error) = removal
        && result.outcome != Outcome::Interrupted
    {
        result.outcome = Outcome::InfrastructureError;
        result.detail = Some(format!("the working copy can't be removed: {error}"));
    }
    result
}

fn failed_preparation(record: Record) -> RunResult {
    let (outcome, detail) = match outcome_of_end(&record.end) {
        Some((outcome @ (Outcome::Interrupted | Outcome::InfrastructureError), detail)) => {
            (outcome, detail)
        }
        Some((outcome, detail)) => {
            let why = detail.unwrap_or_else(|| outcome.words().to_owned());
            (Outcome::Broken, Some(format!("`prepare` failed: {why}")))
        }
        None => {
            let End::Exited(status) = record.end else {
                unreachable!("only exits have no outcome")
            };
            (
                Outcome::Broken,
                Some(format!("`prepare` ended with status {status}")),
            )
        }
    };
    with_record(RunResult::ended(outcome, detail), record)
}

pub(super) fn pytest_result(record: Record, project: &Path) -> RunResult {
    let summary = pytest::summarize(&record.channel, &record.end, project);
    let mut result = RunResult::ended(summary.outcome, summary.detail);
    result.tests = summary.tests;
    result.missing_tests = summary.missing_tests;
    result.collection_errors = summary.collection_errors;
    with_record(result, record)
}

fn command_result(record: Record, project: &Path, junit: Option<&str>) -> RunResult {
    let broken = |detail: String| RunResult::ended(Outcome::Broken, detail);
    let result = match (outcome_of_end(&record.end), &record.end, junit) {
        (Some((outcome, detail)), _, _) => RunResult::ended(outcome, detail),
        // What a shell says of a program that it could not find or run.
        (None, End::Exited(status @ (126 | 127)), _) => broken(format!(
            "status {status}: a program that the command calls can't be run"
        )),
        (None, End::Exited(status), None) => single_test(&record, *status, project),
        (None, End::Exited(status), Some(junit)) => match read_report(project, junit) {
            Err(why) => broken(format!("the command ended with status {status} and {why}")),
            Ok(mut tests) => {
                for text in tests
                    .iter_mut()
                    .flat_map(|test| [&mut test.message, &mut test.traceback])
                {
                    *text = text.take().map(|text| without_project(&text, project));
                }
                reported_tests(tests, *status)
            }
        },
        (None, _, _) => unreachable!("only exits have no outcome"),
    };
    with_record(result, record)
}

/// A command without a report: one test, judged by the status.
fn single_test(record: &Record, status: i32, project: &Path) -> RunResult {
    let (outcome, test_outcome) = match status {
        0 => (Outcome::Passed, TestOutcome::Passed),
        _ => (Outcome::Failed, TestOutcome::Failed),
    };
    let message = (status != 0).then(|| {
        let output = record.output.trim_end();
        let start = output
            .char_indices()
            .rev()
            .nth(COMMAND_MESSAGE)
            .map_or(0, |(at, _)| at);
        without_project(&output[start..], project)
    });
    let mut result = RunResult::ended(outcome, None);
    result.tests.push(TestResult {
        id: COMMAND_TEST.to_owned(),
        outcome: test_outcome,
        traceback: message.clone(),
        message,
        duration: record.wall,
    });
    result
}

fn without_project(text: &str, project: &Path) -> String {
    pytest::without_project(text, &project.to_string_lossy())
}

/// Reads a report that is inside the project, all links on the way followed.
fn read_report(project: &Path, junit: &str) -> Result<Vec<TestResult>, String> {
    match is_inside(project, junit) {
        Some(true) => junit::read(&project.join(junit)),
        Some(false) => Err("its JUnit report is outside the project".to_owned()),
        None => Err(format!("wrote no `{junit}`")),
    }
}

/// Removes a report that is there before the command has run: it says nothing of the command.
fn remove_report(project: &Path, junit: &str) {
    if is_inside(project, junit) == Some(true) {
        // Where there is none, or a folder, there is nothing that could be taken for one.
        let _ = std::fs::remove_file(project.join(junit));
    }
}

/// Whether the folder of a report is inside the project; `None` when it is not there.
fn is_inside(project: &Path, junit: &str) -> Option<bool> {
    let dir = project.join(junit).parent()?.canonicalize().ok()?;
    Some(dir.starts_with(project.canonicalize().ok()?))
}

fn reported_tests(tests: Vec<TestResult>, status: i32) -> RunResult {
    let has_failed = tests.iter().any(|test| test.outcome.is_failure());
    let has_passed = tests.iter().any(|test| test.outcome == TestOutcome::Passed);
    let (outcome, detail) = match (has_failed, status) {
        (false, 0) if has_passed => (Outcome::Passed, None),
        (false, 0) => (
            Outcome::NoTestsRan,
            Some("the report has no test that passed or failed".to_owned()),
        ),
        (true, 0) => {
            let detail = "the command ended with status 0 and its report has failed tests";
            (Outcome::Broken, Some(detail.to_owned()))
        }
        (true, _) => (Outcome::Failed, None),
        (false, _) => {
            let detail =
                format!("the command ended with status {status} and no test in its report failed");
            (Outcome::Broken, Some(detail))
        }
    };
    let mut result = RunResult::ended(outcome, detail);
    result.tests = tests;
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::job::StartError;
    use crate::source::tree::Entry;

    fn record(end: End) -> Record {
        Record {
            end,
            output: "last words\n".to_owned(),
            channel: String::new(),
            wall: Duration::from_millis(5),
            peak_memory_bytes: 1,
            stragglers: 0,
        }
    }

    fn command(end: End, report: Option<&str>) -> (Outcome, String) {
        let dir = tempfile::tempdir().unwrap();
        if let Some(report) = report {
            std::fs::write(dir.path().join("report.xml"), report).unwrap();
        }
        let junit = report.map(|_| "report.xml");
        let result = command_result(record(end), dir.path(), junit);
        (result.outcome, result.detail.unwrap_or_default())
    }

    fn report(case: &str) -> String {
        format!("<testsuites><testsuite name=\"s\">{case}</testsuite></testsuites>")
    }

    #[test]
    fn command_is_judged_by_its_status() {
        let dir = tempfile::tempdir().unwrap();
        let passed = command_result(record(End::Exited(0)), dir.path(), None);
        assert_eq!(passed.outcome, Outcome::Passed);
        let failed = command_result(record(End::Exited(3)), dir.path(), None);
        assert_eq!(failed.outcome, Outcome::Failed);
        assert_eq!(failed.tests[0].message.as_deref(), Some("last words"));
        assert_eq!(command(End::Exited(127), None).0, Outcome::Broken);
    }

    #[test]
    fn messages_of_commands_do_not_tell_the_working_copy() {
        let dir = tempfile::tempdir().unwrap();
        let output = format!("{0}/a.sh: line 3 in {0}", dir.path().display());
        let said = Record {
            output: output.clone(),
            ..record(End::Exited(1))
        };
        let test = command_result(said, dir.path(), None).tests.remove(0);
        let clean = Some("a.sh: line 3 in .".to_owned());
        assert_eq!((&test.message, &test.traceback), (&clean, &clean));
        let failure = format!("<testcase name=\"a\"><failure message=\"{output}\"/></testcase>");
        std::fs::write(dir.path().join("report.xml"), report(&failure)).unwrap();
        let result = command_result(record(End::Exited(1)), dir.path(), Some("report.xml"));
        assert_eq!(result.tests[0].message, clean);
    }

    #[test]
    fn report_and_status_must_agree() {
        let pass = report("<testcase name=\"a\"/>");
        let fail = report("<testcase name=\"a\"><failure/></testcase>");
        assert_eq!(command(End::Exited(0), Some(&pass)).0, Outcome::Passed);
        assert_eq!(command(End::Exited(1), Some(&fail)).0, Outcome::Failed);
        assert_eq!(command(End::Exited(1), Some(&pass)).0, Outcome::Broken);
        assert_eq!(command(End::Exited(0), Some(&fail)).0, Outcome::Broken);
        assert_eq!(
            command(End::Exited(0), Some(&report(""))).0,
            Outcome::NoTestsRan
        );
        assert_eq!(command(End::Exited(0), Some("no xml")).0, Outcome::Broken);
    }

    #[test]
    fn report_outside_the_project_is_not_read() {
        let dir = tempfile::tempdir().unwrap();
        let project = dir.path().join("project");
        std::fs::create_dir(&project).unwrap();
        std::fs::write(
            dir.path().join("report.xml"),
            report("<testcase name=\"a\"/>"),
        )
        .unwrap();
        std::os::unix::fs::symlink("..", project.join("out")).unwrap();
        let result = command_result(record(End::Exited(0)), &project, Some("out/report.xml"));
        assert_eq!(result.outcome, Outcome::Broken);
        remove_report(&project, "out/report.xml");
        assert!(dir.path().join("report.xml").exists());
    }

    #[test]
    fn ends_that_are_no_exits_have_their_outcomes() {
        let not_started = |is_program| {
            End::NotStarted(StartError {
                is_program,
                message: String::new(),
            })
        };
        for (end, outcome) in [
            (End::Killed(11), Outcome::Killed),
            (End::TimedOut, Outcome::TimedOut),
            (End::OutOfMemory, Outcome::OutOfMemory),
            (End::TooMuchOutput, Outcome::Broken),
            (End::Interrupted, Outcome::Interrupted),
            (not_started(true), Outcome::Broken),
            (not_started(false), Outcome::InfrastructureError),
        ] {
            assert_eq!(command(end.clone(), None).0, outcome, "{end:?}");
        }
        assert_eq!(
            command(End::Killed(11), None).1,
            "by signal 11 (segmentation fault)"
        );
    }

    #[test]
    fn preparation_that_fails_is_broken_unless_the_run_was_stopped() {
        assert_eq!(
            failed_preparation(record(End::Exited(2))).outcome,
            Outcome::Broken
        );
        assert_eq!(
            failed_preparation(record(End::TimedOut)).outcome,
            Outcome::Broken
        );
        assert_eq!(
            failed_preparation(record(End::Interrupted)).outcome,
            Outcome::Interrupted
        );
    }

    #[test]
    fn working_copy_that_stays_is_an_infrastructure_error() {
        let removed = |outcome, removal| {
            let result = with_removal(RunResult::ended(outcome, None), removal);
            (result.outcome, result.detail.unwrap_or_default())
        };
        let fails = || Err(io::Error::other("why"));
        assert_eq!(removed(Outcome::Passed, Ok(())).0, Outcome::Passed);
        let (outcome, detail) = removed(Outcome::Passed, fails());
        assert_eq!(outcome, Outcome::InfrastructureError);
        assert!(detail.contains("can't be removed: why"), "{detail}");
        assert_eq!(
            removed(Outcome::Interrupted, fails()).0,
            Outcome::Interrupted
        );
    }

    #[test]
    fn configuration_is_found_where_pytest_looks() {
        let tree = |path: &str, text: &str| -> Tree {
            [(path.to_owned(), Entry::file(text.as_bytes()))]
                .into_iter()
                .collect()
        };
        assert_eq!(config_of(&tree("pytest.ini", "")), Some("pytest.ini"));
        let pyproject = "[tool.pytest.ini_options]\n";
        assert_eq!(
            config_of(&tree("pyproject.toml", pyproject)),
            Some("pyproject.toml")
        );
        assert_eq!(config_of(&tree("pyproject.toml", "[project]\n")), None);
        assert_eq!(config_of(&Tree::new()), None);
    }
}
