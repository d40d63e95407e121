//! Markdown as lines of a terminal: wrapped, indented, in colours.

use std::io::{self, Write};
use std::iter::Peekable;
use std::vec::IntoIter;

use anstyle::{AnsiColor, Style};

use super::code;
use super::wrap::{Line, Piece, wrap};
use crate::diagnostic::escape;
use crate::source::markdown::{
    Alignment, CodeBlockKind, Event, HeadingLevel, Tag, TagEnd, text_of, visible_events,
};
use crate::source::python::Token;

pub(crate) use super::wrap::columns;

const PLAIN: Style = Style::new();
const DIM: Style = Style::new().dimmed();
const TITLE: Style = Style::new().bold().underline();
const HEADING: Style = Style::new().bold();
/// Readable on dark and on light; yellow and cyan are not.
const CODE: Style = AnsiColor::Magenta.on_default();

/// Blanks before each line of code.
const CODE_INDENT: &str = "    ";

/// Columns that a column of a table is not made narrower than.
const MIN_COLUMN: usize = 6;

/// Returns the lines of a text in Markdown. Code is not wrapped.
pub(crate) fn lines(text: &str, width: usize) -> Vec<Line> {
    let mut reader = Reader {
        events: visible_events(text).into_iter().peekable(),
    };
    let mut lines = Vec::new();
    while reader.events.peek().is_some() {
        lines.extend(reader.blocks(width).lines);
    }
    lines
}

/// Returns the lines of an item of a list that is plain text.
pub(crate) fn item(text: &str, width: usize) -> Vec<Line> {
    let pieces = vec![Piece::new(text, PLAIN)];
    let lines = wrap(pieces, width.saturating_sub(2));
    prefixed(lines, &Piece::new("- ", DIM), &Piece::new("  ", PLAIN))
}

/// Returns the lines of plain text, control characters made visible.
pub(crate) fn plain_lines(text: &str, width: usize) -> Vec<String> {
    let lines = escape::text(text);
    let lines = lines.lines().flat_map(|line| match line.trim() {
        "" => vec![Line::new()],
        line => wrap(vec![Piece::new(line, PLAIN)], width),
    });
    let text_of = |line: Line| line.iter().map(|piece| piece.text.as_str()).collect();
    lines.map(text_of).collect()
}

/// Returns the lines of code, set in.
pub(crate) fn code_lines(text: &str, language: &str) -> Vec<Line> {
    let text = escape::text(text).replace('\t', "    ");
    let mut lines = vec![Line::new()];
    for (token, part) in code::parts(text.trim_end(), language) {
        let style = token.map_or(PLAIN, style_of);
        for (index, piece) in part.split('\n').enumerate() {
            if index > 0 {
                lines.push(Line::new());
            }
            let line = lines.last_mut().expect("there is one from the beginning");
            line.push(Piece::new(piece, style));
        }
    }
    for line in &mut lines {
        line.insert(0, Piece::new(CODE_INDENT, PLAIN));
    }
    lines
}

fn style_of(token: Token) -> Style {
    match token {
        Token::Comment => DIM,
        Token::String => AnsiColor::Green.on_default(),
        Token::Number => AnsiColor::Magenta.on_default(),
        Token::Keyword | Token::Definition => PLAIN.bold(),
    }
}

/// Prints lines.
pub(crate) fn write_lines(lines: &[Line], out: &mut dyn Write) -> io::Result<()> {
    for line in lines {
        let is_blank = line.iter().all(|piece| piece.text.trim().is_empty());
        for piece in line.iter().filter(|_| !is_blank) {
            let style = piece.style;
            write!(out, "{style}{}{style:#}", piece.text)?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// Blocks one below the other.
struct Flow {
    lines: Vec<Line>,
    /// Whether there is a paragraph among them; the items of a tight list have none.
    is_loose: bool,
}

struct Reader<'a> {
    events: Peekable<IntoIter<Event<'a>>>,
}

impl Reader<'_> {
    /// Reads blocks up to the end of what they are in.
    fn blocks(&mut self, width: usize) -> Flow {
        let mut flow = Flow {
            lines: Vec::new(),
            is_loose: false,
        };
        let mut was_text = false;
        while let Some(event) = self.events.peek() {
            if matches!(event, Event::End(_)) {
                self.events.next();
                break;
            }
            let is_text = is_inline(event);
            flow.is_loose |= matches!(event, Event::Start(Tag::Paragraph));
            let block = if is_text {
                let mut pieces = Vec::new();
                self.inline(PLAIN, &mut pieces);
                wrap(pieces, width)
            } else {
                self.block(width)
            };
            // What stands in the item of a tight list is not set apart.
            if !flow.lines.is_empty() && !was_text && !is_text {
                flow.lines.push(Line::new());
            }
            flow.lines.extend(block);
            was_text = is_text;
        }
        flow
    }

    /// Reads one block.
    fn block(&mut self, width: usize) -> Vec<Line> {
        let Some(event) = self.events.next() else {
            return Vec::new();
        };
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                let style = match level {
                    HeadingLevel::H1 => TITLE,
                    HeadingLevel::H2 => HEADING,
                    _ => PLAIN.bold(),
                };
                self.paragraph(style, width)
            }
            Event::Start(Tag::CodeBlock(kind)) => {
                let language = match &kind {
                    CodeBlockKind::Fenced(info) => info.split_whitespace().next(),
                    CodeBlockKind::Indented => None,
                };
                code_lines(&text_of(&mut self.events), language.unwrap_or_default())
            }
            Event::Start(Tag::List(first)) => self.list(first, width),
            Event::Start(Tag::BlockQuote(_)) => {
                let bar = Piece::new("| ", DIM);
                let lines = self.blocks(width.saturating_sub(2)).lines;
                prefixed(lines, &bar, &bar)
            }
            Event::Start(Tag::FootnoteDefinition(label)) => {
                let label = Piece::new(&format!("[{label}] "), DIM);
                let rest = Piece::new("    ", PLAIN);
                let lines = self.blocks(width.saturating_sub(4)).lines;
                prefixed(lines, &label, &rest)
            }
            Event::Start(Tag::Table(alignments)) => self.table(&alignments, width),
            Event::Start(Tag::Paragraph) => self.paragraph(PLAIN, width),
            Event::Start(_) => self.blocks(width).lines,
            Event::Rule => vec![vec![Piece::new(&"-".repeat(width.min(40)), DIM)]],
            _ => Vec::new(),
        }
    }

    fn paragraph(&mut self, style: Style, width: usize) -> Vec<Line> {
        let mut pieces = Vec::new();
        self.inline(style, &mut pieces);
        self.events.next();
        wrap(pieces, width)
    }

    fn list(&mut self, first: Option<u64>, width: usize) -> Vec<Line> {
        let mut items = Vec::new();
        let mut number = first;
        while let Some(Event::Start(Tag::Item)) = self.events.next() {
            let mark = match &mut number {
                None => "- ".to_owned(),
                Some(number) => {
                    *number = number.saturating_add(1);
                    format!("{}. ", number.saturating_sub(1))
                }
            };
            let flow = self.blocks(width.saturating_sub(mark.len()));
            items.push((mark, flow));
        }
        let is_loose = items.iter().any(|(_, flow)| flow.is_loose);
        let mut lines = Vec::new();
        for (index, (mark, flow)) in items.into_iter().enumerate() {
            if is_loose && index > 0 {
                lines.push(Line::new());
            }
            let indent = Piece::new(&" ".repeat(mark.len()), PLAIN);
            let content = if flow.lines.is_empty() {
                vec![Line::new()]
            } else {
                flow.lines
            };
            lines.extend(prefixed(content, &Piece::new(&mark, DIM), &indent));
        }
        lines
    }

    fn table(&mut self, alignments: &[Alignment], width: usize) -> Vec<Line> {
        let mut rows: Vec<Vec<Vec<Piece>>> = Vec::new();
        while let Some(Event::Start(row)) = self.events.next() {
            let style = match row {
                Tag::TableHead => PLAIN.bold(),
                _ => PLAIN,
            };
            let mut cells = Vec::new();
            while let Some(Event::Start(_)) = self.events.next() {
                let mut pieces = Vec::new();
                self.inline(style, &mut pieces);
                self.events.next();
                cells.push(pieces);
            }
            rows.push(cells);
        }
        let widths = column_widths(&rows, alignments.len(), width);
        let mut lines = Vec::new();
        for (index, row) in rows.into_iter().enumerate() {
            lines.extend(table_row(row, &widths, alignments));
            if index == 0 {
                let rules = widths.iter().map(|width| "-".repeat(*width));
                let rule = rules.collect::<Vec<_>>().join("  ");
                lines.push(vec![Piece::new(&rule, DIM)]);
            }
        }
        lines
    }

    /// Reads what stands in a line of text, up to the end of what it is in.
    fn inline(&mut self, style: Style, pieces: &mut Vec<Piece>) {
        while let Some(event) = self.events.next_if(is_inline) {
            let mut add = |text: &str, style| pieces.push(Piece::new(text, style));
            match event {
                Event::Text(text) => add(&text, style),
                Event::Code(code) => add(&format!("`{code}`"), CODE | style.get_effects()),
                Event::InlineMath(math) | Event::DisplayMath(math) => add(&math, style.italic()),
                Event::SoftBreak => add(" ", style),
                Event::HardBreak => pieces.push(Piece::line_break()),
                Event::FootnoteReference(label) => add(&format!("[{label}]"), DIM),
                Event::TaskListMarker(is_done) => add(if is_done { "[x] " } else { "[ ] " }, DIM),
                Event::Start(Tag::Image { .. }) => {
                    let alt = text_of(&mut self.events);
                    pieces.push(Piece::new(&format!("[picture: {alt}]"), DIM));
                }
                Event::Start(Tag::Link { dest_url, .. }) => {
                    let first = pieces.len();
                    self.contained(style.underline(), pieces);
                    let text: String = pieces[first..].iter().map(|it| it.text.as_str()).collect();
                    if !dest_url.starts_with('#') && text != *dest_url {
                        pieces.push(Piece::new(&format!(" ({dest_url})"), DIM));
                    }
                }
                Event::Start(Tag::Emphasis) => self.contained(style.italic(), pieces),
                Event::Start(Tag::Strong) => self.contained(style.bold(), pieces),
                Event::Start(Tag::Strikethrough) => self.contained(style.strikethrough(), pieces),
                Event::Start(_) => self.contained(style, pieces),
                _ => {}
            }
        }
    }

    fn contained(&mut self, style: Style, pieces: &mut Vec<Piece>) {
        self.inline(style, pieces);
        self.events.next();
    }
}

fn is_inline(event: &Event<'_>) -> bool {
    match event {
        Event::Start(tag) => matches!(
            tag.to_end(),
            TagEnd::Emphasis
                | TagEnd::Strong
                | TagEnd::Strikethrough
                | TagEnd::Superscript
                | TagEnd::Subscript
                | TagEnd::Link
                | TagEnd::Image
        ),
        Event::End(_) | Event::Rule => false,
        _ => true,
    }
}

/// Puts something before the first line, and something else before the others.
fn prefixed(lines: Vec<Line>, first: &Piece, rest: &Piece) -> Vec<Line> {
    let mut prefix = first;
    let lines = lines.into_iter().map(|mut line| {
        line.insert(0, prefix.clone());
        prefix = rest;
        line
    });
    lines.collect()
}

/// How wide the columns of a table are: as wide as their cells, and where that is too much, the widest
/// ones no wider than they may be.
fn column_widths(rows: &[Vec<Vec<Piece>>], count: usize, width: usize) -> Vec<usize> {
    let cell = |row: &Vec<Vec<Piece>>, index: usize| {
        let pieces = row.get(index).map(Vec::as_slice).unwrap_or_default();
        pieces.iter().map(|piece| columns(&piece.text)).sum()
    };
    let natural: Vec<usize> = (0..count)
        .map(|index| rows.iter().map(|row| cell(row, index)).max().unwrap_or(0))
        .collect();
    let available = width.saturating_sub(2 * count.saturating_sub(1));
    let with_most = |most: usize| natural.iter().map(move |width| (*width).min(most));
    let most = (MIN_COLUMN..=available)
        .rev()
        .find(|most| with_most(*most).sum::<usize>() <= available);
    with_most(most.unwrap_or(MIN_COLUMN)).collect()
}

fn table_row(row: Vec<Vec<Piece>>, widths: &[usize], alignments: &[Alignment]) -> Vec<Line> {
    let cells: Vec<_> = row
        .into_iter()
        .zip(widths)
        .map(|(pieces, width)| wrap(pieces, (*width).max(1)))
        .collect();
    let height = cells.iter().map(Vec::len).max().unwrap_or(0);
    let blanks = |count: usize| Piece::new(&" ".repeat(count), PLAIN);
    (0..height)
        .map(|index| {
            let mut line = Line::new();
            for ((cell, width), alignment) in cells.iter().zip(widths).zip(alignments) {
                if !line.is_empty() {
                    line.push(blanks(2));
                }
                let part = cell.get(index).cloned().unwrap_or_default();
                let taken: usize = part.iter().map(|piece| columns(&piece.text)).sum();
                let free = width.saturating_sub(taken);
                let before = match alignment {
                    Alignment::Right => free,
                    Alignment::Center => free / 2,
                    Alignment::Left | Alignment::None => 0,
                };
                line.push(blanks(before));
                line.extend(part);
                line.push(blanks(free - before));
            }
            line.pop_if(|last| last.text.trim().is_empty());
            line
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TEXT: &str = "\
# A `title`
<!-- for authors -->

Text with *emphasis*, **strong** words and a [link](https://example.org/a), which goes on
over lines.\\
A second line &#27;[31m and \u{202e}more.

1. one
2. two
   - inner `code`
   - [x] done

- loose

  second paragraph

- end

| name | what it does at length |
| ---: | --- |
| `a` | takes in one finite number and something else |
| long | x |

> quoted
> text

```python
def f(x):
\treturn 1  # why
```

![a plot](plot.png) See[^1] $x^2$ <b>html</b>

---

[^1]: A note.
";

    fn plain(text: &str, width: usize) -> String {
        let mut out = Vec::new();
        write_lines(
            &lines(text, width),
            &mut anstream::StripStream::new(&mut out),
        )
        .unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn markdown_is_drawn() {
        insta::assert_snapshot!(plain(TEXT, 40));
    }

    #[test]
    fn colours_are_those_of_the_terminal() {
        let mut out = Vec::new();
        let text = "# T\n\n`a b` *c*\n\n```py\nx = 1\n```\n";
        write_lines(&lines(text, 40), &mut out).unwrap();
        insta::assert_snapshot!(String::from_utf8(out).unwrap().replace('\u{1b}', "ESC"));
    }

    #[test]
    fn deep_nesting_is_flat() {
        for nested in [
            ">".repeat(20_000),
            "- ".repeat(20_000),
            "*a _b ".repeat(5_000),
        ] {
            let text = format!("{nested} end");
            assert!(plain(&text, 40).contains("end"));
        }
    }

    proptest! {
        #[test]
        fn any_text_can_be_drawn_and_is_harmless(
            text in "([#\\[\\]()!<>`~$|*_.:/ä \n\t1-]|&#27;|\u{1b}|word |```|<!--|\\| - \\|\n){0,60}",
            width in 0_usize..50,
        ) {
            let drawn = plain(&text, width);
            prop_assert!(!drawn.contains('\x1b'), "{drawn}");
            for line in lines(&text, width) {
                for piece in line {
                    let is_harmless = !piece.text.contains(['\x1b', '\n']);
                    prop_assert!(is_harmless, "{}", piece.text);
                }
            }
        }
    }
}
