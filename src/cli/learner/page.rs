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

/// Columns where there is no terminal.
const DEFAULT_WIDTH: usize = 80;

const TITLE: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const COMMAND: Style = AnsiColor::Cyan.on_default().bold();

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
            Self::Notice => AnsiColor::Yellow.on_default(),
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
        let columns = width::of_stdout().unwrap_or(DEFAULT_WIDTH);
        Self {
            out: AutoStream::auto(io::stdout()),
            width: columns.clamp(MIN_WIDTH, MAX_WIDTH),
            is_plain: args.plain,
        }
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

    /// A line of less weight.
    pub(crate) fn aside(&mut self, text: &str) -> Result<(), Error> {
        let lines = markdown::plain_lines(text, self.width);
        for line in lines {
            writeln!(self.out, "{DIM}{line}{DIM:#}")?;
        }
        Ok(())
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
        self.text(what)?;
        let command = escape::text(command);
        Ok(writeln!(self.out, "  {COMMAND}{command}{COMMAND:#}")?)
    }

    /// A table. In plain mode each row is a line in which every cell follows the name of its column.
    pub(crate) fn table(&mut self, head: &[&str], rows: &[Vec<Cell>]) -> Result<(), Error> {
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
        let widths: Vec<_> = (0..head.len())
            .map(|column| {
                let cells = rows.iter().filter_map(|row| row.get(column));
                let cells = cells.map(|cell| markdown::columns(&cell.text));
                cells
                    .chain([markdown::columns(head[column])])
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        let heads: Vec<_> = head.iter().map(|text| Cell::plain(*text)).collect();
        if head.iter().any(|text| !text.is_empty()) {
            write!(self.out, "{DIM}")?;
            self.row(&heads, &widths)?;
            write!(self.out, "{DIM:#}")?;
        }
        for row in rows {
            self.row(row, &widths)?;
        }
        Ok(())
    }

    fn row(&mut self, row: &[Cell], widths: &[usize]) -> Result<(), Error> {
        let last = row.iter().rposition(|cell| !cell.text.is_empty());
        for (column, cell) in row.iter().enumerate().take(last.map_or(0, |it| it + 1)) {
            let style = cell.tone.style();
            let text = escape::text(&cell.text);
            let gap = widths[column].saturating_sub(markdown::columns(&text));
            let gap = if Some(column) == last { 0 } else { gap + 2 };
            write!(self.out, "{style}{text}{style:#}{}", " ".repeat(gap))?;
        }
        Ok(writeln!(self.out)?)
    }
}
