//! The report for people: findings, cases that did not end as expected, a table, a last line.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::time::Duration;

use anstyle::{AnsiColor, Style};

use super::{Counts, Report, finding};
use crate::diagnostic::render::{self, Look};
use crate::exit_code::ExitCode;
use crate::plural::count;
use crate::run::outcome::{Outcome, RunResult, TestOutcome, TestResult};
use crate::verify::event::CaseReport;
use crate::verify::verdict::{Verdict, VerdictSeverity};

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const DOUBTFUL: Style = AnsiColor::Yellow.on_default().bold();
const HELP: Style = AnsiColor::Cyan.on_default().bold();

/// Lines of a traceback or output that are shown.
const SHOWN_LINES: usize = 25;

/// Ways in which a flaky case ended that are shown.
const SHOWN_ENDINGS: usize = 3;

/// How much is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// What is wrong and the last line.
    Quiet,
    /// And the table.
    Normal,
    /// And every case.
    Verbose,
}

/// Prints the report.
///
/// # Errors
///
/// When `out` can't be written.
pub fn render(
    report: &Report,
    verbosity: Verbosity,
    look: Look,
    out: &mut dyn Write,
) -> io::Result<()> {
    render::human(&report.diagnostics, look, out)?;
    for case in &report.cases {
        if case.tells_something_new() {
            self::case(case, out)?;
        }
    }
    skipped(report, out)?;
    if verbosity >= Verbosity::Verbose {
        for case in &report.cases {
            case_line(case, out)?;
        }
        if !report.cases.is_empty() {
            writeln!(out)?;
        }
    }
    if verbosity >= Verbosity::Normal && !report.cases.is_empty() {
        table(report, out)?;
        slowest(report, out)?;
    }
    last_line(report, out)
}

/// Why nothing more was begun, if that is so. It may be because of a case that another shard reports.
fn skipped(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut cases = report.cases.iter();
    let skipped = cases.find(|case| case.verdict == Verdict::Skipped);
    match skipped.and_then(|case| case.seen.as_ref()) {
        Some(why) => writeln!(out, "nothing more was begun, because {why}\n"),
        None => Ok(()),
    }
}

/// Prints a case that did not end as expected: what it means, what was expected and seen, what to do.
///
/// # Errors
///
/// When `out` can't be written.
pub fn case(case: &CaseReport, out: &mut dyn Write) -> io::Result<()> {
    let (style, word) = match case.severity {
        VerdictSeverity::Error => (BAD, "error"),
        VerdictSeverity::Warning => (DOUBTFUL, "warning"),
        VerdictSeverity::Ok => (GOOD, "ok"),
    };
    let name = case.verdict.name();
    writeln!(
        out,
        "{style}{word}[{name}]{style:#}{BOLD}: {}{BOLD:#}",
        case.id
    )?;
    let position = case
        .location
        .position()
        .map_or_else(String::new, |it| format!(":{}:{}", it.line, it.column));
    writeln!(
        out,
        "  {DIM}-->{DIM:#} {}{position}",
        case.location.shown_path()
    )?;
    writeln!(out, "  {}", case.verdict.explanation())?;
    if case.verdict != Verdict::NotRun {
        writeln!(out, "  expected: {}", case.expected)?;
    }
    if let Some(seen) = &case.seen {
        writeln!(out, "  seen:     {seen}")?;
    }
    if case.endings.is_empty() {
        if let Some(result) = &case.result {
            evidence(case, result, out)?;
        }
    } else {
        endings(case, out)?;
    }
    for advice in finding::advice(case) {
        writeln!(out, "  {HELP}help{HELP:#}: {advice}")?;
    }
    writeln!(out)
}

/// What the framework says of the first failure, or the end of what was printed.
fn evidence(case: &CaseReport, result: &RunResult, out: &mut dyn Write) -> io::Result<()> {
    if !finding::is_about_failures(case.verdict) {
        return Ok(());
    }
    excerpt(finding::telling_failure(case), result, out)
}

/// The ways in which a flaky case ended, each with what makes it another than the others.
fn endings(case: &CaseReport, out: &mut dyn Write) -> io::Result<()> {
    for ending in case.endings.iter().take(SHOWN_ENDINGS) {
        writeln!(out, "  {BOLD}{}{BOLD:#}", ending.words())?;
        if let Some(detail) = &ending.result.detail {
            writeln!(out, "  {detail}")?;
        }
        if ending.result.outcome != Outcome::Passed {
            excerpt(ending.telling_failure(&case.endings), &ending.result, out)?;
        }
    }
    let more = case.endings.len().saturating_sub(SHOWN_ENDINGS);
    if more > 0 {
        writeln!(
            out,
            "  {DIM}… and {} …{DIM:#}",
            count(more as u64, "other ending")
        )?;
    }
    Ok(())
}

/// What the framework says of a failure; without one what kept tests from running, or the end of what
/// was printed.
fn excerpt(test: Option<&TestResult>, result: &RunResult, out: &mut dyn Write) -> io::Result<()> {
    let (title, text) = match (test, result.collection_errors.first()) {
        (Some(test), _) => {
            let text = test.traceback.as_ref().or(test.message.as_ref());
            (test.id.as_str(), text.map_or("", String::as_str))
        }
        (None, Some(error)) => (error.id.as_str(), error.message.as_str()),
        (None, None) => ("output", result.output.as_str()),
    };
    let lines: Vec<_> = text.trim_end().lines().collect();
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(out, "  {DIM}{title}:{DIM:#}")?;
    // A failure says at its beginning what it is about, what was printed ends with why.
    let is_printed = test.is_none() && result.collection_errors.is_empty();
    let hidden = lines.len().saturating_sub(SHOWN_LINES);
    let shown = if is_printed {
        &lines[hidden..]
    } else {
        &lines[..lines.len() - hidden]
    };
    for line in shown {
        writeln!(out, "    {line}")?;
    }
    if hidden > 0 {
        let place = if is_printed { "above" } else { "more" };
        writeln!(
            out,
            "    {DIM}… {} {place} …{DIM:#}",
            count(hidden as u64, "line")
        )?;
    }
    Ok(())
}

/// Prints a case in one line, whatever it ended like.
///
/// # Errors
///
/// When `out` can't be written.
pub fn case_line(case: &CaseReport, out: &mut dyn Write) -> io::Result<()> {
    let (style, word) = word(case);
    let wall = case
        .result
        .as_ref()
        .map_or(Duration::ZERO, |result| result.wall);
    let tests = case.result.as_ref().map_or(0, |result| {
        result
            .tests
            .iter()
            .filter(|test| test.outcome != TestOutcome::NotRun)
            .count()
    });
    let shared = match (case.is_from_cache(), case.is_shared) {
        (true, _) => ", from the cache",
        (false, true) => ", shared",
        (false, false) => "",
    };
    let outcome = case
        .result
        .as_ref()
        .map_or("not run", |result| result.outcome.words());
    writeln!(
        out,
        "{style}{word:<16}{style:#} {} {DIM}({outcome}, {}, {}{shared}){DIM:#}",
        case.id,
        count(tests as u64, "test"),
        seconds(wall)
    )
}

/// A case in a word.
fn word(case: &CaseReport) -> (Style, &'static str) {
    match case.severity {
        VerdictSeverity::Ok => (GOOD, "ok"),
        VerdictSeverity::Warning => (DOUBTFUL, case.verdict.name()),
        VerdictSeverity::Error => (BAD, case.verdict.name()),
    }
}

/// A column of the table; kinds of cases in the order of a plan.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Column {
    Reference,
    Complete,
    Starter,
    Variants,
    Bugs,
}

const COLUMNS: [(Column, &str); 5] = [
    (Column::Reference, "reference"),
    (Column::Complete, "complete"),
    (Column::Starter, "starter"),
    (Column::Variants, "variants"),
    (Column::Bugs, "bugs"),
];

impl Column {
    pub(super) fn of(case: &str) -> Self {
        match case.split('/').next().unwrap_or_default() {
            "reference" => Self::Reference,
            "complete" => Self::Complete,
            "starter" => Self::Starter,
            "variant" => Self::Variants,
            _ => Self::Bugs,
        }
    }
}

/// Modules by cases: what is good is counted, what is not stands out.
fn table(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut rows: Vec<(String, Vec<&CaseReport>)> = Vec::new();
    for case in &report.cases {
        let name = format!("{}/{}", case.curriculum, case.module);
        match rows.last_mut() {
            Some((last, cases)) if *last == name => cases.push(case),
            _ => rows.push((name, vec![case])),
        }
    }
    let width = rows
        .iter()
        .map(|(name, _)| name.chars().count())
        .max()
        .unwrap_or(0)
        .max(6);
    let mut header = format!("{:<width$}", "module");
    for (_, title) in COLUMNS {
        write!(header, "  {title:<9}").expect("writing to a string can't fail");
    }
    writeln!(out, "{BOLD}{header}  {:>8}{BOLD:#}", "time")?;
    for (name, cases) in rows {
        write!(out, "{name:<width$}")?;
        let mut cells: BTreeMap<Column, Vec<&CaseReport>> = BTreeMap::new();
        for case in &cases {
            cells.entry(Column::of(&case.case)).or_default().push(case);
        }
        for (column, _) in COLUMNS {
            let (style, text) = cell(cells.get(&column).map_or(&[][..], Vec::as_slice));
            write!(out, "  {style}{text:<9}{style:#}")?;
        }
        let own = cases.iter().filter(|case| !case.is_known());
        let time = own
            .filter_map(|case| case.result.as_ref())
            .map(|result| result.wall)
            .sum();
        writeln!(out, "  {:>8}", seconds(time))?;
    }
    writeln!(out)
}

fn cell(cases: &[&CaseReport]) -> (Style, String) {
    let count_of = |severity| {
        cases
            .iter()
            .filter(|case| case.severity == severity)
            .count()
    };
    let good = count_of(VerdictSeverity::Ok);
    let style = if count_of(VerdictSeverity::Error) > 0 {
        BAD
    } else if count_of(VerdictSeverity::Warning) > 0 {
        DOUBTFUL
    } else {
        GOOD
    };
    match cases {
        [] => (DIM, "-".to_owned()),
        [case] if !matches!(Column::of(&case.case), Column::Variants | Column::Bugs) => {
            let text = match case.severity {
                VerdictSeverity::Ok => "ok",
                VerdictSeverity::Warning => "warning",
                VerdictSeverity::Error => match case.verdict {
                    Verdict::NotRun => "not run",
                    Verdict::Interrupted => "stopped",
                    Verdict::Skipped => "skipped",
                    Verdict::Flaky => "FLAKY",
                    _ => "FAILED",
                },
            };
            (style, text.to_owned())
        }
        _ => (style, format!("{good}/{}", cases.len())),
    }
}

/// The cases that take the most time, when waiting for them is noticeable.
fn slowest(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    const NOTICEABLE: Duration = Duration::from_secs(5);
    let mut cases: Vec<_> = report
        .cases
        .iter()
        .filter(|case| !case.is_known())
        .filter_map(|case| Some((case.result.as_ref()?.wall, case.id.as_str())))
        .collect();
    if report.duration < NOTICEABLE || cases.len() < 10 {
        return Ok(());
    }
    cases.sort_by(|a, b| b.cmp(a));
    let worst: Vec<_> = cases
        .iter()
        .take(3)
        .map(|(wall, id)| format!("{id} ({})", seconds(*wall)))
        .collect();
    writeln!(out, "{DIM}slowest: {}{DIM:#}\n", worst.join(", "))
}

fn last_line(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let (style, word) = colour_of(report);
    let (summary, time) = (summary(report), seconds(report.duration));
    writeln!(
        out,
        "{style}{word}{style:#}: {summary} {DIM}({time}){DIM:#}"
    )
}

/// What came of a run, in a few words.
pub(super) fn summary(report: &Report) -> String {
    let Counts {
        errors,
        warnings,
        cases,
        as_expected,
        warned,
        unexpected,
        skipped,
    } = report.counts();
    let mut parts = Vec::new();
    if cases == 0 && report.shard.is_some() {
        parts.push("no cases".to_owned());
    }
    if cases > 0 {
        parts.push(ended_as_expected(as_expected, cases));
        if unexpected > skipped {
            parts.push(format!("{} not", unexpected - skipped));
        }
        if skipped > 0 {
            parts.push(format!("{skipped} skipped"));
        }
        if warned > 0 {
            parts.push(count(warned as u64, "doubtful case"));
        }
        match report.cases.iter().filter(|it| it.is_from_cache()).count() {
            0 => {}
            known => parts.push(format!("{known} from the cache")),
        }
    }
    parts.push(findings(errors, warnings));
    if let Some(known) = report.known {
        parts.push(format!("{} known", count(known as u64, "finding")));
    }
    let fixable = report.diagnostics.iter().filter(|it| it.fix.is_some());
    match fixable.count() {
        0 => {}
        fixable => parts.push(format!("{fixable} fixed by `mastery lint --fix`")),
    }
    let shard = report.shard.as_ref();
    let shard = shard.map_or_else(String::new, |info| format!("shard {}: ", info.shard));
    format!("{shard}{}", parts.join("; "))
}

/// How many findings there are, in words.
pub(crate) fn findings(errors: usize, warnings: usize) -> String {
    match (errors, warnings) {
        (0, 0) => "no findings".to_owned(),
        (errors, 0) => count(errors as u64, "error"),
        (0, warnings) => count(warnings as u64, "warning"),
        (errors, warnings) => {
            format!(
                "{}, {}",
                count(errors as u64, "error"),
                count(warnings as u64, "warning")
            )
        }
    }
}

/// All of a report in a word.
pub(crate) fn colour_of(report: &Report) -> (Style, &'static str) {
    match report.exit_code() {
        ExitCode::Success => (GOOD, "green"),
        ExitCode::Interrupted => (DOUBTFUL, "interrupted"),
        ExitCode::CouldNotRun => (BAD, "could not run"),
        ExitCode::Findings | ExitCode::NothingSelected | ExitCode::Internal => (BAD, "red"),
    }
}

/// How many of some cases ended as expected.
pub(crate) fn ended_as_expected(good: usize, cases: usize) -> String {
    if good == cases {
        format!("{} as expected", all(cases))
    } else {
        format!("{good} of {} as expected", count(cases as u64, "case"))
    }
}

fn all(cases: usize) -> String {
    match cases {
        1 => "the 1 case".to_owned(),
        _ => format!("all {cases} cases"),
    }
}

/// A duration in seconds, short.
pub(crate) fn seconds(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 10.0 {
        format!("{seconds:.2} s")
    } else {
        format!("{seconds:.1} s")
    }
}
