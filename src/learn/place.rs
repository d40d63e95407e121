//! Where things are in a learner's folder.

use std::path::{Path, PathBuf};

use crate::curriculum::id::ModuleId;

/// The folder in a project that is the tool's own.
pub const FOLDER: &str = ".mastery";

/// A learner's project, and the folder in it that is the tool's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    project: PathBuf,
}

impl Place {
    /// The project in `folder`, be it there yet or not.
    pub fn at(folder: &Path) -> Self {
        Self {
            project: folder.to_owned(),
        }
    }

    /// The project that a folder is in, as one goes up from it; also from within a challenge.
    pub fn around(folder: &Path) -> Option<Self> {
        let mut folders = folder.ancestors();
        folders
            .find(|folder| folder.join(FOLDER).is_dir())
            .map(Self::at)
    }

    /// The project.
    pub fn project(&self) -> &Path {
        &self.project
    }

    /// The folder that is the tool's own.
    pub fn own(&self) -> PathBuf {
        self.project.join(FOLDER)
    }

    /// The lock file of the environment.
    pub fn lock_file(&self) -> PathBuf {
        self.own().join("requirements.txt")
    }

    /// The course's own files, to compare with.
    pub fn starter(&self) -> PathBuf {
        self.own().join("starter")
    }

    /// Answers while they are written.
    pub fn answers(&self) -> PathBuf {
        self.own().join("answers")
    }

    /// Reports that were not sent.
    pub fn reports(&self) -> PathBuf {
        self.own().join("reports")
    }

    /// The tree of a module's challenge.
    pub fn challenge(&self, module: &ModuleId) -> PathBuf {
        self.own().join("challenges").join(module.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn project_is_found_from_below_and_from_a_challenge() {
        let dir = tempfile::tempdir().unwrap();
        let challenge = dir.path().join("a/.mastery/challenges/m/src");
        std::fs::create_dir_all(&challenge).unwrap();
        let place = Place::at(&dir.path().join("a"));
        assert_eq!(Place::around(&challenge), Some(place.clone()));
        assert_eq!(Place::around(place.project()), Some(place));
        assert_eq!(Place::around(dir.path()), None);
    }
}
