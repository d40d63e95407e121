//! The folder in which a bug is to be fixed: `.mastery/challenges/<module>`, with a history that does not show the fix.

use std::path::{Path, PathBuf};

use crate::curriculum::id::ModuleId;
use crate::source::tree::Tree;

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
        source: std::io::Error,
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
    pub fn make(&self, tree: &Tree) -> Result<(), ChallengeTreeError> {
        let _ = tree;
        unimplemented!()
    }

    /// What is left of it.
    pub fn condition(&self) -> Condition {
        unimplemented!()
    }

    /// Removes it, whatever is left of it. It is no error if it is not there.
    pub fn remove(&self) -> Result<(), ChallengeTreeError> {
        unimplemented!()
    }
}
