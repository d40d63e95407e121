//! New repositories with one commit.

use std::path::Path;

use git2::{Error, Repository, RepositoryInitOptions, Signature};

use super::store::NOBODY;
use super::{message, trees};
use crate::source::tree::Tree;

/// The name of the first commit, whatever branches are made.
const START: &str = "refs/mastery/start";

/// git refused.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct GitError(String);

impl From<Error> for GitError {
    fn from(error: Error) -> Self {
        Self(message(&error))
    }
}

/// Whose name the first commit bears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// The user's, as git is told; nobody's where it is told none.
    User,
    /// Nobody's.
    Nobody,
}

/// Makes a repository in `folder`, whose only commit, on the branch `main`, is `tree`. Files of the tree are not written.
///
/// Line endings are left alone in it, whatever the user has told git.
pub fn start(folder: &Path, tree: &Tree, message: &str, author: Author) -> Result<(), GitError> {
    let mut options = RepositoryInitOptions::new();
    options
        .no_reinit(true)
        .external_template(false)
        .initial_head("main");
    let repository = Repository::init_opts(folder, &options)?;
    repository.config()?.set_str("core.autocrlf", "false")?;
    let nobody = Signature::now(NOBODY.0, NOBODY.1)?;
    let author = match author {
        Author::User => repository.signature().unwrap_or(nobody),
        Author::Nobody => nobody,
    };
    let object = repository.find_tree(trees::write(&repository, tree)?)?;
    let commit = repository.commit(Some("HEAD"), &author, &author, message, &object, &[])?;
    repository.reference(START, commit, false, "")?;
    // What is known of the files is left empty: git looks at them when it is asked.
    let mut index = repository.index()?;
    index.read_tree(&object)?;
    index.write()?;
    Ok(())
}

/// Whether the repository in `folder` is one that [`start`] has made, with its first commit in place.
pub fn is_started(folder: &Path) -> bool {
    let check = || -> Result<bool, Error> {
        let repository = Repository::open(folder)?;
        let commit = repository.find_reference(START)?.peel_to_commit()?;
        trees::read(&repository, commit.tree_id())?;
        Ok(repository.head().is_ok() && repository.index().is_ok())
    };
    folder.join(".git").is_dir() && check().unwrap_or(false)
}
