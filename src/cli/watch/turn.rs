//! Ends what goes on for too long once something else is wanted.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::run::interrupt::Interrupt;

/// How long cases that are running may go on once something else is wanted. Most end in less, and ending one costs a
/// worker.
const PATIENCE: Duration = Duration::from_secs(1);

/// Which job it is the turn of, counted, and what ends its cases.
#[derive(Clone)]
pub(super) struct Turn {
    count: Arc<Mutex<u64>>,
    cases: Interrupt,
}

impl Turn {
    pub(super) fn new(cases: Interrupt) -> Self {
        Self {
            count: Arc::default(),
            cases,
        }
    }

    /// The job is over: another may run cases.
    pub(super) fn next(&self) {
        // Under the lock, so that what is late ends nothing of the next.
        let mut count = self.count();
        *count += 1;
        self.cases.let_cases_run();
    }

    /// Ends the cases of a job that is not over after a while: a test may be caught in a loop that has just been
    /// corrected.
    pub(super) fn end_later(&self) {
        let (turn, now) = (self.clone(), *self.count());
        std::thread::spawn(move || {
            std::thread::sleep(PATIENCE);
            let count = turn.count();
            if *count == now {
                turn.cases.end_cases();
            }
        });
    }

    fn count(&self) -> MutexGuard<'_, u64> {
        self.count.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
