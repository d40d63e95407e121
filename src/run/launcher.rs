//! Starts supervisors, hands them their jobs and takes their records.

use std::collections::BTreeSet;
use std::env;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::ops::Deref;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::interrupt::{Interrupt, Running};
use super::job::{CaseJob, Job, Record, WorkerLost};
use super::supervisor::{self, descendants};

/// Set by tools that measure coverage.
const PROFILE: &str = "LLVM_PROFILE_FILE";

/// Runs jobs, each under a supervisor of its own.
#[derive(Debug)]
pub struct Launcher {
    /// The binary that becomes a supervisor.
    tool: PathBuf,
    interrupt: Interrupt,
    /// Supervisors that are alive.
    supervisors: Mutex<BTreeSet<i32>>,
}

/// A supervisor that ended without a record.
#[derive(Debug, thiserror::Error)]
pub enum LostSupervisor {
    /// It could not be started.
    #[error("the supervisor could not be started: {0}")]
    NotStarted(#[from] io::Error),
    /// It was killed, or failed in a way that it could not tell.
    #[error("the supervisor was lost ({0}); what it ran has been ended")]
    Lost(String),
    /// The worker that it is there for is of no use.
    #[error(transparent)]
    Worker(#[from] WorkerLost),
}

/// A worker that is ready for cases; it ends when this is dropped.
#[derive(Debug)]
pub struct Worker {
    supervisor: Supervisor<Arc<Launcher>>,
}

impl Worker {
    /// Runs one case.
    ///
    /// # Errors
    ///
    /// When the worker is lost. It must not be used again.
    pub fn run(&mut self, case: &CaseJob) -> Result<Record, LostSupervisor> {
        self.supervisor.send(case)?;
        Ok(self
            .supervisor
            .receive::<Result<Record, WorkerLost>>(Running::Case)??)
    }
}

/// A supervisor that is alive: it is told something, and answers, line by line.
#[derive(Debug)]
struct Supervisor<L: Deref<Target = Launcher>> {
    launcher: L,
    child: Child,
    /// The end of it tells the supervisor to stop.
    input: Arc<Mutex<Option<ChildStdin>>>,
    output: BufReader<ChildStdout>,
}

impl<L: Deref<Target = Launcher>> Supervisor<L> {
    fn start(launcher: L) -> io::Result<Self> {
        let mut child = launcher.spawn()?;
        let input = child.stdin.take().expect("standard input is a pipe");
        let output = child.stdout.take().expect("standard output is a pipe");
        Ok(Self {
            launcher,
            child,
            input: Arc::new(Mutex::new(Some(input))),
            output: BufReader::new(output),
        })
    }

    fn send(&self, message: &impl Serialize) -> io::Result<()> {
        let mut text = serde_json::to_vec(message)?;
        text.push(b'\n');
        if let Some(input) = &mut *lock(&self.input) {
            // A supervisor that is gone already shows when it should answer.
            let _ = input.write_all(&text);
        }
        Ok(())
    }

    /// Waits for an answer, about a case or about something else.
    fn receive<T: DeserializeOwned>(&mut self, running: Running) -> Result<T, LostSupervisor> {
        let input = Arc::clone(&self.input);
        let guard = self
            .launcher
            .interrupt
            .on_stop_of(running, move || drop(lock(&input).take()));
        let mut line = String::new();
        let read = self.output.read_line(&mut line);
        drop(guard);
        match read.and_then(|_| Ok(serde_json::from_str(&line)?)) {
            Ok(message) => Ok(message),
            Err(_) => {
                let status = self.end();
                self.launcher.end_orphans();
                Err(LostSupervisor::Lost(status))
            }
        }
    }

    /// Waits until it has ended all that it has started, and itself.
    fn end(&mut self) -> String {
        drop(lock(&self.input).take());
        let status = self.child.wait();
        let id = i32::try_from(self.child.id()).unwrap_or(-1);
        lock(&self.launcher.supervisors).remove(&id);
        status.map_or_else(|error| error.to_string(), |it| it.to_string())
    }
}

impl<L: Deref<Target = Launcher>> Drop for Supervisor<L> {
    fn drop(&mut self) {
        self.end();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Launcher {
    /// Returns a launcher that runs `tool` as supervisor.
    ///
    /// # Errors
    ///
    /// When this process can't be made the one that orphans are given to.
    pub fn new(tool: PathBuf, interrupt: Interrupt) -> io::Result<Self> {
        // What a lost supervisor leaves behind comes to us, so that it can be ended.
        descendants::become_subreaper()?;
        Ok(Self {
            tool,
            interrupt,
            supervisors: Mutex::default(),
        })
    }

    /// Runs a job to its end.
    ///
    /// # Errors
    ///
    /// When there is no record of it.
    pub fn run(&self, job: &Job) -> Result<Record, LostSupervisor> {
        let mut supervisor = Supervisor::start(self)?;
        supervisor.send(job)?;
        supervisor.receive(Running::Case)
    }

    /// Starts a worker and waits until it is ready.
    ///
    /// # Errors
    ///
    /// When it does not get ready.
    pub fn start_worker(self: &Arc<Self>, job: &Job) -> Result<Worker, LostSupervisor> {
        let mut supervisor = Supervisor::start(Arc::clone(self))?;
        supervisor.send(job)?;
        supervisor.receive::<Result<(), WorkerLost>>(Running::Other)??;
        Ok(Worker { supervisor })
    }

    fn spawn(&self) -> io::Result<Child> {
        // Under the lock, so that a supervisor is never taken for an orphan of another.
        let mut supervisors = lock(&self.supervisors);
        let child = Command::new(&self.tool)
            .arg(supervisor::ARGUMENT)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // What a case can read of its supervisor holds no secrets.
            .env_clear()
            // Where an instrumented build writes what was covered.
            .envs(env::var_os(PROFILE).map(|file| (PROFILE, file)))
            // Ctrl-C is for the tool, which then stops its supervisors.
            .process_group(0)
            .spawn()?;
        supervisors.insert(i32::try_from(child.id()).unwrap_or(-1));
        Ok(child)
    }

    /// Ends everything below this process that belongs to no living supervisor.
    fn end_orphans(&self) {
        descendants::end_all_but(&lock(&self.supervisors));
    }
}
