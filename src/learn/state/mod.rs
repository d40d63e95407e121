//! What a learner has done, kept so that nothing is lost that was reported: not by a kill, a power cut, two terminals at
//! once or a damaged disk.
//!
//! A SQLite database in `.mastery/state.db`. This folder is the only place that names `rusqlite`. What follows from what
//! is kept is for [`super::progress`].

mod backup;
mod database;
mod error;
mod export;
mod lock;
mod open;
mod read;
mod record;
mod responses;
mod row;
mod schema;
mod standing;
mod write;

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::run::interrupt::Interrupt;

pub use error::{Notice, StateError};
pub use lock::WorkLock;
pub use record::{
    Answer, AnswerKept, Asker, Attempt, AttemptKind, Challenge, ChallengeEnd, ChallengeStart,
    Consequences, CourseUse, HintSubject, Injection, Judge, JustifyNeeds, ModelUse, NewAnswer,
    NewAttempt, NewChallenge, NewReport, Pass, PassKind, QuestionKey, Report, RowId, Stage,
    TestCounts, Time,
};
pub use responses::Responses;
pub use standing::{AttemptCount, Record};

/// The state of one learner in one course.
#[derive(Debug)]
pub struct Store {
    folder: PathBuf,
    path: PathBuf,
    connection: Connection,
    /// Device and number of the file that is written to.
    file: (u64, u64),
    /// Why no backup was made after the last change.
    backup_problem: Option<StateError>,
    /// Goes last: as long as it is held nobody sets the database aside.
    _lock: Option<File>,
}

/// Why a change was not made.
enum Failure {
    Sql(rusqlite::Error),
    State(StateError),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<StateError> for Failure {
    fn from(error: StateError) -> Self {
        Self::State(error)
    }
}

/// Whether a change is worth a backup at once.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Worth {
    /// It is work of the learner's.
    Backup,
    /// It is easily done again, and goes into the next backup.
    Little,
}

impl Store {
    /// Opens the state in a folder `.mastery`, which is made when missing. What was found to be damaged is set aside,
    /// and made again from the backup; the notices say so.
    pub fn open(folder: &Path) -> Result<(Self, Vec<Notice>), StateError> {
        let opened = open::open(folder)?;
        let store = Self {
            folder: folder.to_owned(),
            file: identity(&opened.path)?,
            path: opened.path,
            connection: opened.connection,
            backup_problem: None,
            _lock: opened.lock,
        };
        Ok((store, opened.notices))
    }

    /// The folder `.mastery`.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Why no backup was made after the last change; `None` when there is nothing to tell. The change was kept.
    pub fn backup_problem(&self) -> Option<&StateError> {
        self.backup_problem.as_ref()
    }

    /// Waits for the right to change the shadow tree and the challenges; see [`WorkLock::wait`].
    pub fn lock_work(
        &self,
        interrupt: &Interrupt,
        on_wait: &mut dyn FnMut(Option<u32>),
    ) -> Result<WorkLock, StateError> {
        WorkLock::wait(&self.folder, interrupt, on_wait)
    }

    /// Makes a change in one step. When this returns it is on the disk.
    fn write<T>(
        &mut self,
        worth: Worth,
        change: impl FnOnce(&Transaction<'_>) -> Result<T, Failure>,
    ) -> Result<T, StateError> {
        let value = self.change(change).map_err(|failure| match failure {
            Failure::Sql(error) => self.noted(database::state_error(&self.path, error)),
            Failure::State(error) => error,
        })?;
        // What goes into a file that has no name any more is lost.
        if identity(&self.path)? != self.file {
            return Err(StateError::Damaged {
                path: self.path.clone(),
                detail: "another file was put in its place".to_owned(),
            });
        }
        if worth == Worth::Backup {
            let made = backup::make(&self.connection, &self.folder);
            self.backup_problem = made.map_err(|error| self.noted(error)).err();
        }
        Ok(value)
    }

    fn change<T>(
        &mut self,
        change: impl FnOnce(&Transaction<'_>) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        // At once for writing: what is read in the change still holds when it is written.
        let behavior = TransactionBehavior::Immediate;
        let transaction = self.connection.transaction_with_behavior(behavior)?;
        let value = change(&transaction)?;
        transaction.execute("UPDATE meta SET revision = revision + 1", ())?;
        transaction.commit()?;
        Ok(value)
    }

    /// Reads from one moment, whoever writes meanwhile.
    fn read<T>(
        &self,
        query: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, StateError> {
        let read = || {
            let transaction = self.connection.unchecked_transaction()?;
            let value = query(&transaction)?;
            transaction.commit()?;
            Ok(value)
        };
        read().map_err(|error| self.noted(database::state_error(&self.path, error)))
    }

    /// Sees to it that a damage which was found now is found at once the next time.
    fn noted(&self, error: StateError) -> StateError {
        if matches!(error, StateError::Damaged { .. }) {
            open::suspect(&self.folder);
        }
        error
    }
}

/// What tells a file from others, whatever its name is.
fn identity(path: &Path) -> Result<(u64, u64), StateError> {
    // Not opened for this: closing it would free the locks that the process has on it.
    let metadata = fs::metadata(path).map_err(|error| StateError::Place {
        path: path.to_owned(),
        error,
    })?;
    Ok((metadata.dev(), metadata.ino()))
}
