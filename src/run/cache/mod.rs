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

    fn notes(&self) -> Vec<String> {
        self.inner.notes()
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

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;
    use std::time::Duration;

    use super::*;
    use crate::run::environment::Environment;
    use crate::run::environment::identity::Identity;
    use crate::run::executor::Task;
    use crate::run::outcome::Outcome;
    use crate::source::tree::Tree;

    /// Ends as it is told, and counts how often it was asked.
    struct Fake {
        kind: &'static str,
        outcome: Outcome,
        ended_by_itself: bool,
        runs: AtomicUsize,
    }

    impl Fake {
        fn new(outcome: Outcome) -> Self {
            Self {
                kind: "fake",
                outcome,
                ended_by_itself: true,
                runs: AtomicUsize::new(0),
            }
        }
    }

    impl Executor for Fake {
        fn run(&self, _request: &RunRequest) -> RunResult {
            self.runs.fetch_add(1, Ordering::Relaxed);
            RunResult {
                ended_by_itself: self.ended_by_itself,
                ..RunResult::ended(self.outcome, None)
            }
        }

        fn kind(&self) -> String {
            self.kind.to_owned()
        }
    }

    fn request() -> RunRequest {
        let environment = Environment {
            python: None,
            origin: None,
            path: Vec::new(),
            readable: Vec::new(),
            pytest_plugins: Vec::new(),
            preload: Vec::new(),
            identity: Identity::default(),
        };
        RunRequest {
            tree: Arc::new(Tree::new()),
            task: Task::Command {
                argv: vec!["true".to_owned()],
                junit: None,
            },
            prepare: None,
            timeout: Duration::from_secs(1),
            test_timeout: Duration::from_secs(1),
            memory_bytes: 1,
            seed: 0,
            environment: Arc::new(environment),
        }
    }

    /// How a run ends with a cache in `dir`, and whether that was known.
    fn run(fake: &Fake, dir: &Path, mode: CacheMode) -> (Outcome, bool) {
        let caching = CachingExecutor::new(fake, Store::in_cache(dir), mode);
        assert_eq!(caching.kind(), fake.kind);
        let result = caching.run(&request());
        caching.finish().unwrap();
        (result.outcome, result.is_cached)
    }

    use CacheMode::{ReadWrite, Refresh};
    use Outcome::{Failed, Passed, TimedOut};

    #[test]
    fn what_is_known_is_not_run() {
        let dir = tempfile::tempdir().unwrap();
        let fake = Fake::new(Failed);
        assert_eq!(run(&fake, dir.path(), ReadWrite), (Failed, false));
        assert_eq!(run(&fake, dir.path(), ReadWrite), (Failed, true));
        assert_eq!(fake.runs.into_inner(), 1);
    }

    #[test]
    fn executors_of_another_kind_know_nothing_of_each_other() {
        let dir = tempfile::tempdir().unwrap();
        let _ = run(&Fake::new(Passed), dir.path(), ReadWrite);
        let other = Fake {
            kind: "other",
            ..Fake::new(Failed)
        };
        assert_eq!(run(&other, dir.path(), ReadWrite), (Failed, false));
    }

    #[test]
    fn what_was_stopped_is_run_again() {
        let dir = tempfile::tempdir().unwrap();
        let stopped = Fake {
            ended_by_itself: false,
            ..Fake::new(Passed)
        };
        for fake in [Fake::new(TimedOut), stopped] {
            for _ in 0..2 {
                assert!(!run(&fake, dir.path(), ReadWrite).1);
            }
        }
    }

    #[test]
    fn refresh_runs_and_keeps() {
        let dir = tempfile::tempdir().unwrap();
        let fake = Fake::new(Passed);
        for _ in 0..2 {
            assert_eq!(run(&fake, dir.path(), Refresh), (Passed, false));
        }
        assert_eq!(run(&fake, dir.path(), ReadWrite), (Passed, true));
    }

    #[test]
    fn result_that_ends_otherwise_when_it_is_refreshed_is_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let _ = run(&Fake::new(Passed), dir.path(), ReadWrite);
        assert_eq!(
            run(&Fake::new(Failed), dir.path(), Refresh),
            (Failed, false)
        );
        assert!(!run(&Fake::new(Passed), dir.path(), ReadWrite).1);
    }

    #[test]
    fn store_that_can_not_be_written_is_told_at_the_end() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        let fake = Fake::new(Passed);
        let caching = CachingExecutor::new(&fake, Store::in_cache(&file), ReadWrite);
        assert_eq!(caching.run(&request()).outcome, Passed);
        assert!(caching.finish().is_err());
    }
}
