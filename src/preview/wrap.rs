//! Text in styles, broken into lines.

use anstyle::Style;

use crate::diagnostic::escape;

/// A piece of text in one style, harmless to print.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(super) text: String,
    pub(super) style: Style,
}

/// A line: its pieces from left to right.
pub(crate) type Line = Vec<Piece>;

impl Piece {
    /// Returns a piece in which nothing acts on a terminal.
    pub(super) fn new(text: &str, style: Style) -> Self {
        Self {
            text: escape::text(text),
            style,
        }
    }

    /// Returns a piece after which a new line begins.
    pub(super) fn line_break() -> Self {
        Self::new("\n", Style::new())
    }
}

/// Breaks text at blanks so that no line is wider than `width`, where its words allow it.
pub(super) fn wrap(pieces: Vec<Piece>, width: usize) -> Vec<Line> {
    let mut lines = vec![Line::new()];
    let mut taken = 0;
    for word in words(pieces) {
        let line = lines.last_mut().expect("there is one from the beginning");
        match word {
            Word::Break => {
                lines.push(Line::new());
                taken = 0;
            }
            Word::Pieces(pieces) => {
                let columns = pieces
                    .iter()
                    .map(|piece| columns(&piece.text))
                    .sum::<usize>();
                if taken > 0 && taken + 1 + columns > width {
                    lines.push(pieces);
                    taken = columns;
                    continue;
                }
                if taken > 0 {
                    // A blank between two words of one style belongs to it: underlines go on.
                    let last = line.last().map(|piece| piece.style);
                    let next = pieces.first().map(|piece| piece.style);
                    let style = last.filter(|_| last == next).unwrap_or_default();
                    line.push(Piece::new(" ", style));
                    taken += 1;
                }
                line.extend(pieces);
                taken += columns;
            }
        }
    }
    lines.into_iter().map(joined).collect()
}

/// A line with pieces of one style that follow each other made one.
fn joined(line: Line) -> Line {
    let mut joined = Line::new();
    for piece in line {
        match joined.last_mut().filter(|last| last.style == piece.style) {
            Some(last) => last.text.push_str(&piece.text),
            None => joined.push(piece),
        }
    }
    joined
}

enum Word {
    Pieces(Vec<Piece>),
    Break,
}

/// The words of a text; one that changes its style in the middle has several pieces.
fn words(pieces: Vec<Piece>) -> Vec<Word> {
    let mut words = Vec::new();
    let mut word = Vec::new();
    let end = |word: &mut Vec<Piece>, words: &mut Vec<Word>| {
        if !word.is_empty() {
            words.push(Word::Pieces(std::mem::take(word)));
        }
    };
    for Piece { text, style } in pieces {
        if text == "\n" {
            end(&mut word, &mut words);
            words.push(Word::Break);
            continue;
        }
        for (index, part) in text.split([' ', '\t', '\n']).enumerate() {
            if index > 0 {
                end(&mut word, &mut words);
            }
            if !part.is_empty() {
                let text = part.to_owned();
                word.push(Piece { text, style });
            }
        }
    }
    end(&mut word, &mut words);
    words
}

/// Columns that a text takes. Where a terminal's font disagrees, lines are a little longer or shorter.
pub(crate) fn columns(text: &str) -> usize {
    text.chars().map(width_of).sum()
}

/// Columns that a character takes: signs that join the one before them none, those of East Asian scripts
/// and most pictures two.
fn width_of(char: char) -> usize {
    match u32::from(char) {
        0x300..=0x36f | 0x20d0..=0x20ff | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f
        | 0x2e80..=0xa4cf
        | 0xac00..=0xd7a3
        | 0xf900..=0xfaff
        | 0xfe30..=0xfe6f
        | 0xff00..=0xff60
        | 0xffe0..=0xffe6
        | 0x1f300..=0x1faff
        | 0x2_0000..=0x3_fffd => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrapped(texts: &[&str], width: usize) -> Vec<String> {
        let pieces = texts.iter().map(|text| match *text {
            "\n" => Piece::line_break(),
            text => Piece::new(text, Style::new()),
        });
        wrap(pieces.collect(), width)
            .into_iter()
            .map(|line| line.into_iter().map(|piece| piece.text).collect())
            .collect()
    }

    #[test]
    fn lines_break_at_blanks_and_where_they_are_told_to() {
        assert_eq!(wrapped(&["one two  three"], 8), ["one two", "three"]);
        assert_eq!(wrapped(&["a", "b c", "\n", "d"], 9), ["ab c", "d"]);
        assert_eq!(
            wrapped(&["incomprehensibilities a"], 5),
            ["incomprehensibilities", "a"]
        );
        assert_eq!(wrapped(&["größe größe"], 11), ["größe größe"]);
        assert_eq!(
            wrapped(&["no\u{a0}break here"], 9),
            ["no\u{a0}break", "here"]
        );
        assert_eq!(wrapped(&[""], 9), [""]);
    }

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(columns("漢字"), 4);
        assert_eq!(columns("e\u{301}"), 1);
        assert_eq!(wrapped(&["漢字 漢字"], 8), ["漢字", "漢字"]);
    }
}
