//! The folder in which the learner's work is validated: `.mastery/shadow`.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::snapshot::{Line, Snapshot, SnapshotError, Snapshots};
use crate::run::refill::refill;
use crate::run::removal::remove;
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
        source: io::Error,
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
    ///
    /// The tree is kept as a snapshot first. Only files that differ are written; no link is followed.
    ///
    /// It is not git that writes the files: it would trust what it knows of them, apply the learner's
    /// `.gitattributes`, and refuse some names.
    pub fn bring_to(&self, tree: Tree) -> Result<Snapshot, ShadowError> {
        let snapshot = self
            .snapshots
            .keep_tree(tree, Line::Validated, "validated")?;
        self.fill(&snapshot.tree)
            .map_err(|source| ShadowError::Folder {
                folder: self.folder.clone(),
                source,
            })?;
        Ok(snapshot)
    }

    fn fill(&self, tree: &Tree) -> io::Result<()> {
        let is_folder = |path: &Path| path.symlink_metadata().is_ok_and(|it| it.is_dir());
        if !is_folder(&self.folder) {
            remove(&self.folder)?;
            fs::create_dir_all(&self.folder)?;
        }
        fs::set_permissions(&self.folder, Permissions::from_mode(0o755))?;
        if refill(&self.folder, tree).is_ok() {
            return Ok(());
        }
        // What can't be brought up to date is made anew.
        remove(&self.folder)?;
        fs::create_dir(&self.folder)?;
        tree.write(&self.folder)
    }

    /// Removes the folder, whatever is in it. It is no error if it is not there.
    pub fn remove(&self) -> Result<(), ShadowError> {
        remove(&self.folder).map_err(|source| ShadowError::Folder {
            folder: self.folder.clone(),
            source,
        })
    }
}
