//! Snapshots of what the learner has, which nothing that they do can lose.
//!
//! A snapshot is taken of a folder and kept in a repository of our own; the learner's repository is only looked at.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::notice::Notice;
use crate::curriculum::id::ModuleId;
use crate::source::tree::Tree;

/// The snapshots in a learner's `.mastery` folder.
#[derive(Clone, Debug)]
pub struct Snapshots {
    /// The bare repository that they are in.
    repository: PathBuf,
}

/// What a snapshot is of. Each has a history of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// The learner's project.
    Project,
    /// The tree of a module's challenge.
    Challenge(&'a ModuleId),
    /// What was validated: the project with protected paths as they were given out.
    Validated,
}

/// Names a snapshot: 40 hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SnapshotId(String);

impl SnapshotId {
    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads what [`as_str`](Self::as_str) gives; `None` for any other text.
    pub fn parse(text: &str) -> Option<Self> {
        let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        (text.len() == 40 && text.bytes().all(is_digit)).then(|| Self(text.to_owned()))
    }
}

impl fmt::Display for SnapshotId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A snapshot that was taken.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Its name.
    pub id: SnapshotId,
    /// What is in it.
    pub tree: Tree,
    /// Whether it differs from the one before it.
    pub is_new: bool,
    /// What was left out, and what was not as expected.
    pub notices: Vec<Notice>,
}

/// A snapshot in the list of all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Its name.
    pub id: SnapshotId,
    /// What it was taken for.
    pub why: String,
    /// When it was taken.
    pub at: SystemTime,
}

/// Why a snapshot could not be taken or read.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The folder that it is to be of can't be read.
    #[error("`{}` can't be read: {source}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// There is no such snapshot, or it is damaged.
    #[error("there is no snapshot `{id}` that can be read: {message}")]
    Missing {
        /// Its name.
        id: SnapshotId,
        /// What git says.
        message: String,
    },
    /// It could not be written.
    #[error("the snapshot can't be kept in `{}`: {message}", repository.display())]
    NotKept {
        /// Our repository.
        repository: PathBuf,
        /// What git or the system says.
        message: String,
    },
}

impl Snapshots {
    /// The snapshots in a `.mastery` folder. Nothing is made before one is taken.
    pub fn at(mastery: &Path) -> Self {
        Self {
            repository: mastery.join("snapshots.git"),
        }
    }

    /// Takes a snapshot of a folder. `why` is a line for people.
    ///
    /// Where the folder is as at the last snapshot, that one is returned.
    pub fn take(
        &self,
        folder: &Path,
        line: Line<'_>,
        why: &str,
    ) -> Result<Snapshot, SnapshotError> {
        let _ = (folder, line, why);
        unimplemented!()
    }

    /// All snapshots of a line, the newest first.
    pub fn list(&self, line: Line<'_>) -> Result<Vec<Taken>, SnapshotError> {
        let _ = line;
        unimplemented!()
    }

    /// What is in a snapshot.
    pub fn read(&self, id: &SnapshotId) -> Result<Tree, SnapshotError> {
        let _ = id;
        unimplemented!()
    }
}
