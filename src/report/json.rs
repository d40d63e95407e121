//! The report as one JSON document; its schema is `schemas/report.schema.json`.

use std::io::{self, Write};
use std::time::Duration;

use serde::Serialize;

use super::Report;
use crate::diagnostic::{Diagnostic, Location, Severity};
use crate::run::outcome::{Outcome, TestOutcome, TestResult};
use crate::verify::event::CaseReport;
use crate::verify::flake;
use crate::verify::verdict::{Verdict, VerdictSeverity};

/// Prints the report.
///
/// # Errors
///
/// When `out` can't be written.
pub fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &document(report))?;
    writeln!(out)
}

/// Prints the report as one line, for those who read many.
///
/// # Errors
///
/// When `out` can't be written.
pub fn render_line(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &document(report))?;
    writeln!(out)
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    tool: Tool,
    shard: Option<Shard<'a>>,
    diagnostics: Vec<Finding<'a>>,
    cases: Vec<Case<'a>>,
    summary: Summary,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct Shard<'a> {
    index: usize,
    of: usize,
    plan_cases: usize,
    partition: &'a str,
}

#[derive(Serialize)]
struct Finding<'a> {
    rule: &'a str,
    severity: Severity,
    #[serde(flatten)]
    place: Place<'a>,
    message: &'a str,
    help: Option<&'a str>,
    related: Vec<Related<'a>>,
}

#[derive(Serialize)]
struct Place<'a> {
    path: &'a str,
    line: Option<usize>,
    column: Option<usize>,
}

#[derive(Serialize)]
struct Related<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    message: &'a str,
}

#[derive(Serialize)]
struct Case<'a> {
    id: &'a str,
    outcome: CaseOutcome,
    verdict: Verdict,
    severity: VerdictSeverity,
    expected: &'a str,
    detail: Option<&'a str>,
    help: Option<&'static str>,
    rule: Option<&'a str>,
    tests: Vec<Test<'a>>,
    output: Option<&'a str>,
    endings: Vec<Ending<'a>>,
    duration_ms: f64,
    process_ms: f64,
    peak_memory_mib: Option<f64>,
    cached: bool,
}

/// A way in which a flaky case ended.
#[derive(Serialize)]
struct Ending<'a> {
    seeds: &'a [u32],
    outcome: Outcome,
    detail: Option<&'a str>,
    failed: Vec<Test<'a>>,
    output: Option<&'a str>,
}

/// An outcome, or that there is none.
#[derive(Serialize)]
#[serde(untagged)]
enum CaseOutcome {
    Ended(Outcome),
    NotRun(&'static str),
}

#[derive(Serialize)]
struct Test<'a> {
    id: &'a str,
    outcome: TestOutcome,
    message: Option<&'a str>,
    traceback: Option<&'a str>,
    duration_ms: f64,
}

#[derive(Serialize)]
struct Summary {
    errors: usize,
    warnings: usize,
    known: Option<usize>,
    cases: usize,
    as_expected: usize,
    warned: usize,
    unexpected: usize,
    skipped: usize,
    duration_ms: f64,
    interrupted: bool,
    exit_code: u8,
}

fn document(report: &Report) -> Document<'_> {
    let counts = report.counts();
    Document {
        schema: 1,
        tool: Tool {
            name: "mastery",
            version: env!("CARGO_PKG_VERSION"),
        },
        shard: report.shard.as_ref().map(|info| Shard {
            index: info.shard.index(),
            of: info.shard.of(),
            plan_cases: info.plan_cases,
            partition: &info.partition,
        }),
        diagnostics: report.diagnostics.iter().map(finding).collect(),
        cases: report.cases.iter().map(case).collect(),
        summary: Summary {
            errors: counts.errors,
            warnings: counts.warnings,
            known: report.known,
            cases: counts.cases,
            as_expected: counts.as_expected,
            warned: counts.warned,
            unexpected: counts.unexpected,
            skipped: counts.skipped,
            duration_ms: milliseconds(report.duration),
            interrupted: report.is_interrupted,
            exit_code: report.exit_code().code(),
        },
    }
}

fn finding(diagnostic: &Diagnostic) -> Finding<'_> {
    let related = diagnostic.related.iter().map(|related| Related {
        place: place(&related.location),
        message: &related.message,
    });
    Finding {
        rule: diagnostic.rule,
        severity: diagnostic.severity,
        place: place(&diagnostic.location),
        message: &diagnostic.message,
        help: diagnostic.help.as_deref(),
        related: related.collect(),
    }
}

fn place(location: &Location) -> Place<'_> {
    let position = location.position();
    Place {
        path: location.shown_path(),
        line: position.map(|position| position.line),
        column: position.map(|position| position.column),
    }
}

fn case(report: &CaseReport) -> Case<'_> {
    let result = report.result.as_ref();
    let is_expected = report.verdict == Verdict::AsExpected;
    Case {
        id: &report.id,
        outcome: match (result, report.verdict) {
            (Some(result), _) => CaseOutcome::Ended(result.outcome),
            (None, Verdict::Interrupted) => CaseOutcome::Ended(Outcome::Interrupted),
            (None, _) => CaseOutcome::NotRun("not_run"),
        },
        verdict: report.verdict,
        severity: report.severity,
        expected: &report.expected,
        detail: report.seen.as_deref(),
        help: report.verdict.advice(),
        rule: report.rule,
        tests: result
            .map(|it| it.tests.iter().map(test).collect())
            .unwrap_or_default(),
        output: result
            .map(|it| it.output.as_str())
            .filter(|it| !is_expected && !it.is_empty()),
        endings: report.endings.iter().map(ending).collect(),
        duration_ms: result.map_or(0.0, |it| milliseconds(it.wall)),
        process_ms: result.map_or(0.0, |it| milliseconds(it.process_wall)),
        peak_memory_mib: result.and_then(|it| it.peak_memory_bytes).map(mebibytes),
        cached: report.is_known(),
    }
}

fn ending(ending: &flake::Ending) -> Ending<'_> {
    let result = &ending.result;
    let failed = result.tests.iter().filter(|test| test.outcome.is_failure());
    Ending {
        seeds: &ending.seeds,
        outcome: result.outcome,
        detail: result.detail.as_deref(),
        failed: failed.map(test).collect(),
        output: Some(result.output.as_str()).filter(|it| !it.is_empty()),
    }
}

fn test(test: &TestResult) -> Test<'_> {
    Test {
        id: &test.id,
        outcome: test.outcome,
        message: test.message.as_deref(),
        traceback: test.traceback.as_deref(),
        duration_ms: milliseconds(test.duration),
    }
}

/// Milliseconds with three digits behind the point: more would be noise.
fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

fn mebibytes(bytes: u64) -> f64 {
    (bytes as f64 / f64::from(1 << 20) * 10.0).round() / 10.0
}
