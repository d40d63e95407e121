//! How one run ended: the full space of ends, whatever ran it.
//!
//! Whether an end is what a case expected is a verdict, and left to `verify`.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::job::End;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// At least one test ran, and none failed.
    Passed,
    /// Tests failed.
    Failed,
    /// Nothing was run: no test selected, or all skipped.
    NoTestsRan,
    /// The run says nothing about the code: syntax, import or collection error, early exit, failed
    /// preparation.
    Broken,
    /// A test or the whole run took too long.
    TimedOut,
    /// More memory than allowed.
    OutOfMemory,
    /// A signal ended it.
    Killed,
    /// The run was stopped from outside.
    Interrupted,
    /// The supervisor or worker was lost, or could not do its work.
    InfrastructureError,
}

impl Outcome {
    /// The outcome in words.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::NoTestsRan => "ran no tests",
            Self::Broken => "broken",
            Self::TimedOut => "timed out",
            Self::OutOfMemory => "out of memory",
            Self::Killed => "killed by a signal",
            Self::Interrupted => "interrupted",
            Self::InfrastructureError => "infrastructure error",
        }
    }
}

/// What a run was seen to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunResult {
    /// How it ended.
    pub outcome: Outcome,
    /// Why, where the outcome does not say it all: a lower-case fragment.
    pub detail: Option<String>,
    /// The tests in the order in which they were collected.
    pub tests: Vec<TestResult>,
    /// What was asked for and not found in files that could be collected.
    pub missing_tests: Vec<String>,
    /// Errors before any test: imports and the like.
    pub collection_errors: Vec<CollectionError>,
    /// What was printed, harmless to show: beginning and end.
    pub output: String,
    /// Wall time of the whole run, working copy and sandbox included.
    pub wall: Duration,
    /// Wall time of the processes alone.
    pub process_wall: Duration,
    /// The most memory seen, in bytes; `None` when it was not measured.
    pub peak_memory_bytes: Option<u64>,
    /// Whether all that was run ended by itself: not by a limit, a signal or a fault. Only such a run
    /// can be said to end the same way the next time.
    pub ended_by_itself: bool,
    /// Whether it was taken from the cache, and nothing was run.
    pub is_cached: bool,
}

impl RunResult {
    /// Returns a result without tests.
    pub fn ended(outcome: Outcome, detail: impl Into<Option<String>>) -> Self {
        Self {
            outcome,
            detail: detail.into(),
            tests: Vec::new(),
            missing_tests: Vec::new(),
            collection_errors: Vec::new(),
            output: String::new(),
            wall: Duration::ZERO,
            process_wall: Duration::ZERO,
            peak_memory_bytes: None,
            ended_by_itself: false,
            is_cached: false,
        }
    }

    /// The test called `id`.
    pub fn test(&self, id: &str) -> Option<&TestResult> {
        self.tests.iter().find(|test| test.id == id)
    }

    /// Ids of the tests with an outcome.
    pub fn ids_with(&self, outcome: TestOutcome) -> impl Iterator<Item = &str> {
        self.tests
            .iter()
            .filter(move |test| test.outcome == outcome)
            .map(|test| test.id.as_str())
    }
}

/// How one test ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TestOutcome {
    /// It passed.
    Passed,
    /// It failed.
    Failed,
    /// Its preparation or its clean-up failed.
    Error,
    /// It was skipped, or is expected to fail: it proves nothing.
    Skipped,
    /// It took too long.
    TimedOut,
    /// The run ended before it.
    NotRun,
}

impl TestOutcome {
    /// Whether the test speaks against the code.
    pub const fn is_failure(self) -> bool {
        match self {
            Self::Failed | Self::Error | Self::TimedOut => true,
            Self::Passed | Self::Skipped | Self::NotRun => false,
        }
    }
}

/// What became of one test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TestResult {
    /// Its id, as the framework names it.
    pub id: String,
    /// How it ended.
    pub outcome: TestOutcome,
    /// The exception's text; `None` for a test that did not fail.
    pub message: Option<String>,
    /// The failure as the framework shows it; `None` for a test that did not fail.
    pub traceback: Option<String>,
    /// Wall time of all its phases.
    pub duration: Duration,
}

/// An error before any test of a file could run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CollectionError {
    /// The file or folder that was being collected.
    pub id: String,
    /// The exception's text.
    pub message: String,
    /// Whether a file holds no valid Python.
    pub is_syntax: bool,
    /// Files of the project in which something is missing, where that is what is wrong: a module
    /// that is not there, under each path it may have, or a name that a module does not have.
    pub missing_in: Vec<String>,
}

/// What an end means that is not an exit; `None` for an exit, which can mean anything.
pub(super) fn outcome_of_end(end: &End) -> Option<(Outcome, Option<String>)> {
    let (outcome, detail) = match end {
        End::Exited(_) => return None,
        End::Killed(signal) => (
            Outcome::Killed,
            Some(format!("by signal {}", signal_name(*signal))),
        ),
        End::TimedOut => (
            Outcome::TimedOut,
            Some("the whole run took too long".to_owned()),
        ),
        End::OutOfMemory => (Outcome::OutOfMemory, None),
        End::TooMuchOutput => (
            Outcome::Broken,
            Some("it printed more than a run may".to_owned()),
        ),
        End::Interrupted => (Outcome::Interrupted, None),
        End::NotStarted(error) if error.is_program => {
            (Outcome::Broken, Some(error.message.clone()))
        }
        End::NotStarted(error) => {
            let detail = format!("the case could not be started: {}", error.message);
            (Outcome::InfrastructureError, Some(detail))
        }
    };
    Some((outcome, detail))
}

fn signal_name(signal: i32) -> String {
    let name = match signal {
        libc::SIGSEGV => " (segmentation fault)",
        libc::SIGABRT => " (abort)",
        libc::SIGBUS => " (bus error)",
        libc::SIGILL => " (illegal instruction)",
        libc::SIGFPE => " (arithmetic error)",
        libc::SIGKILL => " (kill)",
        libc::SIGTERM => " (termination)",
        libc::SIGSYS => " (forbidden system call)",
        libc::SIGXFSZ => " (file too large)",
        _ => "",
    };
    format!("{signal}{name}")
}
