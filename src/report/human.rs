//! The report for people: findings, cases that did not end as expected, a table, a last line.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::time::Duration;

use anstyle::{AnsiColor, Style};

use super::Report;
use super::evidence::{Evidence, advice};
use super::headline::cases_in_words;
use super::modules::{Column, modules, slowest as slowest_cases};
use crate::diagnostic::render::{self, Look};
use crate::exit_code::ExitCode;
use crate::plural::count;
use crate::run::outcome::TestOutcome;
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
        excerpt(Evidence::of(case), out)?;
    } else {
        endings(case, out)?;
    }
    for advice in advice(case) {
        writeln!(out, "  {HELP}help{HELP:#}: {advice}")?;
    }
    writeln!(out)
}

/// The ways in which a flaky case ended, each with what makes it another than the others.
fn endings(case: &CaseReport, out: &mut dyn Write) -> io::Result<()> {
    for ending in case.endings.iter().take(SHOWN_ENDINGS) {
        writeln!(out, "  {BOLD}{}{BOLD:#}", ending.words())?;
        if let Some(detail) = &ending.result.detail {
            writeln!(out, "  {detail}")?;
        }
        excerpt(Evidence::of_ending(ending, &case.endings), out)?;
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

/// Prints what shows why, as far as people read.
fn excerpt(evidence: Option<Evidence<'_>>, out: &mut dyn Write) -> io::Result<()> {
    let Some(evidence) = evidence else {
        return Ok(());
    };
    let (lines, hidden) = evidence.lines(SHOWN_LINES);
    writeln!(out, "  {DIM}{}:{DIM:#}", evidence.title)?;
    for line in lines {
        writeln!(out, "    {line}")?;
    }
    if hidden > 0 {
        writeln!(
            out,
            "    {DIM}… {} {} …{DIM:#}",
            count(hidden as u64, "line"),
            evidence.hidden_place()
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

/// Modules by cases: what is good is counted, what is not stands out.
fn table(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let rows = modules(report);
    let width = rows
        .iter()
        .map(|row| row.name.chars().count())
        .max()
        .unwrap_or(0)
        .max(6);
    let mut header = format!("{:<width$}", "module");
    for column in Column::ALL {
        write!(header, "  {:<9}", column.title()).expect("writing to a string can't fail");
    }
    writeln!(out, "{BOLD}{header}  {:>8}{BOLD:#}", "time")?;
    for row in rows {
        write!(out, "{:<width$}", row.name)?;
        for column in Column::ALL {
            let cell = row.cell(column);
            let style = match cell.severity {
                None => DIM,
                Some(VerdictSeverity::Ok) => GOOD,
                Some(VerdictSeverity::Warning) => DOUBTFUL,
                Some(VerdictSeverity::Error) => BAD,
            };
            write!(out, "  {style}{:<9}{style:#}", cell.text)?;
        }
        writeln!(out, "  {:>8}", seconds(row.time()))?;
    }
    writeln!(out)
}

/// The cases that take the most time, when waiting for them is noticeable.
fn slowest(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    const NOTICEABLE: Duration = Duration::from_secs(5);
    if report.duration < NOTICEABLE || report.cases.iter().filter(|it| it.was_run()).count() < 10 {
        return Ok(());
    }
    let cases = slowest_cases(report, 3);
    let worst: Vec<_> = cases
        .iter()
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
    let counts = report.counts();
    let mut parts = cases_in_words(&counts);
    if counts.cases == 0 && report.shard.is_some() {
        parts.push("no cases".to_owned());
    }
    match report.cases.iter().filter(|it| it.is_from_cache()).count() {
        0 => {}
        known => parts.push(format!("{known} from the cache")),
    }
    parts.push(findings(counts.errors, counts.warnings));
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
