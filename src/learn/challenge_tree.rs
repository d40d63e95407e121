//! The folder in which a bug is to be fixed: `.mastery/challenges/<module>`, with a history that does not show the fix.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::curriculum::id::ModuleId;
use crate::git::repository::{Author, is_started, start};
use crate::run::removal::remove;
use crate::source::tree::Tree;

/// The message of the only commit.
const MESSAGE: &str = "The code as it runs in production";

/// The tree of a module's challenge.
#[derive(Clone, Debug)]
pub struct ChallengeTree {
    folder: PathBuf,
}

/// What is left of a challenge's tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Its files and its repository are there.
    Intact,
    /// Its files are there; its repository is gone, damaged or another one.
    WithoutHistory,
    /// There is nothing that could be worked on.
    Gone,
}

/// Why a challenge's tree could not be made or removed.
#[derive(Debug, thiserror::Error)]
pub enum ChallengeTreeError {
    /// The system refused.
    #[error("`{}` can't be written: {source}", path.display())]
    Io {
        /// What was written or removed.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// git refused.
    #[error("the repository of the challenge can't be made: {message}")]
    Git {
        /// What git says.
        message: String,
    },
}

impl ChallengeTree {
    /// The place of a module's challenge in a `.mastery` folder. Nothing is made yet.
    pub fn at(mastery: &Path, module: &ModuleId) -> Self {
        Self {
            folder: mastery.join("challenges").join(module.as_str()),
        }
    }

    /// The folder that the learner works in.
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// Puts `tree` there, as the only commit of a new repository, in place of what is left there.
    ///
    /// It is made aside and then moved, so that there is never half of one.
    pub fn make(&self, tree: &Tree) -> Result<(), ChallengeTreeError> {
        let io = |source| ChallengeTreeError::Io {
            path: self.folder.clone(),
            source,
        };
        let parent = self.parent();
        if !is_folder(parent) {
            remove(parent).map_err(io)?;
            fs::create_dir_all(parent).map_err(io)?;
        }
        let aside = tempfile::Builder::new()
            .prefix(".new-")
            .tempdir_in(parent)
            .map_err(io)?;
        let made = aside.path().join("tree");
        fs::create_dir(&made).map_err(io)?;
        tree.write(&made).map_err(io)?;
        start(&made, tree, MESSAGE, Author::Nobody).map_err(|error| ChallengeTreeError::Git {
            message: error.to_string(),
        })?;
        self.remove()?;
        fs::rename(&made, &self.folder).map_err(io)
    }

    /// What is left of it.
    pub fn condition(&self) -> Condition {
        let is_there = is_folder(self.parent()) && is_folder(&self.folder);
        let has_files = || {
            let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
            entries.into_iter().any(|entry| entry.file_name() != ".git")
        };
        if !is_there || !has_files() {
            Condition::Gone
        } else if is_started(&self.folder) {
            Condition::Intact
        } else {
            Condition::WithoutHistory
        }
    }

    /// Removes it, whatever is left of it. It is no error if it is not there.
    pub fn remove(&self) -> Result<(), ChallengeTreeError> {
        // What a link leads to is not ours.
        if !is_folder(self.parent()) {
            return Ok(());
        }
        remove(&self.folder).map_err(|source| ChallengeTreeError::Io {
            path: self.folder.clone(),
            source,
        })
    }

    fn parent(&self) -> &Path {
        self.folder.parent().expect("it is in a folder")
    }
}

fn is_folder(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|it| it.is_dir())
}
