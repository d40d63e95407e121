//! Flakes: a case that is run several times and does not always end in the same way.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::plural::count;
use crate::run::outcome::{Outcome, RunResult, TestOutcome, TestResult};

/// Tests and seeds that are named in a sentence.
const SHOWN_ITEMS: usize = 4;

/// One way in which a repeated case ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Ending {
    /// The seeds that it ended so with, lowest first.
    pub seeds: Vec<u32>,
    /// What was seen with the first of them.
    pub result: RunResult,
}

/// Returns the ways in which the runs of a case ended, that of the first run first.
///
/// A run that was stopped or lost says nothing about the case: it is the only one then.
pub(super) fn endings(runs: impl IntoIterator<Item = (u32, RunResult)>) -> Vec<Ending> {
    let mut endings: Vec<Ending> = Vec::new();
    for (seed, result) in runs {
        let ending = Ending {
            seeds: vec![seed],
            result,
        };
        if matches!(
            ending.result.outcome,
            Outcome::Interrupted | Outcome::InfrastructureError
        ) {
            return vec![ending];
        }
        match endings
            .iter_mut()
            .find(|other| is_alike(&other.result, &ending.result))
        {
            Some(other) => other.seeds.push(seed),
            None => endings.push(ending),
        }
    }
    endings
}

/// Whether two runs have the same outcome and the same failed tests. Neither durations nor messages
/// matter.
fn is_alike(one: &RunResult, other: &RunResult) -> bool {
    one.outcome == other.outcome && differing(one, other).is_empty()
}

/// Ids of the tests that fail in one of two runs and not in the other, as far as both came to them:
/// where a run ended early, which tests it had come to may depend on their order.
fn differing<'a>(one: &'a RunResult, other: &'a RunResult) -> BTreeSet<&'a str> {
    let fails_only_in = |here: &'a RunResult, there: &'a RunResult| {
        let failed = here.tests.iter().filter(|test| test.outcome.is_failure());
        failed.filter(|test| {
            there
                .test(&test.id)
                .is_none_or(|it| !it.outcome.is_failure() && it.outcome != TestOutcome::NotRun)
        })
    };
    fails_only_in(one, other)
        .chain(fails_only_in(other, one))
        .map(|test| test.id.as_str())
        .collect()
}

impl Ending {
    /// The ending in words: seeds and outcome.
    pub fn words(&self) -> String {
        let seeds: Vec<_> = self.seeds.iter().map(u32::to_string).collect();
        let noun = if seeds.len() == 1 { "seed" } else { "seeds" };
        let outcome = self.result.outcome.words();
        format!("{noun} {}: {outcome}", some_of(&seeds))
    }

    /// The first failed test that does not fail in all endings, else the first that failed.
    pub fn telling_failure<'a>(&'a self, endings: &'a [Self]) -> Option<&'a TestResult> {
        let failed = || {
            self.result
                .tests
                .iter()
                .filter(|it| it.outcome.is_failure())
        };
        failed().next()?;
        let differing = all_differing(endings);
        failed()
            .find(|test| differing.contains(test.id.as_str()))
            .or_else(|| failed().next())
    }
}

/// The tests that fail in some endings and not in all that came to them: what [`differing`] finds in any two,
/// without comparing each with each. A report can be a stranger's, with thousands of them.
fn all_differing(endings: &[Ending]) -> BTreeSet<&str> {
    /// Endings in which a test fails, and in which it is not spared.
    #[derive(Default)]
    struct Counts {
        failing: usize,
        not_spared: usize,
    }
    let mut counts: HashMap<&str, Counts> = HashMap::new();
    for ending in endings {
        let mut seen = HashSet::new();
        let tests = ending.result.tests.iter();
        for test in tests.filter(|test| seen.insert(test.id.as_str())) {
            let fails = test.outcome.is_failure();
            let is_spared = !fails && test.outcome != TestOutcome::NotRun;
            let counts = counts.entry(test.id.as_str()).or_default();
            counts.failing += usize::from(fails);
            counts.not_spared += usize::from(!is_spared);
        }
    }
    let differing = counts
        .into_iter()
        .filter(|(_, it)| it.failing > 0 && it.not_spared < endings.len());
    differing.map(|(id, _)| id).collect()
}

/// Several endings in a sentence, with the tests that make the difference.
pub(super) fn describe(endings: &[Ending]) -> String {
    let all = all_differing(endings);
    let parts: Vec<_> = endings
        .iter()
        .map(|ending| {
            let failed: Vec<_> = ending
                .result
                .tests
                .iter()
                .filter(|test| test.outcome.is_failure() && all.contains(test.id.as_str()))
                .map(|test| test.id.clone())
                .collect();
            if failed.is_empty() {
                ending.words()
            } else {
                format!("{} ({})", ending.words(), some_of(&failed))
            }
        })
        .collect();
    parts.join("; ")
}

/// The first of several items, and how many more there are.
fn some_of(items: &[String]) -> String {
    let named = &items[..items.len().min(SHOWN_ITEMS)];
    let named = named.join(", ");
    match items.len().saturating_sub(SHOWN_ITEMS) {
        0 => named,
        more => format!("{named} and {}", count(more as u64, "other")),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn run(outcome: Outcome, tests: &[(&str, TestOutcome)]) -> RunResult {
        let mut result = RunResult::ended(outcome, None);
        result.tests = tests
            .iter()
            .map(|(id, outcome)| TestResult {
                id: (*id).to_owned(),
                outcome: *outcome,
                message: None,
                traceback: None,
                duration: Duration::ZERO,
            })
            .collect();
        result
    }

    use TestOutcome::{Failed, NotRun, Passed, TimedOut};

    fn grouped(runs: Vec<RunResult>) -> Vec<Vec<u32>> {
        endings((0..).zip(runs))
            .into_iter()
            .map(|it| it.seeds)
            .collect()
    }

    #[test]
    fn order_messages_and_durations_make_no_difference() {
        let one = run(Outcome::Failed, &[("a", Passed), ("b", Failed)]);
        let mut other = run(Outcome::Failed, &[("b", Failed), ("a", Passed)]);
        other.wall = Duration::from_secs(9);
        other.output = "x".to_owned();
        other.tests[0].message = Some("another".to_owned());
        assert_eq!(grouped(vec![one, other]), [vec![0, 1]]);
    }

    #[test]
    fn other_failures_and_other_outcomes_do() {
        let runs = vec![
            run(Outcome::Failed, &[("a", Passed), ("b", Failed)]),
            run(Outcome::Failed, &[("a", Failed), ("b", Passed)]),
            run(Outcome::Failed, &[("a", Passed), ("b", Failed)]),
            run(Outcome::TimedOut, &[("a", Passed), ("b", TimedOut)]),
        ];
        let endings = endings((0..).zip(runs));
        assert_eq!(
            describe(&endings),
            "seeds 0, 2: failed (b); seed 1: failed (a); seed 3: timed out (b)"
        );
        let telling = endings[1].telling_failure(&endings);
        assert_eq!(telling.map(|test| test.id.as_str()), Some("a"));
    }

    #[test]
    fn tests_that_a_run_did_not_come_to_make_none() {
        let runs = vec![
            run(
                Outcome::Killed,
                &[("a", Failed), ("b", NotRun), ("c", NotRun)],
            ),
            run(
                Outcome::Killed,
                &[("c", Passed), ("b", NotRun), ("a", NotRun)],
            ),
        ];
        assert_eq!(grouped(runs), [vec![0, 1]]);
    }

    #[test]
    fn run_that_was_lost_is_the_only_one() {
        let runs = vec![
            run(Outcome::Passed, &[]),
            run(Outcome::InfrastructureError, &[]),
            run(Outcome::Failed, &[]),
        ];
        assert_eq!(grouped(runs), [vec![1]]);
    }

    #[test]
    fn many_tests_are_counted() {
        let names: Vec<_> = (0..6).map(|number| format!("t{number}")).collect();
        let with = |outcome| -> Vec<_> { names.iter().map(|it| (it.as_str(), outcome)).collect() };
        let runs = [
            run(Outcome::Passed, &with(Passed)),
            run(Outcome::Failed, &with(Failed)),
        ];
        assert_eq!(
            describe(&endings((0..).zip(runs))),
            "seed 0: passed; seed 1: failed (t0, t1, t2, t3 and 2 others)"
        );
    }

    proptest! {
        #[test]
        fn tests_that_differ_are_those_that_differ_in_any_two(
            runs in prop::collection::vec(prop::collection::vec(0..4_usize, 3), 1..5)
        ) {
            use TestOutcome::{Failed, NotRun, Passed};
            let ids = ["a", "b", "c"];
            let endings: Vec<_> = runs
                .iter()
                .map(|outcomes| {
                    let tests: Vec<_> = std::iter::zip(ids, outcomes)
                        .filter(|(_, outcome)| **outcome < 3)
                        .map(|(id, outcome)| (id, [Failed, Passed, NotRun][*outcome]))
                        .collect();
                    Ending { seeds: vec![0], result: run(Outcome::Failed, &tests) }
                })
                .collect();
            let pairs = endings.iter().flat_map(|one| endings.iter().map(move |other| (one, other)));
            let in_pairs: BTreeSet<_> = pairs
                .flat_map(|(one, other)| differing(&one.result, &other.result))
                .collect();
            prop_assert_eq!(all_differing(&endings), in_pairs);
        }
    }
}
