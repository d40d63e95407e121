//! What a learner has done, kept so that nothing is lost that was reported: not by a kill, a power cut, two terminals at
//! once or a damaged disk.
//!
//! A SQLite database in `.mastery/state.db`. This folder is the only place that names `rusqlite`. What follows from what
//! is kept is for [`super::progress`].

mod error;
mod lock;
mod record;
mod responses;
mod standing;

use std::path::Path;

use serde_json::Value;

use crate::curriculum::id::ModuleId;
use crate::run::interrupt::Interrupt;

pub use error::{Notice, StateError};
pub use lock::WorkLock;
pub use record::{
    Answer, Asker, Attempt, AttemptKind, Challenge, ChallengeEnd, ChallengeStart, Consequences,
    CourseUse, HintSubject, Injection, Judge, JustifyNeeds, ModelUse, NewAnswer, NewAttempt,
    NewChallenge, NewReport, Pass, PassKind, QuestionKey, Report, RowId, Stage, TestCounts, Time,
};
pub use responses::Responses;
pub use standing::{AttemptCount, Record};

/// The state of one learner in one course.
#[derive(Debug)]
pub struct Store {}

/// What came of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerKept {
    /// The answer.
    pub id: RowId,
    /// The modules whose Justify stage it has passed.
    pub passed: Vec<ModuleId>,
}

#[expect(
    unused_variables,
    clippy::todo,
    clippy::needless_pass_by_value,
    reason = "signatures first"
)]
impl Store {
    /// Opens the state in a folder `.mastery`, which is made when missing. What could be mended is told by the notices.
    pub fn open(folder: &Path) -> Result<(Self, Vec<Notice>), StateError> {
        todo!()
    }

    /// The folder `.mastery`.
    pub fn folder(&self) -> &Path {
        todo!()
    }

    /// Keeps that a course is worked on from now on. Returns the one that was worked on before. A course that is the
    /// same in all but the time changes nothing.
    pub fn use_course(&mut self, course: &CourseUse) -> Result<Option<CourseUse>, StateError> {
        todo!()
    }

    /// Keeps that the learner has selected a module.
    pub fn select(&mut self, module: &ModuleId, at: Time) -> Result<(), StateError> {
        todo!()
    }

    /// Keeps an attempt with all that it changes. Passes that were earned before stay as they are, unless the new one
    /// is worth more.
    pub fn record_attempt(
        &mut self,
        attempt: &NewAttempt,
        consequences: &Consequences,
    ) -> Result<RowId, StateError> {
        todo!()
    }

    /// Keeps an answer. Where it settles its question, each module in `needs` whose questions are all settled then has
    /// passed its Justify stage; see [`super::progress::justify_needs`].
    pub fn record_answer(
        &mut self,
        answer: &NewAnswer,
        needs: &[JustifyNeeds],
    ) -> Result<AnswerKept, StateError> {
        todo!()
    }

    /// Keeps that a challenge has begun. A module has one at a time.
    pub fn start_challenge(
        &mut self,
        challenge: &NewChallenge,
    ) -> Result<ChallengeStart, StateError> {
        todo!()
    }

    /// Keeps that a challenge has ended without an attempt: it was given up.
    pub fn end_challenge(
        &mut self,
        challenge: RowId,
        end: ChallengeEnd,
        at: Time,
    ) -> Result<(), StateError> {
        todo!()
    }

    /// Keeps that a stage was passed without an attempt, such as Harden where no bug can be used.
    pub fn pass(&mut self, module: &ModuleId, stage: Stage, pass: &Pass) -> Result<(), StateError> {
        todo!()
    }

    /// Keeps that one more hint was shown. Returns its number from 0; `None` when all `available` ones were shown
    /// before.
    pub fn show_hint(
        &mut self,
        subject: &HintSubject,
        available: u32,
        at: Time,
    ) -> Result<Option<u32>, StateError> {
        todo!()
    }

    /// Forgets passes, settled questions, hints and the selection of a module, or of all with `None`, and ends open
    /// challenges. Attempts and answers are kept, and no longer count.
    pub fn reset(&mut self, module: Option<&ModuleId>, at: Time) -> Result<(), StateError> {
        todo!()
    }

    /// Keeps a report of the learner's.
    pub fn record_report(&mut self, report: &NewReport) -> Result<RowId, StateError> {
        todo!()
    }

    /// Keeps where a report was posted.
    pub fn report_posted(&mut self, report: RowId, url: &str) -> Result<(), StateError> {
        todo!()
    }

    /// Returns where the learner stands.
    pub fn progress(&self) -> Result<Record, StateError> {
        todo!()
    }

    /// Returns the attempts at a stage since the last reset, the first one first.
    pub fn attempts(&self, module: &ModuleId, stage: Stage) -> Result<Vec<Attempt>, StateError> {
        todo!()
    }

    /// Returns the answers to a question since the last reset, the first one first.
    pub fn answers(&self, question: &QuestionKey) -> Result<Vec<Answer>, StateError> {
        todo!()
    }

    /// Returns all courses that were worked on, the first one first.
    pub fn courses(&self) -> Result<Vec<CourseUse>, StateError> {
        todo!()
    }

    /// Returns all reports, the first one first.
    pub fn reports(&self) -> Result<Vec<Report>, StateError> {
        todo!()
    }

    /// Returns everything that is kept, as `schemas/learner.schema.json` has it.
    pub fn export(&self) -> Result<Value, StateError> {
        todo!()
    }

    /// Waits for the right to change the shadow tree and the challenges; see [`WorkLock::wait`].
    pub fn lock_work(
        &self,
        interrupt: &Interrupt,
        on_wait: &mut dyn FnMut(Option<u32>),
    ) -> Result<WorkLock, StateError> {
        todo!()
    }
}
