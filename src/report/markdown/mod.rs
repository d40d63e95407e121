//! The report as a summary in Markdown: for the page of a run, and for a comment on a pull request.
//!
//! It may be a stranger's report, and whoever shows it may write where the stranger may not: their texts stay in
//! code (`text`). It may be long: what is told in any case comes first, and details as long as there is room.

mod problem;
mod text;

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::time::Duration;

use self::problem::Problem;
use super::Report;
use super::compare::{Changes, changes};
use super::evidence::check_command;
use super::finding::Reasons;
use super::headline::{Headline, Tone, notes};
use super::human::seconds;
use super::modules::{Column, Module, modules, slowest};
use crate::diagnostic::Severity;
use crate::plural::count;
use crate::verify::verdict::VerdictSeverity;

/// How much there may be of it.
#[derive(Clone, Copy, Debug)]
struct Room {
    /// All bytes.
    bytes: usize,
    /// Lines of output that are shown for a problem.
    output_lines: usize,
    /// Items of a list.
    items: usize,
}

/// GitHub takes 1 MiB of all steps of a job together.
const PAGE: Room = Room {
    bytes: 1_000_000,
    output_lines: 40,
    items: 20,
};

/// A comment has 65,536 characters; who posts it may add to it.
const COMMENT: Room = Room {
    bytes: 60_000,
    output_lines: 12,
    items: 8,
};

/// What is kept for telling what was left out.
const LAST_LINE: usize = 400;

/// Modules up to which their table is not folded.
const SHOWN_MODULES: usize = 30;

/// Prints the report, for the page of a run.
///
/// # Errors
///
/// When `out` can't be written.
pub fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(summary(report, PAGE).as_bytes())
}

/// Prints the report, short enough for a comment.
///
/// # Errors
///
/// When `out` can't be written.
pub fn render_comment(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(summary(report, COMMENT).as_bytes())
}

fn summary(report: &Report, room: Room) -> String {
    let modules = modules(report);
    let beginning = head(report) + &matrix(&modules, room);
    let end = difference(report, room) + &times(report) + &next(report);
    let left = room
        .bytes
        .saturating_sub(beginning.len() + end.len() + LAST_LINE);
    let (problems, left_out) = problems(report, room, left);
    format!("{beginning}{problems}{end}{left_out}")
}

fn head(report: &Report) -> String {
    let Headline {
        tone,
        answer,
        facts,
    } = Headline::of(report);
    let mark = match tone {
        Tone::Good => "✅",
        Tone::Bad => "❌",
        Tone::Unknown => "⚠️",
    };
    let mut head = format!("## {mark} {answer}: {facts}\n\n");
    for (note, behind) in notes(report) {
        let behind = behind.map_or_else(String::new, |it| format!(" {}", text::code(it)));
        head.push_str(&format!("{note}{behind}\n\n"));
    }
    head
}

/// Modules by cases. It takes at most a quarter of the room; what is wrong comes before the rest then.
fn matrix(modules: &[Module<'_>], room: Room) -> String {
    if modules.is_empty() {
        return String::new();
    }
    let is_wrong = |module: &&Module<'_>| module.severity() != VerdictSeverity::Ok;
    if modules.len() <= SHOWN_MODULES {
        let rows: Vec<_> = modules.iter().collect();
        return table(&rows, room.bytes / 4);
    }
    let wrong: Vec<_> = modules.iter().filter(is_wrong).collect();
    let good: Vec<_> = modules.iter().filter(|it| !is_wrong(it)).collect();
    let mut matrix = String::new();
    if !wrong.is_empty() {
        matrix = table(&wrong, room.bytes / 8);
    }
    if !good.is_empty() {
        let title = format!("{} as expected", count(good.len(), "module"));
        matrix.push_str(&folded(&title, &table(&good, room.bytes / 8)));
    }
    matrix
}

fn table(modules: &[&Module<'_>], most: usize) -> String {
    let titles = Column::ALL.map(Column::title).join(" | ");
    let mut table =
        format!("| module | {titles} | time |\n| --- | --- | --- | --- | --- | --- | ---: |\n");
    for (at, module) in modules.iter().enumerate() {
        let cells = Column::ALL.map(|column| {
            let cell = module.cell(column);
            match cell.severity {
                None => "–".to_owned(),
                Some(VerdictSeverity::Ok) => format!("✅ {}", cell.text),
                Some(VerdictSeverity::Warning) => format!("⚠️ {}", cell.text),
                Some(VerdictSeverity::Error) => format!("❌ **{}**", cell.text),
            }
        });
        let name = text::cell(&module.name);
        let (cells, time) = (cells.join(" | "), seconds(module.time()));
        let row = format!("| {name} | {cells} | {time} |\n");
        if table.len() + row.len() > most {
            let left = count(modules.len() - at, "more module");
            table.push_str(&format!("\n… and {left}\n"));
            break;
        }
        table.push_str(&row);
    }
    table + "\n"
}

/// What is wrong, as far as there is room, and what is said of the rest.
fn problems(report: &Report, room: Room, bytes: usize) -> (String, String) {
    let reasons = Reasons::of(report);
    let of = |severity| -> Vec<Problem<'_>> {
        let findings = report.diagnostics.iter();
        let findings = findings.filter(move |it| it.severity == severity);
        let case_severity = match severity {
            Severity::Error => VerdictSeverity::Error,
            Severity::Warning => VerdictSeverity::Warning,
        };
        let cases = report.cases.iter();
        let cases = cases.filter(|it| reasons.leave(it) && it.severity == case_severity);
        findings
            .map(Problem::Finding)
            .chain(cases.map(Problem::Case))
            .collect()
    };
    let (errors, warnings) = (of(Severity::Error), of(Severity::Warning));
    let mut written = String::new();
    let (mut errors_out, mut warnings_out) = (0, 0);
    if !errors.is_empty() {
        let title = "### What is wrong\n\n";
        let (text, left) = as_many(&errors, room, bytes.saturating_sub(title.len()));
        written.push_str(title);
        written.push_str(&text);
        errors_out = left;
    }
    if !warnings.is_empty() {
        let title = count(warnings.len(), "warning");
        let frame = folded(&title, "").len();
        // Where there is no room for all errors, warnings wait.
        let bytes = if errors_out > 0 { 0 } else { bytes };
        let (text, left) = as_many(&warnings, room, bytes.saturating_sub(written.len() + frame));
        if !text.is_empty() {
            written.push_str(&folded(&title, &text));
        }
        warnings_out = left;
    }
    (written, left_out(errors_out, warnings_out))
}

/// The first problems that there is room for, and how many others there are.
fn as_many(problems: &[Problem<'_>], room: Room, bytes: usize) -> (String, usize) {
    let mut written = String::new();
    for (at, problem) in problems.iter().enumerate() {
        let block = problem.block(room.output_lines);
        if written.len() + block.len() > bytes {
            return (written, problems.len() - at);
        }
        written.push_str(&block);
    }
    (written, 0)
}

fn left_out(errors: usize, warnings: usize) -> String {
    let parts = [(errors, "error"), (warnings, "warning")];
    let parts: Vec<_> = parts
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, noun)| count(number, noun))
        .collect();
    if parts.is_empty() {
        return String::new();
    }
    let parts = parts.join(" and ");
    format!(
        "\n**{parts} more:** there is no room for them here. The other reports of this run have them all.\n"
    )
}

/// What is different from the base.
fn difference(report: &Report, room: Room) -> String {
    let Some(base) = &report.base else {
        return String::new();
    };
    let changes = changes(report, base);
    if changes.is_empty() {
        return "### Against the base\n\nNothing is different.\n\n".to_owned();
    }
    let Changes {
        newly_failing,
        repaired,
        added,
        removed,
        new_findings,
        gone_findings,
        slower,
    } = changes;
    let ids = |cases: Vec<&crate::verify::event::CaseReport>| -> Vec<String> {
        cases.into_iter().map(|it| text::name(&it.id)).collect()
    };
    let findings = |findings: Vec<&crate::diagnostic::Diagnostic>| -> Vec<String> {
        let told = findings.into_iter();
        told.map(|it| format!("{} in {}", it.rule, text::name(it.location.shown_path())))
            .collect()
    };
    let slower = slower.into_iter().map(|(case, before, after)| {
        let (before, after) = (seconds(before), seconds(after));
        format!("{} {before} → {after}", text::name(&case.id))
    });
    let lists = [
        ("❌", "newly failing", ids(newly_failing)),
        ("❌", "new findings", findings(new_findings)),
        ("✅", "repaired", ids(repaired)),
        ("✅", "findings that are gone", findings(gone_findings)),
        ("➕", "new cases", ids(added)),
        ("➖", "cases that are gone", ids(removed)),
        ("🐢", "noticeably slower", slower.collect()),
    ];
    let lines: String = lists
        .into_iter()
        .filter(|(_, _, items)| !items.is_empty())
        .map(|(mark, title, items)| {
            let number = items.len();
            format!(
                "- {mark} {title} ({number}): {}\n",
                some_of(&items, room.items)
            )
        })
        .collect();
    format!("### Against the base\n\n{lines}\n")
}

/// Durations, where something was run.
fn times(report: &Report) -> String {
    const SHOWN: usize = 5;
    const NOTICEABLE: Duration = Duration::from_secs(1);
    let total = seconds(report.duration);
    let known = report.cases.iter().filter(|it| it.is_known()).count();
    let mut text = format!("### Time\n\n{total} in all");
    if known > 0 {
        let cases = count(report.cases.len(), "case");
        text.push_str(&format!("; {known} of {cases} were known from earlier"));
    }
    let slowest = slowest(report, SHOWN).into_iter();
    let slowest: Vec<_> = slowest
        .filter(|(wall, _)| *wall >= NOTICEABLE)
        .map(|(wall, id)| format!("{} {}", text::name(id), seconds(wall)))
        .collect();
    if !slowest.is_empty() {
        text.push_str(&format!(". Slowest: {}", slowest.join(", ")));
    }
    text + "\n\n"
}

/// How to get the same on one's own machine.
fn next(report: &Report) -> String {
    const SHOWN: usize = 5;
    let cases = report.cases.iter();
    let cases = cases
        .filter(|it| it.tells_something_new() && it.severity == VerdictSeverity::Error)
        .map(|it| it.location.shown_path());
    let findings = report.diagnostics.iter();
    let findings = findings
        .filter(|it| it.severity == Severity::Error)
        .map(|it| it.location.shown_path());
    let mut seen = BTreeSet::new();
    let commands: Vec<_> = cases
        .chain(findings)
        .filter_map(check_command)
        .filter(|it| seen.insert(it.clone()))
        .take(SHOWN)
        .collect();
    if commands.is_empty() {
        return String::new();
    }
    let commands = text::block("sh", &commands);
    format!("### What to do\n\nThe same on your own machine:\n\n{commands}\n")
}

/// Markdown that is shown when somebody asks for it.
fn folded(title: &str, markdown: &str) -> String {
    let markdown = markdown.trim_end();
    format!("<details>\n<summary>{title}</summary>\n\n{markdown}\n\n</details>\n\n")
}

/// The first items, and how many others there are.
fn some_of(items: &[String], most: usize) -> String {
    let named = items[..items.len().min(most)].join(", ");
    match items.len().saturating_sub(most) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

#[cfg(test)]
mod tests;
