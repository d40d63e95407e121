//! Starts supervisors, hands them their jobs and takes their records.

use std::collections::BTreeSet;
use std::env;
use std::io::{self, Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::interrupt::Interrupt;
use super::job::{Job, Record};
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
        let mut child = self.spawn()?;
        let id = i32::try_from(child.id()).unwrap_or(-1);
        let mut input = child.stdin.take().expect("standard input is a pipe");
        let mut text = serde_json::to_vec(job).map_err(io::Error::from)?;
        text.push(b'\n');
        // A supervisor that is gone already shows below.
        let _ = input.write_all(&text);
        // The end of its input tells the supervisor to stop.
        let guard = self.interrupt.on_stop(move || drop(input));
        let mut output = Vec::new();
        let read = child
            .stdout
            .take()
            .expect("standard output is a pipe")
            .read_to_end(&mut output);
        let status = child.wait();
        drop(guard);
        self.supervisors().remove(&id);
        match read.and_then(|_| Ok(serde_json::from_slice(&output)?)) {
            Ok(record) => Ok(record),
            Err(_) => {
                self.end_orphans();
                let status = status.map_or_else(|error| error.to_string(), |it| it.to_string());
                Err(LostSupervisor::Lost(status))
            }
        }
    }

    fn spawn(&self) -> io::Result<Child> {
        // Under the lock, so that a supervisor is never taken for an orphan of another.
        let mut supervisors = self.supervisors();
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
        descendants::end_all_but(&self.supervisors());
    }

    fn supervisors(&self) -> MutexGuard<'_, BTreeSet<i32>> {
        self.supervisors
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
