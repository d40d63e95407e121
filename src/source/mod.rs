//! Text that came from the author's files, and places in it.
//!
//! Reading YAML is in [`yaml`]; what the files mean is left to `curriculum`.

pub(crate) mod changed;
pub mod content;
pub(crate) mod link;
pub mod markdown;
pub(crate) mod part;
pub mod path;
pub mod python;
pub mod tree;
pub mod yaml;
pub mod yaml_text;

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::Path;

/// Bytes that a text file of a curriculum may have: far above any real prompt or manifest.
pub const MAX_TEXT_BYTES: u64 = 1024 * 1024;

/// Bytes that a file of a project may have.
pub const MAX_PROJECT_FILE_BYTES: u64 = 8 * 1024 * 1024;

/// A range of bytes in a [`SourceFile`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Offset of the first byte.
    pub start: usize,
    /// Offset behind the last byte.
    pub end: usize,
}

impl Span {
    /// Returns the span from `start` up to and without `end`.
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }
}

/// A line and column, both from 1; the column counts characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// A text file with its path as it is shown to people.
#[derive(Debug, PartialEq, Eq)]
pub struct SourceFile {
    path: String,
    text: String,
    /// Offsets of the first byte of each line; never empty.
    line_starts: Vec<usize>,
    /// The number of the first line: 1 unless only a part of the file is there.
    first_line: usize,
}

impl SourceFile {
    /// Returns the file with `text` under the shown path `path`.
    ///
    /// A byte order mark is dropped, so that offsets count from the first real character.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        let mut text = text.into();
        if text.starts_with('\u{feff}') {
            text.drain(..'\u{feff}'.len_utf8());
        }
        let line_starts = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        Self {
            path: path.into(),
            text,
            line_starts,
            first_line: 1,
        }
    }

    /// Returns a part of a file: whole lines, the first of which has the number `first_line`.
    pub fn excerpt(path: impl Into<String>, first_line: usize, text: impl Into<String>) -> Self {
        Self {
            first_line: first_line.max(1),
            ..Self::new(path, text)
        }
    }

    /// The path as it is shown: relative to the working directory, with forward slashes.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The number of the first line that is there.
    pub fn first_line(&self) -> usize {
        self.first_line
    }

    /// The number of the last line that is there.
    pub fn last_line(&self) -> usize {
        self.first_line + self.line_starts.len() - 1
    }

    /// The whole text, without a byte order mark.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the position of a byte offset; one behind the end counts as the end.
    pub fn position(&self, offset: usize) -> Position {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let index = self.line_starts.partition_point(|&start| start <= offset) - 1;
        let column = self.text[self.line_starts[index]..offset].chars().count() + 1;
        Position {
            line: index + self.first_line,
            column,
        }
    }

    /// Returns the byte offset of a position; one that is not there counts as the nearest before it.
    pub fn offset(&self, position: Position) -> usize {
        if position.line < self.first_line {
            return 0;
        }
        let line = self.line_span(position.line);
        let text = &self.text[line.start..line.end];
        let inside = text.char_indices().nth(position.column.saturating_sub(1));
        inside.map_or(line.end, |(at, _)| line.start + at)
    }

    /// Returns the span of a line, from 1, without its line break.
    ///
    /// A line that the file does not have gives an empty span at its end.
    pub fn line_span(&self, line: usize) -> Span {
        let Some(&start) = self.line_starts.get(line.wrapping_sub(self.first_line)) else {
            return Span::new(self.text.len(), self.text.len());
        };
        let rest = &self.text[start..];
        let length = rest.find('\n').unwrap_or(rest.len());
        Span::new(start, start + rest[..length].trim_end_matches('\r').len())
    }
}

/// Why a file could not be read as text.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file has more bytes than its kind may have.
    #[error("the file is larger than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// A byte sequence that is no UTF-8.
    #[error("the file is not UTF-8: byte {offset} starts no valid character")]
    NotUtf8 {
        /// Offset of the first wrong byte.
        offset: usize,
    },
    /// It is no regular file: a directory, a device, a pipe.
    #[error("not a regular file")]
    NotAFile,
    /// The system refused.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Reads at most `limit` bytes of a regular file.
///
/// # Errors
///
/// A larger file, anything but a regular file, and what the system says.
pub fn read_bytes(path: &Path, limit: u64) -> Result<Vec<u8>, ReadError> {
    read_with_metadata(path, limit).map(|(bytes, _)| bytes)
}

/// As [`read_bytes`], with what else the system knows of the file.
pub(crate) fn read_with_metadata(
    path: &Path,
    limit: u64,
) -> Result<(Vec<u8>, Metadata), ReadError> {
    // The kind is asked for before opening: opening a pipe would wait for its other end.
    let metadata = std::fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(ReadError::NotAFile);
    }
    // The size is only a first guess: it may change until the file is read.
    let length = usize::try_from(metadata.len().min(limit)).unwrap_or(0);
    let mut bytes = Vec::with_capacity(length + 1);
    File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(ReadError::TooLarge { limit });
    }
    Ok((bytes, metadata))
}

/// Reads a text file under its shown path.
///
/// # Errors
///
/// As [`read_bytes`], and a file that is not UTF-8.
pub fn read_text(path: &Path, shown: &str) -> Result<SourceFile, ReadError> {
    let bytes = read_bytes(path, MAX_TEXT_BYTES)?;
    let text = String::from_utf8(bytes).map_err(|error| ReadError::NotUtf8 {
        offset: error.utf8_error().valid_up_to(),
    })?;
    Ok(SourceFile::new(shown, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn positions_count_characters_from_one() {
        let file = SourceFile::new("a", "ä = 1\nb = ö\n");
        assert_eq!(file.position(0), Position { line: 1, column: 1 });
        assert_eq!(file.position("ä".len()), Position { line: 1, column: 2 });
        assert_eq!(
            file.position("ä = 1\nb = ö".len()),
            Position { line: 2, column: 6 }
        );
        assert_eq!(file.position(1000), Position { line: 3, column: 1 });
    }

    #[test]
    fn offset_inside_a_character_counts_as_its_start() {
        let file = SourceFile::new("a", "aä");
        assert_eq!(file.position(2), Position { line: 1, column: 2 });
    }

    #[test]
    fn line_span_leaves_out_both_kinds_of_line_break() {
        let file = SourceFile::new("a", "one\r\ntwo\nthree");
        let text = |line| {
            let span = file.line_span(line);
            &file.text()[span.start..span.end]
        };
        assert_eq!(
            [text(1), text(2), text(3), text(4), text(0)],
            ["one", "two", "three", "", ""]
        );
    }

    #[test]
    fn lines_of_an_excerpt_keep_their_numbers() {
        let file = SourceFile::excerpt("a", 7, "one\ntwo");
        assert_eq!(file.position(5), Position { line: 8, column: 2 });
        assert_eq!(file.line_span(8), Span::new(4, 7));
        assert_eq!(file.offset(Position { line: 8, column: 2 }), 5);
        assert_eq!(
            file.offset(Position {
                line: 8,
                column: 99
            }),
            7
        );
        assert_eq!(file.offset(Position { line: 1, column: 1 }), 0);
        assert_eq!(
            file.offset(Position {
                line: 99,
                column: 1
            }),
            7
        );
        assert_eq!((file.first_line(), file.last_line()), (7, 8));
    }

    #[test]
    fn byte_order_mark_is_dropped() {
        let file = SourceFile::new("a", "\u{feff}key: 1");
        assert_eq!(file.text(), "key: 1");
    }

    #[test]
    fn reading_refuses_what_is_no_text_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        std::fs::write(&path, b"ab\xff").unwrap();
        assert!(matches!(
            read_text(&path, "file"),
            Err(ReadError::NotUtf8 { offset: 2 })
        ));
        assert!(matches!(
            read_bytes(&path, 2),
            Err(ReadError::TooLarge { limit: 2 })
        ));
        assert!(matches!(
            read_bytes(dir.path(), 2),
            Err(ReadError::NotAFile)
        ));
        assert!(matches!(
            read_bytes(&dir.path().join("none"), 2),
            Err(ReadError::Io(_))
        ));
    }

    proptest! {
        #[test]
        fn position_of_every_character_leads_back_to_its_line(text in "[a-zä\r\n]{0,60}") {
            let file = SourceFile::new("a", text.clone());
            for (offset, _) in text.char_indices() {
                let position = file.position(offset);
                let line = text.split('\n').nth(position.line - 1).unwrap();
                prop_assert!(position.column <= line.chars().count() + 1);
                let start: usize = text.split('\n').take(position.line - 1).map(|l| l.len() + 1).sum();
                let before = line.chars().take(position.column - 1).map(char::len_utf8).sum::<usize>();
                prop_assert_eq!(start + before, offset);
                // Line breaks are behind the last column of their line.
                if !matches!(text.as_bytes()[offset], b'\n' | b'\r') {
                    prop_assert_eq!(file.offset(position), offset);
                }
            }
        }
    }
}
