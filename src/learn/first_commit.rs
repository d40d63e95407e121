//! What a learner begins with: files, and a repository with one commit.

use std::path::{Path, PathBuf};

use crate::bundle::course::Course;
use crate::source::tree::Tree;

/// The message of the first commit.
pub const MESSAGE: &str = "Start of the course";

/// What the first commit of a course holds: the starter, and what git is told of line endings and leftovers.
pub fn first_commit(course: &Course) -> Tree {
    let _ = course;
    unimplemented!()
}

/// How a project was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// Files that were written, sorted. Others were there with the same content.
    pub written: Vec<String>,
    /// Where they are to be found in history.
    pub history: History,
}

/// Where the files of a beginning are in git.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum History {
    /// In the first commit of a new repository.
    NewRepository,
    /// In no commit: the folder is in a repository of the learner's, of which nothing was touched.
    Inside {
        /// The root of the repository's work tree.
        root: PathBuf,
    },
}

/// Whether a project may be put into a repository that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// No: [`BeginError::InsideRepository`].
    Refuse,
    /// Yes: files are written, and nothing is staged or committed.
    Use,
}

/// Why a project could not be begun. Nothing was overwritten, and no file is there in part.
#[derive(Debug, thiserror::Error)]
pub enum BeginError {
    /// The folder is in a repository.
    #[error("the folder is in the git repository `{}`", root.display())]
    InsideRepository {
        /// The root of its work tree.
        root: PathBuf,
    },
    /// Other files are in the way. Nothing was written.
    #[error("there are other files in the way: {}", paths.join(", "))]
    InTheWay {
        /// Their paths, sorted.
        paths: Vec<String>,
    },
    /// The system refused.
    #[error("`{}` can't be written: {source}", path.display())]
    Io {
        /// What was written.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// git refused.
    #[error("the repository can't be made: {message}")]
    Git {
        /// What git says.
        message: String,
    },
}

/// Writes what a learner begins with into `project`, and commits it where that is in no repository yet. What is there
/// with the same content is kept, so that one that was cut off can be done again. `mastery` is the `.mastery` folder,
/// which exists.
pub fn begin(
    project: &Path,
    mastery: &Path,
    tree: &Tree,
    existing: Existing,
) -> Result<Begun, BeginError> {
    let _ = (project, mastery, tree, existing);
    unimplemented!()
}
