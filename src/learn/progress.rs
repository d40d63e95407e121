//! Where the learner stands and what is next, from the course and the record. Pure.

use std::collections::BTreeMap;

use crate::bundle::course::Course;
use crate::curriculum::id::ModuleId;

use super::state::{JustifyNeeds, Pass, QuestionKey, Record, RowId, Stage};

/// Where the learner stands in the whole course.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The modules in the order of the course.
    pub modules: Vec<ModuleStanding>,
    /// The module that commands without a name are about; `None` only in a course without modules.
    pub current: Option<ModuleId>,
    /// What to do next.
    pub next: Next,
    /// How much is done.
    pub counts: Counts,
}

/// Where the learner stands in a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleStanding {
    /// Which one.
    pub id: ModuleId,
    /// Whether what it builds on is done, so that it can be worked on.
    pub is_reached: bool,
    /// Whether a later change broke it.
    pub is_broken: bool,
    /// Build.
    pub build: StageState,
    /// Justify.
    pub justify: StageState,
    /// Harden.
    pub harden: StageState,
    /// How many questions there are, those of its group included.
    pub questions: usize,
    /// How many of them are settled.
    pub settled: usize,
    /// How many incidents there are.
    pub incidents: usize,
    /// How many of them are beaten.
    pub beaten: usize,
}

/// How far a stage is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StageState {
    /// The module has no such stage.
    Absent,
    /// An earlier stage or module comes first.
    Waiting,
    /// It can be worked on.
    Open,
    /// It is done; the pass says how.
    Done(Pass),
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Write the module's code and submit it.
    Build {
        /// The module.
        module: ModuleId,
    },
    /// Answer a question.
    Answer {
        /// The module.
        module: ModuleId,
        /// The first question that is not settled.
        question: QuestionKey,
    },
    /// Start a challenge.
    StartChallenge {
        /// The module.
        module: ModuleId,
    },
    /// Find and fix the bug of the open challenge.
    Fix {
        /// The module.
        module: ModuleId,
        /// The challenge.
        challenge: RowId,
        /// Its folder, relative to the project.
        folder: String,
    },
    /// Select one of the modules that can be worked on.
    SelectModule {
        /// The first of them in the order of the course.
        suggested: ModuleId,
    },
    /// Nothing: all is done.
    Done,
}

/// How much is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Modules.
    pub modules: usize,
    /// Modules of which all stages are done.
    pub modules_done: usize,
    /// Stages of all modules.
    pub stages: usize,
    /// Stages that are done.
    pub stages_done: usize,
}

/// Returns where the learner stands.
#[expect(unused_variables, clippy::todo, reason = "signatures first")]
pub fn standing(course: &Course, record: &Record) -> Standing {
    let _: BTreeMap<Stage, ()> = BTreeMap::new();
    todo!()
}

/// Returns the questions of a module in the order in which they are asked: its own, then those of its group.
#[expect(unused_variables, clippy::todo, reason = "signatures first")]
pub fn questions_of(course: &Course, module: &ModuleId) -> Vec<QuestionKey> {
    todo!()
}

/// Returns what an answer to a question can complete, for [`super::state::Store::record_answer`].
#[expect(unused_variables, clippy::todo, reason = "signatures first")]
pub fn justify_needs(course: &Course, question: &QuestionKey) -> Vec<JustifyNeeds> {
    todo!()
}
