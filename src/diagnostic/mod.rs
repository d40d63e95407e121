//! Findings about the author's curriculum: what is wrong, where, and what to do.
//!
//! A diagnostic is data and there are many; an error of the tool itself is `cli::error::Error` and
//! there is one. Printing is in [`render`].

pub mod escape;
pub mod fix;
pub mod render;
mod sink;

pub use fix::Fix;
pub use sink::Sink;

use std::sync::Arc;

use crate::source::{Position, SourceFile, Span};

/// Name of a rule, kebab-case; it reads well after "allow".
pub type RuleName = &'static str;

/// What a finding means for the gate.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Fails the gate.
    Error,
    /// Is shown and does not fail the gate.
    Warning,
}

impl Severity {
    /// The word as it is printed.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// A file, and where it is known a place in it.
#[derive(Clone, Debug)]
pub struct Location {
    path: String,
    place: Option<Place>,
}

#[derive(Clone, Debug)]
enum Place {
    /// In a file that is loaded.
    Source(Arc<SourceFile>, Span),
    /// In a file of which a part is known, and what of the place is in that part.
    Part(Arc<SourceFile>, Span, Region),
    /// In a file of which nothing is known.
    Region(Region),
}

/// A place in a file: from a position up to and without another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// Where it begins.
    pub start: Position,
    /// Behind its last character; its start if it is empty.
    pub end: Position,
}

/// Lines around a place that are shown with it, on each side.
const EXCERPT_CONTEXT: usize = 2;

/// Lines that an excerpt has at most.
const EXCERPT_LINES: usize = 12;

/// Bytes that an excerpt has at most: longer lines are not for people.
const EXCERPT_BYTES: usize = 4096;

impl Location {
    /// A whole file or folder, by its shown path.
    pub fn path(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            place: None,
        }
    }

    /// A place in a file.
    pub fn span(file: &Arc<SourceFile>, span: Span) -> Self {
        Self {
            path: file.path().to_owned(),
            place: Some(Place::Source(Arc::clone(file), span)),
        }
    }

    /// A place in a file of which a part is known; `span` is what of the place is in that part.
    pub fn span_of_region(part: &Arc<SourceFile>, span: Span, region: Region) -> Self {
        Self {
            path: part.path().to_owned(),
            place: Some(Place::Part(Arc::clone(part), span, region)),
        }
    }

    /// A place in a file of which only the path is known.
    pub fn region(path: impl Into<String>, region: Region) -> Self {
        Self {
            path: path.into(),
            place: Some(Place::Region(region)),
        }
    }

    /// The shown path of the file.
    pub fn shown_path(&self) -> &str {
        &self.path
    }

    /// Where the place starts; `None` for a whole file.
    pub fn position(&self) -> Option<Position> {
        match self.place.as_ref()? {
            Place::Source(file, span) => Some(file.position(span.start)),
            Place::Part(_, _, region) | Place::Region(region) => Some(region.start),
        }
    }

    /// The place; `None` for a whole file.
    pub fn to_region(&self) -> Option<Region> {
        Some(match self.place.as_ref()? {
            Place::Source(file, span) => Region {
                start: file.position(span.start),
                end: file.position(span.end.max(span.start)),
            },
            Place::Part(_, _, region) | Place::Region(region) => *region,
        })
    }

    /// The file and the span in it; `None` for a whole file, and for one that is not loaded.
    pub fn place(&self) -> Option<(&Arc<SourceFile>, Span)> {
        match self.place.as_ref()? {
            Place::Source(file, span) | Place::Part(file, span, _) => Some((file, *span)),
            Place::Region(_) => None,
        }
    }

    /// The lines around the place, to be shown or kept with it; `None` where they are not known or too
    /// long to be read.
    pub fn excerpt(&self) -> Option<SourceFile> {
        let (file, span) = self.place()?;
        let first = file.position(span.start).line;
        // A span that ends with a line break does not reach into the next line.
        let last = file
            .position(span.end.saturating_sub(1).max(span.start))
            .line;
        let last = last.min(first + EXCERPT_LINES - 2 * EXCERPT_CONTEXT - 1) + EXCERPT_CONTEXT;
        let first = first.saturating_sub(EXCERPT_CONTEXT).max(file.first_line());
        let start = file.line_span(first).start;
        let end = file.line_span(last.min(file.last_line())).end;
        let text = file.text().get(start..end)?;
        (text.len() <= EXCERPT_BYTES).then(|| SourceFile::excerpt(file.path(), first, text))
    }
}

/// A further place that belongs to a finding.
#[derive(Clone, Debug)]
pub struct Related {
    /// Where it is.
    pub location: Location,
    /// What is there, as a lower-case fragment.
    pub message: String,
}

/// One finding.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// The rule that found it.
    pub rule: RuleName,
    /// What it means for the gate.
    pub severity: Severity,
    /// Where it is.
    pub location: Location,
    /// What is wrong: a lower-case fragment without a full stop, names in backticks.
    pub message: String,
    /// What to do, where the message does not say it already.
    pub help: Option<String>,
    /// Further places, such as where a region was opened.
    pub related: Vec<Related>,
    /// What puts it right, where there is one right answer.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// Returns an error of `rule` at `location`.
    pub fn error(rule: RuleName, location: Location, message: impl Into<String>) -> Self {
        Self {
            rule,
            severity: Severity::Error,
            location,
            message: message.into(),
            help: None,
            related: Vec::new(),
            fix: None,
        }
    }

    /// What findings are sorted by; two in which it is the same say the same.
    pub fn order(&self) -> (&str, Option<Position>, RuleName, &str) {
        let location = &self.location;
        let path = location.shown_path();
        (path, location.position(), self.rule, &self.message)
    }

    /// Adds what puts it right.
    #[must_use]
    pub fn with_fix(mut self, fix: impl Into<Option<Fix>>) -> Self {
        self.fix = fix.into();
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a further place.
    #[must_use]
    pub fn with_related(mut self, location: Location, message: impl Into<String>) -> Self {
        self.related.push(Related {
            location,
            message: message.into(),
        });
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpt_has_the_lines_around_a_place() {
        let text: Vec<_> = (1..=40).map(|line| format!("line {line}")).collect();
        let file = Arc::new(SourceFile::new("a.py", text.join("\n")));
        let lines = |start: usize, end: usize| {
            let span = Span::new(file.line_span(start).start, file.line_span(end).end);
            let excerpt = Location::span(&file, span).excerpt().unwrap();
            (excerpt.first_line(), excerpt.last_line())
        };
        assert_eq!(lines(10, 10), (8, 12));
        assert_eq!(lines(1, 2), (1, 4));
        assert_eq!(lines(40, 40), (38, 40));
        assert_eq!(lines(10, 39), (8, 19));
    }

    #[test]
    fn lines_that_nobody_can_read_are_no_excerpt() {
        let file = Arc::new(SourceFile::new("a.js", "x".repeat(100_000)));
        assert!(Location::span(&file, Span::new(5, 6)).excerpt().is_none());
    }
}
