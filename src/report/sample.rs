//! A report with one of everything, for the tests of renderers.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use super::Report;
use crate::diagnostic::{Diagnostic, Location, Severity};
use crate::run::outcome::{Outcome, RunResult, TestOutcome, TestResult};
use crate::source::SourceFile;
use crate::verify::event::CaseReport;
use crate::verify::flake::Ending;
use crate::verify::verdict::{Verdict, VerdictSeverity};

/// What a hostile text would like to do: to a terminal, a runner, Markdown and a page.
pub(crate) const HOSTILE: &str = "::error::owned\n##[error]owned\n</script><img src=x onerror=alert(1)>|`x`\n# title @all [a](javascript:b) %0A";

/// What a format makes of a report.
pub(crate) fn rendered(
    render: fn(&Report, &mut dyn Write) -> io::Result<()>,
    report: &Report,
) -> String {
    let mut out = Vec::new();
    render(report, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// A finding in a file with a few lines.
pub(crate) fn finding() -> Diagnostic {
    let file = Arc::new(SourceFile::new(
        "curricula/c/modules/m/module.yaml",
        "schema: 1\nid: m\ntittle: A module\nbuild:\n  files: [a.py]\n",
    ));
    let at = |line| Location::span(&file, file.line_span(line));
    Diagnostic::error("schema-violation", at(3), "unknown key `tittle`")
        .with_help("did you mean `title`?")
        .with_related(at(1), "of this document")
}

/// A finding that fails no gate, on a whole file.
pub(crate) fn warning() -> Diagnostic {
    let mut warning = Diagnostic::error(
        "missing-file",
        Location::path("curricula/c/modules/m/prompt.md"),
        "the prompt is not there",
    );
    warning.severity = Severity::Warning;
    warning
}

/// A test that took so many milliseconds.
pub(crate) fn test(id: &str, outcome: TestOutcome, milliseconds: u64) -> TestResult {
    let failure = outcome.is_failure();
    TestResult {
        id: format!("tests/test_m.py::{id}"),
        outcome,
        message: failure.then(|| "AssertionError: assert 1 == 2".to_owned()),
        traceback: failure.then(|| ">   assert f() == 2\nE   assert 1 == 2".to_owned()),
        duration: Duration::from_millis(milliseconds),
    }
}

/// A case by its id, as expected.
pub(crate) fn good_case(id: &str) -> CaseReport {
    let mut parts = id.splitn(3, '/').map(str::to_owned);
    let mut part = || parts.next().expect("an id has three parts");
    CaseReport {
        id: id.to_owned(),
        curriculum: part(),
        module: part(),
        case: part(),
        verdict: Verdict::AsExpected,
        severity: VerdictSeverity::Ok,
        expected: "passes".to_owned(),
        seen: None,
        rule: None,
        location: finding().location,
        result: Some(RunResult {
            tests: vec![
                test("test_one", TestOutcome::Passed, 2),
                test("test_two", TestOutcome::Passed, 3),
            ],
            wall: Duration::from_millis(420),
            process_wall: Duration::from_millis(400),
            peak_memory_bytes: Some(40 << 20),
            ended_by_itself: true,
            ..RunResult::ended(Outcome::Passed, None)
        }),
        endings: Vec::new(),
        is_shared: false,
    }
}

/// A case with a verdict, as something was seen.
pub(crate) fn bad_case(id: &str, verdict: Verdict, tests: Vec<TestResult>) -> CaseReport {
    let outcome = if tests.iter().any(|test| test.outcome.is_failure()) {
        Outcome::Failed
    } else {
        Outcome::Passed
    };
    CaseReport {
        verdict,
        severity: verdict.severity(),
        seen: Some("something else was seen".to_owned()),
        result: Some(RunResult {
            tests,
            output: "1 failed\n".to_owned(),
            wall: Duration::from_millis(1500),
            ..RunResult::ended(outcome, None)
        }),
        ..good_case(id)
    }
}

/// Two modules: one green with bugs that are caught, one with all that can be wrong.
pub(crate) fn report() -> Report {
    use TestOutcome::{Failed, Passed};
    let caught = |id: &str, one, two| CaseReport {
        expected: "fails test_one".to_owned(),
        result: Some(RunResult {
            tests: vec![test("test_one", one, 2), test("test_two", two, 3)],
            wall: Duration::from_millis(600),
            ..RunResult::ended(Outcome::Failed, None)
        }),
        ..good_case(id)
    };
    let flaky = CaseReport {
        endings: vec![
            Ending {
                seeds: vec![0, 2],
                result: RunResult::ended(Outcome::Passed, None),
            },
            Ending {
                seeds: vec![1],
                result: RunResult {
                    tests: vec![test("test_two", Failed, 3)],
                    output: "random order\n".to_owned(),
                    ..RunResult::ended(Outcome::Failed, None)
                },
            },
        ],
        ..bad_case("c/bad/variant/loop", Verdict::Flaky, Vec::new())
    };
    let mut hostile = bad_case(
        "c/bad/bug/hostile",
        Verdict::WrongReason,
        vec![test("test_one", Failed, 2)],
    );
    hostile.seen = Some(HOSTILE.to_owned());
    if let Some(result) = &mut hostile.result {
        result.output = HOSTILE.to_owned();
        result.tests[0].message = Some(HOSTILE.to_owned());
        result.tests[0].traceback = Some(HOSTILE.to_owned());
    }
    let not_run = CaseReport {
        result: None,
        rule: Some("patch-does-not-apply"),
        ..bad_case("c/bad/bug/stale", Verdict::NotRun, Vec::new())
    };
    Report {
        diagnostics: vec![finding(), warning()],
        cases: vec![
            good_case("c/good/reference"),
            good_case("c/good/starter"),
            caught("c/good/bug/off_by_one", Failed, Passed),
            caught("c/good/bug/off_by_two", Failed, Passed),
            good_case("c/bad/reference"),
            bad_case("c/bad/starter", Verdict::StarterPasses, Vec::new()),
            flaky,
            bad_case(
                "c/bad/bug/silent",
                Verdict::SilentBug,
                vec![test("test_one", Passed, 2), test("test_two", Passed, 2)],
            ),
            hostile,
            not_run,
        ],
        duration: Duration::from_millis(5120),
        ..Report::default()
    }
}
