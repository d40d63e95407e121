//! Options that every command shares.

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;

use clap::builder::{EnumValueParser, TypedValueParser as _};
use clap::{Args, ValueEnum};

use crate::report::human::Verbosity;
use crate::report::progress::{Bar, Lines, Progress, Silent};
use crate::run::environment::cache_dir;

use super::format::Format;

/// Options that every command shares.
#[derive(Args, Clone, Debug)]
pub(crate) struct GlobalArgs {
    /// How results are printed
    #[arg(
        long,
        global = true,
        value_parser = EnumValueParser::<Format>::new().map(FormatArg::from),
        default_value = "human",
        help_heading = "Global options"
    )]
    format: FormatArg,

    /// When to use colours
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        help_heading = "Global options"
    )]
    pub color: ColorMode,

    /// Show every case
    #[arg(short, long, global = true, help_heading = "Global options")]
    pub verbose: bool,

    /// Show only what is wrong
    #[arg(
        short,
        long,
        global = true,
        conflicts_with = "verbose",
        help_heading = "Global options"
    )]
    pub quiet: bool,

    /// Run this many cases at a time [default: one per core]
    #[arg(
        short,
        long,
        global = true,
        value_name = "N",
        help_heading = "Global options"
    )]
    pub jobs: Option<std::num::NonZeroUsize>,

    /// Let warnings fail the gate
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHAT",
        help_heading = "Global options"
    )]
    pub deny: Option<Deny>,

    /// Keep environments and results in this folder [default: the user's cache folder]
    #[arg(long, global = true, value_name = "DIR", env = cache_dir::VARIABLE, hide_env = true, help_heading = "Global options")]
    pub cache_dir: Option<PathBuf>,
}

/// What was typed behind `--format`. `mastery bundle` has an option of this name of its own, with other values; to
/// clap both are one, and of one type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct FormatArg {
    /// How results are printed.
    results: Format,
    /// Whether a bundle is to be an archive.
    pub(super) is_archive: bool,
}

impl FormatArg {
    /// What `mastery bundle` writes.
    pub(super) fn of_bundle(is_archive: bool) -> Self {
        Self {
            is_archive,
            ..Self::default()
        }
    }
}

impl From<Format> for FormatArg {
    fn from(results: Format) -> Self {
        Self {
            results,
            ..Self::default()
        }
    }
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorMode {
    /// On terminals, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl ColorMode {
    /// Makes the choice that of all streams.
    pub(super) fn apply(self) {
        let choice = match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        };
        choice.write_global();
    }
}

/// What else fails the gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Deny {
    /// Warnings, too
    Warnings,
}

impl GlobalArgs {
    /// How results are printed.
    pub(crate) fn format(&self) -> Format {
        self.format.results
    }

    /// How many cases run at a time.
    pub(crate) fn jobs(&self) -> usize {
        let cores = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        self.jobs.map_or_else(cores, std::num::NonZero::get)
    }

    /// Where environments and results are kept.
    pub(crate) fn cache_dir(&self) -> PathBuf {
        cache_dir::chosen(self.cache_dir.as_deref())
    }

    /// Whether warnings fail the gate.
    pub(crate) fn denies_warnings(&self) -> bool {
        self.deny == Some(Deny::Warnings)
    }

    /// Returns what shows progress on standard error.
    pub(super) fn progress(&self) -> Box<dyn Progress> {
        if self.quiet {
            Box::new(Silent)
        } else if io::stderr().is_terminal() {
            Box::new(Bar::new())
        } else {
            Box::new(Lines::new(io::stderr()))
        }
    }

    /// How much is told.
    pub(super) fn verbosity(&self) -> Verbosity {
        match (self.quiet, self.verbose) {
            (true, _) => Verbosity::Quiet,
            (false, true) => Verbosity::Verbose,
            (false, false) => Verbosity::Normal,
        }
    }
}
