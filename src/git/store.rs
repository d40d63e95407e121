//! A bare repository of our own, in which trees are kept as commits.
//!
//! What is written is not forced to the disk: that takes several times as long as all else, the same content is in the
//! learner's files, and what a power cut has damaged is replaced.
//!
//! It is opened anew for each thing that is done: that takes a fraction of a millisecond, and what was damaged in
//! between is not taken from memory.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use std::{fs, io};

use git2::{Error, ErrorCode, Oid, Repository, RepositoryInitOptions, Signature, Sort};

use super::{message, trees};
use crate::source::tree::Tree;

/// The author of commits that nobody has written.
pub(super) const NOBODY: (&str, &str) = ("mastery", "mastery@localhost");

/// A repository of trees.
#[derive(Clone, Debug)]
pub struct TreeStore {
    path: PathBuf,
}

/// A tree that was put into a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Put {
    /// The id of its commit, in hexadecimal digits.
    pub id: String,
    /// Whether it differs from the one before it.
    pub is_new: bool,
}

/// A commit of a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its id, in hexadecimal digits.
    pub id: String,
    /// Its message.
    pub message: String,
    /// When it was made.
    pub at: SystemTime,
}

/// git or the system refused: the repository is damaged, or can't be written.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StoreError(String);

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        Self(message(&error))
    }
}

impl From<io::Error> for StoreError {
    fn from(error: io::Error) -> Self {
        Self(error.to_string())
    }
}

impl TreeStore {
    /// The repository at `path`, which need not be there.
    pub fn at(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the repository, unless there is something in its place. It is made aside and then moved, so that there is
    /// never half of one.
    pub fn make(&self) -> Result<(), StoreError> {
        let folder = self.path.parent().unwrap_or(Path::new("."));
        fs::create_dir_all(folder)?;
        let aside = tempfile::Builder::new()
            .prefix("snapshots.new-")
            .tempdir_in(folder)?;
        let new = aside.path().join("git");
        let mut options = RepositoryInitOptions::new();
        options
            .bare(true)
            .external_template(false)
            .initial_head("project");
        let mut config = Repository::init_opts(&new, &options)?.config()?;
        // Names that mean something else on other systems are the learner's business.
        config.set_bool("core.protectNTFS", false)?;
        config.set_bool("core.protectHFS", false)?;
        match fs::rename(&new, &self.path) {
            // Somebody else was faster.
            Err(_) if self.path.is_dir() => Ok(()),
            result => Ok(result?),
        }
    }

    /// Puts a tree on top of a branch, unless it is what is there.
    ///
    /// One process at a time: git would let one commit take the place of another that is made at the same moment.
    pub fn put(&self, branch: &str, tree: &Tree, message: &str) -> Result<Put, StoreError> {
        let repository = Repository::open_bare(&self.path)?;
        let id = trees::write(&repository, tree)?;
        // An object that was there may have been damaged by hand.
        if trees::read(&repository, id)? != *tree {
            return Err(StoreError(
                "what was written is not what is read".to_owned(),
            ));
        }
        let reference = reference(branch);
        let tip = match repository.refname_to_id(&reference) {
            Ok(tip) => Some(repository.find_commit(tip)?),
            Err(error) if error.code() == ErrorCode::NotFound => None,
            Err(error) => return Err(error.into()),
        };
        if let Some(tip) = tip.as_ref().filter(|tip| tip.tree_id() == id) {
            return Ok(Put {
                id: tip.id().to_string(),
                is_new: false,
            });
        }
        let nobody = Signature::now(NOBODY.0, NOBODY.1)?;
        let object = repository.find_tree(id)?;
        let parents: Vec<_> = tip.iter().collect();
        let made = repository.commit(
            Some(&reference),
            &nobody,
            &nobody,
            message,
            &object,
            &parents,
        )?;
        Ok(Put {
            id: made.to_string(),
            is_new: true,
        })
    }

    /// The tree of a commit.
    pub fn read(&self, id: &str) -> Result<Tree, StoreError> {
        let repository = Repository::open_bare(&self.path)?;
        let commit = repository.find_commit(Oid::from_str(id)?)?;
        Ok(trees::read(&repository, commit.tree_id())?)
    }

    /// The commits of a branch, the newest first, up to the first that can't be read.
    pub fn history(&self, branch: &str) -> Vec<Commit> {
        let commits = || -> Result<Vec<Commit>, Error> {
            let repository = Repository::open_bare(&self.path)?;
            let mut walk = repository.revwalk()?;
            walk.set_sorting(Sort::TOPOLOGICAL)?;
            walk.push_ref(&reference(branch))?;
            let commits = walk.map_while(|id| {
                let commit = repository.find_commit(id.ok()?).ok()?;
                let seconds = u64::try_from(commit.time().seconds()).unwrap_or(0);
                Some(Commit {
                    id: commit.id().to_string(),
                    message: String::from_utf8_lossy(commit.message_bytes()).into_owned(),
                    at: SystemTime::UNIX_EPOCH + Duration::from_secs(seconds),
                })
            });
            Ok(commits.collect())
        };
        commits().unwrap_or_default()
    }
}

fn reference(branch: &str) -> String {
    format!("refs/heads/{branch}")
}
