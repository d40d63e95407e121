//! One line for each finding and each case that did not end as expected, for editors and `grep`.

use std::io::{self, Write};

use super::Report;
use crate::diagnostic::render;
use crate::verify::event::CaseReport;
use crate::verify::verdict::VerdictSeverity;

/// Prints the report.
///
/// # Errors
///
/// When `out` can't be written.
pub fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    render::concise(&report.diagnostics, out)?;
    for case in &report.cases {
        if case.tells_something_new() {
            self::case(case, out)?;
        }
    }
    Ok(())
}

/// Prints a case that did not end as expected.
///
/// # Errors
///
/// When `out` can't be written.
pub fn case(case: &CaseReport, out: &mut dyn Write) -> io::Result<()> {
    let word = match case.severity {
        VerdictSeverity::Ok => return Ok(()),
        VerdictSeverity::Warning => "warning",
        VerdictSeverity::Error => "error",
    };
    let place = case
        .location
        .position()
        .map_or_else(String::new, |it| format!(":{}:{}", it.line, it.column));
    let (path, name) = (case.location.shown_path(), case.verdict.name());
    let seen = case
        .seen
        .as_deref()
        .unwrap_or_else(|| case.verdict.explanation());
    writeln!(
        out,
        "{path}{place}: {word}[{name}] {}: {}",
        case.id,
        seen.replace('\n', " ")
    )
}
