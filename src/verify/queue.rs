//! Which case is next: what others wait for longest comes first, as far as there is memory for it.
//!
//! Pure: no thread and no clock. The scheduler asks, and tells what has ended.

use std::time::Duration;

use super::needs::Needs;

/// Cases that have not ended, with what they need.
#[derive(Debug)]
pub(super) struct Queue {
    cases: Vec<QueuedCase>,
    /// Cases that have not begun; first those that should begin first.
    waiting: Vec<usize>,
    /// How many cases are running.
    running: usize,
    /// What the running cases may use together, in bytes.
    used: u64,
    /// What all running cases may use together, in bytes.
    memory_bytes: u64,
}

/// A case as far as the queue is concerned.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct QueuedCase {
    /// What it waits for.
    pub(super) needs: Needs,
    /// How long it is thought to take.
    pub(super) estimate: Duration,
    /// What it may use, in bytes.
    pub(super) memory_bytes: u64,
    /// What is held for it while it runs.
    reserved: u64,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    NotEnded,
    /// It has been run.
    Ran,
    /// It has ended without being run, so that a twin has to run itself.
    NotRun,
}

impl QueuedCase {
    pub(super) fn new(needs: Needs, estimate: Duration, memory_bytes: u64) -> Self {
        Self {
            needs,
            estimate,
            memory_bytes,
            ..Self::default()
        }
    }
}

impl Queue {
    /// Returns a queue of which the running cases may use so much memory together.
    pub(super) fn new(cases: Vec<QueuedCase>, memory_bytes: u64) -> Self {
        let priorities = critical_paths(&cases);
        let mut waiting: Vec<_> = (0..cases.len()).collect();
        // Stable: what is equally urgent stays in the order of the plan.
        waiting.sort_by_key(|index| std::cmp::Reverse(priorities[*index]));
        Self {
            cases,
            waiting,
            running: 0,
            used: 0,
            memory_bytes,
        }
    }

    /// Takes the most urgent case that can begin, if there is one. A case whose limit is above what
    /// there is begins when nothing else runs.
    pub(super) fn take(&mut self) -> Option<usize> {
        let place = self.waiting.iter().position(|index| {
            self.is_ready(*index)
                && (self.running == 0 || self.needed_memory(*index) <= self.free_memory())
        })?;
        let index = self.waiting.remove(place);
        let reserved = self.needed_memory(index);
        self.cases[index].reserved = reserved;
        self.used = self.used.saturating_add(reserved);
        self.running += 1;
        Some(index)
    }

    /// Takes note that a case has ended, and whether it was run.
    pub(super) fn finish(&mut self, index: usize, was_run: bool) {
        let case = &mut self.cases[index];
        case.stage = if was_run { Stage::Ran } else { Stage::NotRun };
        self.used = self.used.saturating_sub(case.reserved);
        self.running -= 1;
    }

    /// Forgets what has not begun.
    pub(super) fn stop(&mut self) {
        self.waiting.clear();
    }

    /// Whether every case has begun.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    fn is_ready(&self, index: usize) -> bool {
        let mut needs = self.cases[index].needs.all();
        needs.all(|need| self.cases[need].stage != Stage::NotEnded)
    }

    /// What a case that is ready takes. One that shares the run of its twin takes nothing.
    fn needed_memory(&self, index: usize) -> u64 {
        let case = &self.cases[index];
        let is_shared = |twin: usize| self.cases[twin].stage == Stage::Ran;
        if case.needs.twin.is_some_and(is_shared) {
            0
        } else {
            case.memory_bytes
        }
    }

    fn free_memory(&self) -> u64 {
        self.memory_bytes.saturating_sub(self.used)
    }
}

/// How long it takes from the beginning of each case until everything that waits for it has ended, were
/// there room for all at once.
fn critical_paths(cases: &[QueuedCase]) -> Vec<Duration> {
    let mut dependents = vec![Vec::new(); cases.len()];
    for (index, case) in cases.iter().enumerate() {
        for need in case.needs.all() {
            dependents[need].push(index);
        }
    }
    // Cases are looked at once all that wait for them have been.
    let mut unseen: Vec<_> = dependents.iter().map(Vec::len).collect();
    let mut ready: Vec<_> = (0..cases.len()).filter(|it| unseen[*it] == 0).collect();
    let mut paths: Vec<_> = cases.iter().map(|case| case.estimate).collect();
    while let Some(index) = ready.pop() {
        for need in cases[index].needs.all() {
            let path = cases[need].estimate.saturating_add(paths[index]);
            paths[need] = paths[need].max(path);
            unseen[need] -= 1;
            if unseen[need] == 0 {
                ready.push(need);
            }
        }
    }
    paths
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn case(seconds: u64, memory_bytes: u64) -> QueuedCase {
        QueuedCase::new(Needs::default(), Duration::from_secs(seconds), memory_bytes)
    }

    fn after(reference: usize, case: QueuedCase) -> QueuedCase {
        let needs = Needs {
            reference: Some(reference),
            baseline: Some(reference),
            ..Needs::default()
        };
        QueuedCase { needs, ..case }
    }

    fn twin_of(twin: usize, case: QueuedCase) -> QueuedCase {
        let needs = Needs {
            twin: Some(twin),
            ..Needs::default()
        };
        QueuedCase { needs, ..case }
    }

    /// The order in which one worker takes all cases.
    fn order(cases: Vec<QueuedCase>) -> Vec<usize> {
        let mut queue = Queue::new(cases, u64::MAX);
        let mut order = Vec::new();
        while let Some(index) = queue.take() {
            queue.finish(index, true);
            order.push(index);
        }
        assert!(queue.is_empty());
        order
    }

    #[test]
    fn longest_comes_first_and_equals_stay_in_order() {
        assert_eq!(
            order(vec![case(1, 0), case(3, 0), case(1, 0), case(2, 0)]),
            [1, 3, 0, 2]
        );
    }

    #[test]
    fn case_is_as_urgent_as_what_waits_for_it() {
        let cases = vec![case(4, 0), case(1, 0), after(1, case(5, 0)), case(7, 0)];
        assert_eq!(order(cases), [3, 1, 2, 0]);
    }

    #[test]
    fn what_does_not_fit_waits_while_others_go_on() {
        let mut queue = Queue::new(vec![case(3, 6), case(2, 6), case(1, 4)], 10);
        assert_eq!((queue.take(), queue.take()), (Some(0), Some(2)));
        assert_eq!(queue.take(), None);
        queue.finish(0, true);
        assert_eq!(queue.take(), Some(1));
    }

    #[test]
    fn case_above_all_memory_runs_alone() {
        let mut queue = Queue::new(vec![case(3, 60), case(2, 1)], 10);
        assert_eq!((queue.take(), queue.take()), (Some(0), None));
        queue.finish(0, true);
        assert_eq!(queue.take(), Some(1));
    }

    #[test]
    fn shared_run_takes_no_memory_and_a_missing_one_does() {
        for (was_run, next) in [(true, Some(2)), (false, None)] {
            let cases = vec![case(3, 10), case(2, 10), twin_of(0, case(0, 10))];
            let mut queue = Queue::new(cases, 10);
            assert_eq!(queue.take(), Some(0));
            queue.finish(0, was_run);
            assert_eq!(queue.take(), Some(1));
            assert_eq!(queue.take(), next);
        }
    }

    #[test]
    fn nothing_begins_after_a_stop() {
        let mut queue = Queue::new(vec![case(1, 0), case(1, 0)], 10);
        assert_eq!(queue.take(), Some(0));
        queue.stop();
        assert!(queue.is_empty());
        assert_eq!(queue.take(), None);
        queue.finish(0, true);
    }

    /// Cases with what they need: always earlier ones, as in a plan.
    fn any_cases() -> impl Strategy<Value = Vec<QueuedCase>> {
        let case = (0_u64..20, 0_u64..15, any::<[Option<u8>; 3]>());
        prop::collection::vec(case, 1..30).prop_map(|rows| {
            rows.into_iter()
                .enumerate()
                .map(
                    |(index, (seconds, memory_bytes, [reference, starter, twin]))| {
                        let earlier = |place: Option<u8>| {
                            let place = usize::from(place?);
                            (index > 0).then(|| place % index)
                        };
                        let needs = Needs {
                            reference: earlier(reference),
                            baseline: earlier(reference),
                            starter: earlier(starter),
                            twin: earlier(twin),
                        };
                        QueuedCase::new(needs, Duration::from_secs(seconds), memory_bytes)
                    },
                )
                .collect()
        })
    }

    proptest! {
        /// However many run at once, and in whatever order they end.
        #[test]
        fn all_are_run_once_after_what_they_need_and_within_the_memory(
            cases in any_cases(),
            jobs in 1_usize..6,
            ends in prop::collection::vec(any::<(prop::sample::Index, bool)>(), 30),
        ) {
            const MEMORY: u64 = 10;
            let mut queue = Queue::new(cases.clone(), MEMORY);
            let mut running: Vec<(usize, u64)> = Vec::new();
            let mut ended: Vec<(usize, bool)> = Vec::new();
            for (which, was_run) in ends {
                while running.len() < jobs {
                    let Some(index) = queue.take() else { break };
                    let has_ended = |need: usize| ended.iter().any(|(it, _)| *it == need);
                    prop_assert!(cases[index].needs.all().all(has_ended));
                    let is_shared = cases[index].needs.twin.is_some_and(|twin| ended.contains(&(twin, true)));
                    running.push((index, if is_shared { 0 } else { cases[index].memory_bytes }));
                    let used: u64 = running.iter().map(|(_, memory)| memory).sum();
                    prop_assert!(used <= MEMORY || running.iter().filter(|(_, memory)| *memory > 0).count() == 1);
                }
                if running.is_empty() {
                    break;
                }
                let (index, _) = running.remove(which.index(running.len()));
                queue.finish(index, was_run);
                ended.push((index, was_run));
            }
            prop_assert!(queue.is_empty() && running.is_empty());
            prop_assert_eq!(ended.len(), cases.len());
        }

        #[test]
        fn what_is_waited_for_is_at_least_as_urgent_as_what_waits(cases in any_cases()) {
            let paths = critical_paths(&cases);
            for (index, case) in cases.iter().enumerate() {
                for need in case.needs.all() {
                    prop_assert!(paths[need] >= cases[need].estimate + paths[index]);
                }
            }
        }
    }
}
