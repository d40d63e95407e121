//! What a supervisor is asked to run, and what it says of it afterwards.
//!
//! Plain data that goes through a pipe as JSON, so that something else than our own supervisor can
//! run a job without a redesign.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::limits::Limits;
use super::sandbox::Policy;

/// One command with its limits.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Job {
    /// Program and arguments. The program is absolute, or is looked up on the PATH of `environment`.
    pub argv: Vec<String>,
    /// All variables that the command sees.
    pub environment: Vec<(String, String)>,
    /// Where it runs.
    pub directory: PathBuf,
    /// What it may use.
    pub limits: Limits,
    /// What it may touch.
    pub sandbox: Policy,
    /// Whether it gets a channel for structured events: descriptor 3, open for writing.
    pub has_channel: bool,
    /// The first line for a command that is a worker. It gets two more descriptors, for requests and for
    /// answers, and is kept for the cases that come; `limits.wall` is the time that it may take to get
    /// ready.
    pub worker: Option<String>,
}

/// One case for a worker.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CaseJob {
    /// What the worker is told, on one line.
    pub request: String,
    /// What the case may use. How many processes and bytes in a file the kernel has been told when the
    /// worker was started.
    pub limits: Limits,
}

/// A worker that is of no use any more, or never was.
#[derive(Clone, Debug, Serialize, Deserialize, thiserror::Error)]
#[error("{0}")]
pub struct WorkerLost(pub String);

/// The descriptor of the channel in the command.
pub const CHANNEL_FD: i32 = 3;

/// The descriptor that a worker reads requests from.
pub const REQUESTS_FD: i32 = 4;

/// The descriptor that a worker writes answers to.
pub const ANSWERS_FD: i32 = 5;

/// What was seen of a command. It exists only when the supervisor lived to the end.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Record {
    /// How the command ended.
    pub end: End,
    /// What it printed, standard output and error as they came: the beginning and the end when it
    /// was much. Bytes that are no UTF-8 and control characters are escaped.
    pub output: String,
    /// What came through the channel.
    pub channel: String,
    /// Wall time from the start of the command to its end.
    pub wall: Duration,
    /// The most memory that all processes were seen to use together, in bytes.
    pub peak_memory_bytes: u64,
    /// How many processes were still there when the command had ended, and were killed.
    pub stragglers: u32,
}

impl Record {
    /// The record of a command that could not be started.
    pub(crate) fn not_started(error: StartError) -> Self {
        Self {
            end: End::NotStarted(error),
            output: String::new(),
            channel: String::new(),
            wall: Duration::ZERO,
            peak_memory_bytes: 0,
            stragglers: 0,
        }
    }
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// It ended by itself with this status.
    Exited(i32),
    /// A signal that was not ours ended it.
    Killed(i32),
    /// It ran out of wall time.
    TimedOut,
    /// It used more memory than allowed.
    OutOfMemory,
    /// It printed or reported more than allowed.
    TooMuchOutput,
    /// The run was stopped from outside.
    Interrupted,
    /// It could not be started: the program or the sandbox.
    NotStarted(StartError),
}

/// Why a command could not be started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartError {
    /// Whether the fault is the program's: it is not there or can't be run.
    pub is_program: bool,
    /// What went wrong.
    pub message: String,
}
