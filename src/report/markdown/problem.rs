//! One thing that is wrong, as a block of Markdown: where, what was expected and seen, what to do, what shows it.

use super::{folded, text};
use crate::diagnostic::{Diagnostic, Location, Severity};
use crate::plural::count;
use crate::report::evidence::{Evidence, command};
use crate::report::headline::is_of_draft;
use crate::verify::event::CaseReport;
use crate::verify::verdict::{Verdict, VerdictSeverity};

/// Further places of a finding that are shown.
const SHOWN_PLACES: usize = 5;

/// Ways in which a flaky case ended that are shown.
const SHOWN_ENDINGS: usize = 4;

/// One thing that is wrong.
#[derive(Clone, Copy, Debug)]
pub(super) enum Problem<'a> {
    Finding(&'a Diagnostic),
    Case(&'a CaseReport),
}

impl Problem<'_> {
    /// The block, with so many lines of output at most.
    pub(super) fn block(self, output_lines: usize) -> String {
        match self {
            Self::Finding(finding) => self::finding(finding),
            Self::Case(case) => self::case(case, output_lines),
        }
    }
}

fn finding(finding: &Diagnostic) -> String {
    let mark = match finding.severity {
        Severity::Error => "❌",
        Severity::Warning => "⚠️",
    };
    let (rule, place) = (finding.rule, place(&finding.location));
    let message = text::code(&finding.message);
    let mut block = format!("{mark} **{rule}** in {place}\n\n- {message}\n");
    for related in finding.related.iter().take(SHOWN_PLACES) {
        let (place, message) = (self::place(&related.location), text::code(&related.message));
        block.push_str(&format!("- {place}: {message}\n"));
    }
    if let Some(help) = &finding.help {
        block.push_str(&format!("- to do: {}\n", text::code(help)));
    }
    block.push('\n');
    if let Some(lines) = excerpt(&finding.location) {
        block.push_str(&folded("source", &text::block("text", &lines)));
    }
    block
}

fn case(case: &CaseReport, output_lines: usize) -> String {
    let mark = match case.severity {
        VerdictSeverity::Error => "❌",
        VerdictSeverity::Warning => "⚠️",
        VerdictSeverity::Ok => "✅",
    };
    let (verdict, id, place) = (
        case.verdict.name(),
        text::name(&case.id),
        place(&case.location),
    );
    let draft = if is_of_draft(case) { " (draft)" } else { "" };
    let explanation = case.verdict.explanation();
    let mut block = format!("{mark} **{verdict}**{draft} {id} in {place}\n\n{explanation}\n\n");
    if case.verdict != Verdict::NotRun {
        block.push_str(&format!("- expected: {}\n", text::code(&case.expected)));
    }
    if let Some(seen) = &case.seen {
        block.push_str(&format!("- seen: {}\n", text::code(seen)));
    }
    if let Some(advice) = case.verdict.advice() {
        // Words of this program, with names of settings in ticks.
        block.push_str(&format!("- to do: {advice}\n"));
    }
    if let Some(command) = command(case) {
        block.push_str(&format!("- again: {}\n", text::code(&command)));
    }
    block.push('\n');
    if case.endings.is_empty()
        && let Some(evidence) = Evidence::of(case)
    {
        block.push_str(&shown(evidence, "failing output", output_lines));
    }
    for ending in case.endings.iter().take(SHOWN_ENDINGS) {
        // Seeds are numbers, and the outcome is a word of this program.
        match Evidence::of_ending(ending, &case.endings) {
            Some(evidence) => block.push_str(&shown(evidence, &ending.words(), output_lines)),
            None => block.push_str(&format!("{}\n\n", ending.words())),
        }
    }
    block
}

fn shown(evidence: Evidence<'_>, title: &str, most: usize) -> String {
    let (lines, hidden) = evidence.lines(most);
    let mut body = format!("{}:\n\n", text::name(evidence.title));
    body.push_str(&text::block("text", &lines));
    if hidden > 0 {
        let (hidden, place) = (count(hidden, "line"), evidence.hidden_place());
        body.push_str(&format!("\n{hidden} {place}\n"));
    }
    folded(title, &body)
}

fn place(location: &Location) -> String {
    let position = location
        .position()
        .map_or_else(String::new, |it| format!(":{}", it.line));
    text::name(&format!("{}{position}", location.shown_path()))
}

/// The lines around a place, numbered, with a sign at those that are meant.
fn excerpt(location: &Location) -> Option<Vec<String>> {
    let (region, file) = (location.to_region()?, location.excerpt()?);
    let width = file.last_line().to_string().len();
    let lines = (file.first_line()..=file.last_line()).map(|number| {
        let span = file.line_span(number);
        let is_meant = (region.start.line..=region.end.line).contains(&number);
        let sign = if is_meant { '>' } else { ' ' };
        format!(
            "{sign} {number:>width$} | {}",
            &file.text()[span.start..span.end]
        )
    });
    Some(lines.collect())
}
