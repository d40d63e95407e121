//! Tells what happened: a report as data, one file per format that renders it, and the progress
//! shown while cases run.

pub mod answer;
mod compare;
pub mod concise;
mod document;
pub mod eta;
mod evidence;
mod finding;
pub mod github;
pub mod gitlab;
mod headline;
pub mod html;
pub mod human;
pub mod json;
pub mod junit;
mod kill;
pub mod markdown;
pub mod merge;
mod modules;
pub mod progress;
#[cfg(test)]
pub(crate) mod sample;
pub mod sarif;

use std::time::Duration;

use crate::diagnostic::{Diagnostic, Severity};
use crate::exit_code::ExitCode;
use crate::verify::event::CaseReport;
use crate::verify::shard::Shard;
use crate::verify::verdict::{Verdict, VerdictSeverity};

/// Everything that one run of the tool found.
#[derive(Debug, Default)]
pub struct Report {
    /// Findings, sorted.
    pub diagnostics: Vec<Diagnostic>,
    /// How many more findings there are that a baseline knows; `None` without a baseline.
    pub known: Option<usize>,
    /// Cases in the order of the plan.
    pub cases: Vec<CaseReport>,
    /// Which part of a plan the cases are; `None` for all of it.
    pub shard: Option<ShardInfo>,
    /// What the cases were narrowed to; `None` where nothing was left out because it had not changed.
    pub changed_since: Option<ChangedSince>,
    /// What it is compared with, by formats that do.
    pub base: Option<Box<Report>>,
    /// Wall time of the run.
    pub duration: Duration,
    /// Whether the run was stopped before its end.
    pub is_interrupted: bool,
    /// Whether warnings fail the gate.
    pub deny_warnings: bool,
}

/// A run of only the cases that differ from those of a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedSince {
    /// The revision, as it was given.
    pub revision: String,
    /// How many cases there are, those that do not differ included.
    pub plan_cases: usize,
}

/// Which part of a plan a report is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardInfo {
    /// Which shard of how many.
    pub shard: Shard,
    /// How many cases all shards have together.
    pub plan_cases: usize,
    /// What all shards have in common that cut the same plan in the same way.
    pub partition: String,
}

/// How much there is of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Findings that are errors.
    pub errors: usize,
    /// Findings that are warnings.
    pub warnings: usize,
    /// Cases.
    pub cases: usize,
    /// Cases that ended as expected.
    pub as_expected: usize,
    /// Cases whose verdict is a warning.
    pub warned: usize,
    /// Cases whose verdict is an error.
    pub unexpected: usize,
    /// Those of them that were not begun.
    pub skipped: usize,
}

impl Report {
    /// Counts what there is.
    pub fn counts(&self) -> Counts {
        let findings = |severity| {
            self.diagnostics
                .iter()
                .filter(|it| it.severity == severity)
                .count()
        };
        let cases = |severity| {
            self.cases
                .iter()
                .filter(|it| it.severity == severity)
                .count()
        };
        Counts {
            errors: findings(Severity::Error),
            warnings: findings(Severity::Warning),
            cases: self.cases.len(),
            as_expected: cases(VerdictSeverity::Ok),
            warned: cases(VerdictSeverity::Warning),
            unexpected: cases(VerdictSeverity::Error),
            skipped: self
                .cases
                .iter()
                .filter(|it| it.verdict == Verdict::Skipped)
                .count(),
        }
    }

    /// The exit code that the report means.
    pub fn exit_code(&self) -> ExitCode {
        let counts = self.counts();
        let mut code = ExitCode::Success;
        if counts.errors + counts.unexpected > 0
            || (self.deny_warnings && counts.warnings + counts.warned > 0)
        {
            code = code.worst(ExitCode::Findings);
        }
        if self
            .cases
            .iter()
            .any(|case| case.verdict == Verdict::InfrastructureError)
        {
            code = code.worst(ExitCode::CouldNotRun);
        }
        if self.is_interrupted {
            code = code.worst(ExitCode::Interrupted);
        }
        code
    }
}
