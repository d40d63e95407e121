//! The folder in which the learner's work is validated: `.mastery/shadow`.

use std::path::{Path, PathBuf};

use super::snapshot::{SnapshotError, SnapshotId, Snapshots};
use crate::source::tree::Tree;

/// The shadow tree of a learner's project.
#[derive(Clone, Debug)]
pub struct Shadow {
    folder: PathBuf,
    snapshots: Snapshots,
}

/// Why the shadow tree could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ShadowError {
    /// What it is to hold could not be kept.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    /// It could not be written.
    #[error("`{}` can't be written: {source}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

impl Shadow {
    /// The shadow tree in a `.mastery` folder. Nothing is made yet.
    pub fn at(mastery: &Path) -> Self {
        Self {
            folder: mastery.join("shadow"),
            snapshots: Snapshots::at(mastery),
        }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// Makes the folder hold exactly `tree`, whatever is in it or in its place, and returns the snapshot of that.
    pub fn bring_to(&self, tree: &Tree) -> Result<SnapshotId, ShadowError> {
        let _ = (&self.snapshots, tree);
        unimplemented!()
    }
}
