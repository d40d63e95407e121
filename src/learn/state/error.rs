//! Why the state can't be used, and what is told of it when it can.

use std::io;
use std::path::PathBuf;

use crate::plural::count;

use super::record::Time;

/// Why the state can't be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The folder or a file in it can't be used.
    #[error("`{path}`: {error}", path = path.display())]
    Place {
        /// Which one.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A newer version of the program has written it.
    #[error("`{path}` was written by a newer version of this program (format {found}, and this one knows {known})", path = path.display())]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest that is known.
        known: i64,
    },
    /// The database may only be read.
    #[error("`{path}` can't be written to", path = path.display())]
    ReadOnly {
        /// The database.
        path: PathBuf,
    },
    /// There is no space left, or no more may be used.
    #[error("there is no space left for `{path}`", path = path.display())]
    Full {
        /// The database.
        path: PathBuf,
    },
    /// Another process was in the way for too long.
    #[error("`{path}` is in use by another process", path = path.display())]
    Busy {
        /// The database.
        path: PathBuf,
    },
    /// It is damaged, which was found while it was used, or while others use it.
    #[error("`{path}` is damaged: {detail}", path = path.display())]
    Damaged {
        /// The database.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// A challenge that is to be ended is not open.
    #[error("the challenge has ended already")]
    ChallengeOver,
    /// Whoever waited for the lock was stopped.
    #[error("interrupted")]
    Interrupted,
    /// Anything else.
    #[error("`{path}`: {detail}", path = path.display())]
    Other {
        /// The database.
        path: PathBuf,
        /// What the database says.
        detail: String,
    },
}

impl StateError {
    /// Ways out.
    pub fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::Newer { .. } => "use the newer file that you have worked with before",
            Self::ReadOnly { .. } => {
                "see to whom the folder belongs, and whether its disk is mounted for reading only"
            }
            Self::Full { .. } => {
                "make space and run it again: all that was reported before is kept"
            }
            Self::Busy { .. } => "wait until the other has ended, or end it, and run this again",
            Self::Damaged { .. } => {
                "end all other runs of this program and run it again; if that does not help, move the file away, and the program will go on from its backup"
            }
            Self::Other { .. } => {
                "see whether the disk is full, or fails: all that was reported before is kept"
            }
            Self::Place { .. } | Self::ChallengeOver | Self::Interrupted => {
                return Vec::new();
            }
        };
        vec![hint.to_owned()]
    }
}

/// Something about the state that the learner has to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The database was not what it should be, and was set aside.
    SetAside {
        /// What was wrong, in a few words.
        problem: String,
        /// The name that it has now in the folder; `None` when it was gone.
        file: Option<String>,
    },
    /// The database was made again from its backup.
    Restored {
        /// When the backup was made.
        from: Time,
        /// Attempts and answers that are lost; `None` when it can't be told.
        lost: Option<u64>,
    },
    /// The database was lost, and there was no backup that could be used: everything starts anew.
    StartedAnew,
    /// No backup could be made. What was done is kept all the same.
    NoBackup {
        /// Why.
        why: String,
    },
}

impl std::fmt::Display for Notice {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::SetAside { problem, file: None } => {
                write!(formatter, "the record of your progress {problem}")
            }
            Self::SetAside {
                problem,
                file: Some(file),
            } => write!(
                formatter,
                "the record of your progress {problem}; it was set aside as `.mastery/{file}`"
            ),
            Self::NoBackup { why } => {
                write!(formatter, "no backup of your progress could be made: {why}")
            }
            Self::Restored { from, lost } => {
                write!(
                    formatter,
                    "your progress was restored from the backup of {from}; "
                )?;
                match lost {
                    Some(0) => formatter.write_str("nothing was lost"),
                    Some(number) => write!(
                        formatter,
                        "{} after that may be lost",
                        count(*number, "record")
                    ),
                    None => formatter.write_str("what came after that, if anything did, is lost"),
                }
            }
            Self::StartedAnew => formatter.write_str(
                "there is no backup that could be used: your files are as they were, and progress starts anew",
            ),
        }
    }
}
