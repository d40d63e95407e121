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
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
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
    place: Option<(Arc<SourceFile>, Span)>,
}

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
            place: Some((Arc::clone(file), span)),
        }
    }

    /// The shown path of the file.
    pub fn shown_path(&self) -> &str {
        &self.path
    }

    /// Where the place starts; `None` for a whole file.
    pub fn position(&self) -> Option<Position> {
        self.place
            .as_ref()
            .map(|(file, span)| file.position(span.start))
    }

    /// The file and the span in it; `None` for a whole file.
    pub fn place(&self) -> Option<(&Arc<SourceFile>, Span)> {
        self.place.as_ref().map(|(file, span)| (file, *span))
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
