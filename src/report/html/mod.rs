//! The report as one page that needs nothing else: styles and a little script are in it, and it asks for nothing
//! from anywhere.
//!
//! It may be a stranger's report. Their texts are escaped by the template, and the page runs no script but its own: a
//! policy names it by its hash. The size is bounded: of long texts and of very many things the first are shown, and
//! what was left out is told.

mod case;
mod finding;
mod module;
mod texts;

use std::io::{self, Write};

use serde::Serialize;

use self::case::CaseView;
use self::finding::FindingView;
use self::module::{ModuleView, Row};
use super::finding::Reasons;
use super::headline::{Headline, Tone, notes};
use super::human::seconds;
use super::modules::{Column, Module, modules, slowest};
use super::{Counts, Report};
use crate::diagnostic::escape;
use crate::plural::count;
use crate::template::Engine;
use crate::verify::verdict::VerdictSeverity;

const PAGE: &str = include_str!("page.html");
const MODULE: &str = include_str!("module.html");
const FINDINGS: &str = include_str!("findings.html");
const STYLE: &str = concat!(include_str!("../../palette.css"), include_str!("style.css"));
const SCRIPT: &str = include_str!("script.js");

/// SHA-256 of the styles and of the script, as the page's policy names them. Browsers refuse both where it is not
/// right, and say what it should be; `tests/report` opens the page in one.
const STYLE_HASH: &str = "sha256-8s6CtYj7tyFIUCTAavg9r3NqAM4E1lib9NrTvUZ0lbU=";
const SCRIPT_HASH: &str = "sha256-BLyHoCWeHaTWd/bcBNwmAOc83HVu0OjYizR7c8a0mvo=";

/// Bytes of the parts about modules, above which the rest of the modules is only listed.
const MODULES_BYTES: usize = 16 * 1024 * 1024;

/// Modules and findings that are listed.
const SHOWN_MODULES: usize = 2000;
const SHOWN_FINDINGS: usize = 1000;

/// Things that are wrong in the list on top, and cases in the list of the slowest.
const SHOWN_PROBLEMS: usize = 40;
const SHOWN_SLOWEST: usize = 10;

/// What the page is given.
#[derive(Serialize)]
struct Page {
    style: &'static str,
    style_hash: &'static str,
    script: &'static str,
    script_hash: &'static str,
    tool: &'static str,
    tone: &'static str,
    mark: &'static str,
    answer: &'static str,
    facts: String,
    notes: Vec<Note>,
    tiles: Vec<Tile>,
    problems: Vec<Problem>,
    problems_left: String,
    columns: [&'static str; 5],
    rows: Vec<Row>,
    rows_left: String,
    findings: usize,
    findings_left: String,
    /// Markup, as all values whose names end in `html`; all else is text.
    findings_html: String,
    modules_html: Vec<String>,
    details_left: String,
    slowest: Vec<Slow>,
    duration: String,
}

/// What the part about findings is given.
#[derive(Serialize)]
struct Findings<'a> {
    findings: Vec<FindingView<'a>>,
}

/// A sentence about the report, and a text behind it.
#[derive(Serialize)]
struct Note {
    text: String,
    code: Option<String>,
}

/// A number with what it counts.
#[derive(Serialize)]
struct Tile {
    number: String,
    label: &'static str,
    state: &'static str,
}

/// Something that is wrong, in the list on top.
#[derive(Serialize)]
struct Problem {
    anchor: String,
    state: &'static str,
    mark: &'static str,
    word: &'static str,
    about: String,
}

/// A case that took long.
#[derive(Serialize)]
struct Slow {
    anchor: String,
    id: String,
    time: String,
    /// Its share of the longest time, in percent.
    share: u32,
}

/// Prints the report.
///
/// # Errors
///
/// When `out` can't be written.
pub fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(page(report).as_bytes())
}

fn page(report: &Report) -> String {
    let engine = Engine::default();
    let modules = modules(report);
    let findings = FindingView::all(&report.diagnostics, &modules, SHOWN_FINDINGS);
    let problems = problems(report, &findings);
    let problems_left = more(problems.len(), SHOWN_PROBLEMS, "more below");
    let (modules_html, left) = sections(report, &modules, &engine);
    let longest = modules.iter().map(Module::time).max().unwrap_or_default();
    let listed = &modules[..modules.len().min(SHOWN_MODULES)];
    let headline = Headline::of(report);
    let page = Page {
        style: STYLE,
        style_hash: STYLE_HASH,
        script: SCRIPT,
        script_hash: SCRIPT_HASH,
        tool: env!("CARGO_PKG_VERSION"),
        tone: match headline.tone {
            Tone::Good => "ok",
            Tone::Bad => "error",
            Tone::Unknown => "warning",
        },
        mark: match headline.tone {
            Tone::Good => "✓",
            Tone::Bad => "✗",
            Tone::Unknown => "!",
        },
        answer: headline.answer,
        facts: headline.facts,
        notes: notes(report)
            .into_iter()
            .map(|(text, code)| Note {
                text,
                code: code.map(texts::name),
            })
            .collect(),
        tiles: tiles(report),
        problems: problems.into_iter().take(SHOWN_PROBLEMS).collect(),
        problems_left,
        columns: Column::ALL.map(Column::title),
        rows: listed.iter().map(|it| Row::of(it, longest)).collect(),
        rows_left: more(modules.len(), SHOWN_MODULES, "more modules"),
        findings: report.diagnostics.len(),
        findings_left: more(report.diagnostics.len(), SHOWN_FINDINGS, "more findings"),
        findings_html: filled(&engine, "findings.html", FINDINGS, Findings { findings }),
        modules_html,
        details_left: match left {
            0 => String::new(),
            left => format!(
                "With the details of {} the page would be too large. The JSON report has them.",
                count(left, "more module")
            ),
        },
        slowest: slow(report),
        duration: seconds(report.duration),
    };
    // A page may go to a terminal.
    escape::text(&filled(&engine, "page.html", PAGE, page))
}

fn filled(engine: &Engine, name: &str, template: &str, values: impl Serialize) -> String {
    engine
        .render(name, template, values)
        .expect("the page and its values belong together, and lists are short enough")
}

/// The parts about modules as long as there is room, those in which something is wrong first served; and how
/// many have none.
fn sections(report: &Report, modules: &[Module<'_>], engine: &Engine) -> (Vec<String>, usize) {
    let is_part = report.changed_since.is_some() || report.shard.is_some();
    let mut order: Vec<_> = (0..modules.len()).collect();
    order.sort_by_key(|&at| modules[at].severity() == VerdictSeverity::Ok);
    let mut sections: Vec<(usize, String)> = Vec::new();
    let mut bytes = 0;
    for at in order.into_iter().take(SHOWN_MODULES) {
        let view = ModuleView::of(&modules[at], is_part);
        let section = filled(engine, "module.html", MODULE, view);
        bytes += section.len();
        if bytes > MODULES_BYTES {
            break;
        }
        sections.push((at, section));
    }
    sections.sort_by_key(|(at, _)| *at);
    let left = modules.len() - sections.len();
    (sections.into_iter().map(|it| it.1).collect(), left)
}

fn tiles(report: &Report) -> Vec<Tile> {
    let Counts {
        errors,
        warnings,
        cases,
        as_expected,
        warned,
        unexpected,
        skipped,
    } = report.counts();
    let known = report.cases.iter().filter(|it| it.is_known()).count();
    let mut tiles = Vec::new();
    if cases > 0 {
        tiles.push(Tile {
            number: format!("{as_expected} / {cases}"),
            label: "cases as expected",
            state: if as_expected == cases { "ok" } else { "none" },
        });
    }
    let numbers = [
        (unexpected - skipped, "cases not as expected", "error"),
        (warned, "doubtful cases", "warning"),
        (skipped, "cases skipped", "warning"),
        (errors, "errors in files", "error"),
        (warnings, "warnings in files", "warning"),
        (known, "results known before", "none"),
    ];
    let numbers = numbers.into_iter().filter(|it| it.0 > 0);
    tiles.extend(numbers.map(|(number, label, state)| Tile {
        number: number.to_string(),
        label,
        state,
    }));
    tiles
}

/// What is wrong, in the order of the page: findings, then cases; errors before warnings.
fn problems(report: &Report, findings: &[FindingView<'_>]) -> Vec<Problem> {
    let mut problems: Vec<_> = findings.iter().map(FindingView::problem).collect();
    let reasons = Reasons::of(report);
    let cases = report.cases.iter().filter(|it| reasons.leave(it));
    problems.extend(cases.map(CaseView::problem));
    problems.sort_by_key(|it| it.state != "error");
    problems
}

fn slow(report: &Report) -> Vec<Slow> {
    let slowest = slowest(report, SHOWN_SLOWEST);
    let longest = slowest.first().map(|it| it.0).unwrap_or_default();
    let slowest = slowest.into_iter().map(|(wall, id)| Slow {
        anchor: texts::anchor("case", id),
        id: texts::name(id),
        time: seconds(wall),
        share: texts::share(wall, longest),
    });
    slowest.collect()
}

/// How many of some things are not shown, in words; empty for none.
fn more(number: usize, shown: usize, words: &str) -> String {
    match number.saturating_sub(shown) {
        0 => String::new(),
        left => format!("… and {left} {words}"),
    }
}

#[cfg(test)]
mod tests;
