//! The report as a document: what `--format json` writes and `mastery report` reads. Its schema is
//! `schemas/report.schema.json`.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{ChangedSince, Report, ShardInfo};
use crate::diagnostic::{self, Diagnostic, Location, Region, Severity, escape};
use crate::lint;
use crate::run::outcome::{CollectionError, Outcome, RunResult, TestOutcome, TestResult};
use crate::source::{Position, SourceFile, Span};
use crate::verify::event::CaseReport;
use crate::verify::flake;
use crate::verify::shard;
use crate::verify::verdict::{Verdict, VerdictSeverity};

/// Version of the format.
const FORMAT_VERSION: u32 = 1;

/// The largest source line or column, and the largest number of milliseconds or mebibytes, that is believed.
const LARGEST_NUMBER: f64 = 1e12;

/// A text that is borrowed where it is written, and owned where it was read.
type Text<'a> = Cow<'a, str>;

/// A whole report.
#[derive(Serialize, Deserialize)]
pub(super) struct Document<'a> {
    schema: u32,
    tool: Tool<'a>,
    shard: Option<Shard<'a>>,
    changed_since: Option<Changed<'a>>,
    diagnostics: Vec<Finding<'a>>,
    cases: Vec<Case<'a>>,
    summary: Summary,
}

#[derive(Serialize, Deserialize)]
struct Tool<'a> {
    name: Text<'a>,
    version: Text<'a>,
}

#[derive(Serialize, Deserialize)]
struct Shard<'a> {
    index: usize,
    of: usize,
    plan_cases: usize,
    partition: Text<'a>,
}

#[derive(Serialize, Deserialize)]
struct Changed<'a> {
    revision: Text<'a>,
    plan_cases: usize,
}

#[derive(Serialize, Deserialize)]
struct Finding<'a> {
    rule: Text<'a>,
    severity: Severity,
    #[serde(flatten)]
    place: Place<'a>,
    message: Text<'a>,
    help: Option<Text<'a>>,
    related: Vec<Related<'a>>,
}

#[derive(Serialize, Deserialize)]
struct Place<'a> {
    path: Text<'a>,
    line: Option<usize>,
    column: Option<usize>,
    end_line: Option<usize>,
    end_column: Option<usize>,
    excerpt: Option<Excerpt<'a>>,
}

/// Lines of source around a place, as they are in the file.
#[derive(Serialize, Deserialize)]
struct Excerpt<'a> {
    line: usize,
    text: Text<'a>,
}

#[derive(Serialize, Deserialize)]
struct Related<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    message: Text<'a>,
}

#[derive(Serialize, Deserialize)]
struct Case<'a> {
    id: Text<'a>,
    #[serde(flatten)]
    place: Place<'a>,
    outcome: CaseOutcome,
    verdict: Verdict,
    severity: VerdictSeverity,
    expected: Text<'a>,
    detail: Option<Text<'a>>,
    help: Option<Text<'a>>,
    rule: Option<Text<'a>>,
    tests: Vec<Test<'a>>,
    collection_errors: Vec<NotCollected<'a>>,
    output: Option<Text<'a>>,
    endings: Vec<Ending<'a>>,
    duration_ms: f64,
    process_ms: f64,
    peak_memory_mib: Option<f64>,
    cached: bool,
    shared: bool,
}

/// A way in which a flaky case ended.
#[derive(Serialize, Deserialize)]
struct Ending<'a> {
    seeds: Cow<'a, [u32]>,
    outcome: Outcome,
    detail: Option<Text<'a>>,
    failed: Vec<Test<'a>>,
    output: Option<Text<'a>>,
}

/// An outcome, or that there is none.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum CaseOutcome {
    Ended(Outcome),
    NotRun(NotRun),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum NotRun {
    NotRun,
}

/// What kept the tests of a file from running.
#[derive(Serialize, Deserialize)]
struct NotCollected<'a> {
    id: Text<'a>,
    message: Text<'a>,
}

#[derive(Serialize, Deserialize)]
struct Test<'a> {
    id: Text<'a>,
    outcome: TestOutcome,
    message: Option<Text<'a>>,
    traceback: Option<Text<'a>>,
    duration_ms: f64,
}

#[derive(Serialize, Deserialize)]
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
    denies_warnings: bool,
    exit_code: u8,
}

impl<'a> Document<'a> {
    /// Returns a report as a document.
    pub(super) fn of(report: &'a Report) -> Self {
        let counts = report.counts();
        Self {
            schema: FORMAT_VERSION,
            tool: Tool {
                name: "mastery".into(),
                version: env!("CARGO_PKG_VERSION").into(),
            },
            shard: report.shard.as_ref().map(Shard::of),
            changed_since: report.changed_since.as_ref().map(|it| Changed {
                revision: Cow::from(&it.revision),
                plan_cases: it.plan_cases,
            }),
            diagnostics: report.diagnostics.iter().map(Finding::of).collect(),
            cases: report.cases.iter().map(Case::of).collect(),
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
                denies_warnings: report.deny_warnings,
                exit_code: report.exit_code().code(),
            },
        }
    }

    /// Reads a document. What it says may be a stranger's: nothing of it acts on a terminal afterwards, and
    /// what it counts is counted again.
    ///
    /// # Errors
    ///
    /// What is wrong with it, as a lower-case fragment.
    pub(super) fn read(text: &str) -> Result<Report, String> {
        /// What has to be right before the rest is looked at.
        #[derive(Deserialize)]
        struct Head {
            schema: u32,
        }
        let head: Head =
            serde_json::from_str(text).map_err(|error| format!("it is no report: {error}"))?;
        if head.schema != FORMAT_VERSION {
            let version = head.schema;
            return Err(format!(
                "it has format {version}, and this is {FORMAT_VERSION}"
            ));
        }
        serde_json::from_str::<Document<'_>>(text)
            .map_err(|error| format!("it is no report: {error}"))?
            .into_report()
    }

    fn into_report(self) -> Result<Report, String> {
        let findings = self.diagnostics.into_iter();
        let cases = self.cases.into_iter();
        Ok(Report {
            diagnostics: findings
                .map(Finding::into_diagnostic)
                .collect::<Result<_, _>>()?,
            known: self.summary.known,
            cases: cases
                .map(Case::into_case_report)
                .collect::<Result<_, _>>()?,
            shard: self.shard.map(Shard::into_info).transpose()?,
            base: None,
            changed_since: self.changed_since.map(|it| ChangedSince {
                revision: line(&it.revision),
                plan_cases: it.plan_cases,
            }),
            duration: duration(self.summary.duration_ms)?,
            is_interrupted: self.summary.interrupted,
            deny_warnings: self.summary.denies_warnings,
        })
    }
}

impl<'a> Shard<'a> {
    fn of(info: &'a ShardInfo) -> Self {
        Self {
            index: info.shard.index(),
            of: info.shard.of(),
            plan_cases: info.plan_cases,
            partition: Cow::from(&info.partition),
        }
    }

    fn into_info(self) -> Result<ShardInfo, String> {
        // There are fewer shards than that: a larger number is refused as one that there can't be.
        let number = |number| u16::try_from(number).unwrap_or(u16::MAX);
        Ok(ShardInfo {
            shard: shard::Shard::new(number(self.index), number(self.of))?,
            plan_cases: self.plan_cases,
            partition: line(&self.partition),
        })
    }
}

impl<'a> Finding<'a> {
    fn of(diagnostic: &'a Diagnostic) -> Self {
        let related = diagnostic.related.iter().map(|related| Related {
            place: Place::of(&related.location),
            message: Cow::from(&related.message),
        });
        Self {
            rule: diagnostic.rule.into(),
            severity: diagnostic.severity,
            place: Place::of(&diagnostic.location),
            message: Cow::from(&diagnostic.message),
            help: diagnostic.help.as_deref().map(Cow::from),
            related: related.collect(),
        }
    }

    fn into_diagnostic(self) -> Result<Diagnostic, String> {
        let related = self.related.into_iter().map(|related| {
            Ok(diagnostic::Related {
                location: related.place.into_location()?,
                message: escape::text(&related.message),
            })
        });
        Ok(Diagnostic {
            rule: rule(&self.rule)?,
            severity: self.severity,
            location: self.place.into_location()?,
            message: escape::text(&self.message),
            help: self.help.map(|help| escape::text(&help)),
            related: related.collect::<Result<_, String>>()?,
            fix: None,
        })
    }
}

impl<'a> Place<'a> {
    fn of(location: &'a Location) -> Self {
        Self {
            excerpt: location.excerpt().map(|file| Excerpt {
                line: file.first_line(),
                text: file.text().to_owned().into(),
            }),
            ..Self::without_source(location)
        }
    }

    fn without_source(location: &'a Location) -> Self {
        let region = location.to_region();
        Self {
            path: location.shown_path().into(),
            line: region.map(|it| it.start.line),
            column: region.map(|it| it.start.column),
            end_line: region.map(|it| it.end.line),
            end_column: region.map(|it| it.end.column),
            excerpt: None,
        }
    }

    fn into_location(self) -> Result<Location, String> {
        let path = line(&self.path);
        let position = |line, column| match (line, column) {
            (Some(line @ 1..), Some(column @ 1..)) => Some(Position { line, column }),
            _ => None,
        };
        let Some(start) = position(self.line, self.column) else {
            return Ok(Location::path(path));
        };
        let end = position(self.end_line, self.end_column);
        let end = end.unwrap_or(start).max(start);
        if (end.line.max(end.column)) as f64 > LARGEST_NUMBER {
            return Err(format!("no file has a line {}", end.line));
        }
        let excerpt = self
            .excerpt
            .filter(|it| (1..=start.line).contains(&it.line));
        let file = excerpt.map(|it| SourceFile::excerpt(&path, it.line, it.text));
        Ok(
            match file.filter(|it| (it.first_line()..=it.last_line()).contains(&start.line)) {
                Some(file) => {
                    let span = Span::new(file.offset(start), file.offset(end));
                    Location::span_of_region(&Arc::new(file), span, Region { start, end })
                }
                None => Location::region(path, Region { start, end }),
            },
        )
    }
}

impl<'a> Case<'a> {
    fn of(report: &'a CaseReport) -> Self {
        let result = report.result.as_ref();
        let told = result.filter(|_| report.verdict != Verdict::AsExpected);
        Self {
            id: Cow::from(&report.id),
            // Nobody is shown where a case comes from with which nothing is wrong.
            place: match report.verdict {
                Verdict::AsExpected => Place::without_source(&report.location),
                _ => Place::of(&report.location),
            },
            outcome: match (result, report.verdict) {
                (Some(result), _) => CaseOutcome::Ended(result.outcome),
                (None, Verdict::Interrupted) => CaseOutcome::Ended(Outcome::Interrupted),
                (None, _) => CaseOutcome::NotRun(NotRun::NotRun),
            },
            verdict: report.verdict,
            severity: report.severity,
            expected: Cow::from(&report.expected),
            detail: report.seen.as_deref().map(Cow::from),
            help: report.verdict.advice().map(Cow::from),
            rule: report.rule.map(Cow::from),
            tests: result
                .map(|it| it.tests.iter().map(Test::of).collect())
                .unwrap_or_default(),
            collection_errors: told
                .map(|it| it.collection_errors.iter().map(NotCollected::of).collect())
                .unwrap_or_default(),
            output: told.and_then(output),
            endings: report.endings.iter().map(Ending::of).collect(),
            duration_ms: result.map_or(0.0, |it| milliseconds(it.wall)),
            process_ms: result.map_or(0.0, |it| milliseconds(it.process_wall)),
            peak_memory_mib: result.and_then(|it| it.peak_memory_bytes).map(mebibytes),
            cached: report.is_from_cache(),
            shared: report.is_shared,
        }
    }

    fn into_case_report(self) -> Result<CaseReport, String> {
        let id = line(&self.id);
        let mut parts = id.splitn(3, '/').map(str::to_owned);
        let mut part = || parts.next().filter(|it| !it.is_empty());
        let (Some(curriculum), Some(module), Some(case)) = (part(), part(), part()) else {
            return Err(format!("`{id}` is no id of a case"));
        };
        let result = match self.outcome {
            CaseOutcome::NotRun(NotRun::NotRun) => None,
            CaseOutcome::Ended(outcome) => Some(RunResult {
                tests: read_all(self.tests, Test::into_result)?,
                collection_errors: self
                    .collection_errors
                    .into_iter()
                    .map(NotCollected::into_error)
                    .collect(),
                output: harmless(self.output).unwrap_or_default(),
                wall: duration(self.duration_ms)?,
                process_wall: duration(self.process_ms)?,
                peak_memory_bytes: self.peak_memory_mib.map(bytes).transpose()?,
                is_cached: self.cached,
                ..RunResult::ended(outcome, None)
            }),
        };
        Ok(CaseReport {
            curriculum,
            module,
            case,
            verdict: self.verdict,
            severity: self.severity,
            expected: escape::text(&self.expected),
            seen: harmless(self.detail),
            rule: self.rule.as_deref().map(rule).transpose()?,
            location: self.place.into_location()?,
            result,
            endings: read_all(self.endings, Ending::into_ending)?,
            is_shared: self.shared,
            id,
        })
    }
}

impl<'a> Ending<'a> {
    fn of(ending: &'a flake::Ending) -> Self {
        let result = &ending.result;
        let failed = result.tests.iter().filter(|test| test.outcome.is_failure());
        Self {
            seeds: Cow::from(&ending.seeds),
            outcome: result.outcome,
            detail: result.detail.as_deref().map(Cow::from),
            failed: failed.map(Test::of).collect(),
            output: output(result),
        }
    }

    fn into_ending(self) -> Result<flake::Ending, String> {
        if self.seeds.is_empty() {
            return Err("an ending has no seed".to_owned());
        }
        Ok(flake::Ending {
            seeds: self.seeds.into_owned(),
            result: RunResult {
                tests: read_all(self.failed, Test::into_result)?,
                output: harmless(self.output).unwrap_or_default(),
                ..RunResult::ended(self.outcome, harmless(self.detail))
            },
        })
    }
}

impl<'a> NotCollected<'a> {
    fn of(error: &'a CollectionError) -> Self {
        Self {
            id: Cow::from(&error.id),
            message: Cow::from(&error.message),
        }
    }

    fn into_error(self) -> CollectionError {
        CollectionError {
            id: line(&self.id),
            message: escape::text(&self.message),
            is_syntax: false,
            missing_in: Vec::new(),
        }
    }
}

impl<'a> Test<'a> {
    fn of(test: &'a TestResult) -> Self {
        Self {
            id: Cow::from(&test.id),
            outcome: test.outcome,
            message: test.message.as_deref().map(Cow::from),
            traceback: test.traceback.as_deref().map(Cow::from),
            duration_ms: milliseconds(test.duration),
        }
    }

    fn into_result(self) -> Result<TestResult, String> {
        Ok(TestResult {
            id: line(&self.id),
            outcome: self.outcome,
            message: harmless(self.message),
            traceback: harmless(self.traceback),
            duration: duration(self.duration_ms)?,
        })
    }
}

fn output(result: &RunResult) -> Option<Text<'_>> {
    Some(Cow::from(&result.output)).filter(|it| !it.is_empty())
}

fn read_all<T, U>(items: Vec<T>, read: impl Fn(T) -> Result<U, String>) -> Result<Vec<U>, String> {
    items.into_iter().map(read).collect()
}

/// A text in which nothing acts on a terminal.
fn harmless(text: Option<Text<'_>>) -> Option<String> {
    text.map(|text| escape::text(&text))
}

/// The same for a text of one line.
fn line(text: &str) -> String {
    escape::text(text).replace(['\n', '\t'], " ")
}

/// The rule of a name; a report of another version of the tool can have one that is not known here.
fn rule(name: &str) -> Result<diagnostic::RuleName, String> {
    lint::rule_name(name).ok_or_else(|| {
        let name = line(name);
        format!("it names the rule `{name}`, which this version of mastery does not have")
    })
}

/// Milliseconds with three digits behind the point: more would be noise.
fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1e6).round() / 1e3
}

fn duration(milliseconds: f64) -> Result<Duration, String> {
    Some(milliseconds)
        .filter(|it| *it < LARGEST_NUMBER)
        .and_then(|it| Duration::try_from_secs_f64(it / 1e3).ok())
        .ok_or_else(|| format!("nothing takes {milliseconds} ms"))
}

fn mebibytes(bytes: u64) -> f64 {
    (bytes as f64 / f64::from(1 << 20) * 10.0).round() / 10.0
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the range is checked before"
)]
fn bytes(mebibytes: f64) -> Result<u64, String> {
    if (0.0..LARGEST_NUMBER).contains(&mebibytes) {
        Ok((mebibytes * f64::from(1 << 20)).round() as u64)
    } else {
        Err(format!("nothing takes {mebibytes} MiB"))
    }
}
