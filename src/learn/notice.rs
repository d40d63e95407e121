//! What a learner is told beside a result: one line each.

use std::fmt;
use std::path::PathBuf;

/// Something that is not as expected and stops nothing. Its [`Display`](fmt::Display) is one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The folder is in no git repository.
    NoRepository,
    /// git's repository can't be read; what it tracks is unknown.
    BrokenRepository {
        /// What git says.
        message: String,
    },
    /// A file or folder was left out of a snapshot.
    LeftOut {
        /// Its path, in the folder.
        path: String,
        /// Why.
        reason: LeftOut,
    },
    /// The repository of snapshots was damaged and is made anew.
    SnapshotsMadeAgain {
        /// Where the damaged one is.
        aside: PathBuf,
    },
}

/// Why something was left out of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeftOut {
    /// A repository inside of the learner's: a submodule or one that was made by hand.
    Repository,
    /// A Python environment that git is not told to ignore.
    VirtualEnvironment,
    /// A pipe, a socket or a device.
    Special,
    /// A file with more bytes than a project's file may have.
    TooLarge {
        /// Its bytes.
        bytes: u64,
    },
    /// More files, levels of folders or bytes in all than a project may have.
    TooMany,
    /// A name that is not UTF-8 or holds a backslash or a control character.
    Name,
    /// It can't be read.
    Unreadable {
        /// What the system says.
        message: String,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let _ = formatter;
        unimplemented!()
    }
}
