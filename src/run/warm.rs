//! Runs pytest in workers: processes that have imported everything once, and fork for each case.
//!
//! Starting Python and importing pytest and PyTorch takes a hundred times as long as the tests of a
//! case. A worker is only ever a shortcut: what it can't do, or is lost over, is run in a fresh process.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::environment::Environment;
use super::executor::{
    Executor, FreshExecutor, RunRequest, Task, config_of, pytest_result, with_removal,
};
use super::job::{CaseJob, End, WorkerLost};
use super::launcher::{LostSupervisor, Worker};
use super::limits::Limits;
use super::outcome::{Outcome, RunResult};
use super::pytest::{self, DriverRequest};
use super::sandbox::{self, Narrowing};
use super::working_copy::WorkingCopy;
use crate::source::tree::{Entry, Tree};

/// How long a worker may take to import what its cases need: far longer than PyTorch takes on a slow disk.
pub const READY_TIME: Duration = Duration::from_secs(120);

/// Workers that are kept for cases like those that they have run: of other seeds, or another curriculum.
const MAX_IDLE: usize = 8;

/// Code that pytest runs when it starts.
const CONFTEST: &str = "conftest.py";

/// Settings for which it makes no difference whether pytest is started before the files of a case are there.
/// Others may load code, open files or add arguments.
const PLAIN_SETTINGS: &[&str] = &[
    "console_output_style",
    "empty_parameter_set_mark",
    "markers",
    "norecursedirs",
    "python_classes",
    "python_files",
    "python_functions",
    "pythonpath",
    "testpaths",
    "usefixtures",
    "xfail_strict",
];

/// Bytes that files in the memory of a worker may have; what its cases may use is less and is watched.
const SHARED_MEMORY_BYTES: u64 = 1 << 40;

/// Runs pytest cases in workers, as many as there are cases at a time, and others in fresh processes.
#[derive(Debug)]
pub struct WarmExecutor {
    fresh: FreshExecutor,
    /// A folder with tests that a worker runs to get ready.
    warm_up: PathBuf,
    ready_time: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Workers that wait for a case.
    idle: Vec<Idle>,
    /// What no worker gets ready for.
    without: Vec<Key>,
    notes: Vec<String>,
}

/// A worker with the folder that its cases take turns to have.
#[derive(Debug)]
struct Idle {
    // Before the folder, so that nothing runs in it when it is removed.
    worker: Worker,
    copy: WorkingCopy,
    key: Key,
}

/// What cases must have in common to share a worker.
#[derive(Clone, Debug)]
struct Key {
    environment: Arc<Environment>,
    seed: u32,
    start: Start,
}

/// When pytest is started.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Start {
    /// Before the fork, with a configuration file.
    Before(Option<ConfigFile>),
    /// After it, for code of the project, or arguments in its configuration, take part in it.
    After,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct ConfigFile {
    path: String,
    text: String,
}

impl Key {
    fn of(request: &RunRequest) -> Self {
        Self {
            environment: Arc::clone(&request.environment),
            seed: request.seed,
            start: match request.prepare {
                None => Start::of(&request.tree),
                // It may write what pytest reads when it starts.
                Some(_) => Start::After,
            },
        }
    }

    fn fits(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.environment, &other.environment)
            && (self.seed, &self.start) == (other.seed, &other.start)
    }
}

impl Start {
    fn of(tree: &Tree) -> Self {
        let is_conftest = |path: &str| path == CONFTEST || path.ends_with("/conftest.py");
        if tree.iter().any(|(path, _)| is_conftest(path)) {
            return Self::After;
        }
        let Some(path) = config_of(tree) else {
            return Self::Before(None);
        };
        match tree.get(path).and_then(Entry::text) {
            Some(text) if settings(text).all(|name| PLAIN_SETTINGS.contains(&name)) => {
                Self::Before(Some(ConfigFile {
                    path: path.to_owned(),
                    text: text.to_owned(),
                }))
            }
            _ => Self::After,
        }
    }

    fn config(&self) -> Option<&ConfigFile> {
        match self {
            Self::Before(config) => config.as_ref(),
            Self::After => None,
        }
    }
}

/// The names of all settings for pytest in a configuration file, and possibly parts of their values: each
/// line is taken for a new setting that may be one.
fn settings(text: &str) -> impl Iterator<Item = &str> {
    let mut is_of_pytest = false;
    text.lines().filter_map(move |line| {
        let code = line.trim();
        if line.starts_with('[') && code.ends_with(']') {
            is_of_pytest = line.contains("pytest");
            return None;
        }
        if !is_of_pytest || code.starts_with(['#', ';']) {
            return None;
        }
        let is_indented = line.starts_with([' ', '\t']);
        // Only in TOML a setting may be indented, and it has a name of these characters then.
        let end = if is_indented {
            code.find('=')
        } else {
            code.find(['=', ':'])
        };
        let name = &code[..end?];
        let name = name.trim_end();
        let is_name = |char: char| char.is_ascii_alphanumeric() || "_-.\"'".contains(char);
        (!is_indented || name.chars().all(is_name)).then_some(name)
    })
}

/// The first line for a worker.
#[derive(Debug, Serialize)]
struct Setup<'a> {
    plugins: &'a [String],
    preload: &'a [String],
    warm_up: &'a PathBuf,
    session: Option<SessionSetup>,
    narrowing: Option<Narrowing>,
}

/// Where pytest is started before the fork.
#[derive(Debug, Serialize)]
struct SessionSetup {
    project: PathBuf,
    config: String,
}

/// A line for each case.
#[derive(Debug, Serialize)]
struct Request<'a> {
    project: PathBuf,
    request: DriverRequest<'a>,
}

impl WarmExecutor {
    /// Returns an executor that runs what workers can't run with `fresh`. A worker that takes longer than
    /// `ready_time` to import what its cases need is none.
    ///
    /// # Errors
    ///
    /// When the run folder can't be written.
    pub fn new(fresh: FreshExecutor, ready_time: Duration) -> io::Result<Self> {
        let config = fresh
            .run_dir
            .write_shared("warm_up/pytest.ini", "[pytest]\n")?;
        fresh
            .run_dir
            .write_shared("warm_up/tests/warm_up/test_warm_up.py", pytest::WARM_UP)?;
        let warm_up = config.parent().map(PathBuf::from).unwrap_or_default();
        Ok(Self {
            fresh,
            warm_up,
            ready_time,
            state: Mutex::default(),
        })
    }

    /// Returns an idle worker or a new one; `None` where there can be none.
    fn worker(&self, request: &RunRequest) -> Option<Idle> {
        let key = Key::of(request);
        {
            let mut state = self.state();
            if let Some(place) = state.idle.iter().position(|idle| idle.key.fits(&key)) {
                return Some(state.idle.remove(place));
            }
        }
        self.start_or_note(request, &key)
    }

    /// Starts a worker; where that fails no other is started for the like, and there is a note of it.
    fn start_or_note(&self, request: &RunRequest, key: &Key) -> Option<Idle> {
        let replaced = {
            let mut state = self.state();
            if state.without.iter().any(|without| without.fits(key)) {
                return None;
            }
            (state.idle.len() >= MAX_IDLE).then(|| state.idle.remove(0))
        };
        drop(replaced);
        match self.start(request, key.clone()) {
            Ok(worker) => Some(worker),
            Err(error) => {
                let mut state = self.state();
                // Several may have been started at once.
                if !state.without.iter().any(|without| without.fits(key)) {
                    state.without.push(key.clone());
                    state.notes.push(format!(
                        "cases run in fresh processes, for no worker gets ready: {error}"
                    ));
                }
                None
            }
        }
    }

    fn start(&self, request: &RunRequest, key: Key) -> Result<Idle, LostSupervisor> {
        let config = key.start.config().into_iter();
        let files = config.map(|it| (it.path.clone(), Entry::file(it.text.as_bytes())));
        let copy = self.fresh.run_dir.working_copy(&files.collect())?;
        let argv = self.fresh.driver_command(request);
        let mut argv = argv.ok_or_else(|| io::Error::other("there is no Python"))?;
        argv.push("--serve".to_owned());
        let mut job = self.fresh.job(&copy, request, argv, self.ready_time, true);
        job.directory = PathBuf::from("/");
        job.limits.memory_bytes = SHARED_MEMORY_BYTES;
        job.sandbox.all_processes = true;
        let setup = Setup {
            plugins: &request.environment.pytest_plugins,
            preload: &request.environment.preload,
            warm_up: &self.warm_up,
            session: matches!(key.start, Start::Before(_)).then(|| SessionSetup {
                project: copy.project(),
                config: key
                    .start
                    .config()
                    .map_or_else(|| self.fresh.empty_config(), |it| it.path.clone()),
            }),
            narrowing: sandbox::narrowing(&job.sandbox),
        };
        job.worker = Some(serde_json::to_string(&setup).map_err(io::Error::other)?);
        let worker = self.fresh.launcher.start_worker(&job)?;
        copy.clear()?;
        Ok(Idle { worker, copy, key })
    }

    /// Runs a case in a worker; `None` when that was lost or has declined, and nothing is known of the case.
    fn run_in(
        &self,
        mut idle: Idle,
        request: &RunRequest,
        node_ids: &[String],
    ) -> Option<RunResult> {
        let result = match self.try_in(&mut idle, request, node_ids) {
            Ok(result) => result,
            Err(LostSupervisor::Worker(lost)) => {
                self.note(format!(
                    "a worker was lost, and its case was run in a fresh process: {lost}"
                ));
                return None;
            }
            Err(lost) => {
                let lost = RunResult::ended(Outcome::InfrastructureError, lost.to_string());
                let Idle { worker, copy, .. } = idle;
                drop(worker);
                return Some(with_removal(lost, copy.remove()));
            }
        };
        let cleared = idle.copy.clear();
        let is_stopped = matches!(&result, Some(it) if it.outcome == Outcome::Interrupted);
        if cleared.is_ok() && !is_stopped {
            self.put_back(idle);
        }
        result.map(|result| with_removal(result, cleared))
    }

    /// Keeps a worker for the next case.
    fn put_back(&self, idle: Idle) {
        self.state().idle.push(idle);
    }

    /// As [`Self::run_in`]; leaves the folder of the case as it is.
    fn try_in(
        &self,
        idle: &mut Idle,
        request: &RunRequest,
        node_ids: &[String],
    ) -> Result<Option<RunResult>, LostSupervisor> {
        // What the case before has left there is no fault of this one.
        idle.copy.fill(&request.tree).map_err(|error| {
            WorkerLost(format!("its working copy can't be made again: {error}"))
        })?;
        let left = match self.fresh.prepare(&idle.copy, request) {
            Ok(left) => left,
            Err(result) => return Ok(Some(*result)),
        };
        let line = Request {
            project: idle.copy.project(),
            request: self.fresh.driver_request(request, node_ids),
        };
        let case = CaseJob {
            request: serde_json::to_string(&line).map_err(io::Error::other)?,
            limits: Limits::new(left, request.memory_bytes),
        };
        let record = idle.worker.run(&case)?;
        let is_declined = matches!(record.end, End::NotStarted(_));
        Ok((!is_declined).then(|| pytest_result(record, &idle.copy.project())))
    }

    fn note(&self, note: String) {
        self.state().notes.push(note);
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Executor for WarmExecutor {
    fn get_ready(&self, requests: &[RunRequest], jobs: usize) {
        let mut wanted: Vec<(Key, &RunRequest)> = Vec::new();
        for request in requests {
            let key = Key::of(request);
            if matches!(request.task, Task::Pytest { .. })
                && !wanted.iter().any(|(other, _)| other.fits(&key))
            {
                wanted.push((key, request));
            }
        }
        // More would only take the place of each other.
        wanted.truncate(MAX_IDLE / jobs.clamp(1, MAX_IDLE));
        for (key, request) in wanted {
            let is_of_it = |idle: &&Idle| idle.key.fits(&key);
            let there = self.state().idle.iter().filter(is_of_it).count();
            let missing = jobs.min(MAX_IDLE).saturating_sub(there);
            let started: Vec<_> = std::thread::scope(|scope| {
                let start = || scope.spawn(|| self.start_or_note(request, &key));
                let starting: Vec<_> = (0..missing).map(|_| start()).collect();
                let started = starting.into_iter().filter_map(|it| it.join().ok());
                started.flatten().collect()
            });
            for idle in started {
                self.put_back(idle);
            }
        }
    }

    fn run(&self, request: &RunRequest) -> RunResult {
        let Task::Pytest { node_ids } = &request.task else {
            return self.fresh.run(request);
        };
        let Some(idle) = self.worker(request) else {
            return self.fresh.run(request);
        };
        let started = Instant::now();
        match self.run_in(idle, request, node_ids) {
            Some(mut result) => {
                result.wall = started.elapsed();
                result
            }
            None => self.fresh.run(request),
        }
    }

    fn kind(&self) -> String {
        format!("workers or {}", self.fresh.kind())
    }

    fn notes(&self) -> Vec<String> {
        std::mem::take(&mut self.state().notes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(path: &str, text: &str) -> Start {
        let files = [(path.to_owned(), Entry::file(text.as_bytes()))];
        Start::of(&files.into_iter().collect())
    }

    #[test]
    fn pytest_is_started_before_where_its_settings_are_plain() {
        assert_eq!(Start::of(&Tree::new()), Start::Before(None));
        for (path, text) in [
            (
                "pytest.ini",
                "[pytest]\npythonpath = src\nmarkers =\n    slow: takes = long\n",
            ),
            (
                "tox.ini",
                "[tox]\naddopts = -x\n[pytest]\n# a: b\ntestpaths: tests\n",
            ),
            (
                "pyproject.toml",
                "[project]\nname = \"x\"\n[tool.pytest.ini_options]\ntestpaths = [\n  \"tests\",\n]\n[tool.x]\ny = 1\n",
            ),
        ] {
            assert!(
                matches!(start(path, text), Start::Before(Some(_))),
                "{text}"
            );
        }
    }

    #[test]
    fn pytest_is_started_after_where_its_settings_may_do_more() {
        for (path, text) in [
            ("tests/conftest.py", ""),
            ("pytest.ini", "[pytest]\naddopts: -x\n"),
            ("pytest.ini", "[pytest]\nlog_file=log.txt\n"),
            ("setup.cfg", "[tool:pytest]\nminversion = 99\n"),
            (
                "pyproject.toml",
                "[tool.pytest.ini_options]\n  filterwarnings = [\"error\"]\n",
            ),
            (
                "pyproject.toml",
                "[tool.pytest.ini_options]\n\"addopts\" = \"-x\"\n",
            ),
            (
                "pyproject.toml",
                "[tool.pytest]\nini_options.addopts = \"-x\"\n",
            ),
        ] {
            assert_eq!(start(path, text), Start::After, "{text}");
        }
    }
}
