//! The learner's view on a terminal.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::code;
use super::markdown::{self, code_lines, write_lines};
use super::view::{LearnerView, OpenQuestion, Start};
use crate::diagnostic::escape;
use crate::plural::count;

/// Columns of text that can be read with ease; a wider terminal is not filled.
const MAX_WIDTH: usize = 96;

/// Columns that text takes at least, however narrow the terminal is.
const MIN_WIDTH: usize = 30;

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const SECTION: Style = AnsiColor::Cyan.on_default().bold();

/// Prints the view for a terminal of some columns. Colours are written in any case; a stream that shows
/// none takes them out.
///
/// # Errors
///
/// When `out` can't be written.
pub fn render(view: &LearnerView, columns: usize, out: &mut dyn Write) -> io::Result<()> {
    let width = columns.clamp(MIN_WIDTH, MAX_WIDTH);
    let facts = [&[view.curriculum.clone()][..], &view.facts()].concat();
    writeln!(out, "{DIM}{}{DIM:#}\n", escape::text(&facts.join(" · ")))?;
    if !view.begins_with_title() {
        writeln!(out, "{BOLD}{}{BOLD:#}\n", escape::text(&view.title))?;
    }
    write_lines(&markdown::lines(&view.prompt, width), out)?;
    if !view.objectives.is_empty() {
        section("Afterwards you can", 0, width, out)?;
        for objective in &view.objectives {
            write_lines(&markdown::item(objective, width), out)?;
        }
    }
    files(view, width, out)?;
    for (index, incident) in view.incidents.iter().enumerate() {
        section(
            &format!("Incident {}", index + 1),
            incident.hints,
            width,
            out,
        )?;
        write_lines(&markdown::lines(&incident.report, width), out)?;
    }
    questions("Question", &view.questions, width, out)?;
    questions("Shared question", &view.shared_questions, width, out)
}

fn files(view: &LearnerView, width: usize, out: &mut dyn Write) -> io::Result<()> {
    for file in &view.files {
        section(&file.path, 0, width, out)?;
        match &file.start {
            Start::Absent => writeln!(out, "{DIM}There is no such file yet: you make it.{DIM:#}")?,
            Start::Binary => writeln!(out, "{DIM}The file is no text.{DIM:#}")?,
            Start::Text(text) => {
                let language = code::language_of(&file.path);
                write_lines(&code_lines(text, language), out)?;
            }
        }
    }
    if !view.judged_by.is_empty() {
        let judges = escape::text(&view.judged_by.join(", "));
        writeln!(out, "\n{DIM}Judged by {judges}{DIM:#}")?;
    }
    Ok(())
}

fn questions(
    name: &str,
    questions: &[OpenQuestion],
    width: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    for (index, question) in questions.iter().enumerate() {
        section(&format!("{name} {}", index + 1), question.hints, width, out)?;
        write_lines(&markdown::lines(&question.text, width), out)?;
    }
    Ok(())
}

/// A line over the whole width that says what comes.
fn section(title: &str, hints: usize, width: usize, out: &mut dyn Write) -> io::Result<()> {
    let title = escape::text(title);
    let hints = match hints {
        0 => String::new(),
        hints => format!(" ({})", count(hints, "hint")),
    };
    let taken = markdown::columns(&title) + hints.len() + 4;
    let rule = "-".repeat(width.saturating_sub(taken));
    writeln!(
        out,
        "\n{DIM}--{DIM:#} {SECTION}{title}{SECTION:#}{hints} {DIM}{rule}{DIM:#}\n"
    )
}
