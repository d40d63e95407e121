//! From how a bug's runs ended to what its file says of them.

use std::collections::BTreeSet;

use super::message::pattern_for;
use crate::curriculum::document::ExpectedOutcome;
use crate::run::outcome::{Outcome, RunResult, TestOutcome, TestResult};

/// What `expect` says in a bug's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expectation {
    /// How the run ends.
    pub outcome: ExpectedOutcome,
    /// Tests that fail, without parameters; never empty.
    pub fail: Vec<String>,
    /// Tests that fail now and then, or whose message could be anything's.
    pub may_fail: Vec<String>,
    /// A pattern for the exception's text.
    pub message: Option<String>,
}

/// Why no test catches a bug as it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Uncaught {
    /// All tests pass with it.
    Silent,
    /// A run ended in a way that says nothing about the code.
    Bad {
        /// How.
        outcome: Outcome,
        /// Why, where that is known.
        detail: Option<String>,
    },
    /// No test fails each time.
    Unsteady,
}

/// The runs that an expectation is made from.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The code without the bug.
    pub reference: &'a RunResult,
    /// What the learner starts from.
    pub starter: &'a RunResult,
    /// The reference with the bug, once for each seed.
    pub bug: &'a [&'a RunResult],
    /// Variants with the bug; of each one test has to be matched.
    pub variants: &'a [&'a RunResult],
}

/// Returns what to expect of a bug.
///
/// # Errors
///
/// Why it is no bug that a learner could find by its tests.
pub fn expectation(seen: Seen<'_>) -> Result<Expectation, Uncaught> {
    for run in seen.bug {
        match run.outcome {
            Outcome::Passed | Outcome::Failed | Outcome::TimedOut => {}
            outcome => {
                let detail = run.detail.clone();
                return Err(Uncaught::Bad { outcome, detail });
            }
        }
    }
    if seen.bug.iter().all(|run| run.outcome == Outcome::Passed) {
        return Err(Uncaught::Silent);
    }
    let outcome = if seen.bug.iter().any(|run| run.outcome == Outcome::TimedOut) {
        ExpectedOutcome::TimedOut
    } else {
        ExpectedOutcome::Failed
    };
    let wanted: &[TestOutcome] = match outcome {
        ExpectedOutcome::Failed => &[TestOutcome::Failed, TestOutcome::Error],
        ExpectedOutcome::TimedOut => &[TestOutcome::TimedOut],
    };
    // In the order in which they are run.
    let mut names: Vec<&str> = Vec::new();
    for test in &seen.reference.tests {
        let name = bare(&test.id);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let failures = |run: &'_ RunResult, name: &str| -> Vec<String> {
        texts(run, name, wanted).map(str::to_owned).collect()
    };
    let fails_in = |run: &RunResult, name: &str| texts(run, name, wanted).next().is_some();
    let (mut fail, mut may_fail) = (Vec::new(), Vec::new());
    for name in names {
        let count = seen.bug.iter().filter(|run| fails_in(run, name)).count();
        let speaks_against = |run: &&&RunResult| {
            let mut tests = run.tests.iter().filter(|test| bare(&test.id) == name);
            tests.any(|test| test.outcome.is_failure())
        };
        if count == seen.bug.len() {
            fail.push(name);
        } else if seen.bug.iter().any(|run| speaks_against(&run)) {
            may_fail.push(name);
        }
    }
    if fail.is_empty() {
        return Err(Uncaught::Unsteady);
    }
    if outcome == ExpectedOutcome::TimedOut {
        return Ok(Expectation {
            outcome,
            fail: owned(&fail),
            may_fail: owned(&may_fail),
            message: None,
        });
    }
    let never: Vec<&str> = starter_texts(seen.starter).collect();
    let of_bug: Vec<Vec<String>> = fail
        .iter()
        .map(|name| {
            seen.bug
                .iter()
                .flat_map(|run| failures(run, name))
                .collect()
        })
        .collect();
    let of_variants: Vec<Vec<String>> = seen
        .variants
        .iter()
        .map(|run| {
            fail.iter()
                .flat_map(|name| failures(run, name))
                .collect::<Vec<_>>()
        })
        .filter(|texts| !texts.is_empty())
        .collect();
    let wanted: Vec<Vec<&str>> = of_bug
        .iter()
        .chain(&of_variants)
        .map(|texts| texts.iter().map(String::as_str).collect())
        .collect();
    let (message, unmatched) = pattern_for(&wanted, &never);
    let unmatched: BTreeSet<usize> = unmatched.into_iter().collect();
    if message.is_some() {
        // What fails with words that could be anything's may fail, and proves nothing.
        let kept = |index: &usize| !unmatched.contains(index);
        let (keep, drop): (Vec<_>, Vec<_>) = (0..fail.len()).partition(kept);
        may_fail.extend(drop.into_iter().map(|index| fail[index]));
        fail = keep.into_iter().map(|index| fail[index]).collect();
    }
    Ok(Expectation {
        outcome,
        fail: owned(&fail),
        may_fail: owned(&may_fail),
        message,
    })
}

/// The name of a test without its parameters.
pub fn bare(id: &str) -> &str {
    let name = id.rfind("::").map_or(0, |at| at + 2);
    id[name..].find('[').map_or(id, |at| &id[..name + at])
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// The exception texts of a test's failures, one for each set of parameters.
fn texts<'a>(
    run: &'a RunResult,
    name: &'a str,
    wanted: &'a [TestOutcome],
) -> impl Iterator<Item = &'a str> {
    let is_meant =
        move |test: &&TestResult| bare(&test.id) == name && wanted.contains(&test.outcome);
    run.tests
        .iter()
        .filter(is_meant)
        .map(|test| test.message.as_deref().unwrap_or_default())
}

fn starter_texts(starter: &RunResult) -> impl Iterator<Item = &str> {
    let tests = starter.tests.iter();
    let errors = starter.collection_errors.iter();
    tests
        .filter_map(|test| test.message.as_deref())
        .chain(errors.map(|error| error.message.as_str()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn run(outcome: Outcome, tests: &[(&str, TestOutcome, &str)]) -> RunResult {
        let tests = tests.iter().map(|(id, outcome, message)| TestResult {
            id: (*id).to_owned(),
            outcome: *outcome,
            message: (*outcome != TestOutcome::Passed).then(|| (*message).to_owned()),
            traceback: None,
            duration: Duration::ZERO,
        });
        RunResult {
            tests: tests.collect(),
            ..RunResult::ended(outcome, None)
        }
    }

    fn reference() -> RunResult {
        use TestOutcome::Passed as P;
        run(
            Outcome::Passed,
            &[
                ("t.py::a[1]", P, ""),
                ("t.py::a[2]", P, ""),
                ("t.py::b", P, ""),
                ("t.py::c", P, ""),
            ],
        )
    }

    fn expected(bug: &[&RunResult], variants: &[&RunResult]) -> Result<Expectation, Uncaught> {
        let starter = run(
            Outcome::Failed,
            &[("t.py::b", TestOutcome::Failed, "NotImplementedError")],
        );
        expectation(Seen {
            reference: &reference(),
            starter: &starter,
            bug,
            variants,
        })
    }

    #[test]
    fn tests_that_fail_each_time_must_and_others_may() {
        use TestOutcome::{Failed as F, Passed as P};
        let one = run(
            Outcome::Failed,
            &[
                ("t.py::a[1]", P, ""),
                ("t.py::a[2]", F, "AssertionError: rows are too long"),
                ("t.py::b", F, "NotImplementedError"),
                ("t.py::c", F, "AssertionError: rows are too long"),
            ],
        );
        let two = run(
            Outcome::Failed,
            &[
                ("t.py::a[1]", F, "AssertionError: rows are too long"),
                ("t.py::a[2]", P, ""),
                ("t.py::b", F, "NotImplementedError"),
                ("t.py::c", P, ""),
            ],
        );
        let seen = expected(&[&one, &two], &[]).unwrap();
        assert_eq!(seen.fail, ["t.py::a"]);
        assert_eq!(seen.may_fail, ["t.py::c", "t.py::b"]);
        assert_eq!(seen.message.as_deref(), Some("rows are too long"));
    }

    #[test]
    fn what_variants_say_is_matched_too() {
        use TestOutcome::Failed as F;
        let bug = run(
            Outcome::Failed,
            &[("t.py::b", F, "AssertionError: rows are too long")],
        );
        let variant = run(
            Outcome::Failed,
            &[("t.py::b", F, "IndexError: there is no such row")],
        );
        let seen = expected(&[&bug], &[&variant]).unwrap();
        assert_eq!(
            seen.message.as_deref(),
            Some("rows are too long|there is no such row")
        );
    }

    #[test]
    fn what_no_test_catches_is_told() {
        use TestOutcome::{Failed as F, Passed as P};
        let passed = reference();
        assert_eq!(expected(&[&passed], &[]), Err(Uncaught::Silent));
        let failed = run(Outcome::Failed, &[("t.py::b", F, "x"), ("t.py::c", P, "")]);
        assert_eq!(expected(&[&failed, &passed], &[]), Err(Uncaught::Unsteady));
        let broken = run(Outcome::Broken, &[]);
        assert!(matches!(
            expected(&[&failed, &broken], &[]),
            Err(Uncaught::Bad { .. })
        ));
    }

    #[test]
    fn parameters_belong_to_no_name() {
        assert_eq!(bare("t.py::a[1-[2]]"), "t.py::a");
        assert_eq!(bare("t.py::C::a"), "t.py::C::a");
        assert_eq!(bare("command"), "command");
    }
}
