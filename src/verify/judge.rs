//! Judging: holds a run against what its case expects.

use super::case::{BugExpectation, CaseKind, Expectation, names};
use super::verdict::{Judgement, Verdict};
use crate::curriculum::document::ExpectedOutcome;
use crate::run::outcome::{Outcome, RunResult, TestOutcome, TestResult};

/// What is known of a module's own runs when one of its bugs is judged.
#[derive(Clone, Copy, Debug, Default)]
pub struct Baseline<'a> {
    /// The run of the code that the bug was put into, the reference or a variant; `None` unless it
    /// and the reference ended as expected.
    pub reference: Option<&'a RunResult>,
    /// The run of the starter.
    pub starter: Option<&'a RunResult>,
}

/// Judges a run.
pub fn judge(
    kind: &CaseKind,
    expectation: &Expectation,
    result: &RunResult,
    baseline: Baseline<'_>,
) -> Judgement {
    match result.outcome {
        Outcome::Interrupted => {
            return Judgement {
                verdict: Verdict::Interrupted,
                seen: None,
            };
        }
        Outcome::InfrastructureError => {
            return Judgement::new(Verdict::InfrastructureError, describe(result));
        }
        _ => {}
    }
    match expectation {
        Expectation::Passes => judge_pass(kind, result, baseline.reference),
        Expectation::Fails {
            initially_passing,
            edit,
        } => judge_starter(result, initially_passing, edit),
        Expectation::Bug(bug) => judge_bug(bug, result, baseline),
    }
}

fn judge_pass(kind: &CaseKind, result: &RunResult, reference: Option<&RunResult>) -> Judgement {
    // A whole file without a test is no test that is missing.
    let is_empty = result.outcome == Outcome::NoTestsRan
        && result.missing_tests.iter().all(|id| !id.contains("::"));
    if !result.missing_tests.is_empty()
        && !is_empty
        && *kind == CaseKind::Reference
        && result.collection_errors.is_empty()
    {
        let seen = format!("not found: {}", result.missing_tests.join(", "));
        return Judgement::new(Verdict::MissingTests, seen);
    }
    // A test that is skipped, or not there any more, passes nothing.
    let lost: Vec<_> = reference
        .into_iter()
        .flat_map(|reference| reference.ids_with(TestOutcome::Passed))
        .filter(|id| {
            result
                .test(id)
                .is_none_or(|it| it.outcome != TestOutcome::Passed)
        })
        .collect();
    let verdict = match (result.outcome, kind) {
        (Outcome::Passed, CaseKind::Complete) if !lost.is_empty() => Verdict::CompleteFails,
        (Outcome::Passed, CaseKind::Variant(_)) if !lost.is_empty() => Verdict::VariantFails,
        (Outcome::Passed, _) => return Judgement::AS_EXPECTED,
        (Outcome::NoTestsRan, _) => Verdict::NoTests,
        (_, CaseKind::Complete) => Verdict::CompleteFails,
        (_, CaseKind::Variant(_)) => Verdict::VariantFails,
        (_, CaseKind::Reference | CaseKind::Starter | CaseKind::Bug { .. }) => {
            Verdict::ReferenceFails
        }
    };
    let seen = if result.outcome == Outcome::Passed {
        format!(
            "passed, without {}, which the reference passes",
            lost.join(", ")
        )
    } else {
        describe(result)
    };
    Judgement::new(verdict, seen)
}

fn judge_starter(result: &RunResult, initially_passing: &[String], edit: &[String]) -> Judgement {
    match result.outcome {
        Outcome::Broken => {
            let is_missing_code = |error: &crate::run::outcome::CollectionError| {
                !error.is_syntax && error.missing_in.iter().any(|file| edit.contains(file))
            };
            let errors = &result.collection_errors;
            if errors.is_empty() || !errors.iter().all(is_missing_code) {
                return Judgement::new(Verdict::StarterBroken, describe(result));
            }
        }
        Outcome::Passed | Outcome::Failed => {}
        Outcome::NoTestsRan => return Judgement::new(Verdict::NoTests, describe(result)),
        Outcome::TimedOut
        | Outcome::OutOfMemory
        | Outcome::Killed
        | Outcome::Interrupted
        | Outcome::InfrastructureError => {
            return Judgement::new(Verdict::StarterBroken, describe(result));
        }
    }
    let may_pass = |test: &str| initially_passing.iter().any(|id| names(id, test));
    let wrongly: Vec<_> = result
        .ids_with(TestOutcome::Passed)
        .filter(|test| !may_pass(test))
        .collect();
    if !wrongly.is_empty() {
        return Judgement::new(
            Verdict::StarterPasses,
            format!("passed: {}", wrongly.join(", ")),
        );
    }
    let missed: Vec<_> = initially_passing
        .iter()
        .filter(|id| {
            let mut tests = result
                .tests
                .iter()
                .filter(|test| names(id, &test.id))
                .peekable();
            tests.peek().is_none() || tests.any(|test| test.outcome != TestOutcome::Passed)
        })
        .map(String::as_str)
        .collect();
    if !missed.is_empty() {
        let seen = format!("did not pass: {}", missed.join(", "));
        return Judgement::new(Verdict::InitiallyPassingFails, seen);
    }
    if result.outcome == Outcome::Passed {
        let seen = "the validator accepts the starter: all its tests may pass before the work";
        return Judgement::new(Verdict::StarterPasses, seen);
    }
    Judgement::AS_EXPECTED
}

fn judge_bug(bug: &BugExpectation, result: &RunResult, baseline: Baseline<'_>) -> Judgement {
    let Some(reference) = baseline.reference else {
        return Judgement {
            verdict: Verdict::NotJudged,
            seen: None,
        };
    };
    match result.outcome {
        Outcome::Failed | Outcome::TimedOut | Outcome::Passed => {}
        _ => return Judgement::new(Verdict::BadBug, describe(result)),
    }
    let unknown: Vec<_> = bug
        .fail
        .iter()
        .chain(&bug.may_fail)
        .filter(|id| !reference.tests.iter().any(|test| names(id, &test.id)))
        .map(String::as_str)
        .collect();
    if !unknown.is_empty() {
        let seen = format!("the validator runs no test {}", unknown.join(", "));
        return Judgement::new(Verdict::WrongReason, seen);
    }
    if result.outcome == Outcome::Passed {
        let passed: Vec<_> = result
            .tests
            .iter()
            .filter(|test| bug.fail.iter().any(|id| names(id, &test.id)))
            .map(|test| test.id.as_str())
            .collect();
        let seen = format!("passed and should have failed: {}", passed.join(", "));
        return Judgement::new(Verdict::SilentBug, seen);
    }
    let differences = differences(bug, result, reference);
    if !differences.is_empty() {
        return Judgement::new(Verdict::WrongReason, differences.join("; "));
    }
    if let (Some((text, pattern)), Some(starter)) = (&bug.message, baseline.starter) {
        let messages = starter
            .tests
            .iter()
            .filter_map(|test| test.message.as_deref());
        let errors = starter
            .collection_errors
            .iter()
            .map(|error| error.message.as_str());
        if let Some(message) = messages
            .chain(errors)
            .find(|message| pattern.is_match(message))
        {
            let first = message.lines().next().unwrap_or_default();
            let seen = format!("`{text}` matches `{first}`, which fails on the starter");
            return Judgement::new(Verdict::MessageTooBroad, seen);
        }
    }
    let mut extra = unexpected_failures(bug, result, reference);
    extra.extend(unexpected_end(bug, result));
    if bug.is_lenient && !extra.is_empty() {
        return Judgement::new(Verdict::ExtraFailures, format!("also {}", extra.join(", ")));
    }
    Judgement::AS_EXPECTED
}

/// What differs between what was expected of a bug and what was seen; empty when nothing does.
fn differences(bug: &BugExpectation, result: &RunResult, reference: &RunResult) -> Vec<String> {
    let wanted = match bug.outcome {
        ExpectedOutcome::Failed => [TestOutcome::Failed, TestOutcome::Error].as_slice(),
        ExpectedOutcome::TimedOut => &[TestOutcome::TimedOut],
    };
    let mut differences = Vec::new();
    let mut hits = 0;
    for id in &bug.fail {
        let tests: Vec<_> = result
            .tests
            .iter()
            .filter(|test| names(id, &test.id))
            .collect();
        let failed: Vec<_> = tests
            .iter()
            .filter(|test| wanted.contains(&test.outcome))
            .collect();
        let matches = |test: &&&&TestResult| match &bug.message {
            Some((_, pattern)) => test.message.as_deref().is_some_and(|m| pattern.is_match(m)),
            None => true,
        };
        if failed.iter().any(|test| matches(&test)) {
            hits += 1;
        } else if let Some(first) = failed.first() {
            let message = first.message.as_deref().unwrap_or("no message");
            let line = message.lines().next().unwrap_or_default();
            differences.push(format!("{} fails with another message: `{line}`", first.id));
        } else {
            let seen = tests
                .first()
                .map_or("is not run", |test| outcome_words(test.outcome));
            differences.push(format!("{id} {seen}"));
        }
    }
    if bug.is_lenient && hits > 0 {
        return Vec::new();
    }
    if bug.is_lenient {
        return differences;
    }
    differences.extend(unexpected_failures(bug, result, reference));
    differences.extend(unexpected_end(bug, result).filter(|_| differences.is_empty()));
    differences
}

/// That a run hung whose tests should only have failed, where the tests themselves do not tell.
fn unexpected_end(bug: &BugExpectation, result: &RunResult) -> Option<String> {
    let hung = bug.outcome == ExpectedOutcome::Failed && result.outcome == Outcome::TimedOut;
    hung.then(|| describe(result))
}

/// Tests that passed on the reference, do not any more, and are not said to.
fn unexpected_failures(
    bug: &BugExpectation,
    result: &RunResult,
    reference: &RunResult,
) -> Vec<String> {
    let is_expected = |test: &str| {
        bug.fail
            .iter()
            .chain(&bug.may_fail)
            .any(|id| names(id, test))
    };
    let mut unexpected = Vec::new();
    for before in reference
        .tests
        .iter()
        .filter(|test| test.outcome == TestOutcome::Passed)
    {
        if is_expected(&before.id) {
            continue;
        }
        let now = result.test(&before.id).map(|test| test.outcome);
        match now {
            Some(TestOutcome::Passed) => {}
            // Behind a test that hangs until the whole run is ended, others do not get their turn.
            Some(TestOutcome::NotRun) | None if bug.outcome == ExpectedOutcome::TimedOut => {}
            now => {
                let words = now.map_or("is not run", outcome_words);
                unexpected.push(format!("{} {words}", before.id));
            }
        }
    }
    unexpected
}

const fn outcome_words(outcome: TestOutcome) -> &'static str {
    match outcome {
        TestOutcome::Passed => "passes",
        TestOutcome::Failed => "fails",
        TestOutcome::Error => "fails before or after its body",
        TestOutcome::Skipped => "is skipped",
        TestOutcome::TimedOut => "times out",
        TestOutcome::NotRun => "is not run",
    }
}

/// How a run ended, in one line.
fn describe(result: &RunResult) -> String {
    let mut text = result.outcome.words().to_owned();
    if let Some(detail) = &result.detail {
        text = format!("{text}: {detail}");
    }
    let failed: Vec<_> = result
        .tests
        .iter()
        .filter(|test| test.outcome.is_failure())
        .map(|test| test.id.as_str())
        .collect();
    if !failed.is_empty() {
        text = format!("{text}: {}", failed.join(", "));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::curriculum::id::VariantName;
    use crate::pattern::Pattern;
    use crate::run::outcome::CollectionError;

    fn test(id: &str, outcome: TestOutcome) -> TestResult {
        let message = outcome
            .is_failure()
            .then(|| format!("AssertionError: {id} is not close"));
        TestResult {
            id: id.to_owned(),
            outcome,
            traceback: message.clone(),
            message,
            duration: Duration::ZERO,
        }
    }

    fn run(outcome: Outcome, tests: &[(&str, TestOutcome)]) -> RunResult {
        let mut result = RunResult::ended(outcome, None);
        result.tests = tests
            .iter()
            .map(|(id, outcome)| test(id, *outcome))
            .collect();
        result
    }

    use TestOutcome::{Error, Failed, NotRun, Passed, Skipped, TimedOut};

    fn verdict_of(judgement: &Judgement) -> (Verdict, &str) {
        (
            judgement.verdict,
            judgement.seen.as_deref().unwrap_or_default(),
        )
    }

    #[test]
    fn each_kind_that_must_pass_has_its_own_verdict() {
        let failed = run(Outcome::Failed, &[("a", Failed)]);
        let passed = run(Outcome::Passed, &[("a", Passed)]);
        let variant = CaseKind::Variant(VariantName::try_from("v").unwrap());
        for (kind, verdict) in [
            (CaseKind::Reference, Verdict::ReferenceFails),
            (CaseKind::Complete, Verdict::CompleteFails),
            (variant, Verdict::VariantFails),
        ] {
            let judged = judge(&kind, &Expectation::Passes, &failed, Baseline::default());
            assert_eq!(verdict_of(&judged), (verdict, "failed: a"));
            let judged = judge(&kind, &Expectation::Passes, &passed, Baseline::default());
            assert_eq!(judged, Judgement::AS_EXPECTED);
        }
        let none = RunResult::ended(Outcome::NoTestsRan, "no test was selected".to_owned());
        let judged = judge(
            &CaseKind::Reference,
            &Expectation::Passes,
            &none,
            Baseline::default(),
        );
        assert_eq!(
            verdict_of(&judged),
            (Verdict::NoTests, "ran no tests: no test was selected")
        );
    }

    #[test]
    fn named_tests_that_do_not_exist_are_told() {
        let mut result = run(Outcome::Passed, &[("a", Passed)]);
        result.missing_tests.push("t.py::gone".to_owned());
        let judged = judge(
            &CaseKind::Reference,
            &Expectation::Passes,
            &result,
            Baseline::default(),
        );
        assert_eq!(
            verdict_of(&judged),
            (Verdict::MissingTests, "not found: t.py::gone")
        );
    }

    fn starter(result: &RunResult, initially_passing: &[&str]) -> (Verdict, String) {
        let expectation = Expectation::Fails {
            initially_passing: initially_passing
                .iter()
                .map(|id| (*id).to_owned())
                .collect(),
            edit: vec!["pkg/a.py".to_owned()],
        };
        let judged = judge(
            &CaseKind::Starter,
            &expectation,
            result,
            Baseline::default(),
        );
        (judged.verdict, judged.seen.unwrap_or_default())
    }

    #[test]
    fn starter_must_fail_everything_but_what_passes_from_the_start() {
        let all_fail = run(Outcome::Failed, &[("a", Failed), ("b", Error)]);
        assert_eq!(starter(&all_fail, &[]).0, Verdict::AsExpected);
        let one_passes = run(Outcome::Failed, &[("a", Failed), ("b[1]", Passed)]);
        assert_eq!(
            starter(&one_passes, &[]),
            (Verdict::StarterPasses, "passed: b[1]".to_owned())
        );
        assert_eq!(starter(&one_passes, &["b"]).0, Verdict::AsExpected);
        assert_eq!(
            starter(&one_passes, &["b", "a"]),
            (Verdict::InitiallyPassingFails, "did not pass: a".to_owned())
        );
        let accepted = run(Outcome::Passed, &[("b", Passed)]);
        assert_eq!(starter(&accepted, &["b"]).0, Verdict::StarterPasses);
        assert_eq!(starter(&accepted, &[]).0, Verdict::StarterPasses);
        assert_eq!(
            starter(&run(Outcome::NoTestsRan, &[]), &[]).0,
            Verdict::NoTests
        );
        assert_eq!(
            starter(&run(Outcome::TimedOut, &[]), &[]).0,
            Verdict::StarterBroken
        );
    }

    #[test]
    fn starter_that_can_not_be_imported_counts_only_for_what_the_learner_writes() {
        let broken = |missing_in: &[&str], is_syntax| {
            let mut result = RunResult::ended(Outcome::Broken, None);
            result.collection_errors.push(CollectionError {
                id: "t.py".to_owned(),
                message: "ImportError".to_owned(),
                is_syntax,
                missing_in: missing_in.iter().map(|file| (*file).to_owned()).collect(),
            });
            result
        };
        assert_eq!(
            starter(&broken(&["pkg/a.py"], false), &[]).0,
            Verdict::AsExpected
        );
        assert_eq!(
            starter(&broken(&["pkg/b.py"], false), &[]).0,
            Verdict::StarterBroken
        );
        assert_eq!(
            starter(&broken(&["pkg/a.py"], true), &[]).0,
            Verdict::StarterBroken
        );
        assert_eq!(
            starter(&RunResult::ended(Outcome::Broken, None), &[]).0,
            Verdict::StarterBroken
        );
        let mut with_others = broken(&["pkg/a.py"], false);
        with_others.tests.push(test("b", Passed));
        assert_eq!(starter(&with_others, &[]).0, Verdict::StarterPasses);
    }

    fn expectation(is_lenient: bool) -> BugExpectation {
        BugExpectation {
            outcome: ExpectedOutcome::Failed,
            fail: vec!["a".to_owned(), "b".to_owned()],
            may_fail: vec!["c".to_owned()],
            message: Some((
                "not close".to_owned(),
                Pattern::compile("not close").unwrap(),
            )),
            is_lenient,
        }
    }

    fn bug_with(expectation: &BugExpectation, result: &RunResult) -> (Verdict, String) {
        let reference = run(
            Outcome::Passed,
            &[
                ("a[1]", Passed),
                ("a[2]", Passed),
                ("b", Passed),
                ("c", Passed),
                ("d", Passed),
            ],
        );
        let starter = run(Outcome::Failed, &[]);
        let baseline = Baseline {
            reference: Some(&reference),
            starter: Some(&starter),
        };
        let judged = judge_bug(expectation, result, baseline);
        (judged.verdict, judged.seen.unwrap_or_default())
    }

    fn bug(outcome: Outcome, tests: &[(&str, TestOutcome)]) -> (Verdict, String) {
        bug_with(&expectation(false), &run(outcome, tests))
    }

    const GOOD: [(&str, TestOutcome); 5] = [
        ("a[1]", Failed),
        ("a[2]", Passed),
        ("b", Failed),
        ("c", Failed),
        ("d", Passed),
    ];

    fn changed(index: usize, outcome: TestOutcome) -> Vec<(&'static str, TestOutcome)> {
        let mut tests = GOOD.to_vec();
        tests[index].1 = outcome;
        tests
    }

    #[test]
    fn bug_that_fails_as_described_is_as_expected() {
        assert_eq!(bug(Outcome::Failed, &GOOD).0, Verdict::AsExpected);
        assert_eq!(
            bug(Outcome::Failed, &changed(3, Passed)).0,
            Verdict::AsExpected
        );
    }

    #[test]
    fn bug_that_no_test_sees_is_silent_and_says_which_should_have() {
        let all_pass = GOOD.map(|(id, _)| (id, Passed));
        let seen = "passed and should have failed: a[1], a[2], b".to_owned();
        assert_eq!(bug(Outcome::Passed, &all_pass), (Verdict::SilentBug, seen));
    }

    #[test]
    fn bug_that_fails_otherwise_has_the_wrong_reason() {
        let wrong = |tests: &[(&str, TestOutcome)]| {
            let (verdict, seen) = bug(Outcome::Failed, tests);
            assert_eq!(verdict, Verdict::WrongReason);
            seen
        };
        assert_eq!(wrong(&changed(2, Passed)), "b passes");
        assert_eq!(wrong(&changed(4, Failed)), "d fails");
        assert_eq!(wrong(&changed(4, Skipped)), "d is skipped");
        assert_eq!(wrong(&changed(0, TimedOut)), "a times out");
        let mut result = run(Outcome::Failed, &GOOD);
        result.tests[2].message = Some("TypeError: other\nmore".to_owned());
        assert_eq!(
            bug_with(&expectation(false), &result).1,
            "b fails with another message: `TypeError: other`"
        );
    }

    #[test]
    fn bug_that_names_unknown_tests_has_the_wrong_reason() {
        let mut expectation = expectation(false);
        expectation.may_fail.push("gone".to_owned());
        let (verdict, seen) = bug_with(&expectation, &run(Outcome::Failed, &GOOD));
        assert_eq!(verdict, Verdict::WrongReason);
        assert_eq!(seen, "the validator runs no test gone");
    }

    #[test]
    fn bug_that_does_not_run_is_a_bad_bug() {
        for outcome in [
            Outcome::Broken,
            Outcome::Killed,
            Outcome::OutOfMemory,
            Outcome::NoTestsRan,
        ] {
            assert_eq!(bug(outcome, &[]).0, Verdict::BadBug, "{outcome:?}");
        }
    }

    #[test]
    fn bug_is_judged_only_on_a_reference_that_passed() {
        let judged = judge_bug(
            &expectation(false),
            &run(Outcome::Failed, &GOOD),
            Baseline::default(),
        );
        assert_eq!(judged.verdict, Verdict::NotJudged);
    }

    #[test]
    fn message_that_the_starter_gives_as_well_is_too_broad() {
        let reference = run(Outcome::Passed, &GOOD.map(|(id, _)| (id, Passed)));
        let starter = run(Outcome::Failed, &[("a[1]", Failed)]);
        let baseline = Baseline {
            reference: Some(&reference),
            starter: Some(&starter),
        };
        let judged = judge_bug(&expectation(false), &run(Outcome::Failed, &GOOD), baseline);
        assert_eq!(judged.verdict, Verdict::MessageTooBroad);
    }

    #[test]
    fn hanging_bug_must_hang_where_it_is_said_to() {
        let mut hanging = expectation(false);
        hanging.outcome = ExpectedOutcome::TimedOut;
        hanging.fail = vec!["a".to_owned()];
        hanging.message = None;
        let killed = run(
            Outcome::TimedOut,
            &[
                ("a[1]", TimedOut),
                ("a[2]", NotRun),
                ("b", NotRun),
                ("c", NotRun),
                ("d", NotRun),
            ],
        );
        assert_eq!(bug_with(&hanging, &killed).0, Verdict::AsExpected);
        let elsewhere = run(
            Outcome::TimedOut,
            &[
                ("a[1]", Passed),
                ("a[2]", Passed),
                ("b", TimedOut),
                ("c", NotRun),
                ("d", NotRun),
            ],
        );
        assert_eq!(bug_with(&hanging, &elsewhere).0, Verdict::WrongReason);
        assert_eq!(
            bug_with(&hanging, &run(Outcome::Failed, &GOOD)).0,
            Verdict::WrongReason
        );
        assert_eq!(
            bug_with(&expectation(false), &killed).0,
            Verdict::WrongReason
        );
    }

    #[test]
    fn in_a_variant_one_expected_failure_is_enough_and_others_are_a_warning() {
        let lenient = expectation(true);
        let judged =
            |tests: &[(&str, TestOutcome)]| bug_with(&lenient, &run(Outcome::Failed, tests));
        assert_eq!(judged(&changed(2, Passed)).0, Verdict::AsExpected);
        assert_eq!(
            judged(&changed(4, Failed)),
            (Verdict::ExtraFailures, "also d fails".to_owned())
        );
        let none = [
            ("a[1]", Passed),
            ("a[2]", Passed),
            ("b", Passed),
            ("c", Failed),
            ("d", Passed),
        ];
        assert_eq!(judged(&none).0, Verdict::WrongReason);
    }

    #[test]
    fn lost_and_stopped_runs_are_never_taken_for_failures() {
        let reference = run(Outcome::Passed, &GOOD);
        let baseline = Baseline {
            reference: Some(&reference),
            starter: None,
        };
        for (outcome, verdict) in [
            (Outcome::InfrastructureError, Verdict::InfrastructureError),
            (Outcome::Interrupted, Verdict::Interrupted),
        ] {
            for expectation in [
                Expectation::Passes,
                Expectation::Fails {
                    initially_passing: Vec::new(),
                    edit: Vec::new(),
                },
                Expectation::Bug(expectation(false)),
            ] {
                let result = RunResult::ended(outcome, None);
                let judged = judge(&CaseKind::Starter, &expectation, &result, baseline);
                assert_eq!(judged.verdict, verdict);
            }
        }
    }
}
