//! Keeps results, so that a run whose result is known is not done again.
//!
//! A [`CachingExecutor`] stands in front of another executor. What a result is known by is left to
//! [`key`], what an entry is to [`entry`], where entries are to [`store`].
//!
//! Kept are only results of runs in which everything ended by itself. A run that was ended by a limit,
//! a signal or a fault may end otherwise the next time; it is done again.

pub mod entry;
pub mod key;
mod machine;
pub mod store;

use std::io;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::executor::{Executor, RunRequest};
use super::outcome::RunResult;

use key::Surroundings;
use store::Store;

/// What a cache is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheMode {
    /// Known results are taken, new ones are kept.
    ReadWrite,
    /// Everything is run; results are kept in place of those that are known.
    Refresh,
}

/// Takes results from a store, and has another executor run what is not in it.
pub struct CachingExecutor<'a> {
    inner: &'a dyn Executor,
    store: Store,
    mode: CacheMode,
    surroundings: Surroundings,
    written: AtomicUsize,
    /// Why the first result that could not be kept was not.
    failure: Mutex<Option<io::Error>>,
}

impl<'a> CachingExecutor<'a> {
    /// Returns an executor that asks `store` before `inner`.
    pub fn new(inner: &'a dyn Executor, store: Store, mode: CacheMode) -> Self {
        Self {
            surroundings: Surroundings::here(inner.kind()),
            inner,
            store,
            mode,
            written: AtomicUsize::new(0),
            failure: Mutex::default(),
        }
    }

    /// Ends the use of the cache: removes old entries where there are too many.
    ///
    /// # Errors
    ///
    /// Why results could not be kept. The run is as good without.
    pub fn finish(self) -> io::Result<()> {
        let failure = self.failure.into_inner();
        if let Some(error) = failure.unwrap_or_else(PoisonError::into_inner) {
            return Err(error);
        }
        if self.written.into_inner() > 0 && self.store.may_be_too_large() {
            self.store.collect(&store::Bounds::default())?;
        }
        Ok(())
    }

    fn keep(&self, key: key::Key, result: &RunResult) {
        // What ended otherwise before is not known, whichever of the two was right.
        let is_flaky = self.mode == CacheMode::Refresh
            && self
                .store
                .get(key)
                .is_some_and(|known| !is_same_end(&known, result));
        let kept = if is_flaky {
            self.store.remove(key)
        } else {
            self.store.put(key, result)
        };
        match kept {
            Ok(()) => {
                self.written.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) => {
                let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
                failure.get_or_insert(error);
            }
        }
    }
}

impl Executor for CachingExecutor<'_> {
    fn run(&self, request: &RunRequest) -> RunResult {
        let key = key::of(request, &self.surroundings);
        if self.mode == CacheMode::ReadWrite
            && let Some(known) = self.store.get(key)
        {
            return known;
        }
        let result = self.inner.run(request);
        if entry::is_kept(&result) {
            self.keep(key, &result);
        }
        result
    }

    fn kind(&self) -> String {
        self.inner.kind()
    }
}

/// Whether two results say the same, times and what was printed aside.
fn is_same_end(a: &RunResult, b: &RunResult) -> bool {
    let tests = |result: &RunResult| -> Vec<_> {
        let tests = result.tests.iter();
        tests.map(|test| (test.id.clone(), test.outcome)).collect()
    };
    a.outcome == b.outcome && a.missing_tests == b.missing_tests && tests(a) == tests(b)
}
