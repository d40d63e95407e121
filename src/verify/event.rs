//! What happens during a run: the only contract between running and reporting.
//!
//! Events own their data, so that a recorded run can be told again.

use std::time::Duration;

use super::case::Case;
use super::flake::Ending;
use super::verdict::{Judgement, Verdict, VerdictSeverity};
use crate::diagnostic::{Location, RuleName};
use crate::run::environment::Step;
use crate::run::outcome::RunResult;

/// One thing that happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// The environment of a curriculum is made ready.
    Environment {
        /// The curriculum's name.
        curriculum: String,
        /// What was done.
        step: Step,
    },
    /// The cases begin.
    RunStarted {
        /// How many cases each module has, in the order of the plan; named as `curriculum/module`.
        modules: Vec<(String, usize)>,
        /// How long each case is thought to take, by its id.
        estimates: Vec<(String, Duration)>,
        /// How many cases run at a time.
        jobs: usize,
    },
    /// A case begins.
    CaseStarted {
        /// Its id.
        id: String,
    },
    /// A case has ended and is judged.
    CaseFinished(Box<CaseReport>),
    /// Something that whoever started the run should know.
    Note(String),
    /// Some time has passed; nothing else has happened.
    Tick,
    /// All cases have ended, or the run was stopped.
    RunFinished {
        /// Wall time of the run.
        duration: Duration,
    },
}

/// A case that is judged.
#[derive(Clone, Debug)]
pub struct CaseReport {
    /// Curriculum, module and case.
    pub id: String,
    /// The curriculum's name.
    pub curriculum: String,
    /// The module.
    pub module: String,
    /// The case in its module.
    pub case: String,
    /// The verdict.
    pub verdict: Verdict,
    /// What the verdict means for the gate.
    pub severity: VerdictSeverity,
    /// What was expected, in words.
    pub expected: String,
    /// What was seen, in words; `None` when it is as expected.
    pub seen: Option<String>,
    /// The lint rule because of which it was not run.
    pub rule: Option<RuleName>,
    /// Where it comes from.
    pub location: Location,
    /// What was run; `None` for a case that was not.
    pub result: Option<RunResult>,
    /// The ways in which it ended, of which `result` is the first; empty unless it is flaky.
    pub endings: Vec<Ending>,
    /// Whether the result is that of another case with the same inputs.
    pub is_shared: bool,
}

impl CaseReport {
    /// Whether the result is one that was known, from an earlier run or from another case of this one.
    pub fn is_known(&self) -> bool {
        self.is_shared || self.is_from_cache()
    }

    /// Whether the result is from an earlier run.
    pub fn is_from_cache(&self) -> bool {
        self.result.as_ref().is_some_and(|it| it.is_cached)
    }

    /// Returns the report of a case.
    pub(crate) fn new(
        case: &Case,
        curriculum: &str,
        judgement: Judgement,
        result: Option<RunResult>,
    ) -> Self {
        let severity = match judgement.verdict.severity() {
            VerdictSeverity::Error if case.is_draft && judgement.verdict.is_about_content() => {
                VerdictSeverity::Warning
            }
            severity => severity,
        };
        Self {
            id: case.id.clone(),
            curriculum: curriculum.to_owned(),
            module: case.module.to_string(),
            case: case.kind.to_string(),
            verdict: judgement.verdict,
            severity,
            expected: case.expectation.words(),
            seen: judgement.seen,
            rule: case.input.as_ref().err().map(|not_run| not_run.rule),
            location: case.location.clone(),
            result,
            endings: Vec::new(),
            is_shared: false,
        }
    }

    /// Whether the case is worth a word of its own: it is neither as expected nor kept from being judged
    /// by something else that is told.
    pub fn tells_something_new(&self) -> bool {
        match self.verdict {
            Verdict::AsExpected | Verdict::Skipped | Verdict::Interrupted => false,
            Verdict::NotJudged => self.seen.is_some(),
            _ => true,
        }
    }

    /// Whether it was run for this report, so that its duration says how long it takes.
    pub fn was_run(&self) -> bool {
        self.result.is_some() && !self.is_known()
    }
}
