//! The one error that ends a command: what went wrong, why, and a way out.
//!
//! A finding about a curriculum is never one of these; see `diagnostic`.

use std::fmt;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use crate::diagnostic::escape;
use crate::exit_code::ExitCode;
use crate::run::environment::EnvironmentError;

/// Why a command could not go on.
#[derive(Debug)]
pub(crate) struct Error {
    kind: ErrorKind,
    message: String,
    causes: Vec<String>,
    hints: Vec<String>,
}

/// What kind of error it is; decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorKind {
    /// Something that the user asked for or set up.
    User,
    /// Something is wrong with the curriculum.
    Findings,
    /// Nothing was selected.
    NothingSelected,
    /// The user stopped it.
    Interrupted,
    /// The reader of the output went away.
    BrokenPipe,
}

impl Error {
    /// Returns an error in what the user asked for.
    pub(crate) fn user(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::User, message)
    }

    /// Returns the error that nothing was selected.
    pub(crate) fn nothing_selected(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::NothingSelected, message)
    }

    /// Returns an error in the curriculum, found by a command that reports no findings.
    pub(crate) fn findings(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Findings, message)
    }

    /// Returns the error that the user has stopped the command.
    pub(crate) fn interrupted(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Interrupted, message)
    }

    fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            causes: Vec::new(),
            hints: Vec::new(),
        }
    }

    /// Adds a way out.
    #[must_use]
    pub(crate) fn hinted(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds what caused it.
    #[must_use]
    pub(crate) fn caused_by(mut self, cause: impl fmt::Display) -> Self {
        self.causes.push(cause.to_string());
        self
    }

    /// What the process ends with.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self.kind {
            ErrorKind::User => ExitCode::CouldNotRun,
            ErrorKind::Findings => ExitCode::Findings,
            ErrorKind::NothingSelected => ExitCode::NothingSelected,
            ErrorKind::Interrupted => ExitCode::Interrupted,
            ErrorKind::BrokenPipe => ExitCode::Success,
        }
    }

    /// Prints it. A broken pipe is a quiet end.
    pub(super) fn print(&self, out: &mut dyn Write) {
        const BAD: Style = AnsiColor::Red.on_default().bold();
        const HINT: Style = AnsiColor::Cyan.on_default().bold();
        if self.kind == ErrorKind::BrokenPipe {
            return;
        }
        // There is nowhere to tell that it can't be told.
        let _ = writeln!(out, "{BAD}error{BAD:#}: {}", escape::text(&self.message));
        for cause in &self.causes {
            let _ = writeln!(out, "  caused by: {}", escape::text(cause));
        }
        for hint in &self.hints {
            let _ = writeln!(out, "  {HINT}hint{HINT:#}: {}", escape::text(hint));
        }
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::new(ErrorKind::BrokenPipe, error.to_string()),
            _ => Self::user(error.to_string()),
        }
    }
}

impl From<EnvironmentError> for Error {
    fn from(error: EnvironmentError) -> Self {
        let kind = match error {
            EnvironmentError::Interrupted => ErrorKind::Interrupted,
            _ => ErrorKind::User,
        };
        let hints = error.hints();
        Self {
            hints,
            ..Self::new(kind, error.to_string())
        }
    }
}
