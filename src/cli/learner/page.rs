//! What learners read: paragraphs, code and tables, as wide as the terminal lets them be. In plain mode every line
//! says by itself what it is about, for those who hear it or search in it.

use std::io::{self, Write};

use anstream::AutoStream;
use anstyle::{AnsiColor, Style};

use super::{LearnerArgs, program};
use crate::cli::error::Error;
use crate::cli::width;
use crate::diagnostic::escape;
use crate::preview::markdown;

/// Columns of text that can be read with ease.
const MAX_WIDTH: usize = 96;

/// Columns that text takes at least.
const MIN_WIDTH: usize = 30;

/// Blanks between two columns of a table.
const GAP: usize = 2;

/// Columns that the widest column of a table keeps.
const MIN_COLUMN: usize = 12;

/// Columns where there is no terminal.
const DEFAULT_WIDTH: usize = 80;

/// Columns in plain mode where there is no terminal: a paragraph is one line, for those who search in it.
const PLAIN_WIDTH: usize = 10_000;

const TITLE: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const COMMAND: Style = Style::new().bold();

/// What became of something, as its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// It is as it should be.
    Good,
    /// It is not.
    Bad,
    /// The learner should know.
    Notice,
    /// Nothing of that kind.
    Neutral,
}

impl Tone {
    const fn style(self) -> Style {
        match self {
            Self::Good => AnsiColor::Green.on_default().bold(),
            Self::Bad => AnsiColor::Red.on_default().bold(),
            // Yellow can't be read on a light background.
            Self::Notice => AnsiColor::Magenta.on_default().bold(),
            Self::Neutral => Style::new(),
        }
    }
}

/// A cell of a table.
pub(crate) struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    /// A cell of some colour.
    pub(crate) fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            tone,
        }
    }

    /// A cell like any other.
    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Self::new(Tone::Neutral, text)
    }
}

/// Writes for a learner, to standard output.
pub(crate) struct Page {
    out: AutoStream<io::Stdout>,
    width: usize,
    is_plain: bool,
}

impl Page {
    /// Begins a page.
    pub(crate) fn new(args: &LearnerArgs) -> Self {
        // Screen readers read a terminal by its rows, and those end within words unless lines are broken before.
        let elsewhere = if args.plain {
            PLAIN_WIDTH
        } else {
            DEFAULT_WIDTH
        };
        let width = width::of_stdout().map(|columns| columns.clamp(MIN_WIDTH, MAX_WIDTH));
        Self {
            out: AutoStream::auto(io::stdout()),
            width: width.unwrap_or(elsewhere),
            is_plain: args.plain,
        }
    }

    /// Whether lines are for those who hear them.
    pub(crate) fn is_plain(&self) -> bool {
        self.is_plain
    }

    /// Where lines go that are made elsewhere.
    pub(crate) fn out(&mut self) -> &mut dyn Write {
        &mut self.out
    }

    /// A blank line.
    pub(crate) fn blank(&mut self) -> Result<(), Error> {
        Ok(writeln!(self.out)?)
    }

    /// A line that tells what follows.
    pub(crate) fn title(&mut self, text: &str) -> Result<(), Error> {
        Ok(writeln!(
            self.out,
            "{TITLE}{}{TITLE:#}",
            escape::text(text)
        )?)
    }

    /// A verdict, and what it is about.
    pub(crate) fn verdict(&mut self, tone: Tone, word: &str, rest: &str) -> Result<(), Error> {
        let style = tone.style();
        Ok(writeln!(
            self.out,
            "{style}{word}{style:#} {}",
            escape::text(rest)
        )?)
    }

    /// A paragraph of plain text.
    pub(crate) fn text(&mut self, text: &str) -> Result<(), Error> {
        for line in markdown::plain_lines(text, self.width) {
            writeln!(self.out, "{line}")?;
        }
        Ok(())
    }

    /// Something that the learner should know beside everything else.
    pub(crate) fn notice(&mut self, text: &str) -> Result<(), Error> {
        let style = Tone::Notice.style();
        let text = format!("note: {text}");
        for (index, line) in markdown::plain_lines(&text, self.width).iter().enumerate() {
            match line.strip_prefix("note:").filter(|_| index == 0) {
                Some(rest) => writeln!(self.out, "{style}note:{style:#}{rest}")?,
                None => writeln!(self.out, "{line}")?,
            }
        }
        Ok(())
    }

    /// A text of the author's, in Markdown.
    pub(crate) fn markdown(&mut self, text: &str) -> Result<(), Error> {
        Ok(markdown::write_lines(
            &markdown::lines(text, self.width),
            &mut self.out,
        )?)
    }

    /// Items of a list.
    pub(crate) fn items<'t>(
        &mut self,
        items: impl IntoIterator<Item = &'t str>,
    ) -> Result<(), Error> {
        for item in items {
            markdown::write_lines(&markdown::item(item, self.width), &mut self.out)?;
        }
        Ok(())
    }

    /// Lines as they are, set in.
    pub(crate) fn verbatim(&mut self, text: &str) -> Result<(), Error> {
        for line in escape::text(text).lines() {
            let style = if line.starts_with("E ") {
                Tone::Bad.style()
            } else {
                Style::new()
            };
            writeln!(self.out, "    {style}{line}{style:#}")?;
        }
        Ok(())
    }

    /// What to type next, and what for.
    pub(crate) fn next(&mut self, what: &str, arguments: &str) -> Result<(), Error> {
        let command = program::command(arguments);
        self.command(what, &command)
    }

    /// A command as it is typed, and what for.
    pub(crate) fn command(&mut self, what: &str, command: &str) -> Result<(), Error> {
        let command = escape::text(command);
        if self.is_plain {
            return Ok(writeln!(self.out, "{} {command}", escape::text(what))?);
        }
        self.text(what)?;
        Ok(writeln!(self.out, "  {COMMAND}{command}{COMMAND:#}")?)
    }

    /// A table. In plain mode each row is a line in which every cell follows the name of its column.
    pub(crate) fn table(&mut self, head: &[&str], rows: &[Vec<Cell>]) -> Result<(), Error> {
        let widths = self.widths(head, rows);
        self.table_of(head, rows, &widths)
    }

    /// Tables of the same columns, each below its title, all aligned.
    pub(crate) fn titled_tables(
        &mut self,
        head: &[&str],
        tables: &[(&str, Vec<Vec<Cell>>)],
    ) -> Result<(), Error> {
        let widths = self.widths(head, tables.iter().flat_map(|(_, rows)| rows));
        for (title, rows) in tables {
            self.blank()?;
            self.title(title)?;
            self.table_of(head, rows, &widths)?;
        }
        Ok(())
    }

    /// How wide columns are: as wide as their cells. Where that is too much, the widest is narrower.
    fn widths<'r>(
        &self,
        head: &[&str],
        rows: impl IntoIterator<Item = &'r Vec<Cell>>,
    ) -> Vec<usize> {
        let mut widths: Vec<_> = head.iter().map(|name| markdown::columns(name)).collect();
        for row in rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(markdown::columns(&escape::text(&cell.text)));
            }
        }
        let gaps = GAP * widths.len().saturating_sub(1);
        let taken = widths.iter().sum::<usize>() + gaps;
        if let Some(widest) = widths.iter_mut().max() {
            let over = taken.saturating_sub(self.width);
            *widest = widest.saturating_sub(over).max((*widest).min(MIN_COLUMN));
        }
        widths
    }

    fn table_of(
        &mut self,
        head: &[&str],
        rows: &[Vec<Cell>],
        widths: &[usize],
    ) -> Result<(), Error> {
        if self.is_plain {
            for row in rows {
                let cells = head
                    .iter()
                    .zip(row)
                    .filter(|(_, cell)| !cell.text.is_empty());
                let cells = cells.map(|(name, cell)| match *name {
                    "" => cell.text.clone(),
                    name => format!("{name}: {}", cell.text),
                });
                let line = cells.collect::<Vec<_>>().join(", ");
                writeln!(self.out, "{}", escape::text(&line))?;
            }
            return Ok(());
        }
        if head.iter().any(|text| !text.is_empty()) {
            let heads: Vec<_> = head.iter().map(|text| (DIM, *text)).collect();
            self.row(&heads, widths)?;
        }
        for row in rows {
            let cells: Vec<_> = row
                .iter()
                .map(|cell| (cell.tone.style(), cell.text.as_str()))
                .collect();
            self.row(&cells, widths)?;
        }
        Ok(())
    }

    /// A row, as many lines as its highest cell takes. No line ends in blanks.
    fn row(&mut self, row: &[(Style, &str)], widths: &[usize]) -> Result<(), Error> {
        let cells: Vec<_> = row
            .iter()
            .zip(widths)
            .map(|((style, text), width)| (style, markdown::plain_lines(text, *width)))
            .collect();
        let height = cells.iter().map(|(_, lines)| lines.len()).max();
        for index in 0..height.unwrap_or(0) {
            let mut blanks = 0;
            for ((style, lines), width) in cells.iter().zip(widths) {
                let text = lines.get(index).map_or("", String::as_str);
                if !text.is_empty() {
                    write!(self.out, "{}{style}{text}{style:#}", " ".repeat(blanks))?;
                    blanks = 0;
                }
                blanks += width.saturating_sub(markdown::columns(text)) + GAP;
            }
            writeln!(self.out)?;
        }
        Ok(())
    }
}
