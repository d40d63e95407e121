//! Where a learner stands, read from the store in one step.

use std::collections::BTreeMap;

use crate::curriculum::id::ModuleId;

use super::record::{
    Attempt, Challenge, ChallengeEnd, CourseUse, HintSubject, Pass, QuestionKey, Stage, Time,
};

/// Where a learner stands: what `learn::progress` works on. Holds what counts since the last reset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The course that is worked on; `None` before `init`.
    pub course: Option<CourseUse>,
    /// The module that was selected, and when.
    pub selected: Option<(ModuleId, Time)>,
    /// All passes. One is never lost but by a reset.
    pub passes: BTreeMap<(ModuleId, Stage), Pass>,
    /// Questions that are passed or self-assessed.
    pub settled: BTreeMap<QuestionKey, Pass>,
    /// All challenges, in the order in which they began.
    pub challenges: Vec<Challenge>,
    /// How many attempts there were.
    pub attempts: BTreeMap<(ModuleId, Stage), AttemptCount>,
    /// How many answers were given.
    pub answers: BTreeMap<QuestionKey, u32>,
    /// How many hints were shown.
    pub hints: BTreeMap<HintSubject, u32>,
    /// Modules that a later change broke, with the time at which that was found.
    pub broken: BTreeMap<ModuleId, Time>,
}

/// The attempts at a stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttemptCount {
    /// How many.
    pub number: u32,
    /// The latest.
    pub latest: Attempt,
}

impl Record {
    /// The pass of a stage.
    pub fn pass(&self, module: &ModuleId, stage: Stage) -> Option<&Pass> {
        self.passes.get(&(module.clone(), stage))
    }

    /// The open challenge of a module.
    pub fn open_challenge(&self, module: &ModuleId) -> Option<&Challenge> {
        self.challenges
            .iter()
            .find(|it| it.ended.is_none() && it.content.module == *module)
    }

    /// The incidents of a module that were beaten, by fix or by putting the old file back.
    pub fn beaten(&self, module: &ModuleId) -> impl Iterator<Item = &str> {
        let challenges = self.challenges.iter();
        challenges
            .filter(move |it| it.content.module == *module)
            .filter(|it| {
                matches!(
                    it.ended,
                    Some((_, ChallengeEnd::Fixed | ChallengeEnd::Restored))
                )
            })
            .map(|it| it.content.incident.as_str())
    }

    /// How many hints were shown for a subject.
    pub fn hints_shown(&self, subject: &HintSubject) -> u32 {
        self.hints.get(subject).copied().unwrap_or(0)
    }
}
