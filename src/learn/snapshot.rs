//! Snapshots of what the learner has, which nothing that they do can lose.
//!
//! A snapshot is taken of a folder and kept in a repository of our own; the learner's repository is only looked at.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::SystemTime;
use std::{fmt, fs, io};

use super::files;
use super::notice::Notice;
use crate::curriculum::id::ModuleId;
use crate::git::store::{Put, TreeStore};
use crate::git::view::{FolderView, NoView, Reach};
use crate::run::removal::remove;
use crate::source::tree::Tree;

/// What snapshots are taken for on each save, while files are watched.
pub const WATCHED: &str = "watched";

/// The snapshots in a learner's `.mastery` folder.
#[derive(Clone, Debug)]
pub struct Snapshots {
    /// The repository that they are in.
    store: TreeStore,
    /// Files that are part of every snapshot, whatever git ignores.
    needed: Vec<String>,
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

/// Leaves out of a list, the newest first, the saves that were followed by another one while files were watched.
pub fn without_each_save(taken: Vec<Taken>) -> Vec<Taken> {
    let mut kept: Vec<Taken> = Vec::new();
    for it in taken {
        let is_followed = kept.last().is_some_and(|after| after.why == WATCHED);
        if it.why != WATCHED || !is_followed {
            kept.push(it);
        }
    }
    kept
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
        source: io::Error,
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
            store: TreeStore::at(&mastery.join("snapshots.git")),
            needed: Vec::new(),
        }
    }

    /// Files that are part of every snapshot where they are there, even if git is told to ignore them.
    #[must_use]
    pub fn needing(mut self, paths: impl IntoIterator<Item = String>) -> Self {
        self.needed.extend(paths);
        self
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
        let unreadable = |source| SnapshotError::Folder {
            folder: folder.to_owned(),
            source,
        };
        fs::read_dir(folder).map_err(unreadable)?;
        // A challenge is inside of the learner's repository, and no part of it.
        let reach = match line {
            Line::Project | Line::Validated => Reach::Above,
            Line::Challenge(_) => Reach::Here,
        };
        let mut notices = Vec::new();
        let view = match FolderView::of(folder, reach) {
            Ok(view) => Some(view),
            Err(problem) => {
                notices.push(match problem {
                    NoView::NoRepository => Notice::NoRepository,
                    NoView::Ignored => Notice::IgnoredFolder,
                    NoView::Broken(message) => Notice::BrokenRepository { message },
                });
                None
            }
        };
        let mut view = match view {
            Some(view) => view,
            None => self.view_without_repository(folder, &mut notices)?,
        };
        view.track(self.needed.iter().cloned());
        let (tree, left_out) = files::read(folder, &view).map_err(unreadable)?;
        notices.extend(left_out);
        self.keep(tree, line, why, notices)
    }

    /// Keeps a tree that is in no folder.
    pub fn keep_tree(
        &self,
        tree: Tree,
        line: Line<'_>,
        why: &str,
    ) -> Result<Snapshot, SnapshotError> {
        self.keep(tree, line, why, Vec::new())
    }

    fn keep(
        &self,
        tree: Tree,
        line: Line<'_>,
        why: &str,
        mut notices: Vec<Notice>,
    ) -> Result<Snapshot, SnapshotError> {
        let put = self.put(line, &tree, why, &mut notices)?;
        Ok(Snapshot {
            id: SnapshotId(put.id),
            tree,
            is_new: put.is_new,
            notices,
        })
    }

    /// All snapshots of a line that can be read, the newest first.
    pub fn list(&self, line: Line<'_>) -> Vec<Taken> {
        let commits = self.store.history(&branch(line)).into_iter();
        let taken = commits.map(|commit| Taken {
            id: SnapshotId(commit.id),
            why: commit.message.trim_end().to_owned(),
            at: commit.at,
        });
        taken.collect()
    }

    /// What is in a snapshot.
    pub fn read(&self, id: &SnapshotId) -> Result<Tree, SnapshotError> {
        let tree = self.store.read(id.as_str());
        tree.map_err(|error| SnapshotError::Missing {
            id: id.clone(),
            message: error.to_string(),
        })
    }

    fn view_without_repository(
        &self,
        folder: &Path,
        notices: &mut Vec<Notice>,
    ) -> Result<FolderView, SnapshotError> {
        let view = || FolderView::without_repository(folder, &self.store);
        if let Some(view) = view() {
            return Ok(view);
        }
        let _lock = self.lock()?;
        if let Some(view) = view() {
            return Ok(view);
        }
        let aside = self.replace()?;
        notices.extend(aside.map(|aside| Notice::SnapshotsMadeAgain { aside }));
        view().ok_or_else(|| self.not_kept("the repository can't be used"))
    }

    /// Puts a tree into our repository; into a new one, where that is damaged.
    fn put(
        &self,
        line: Line<'_>,
        tree: &Tree,
        why: &str,
        notices: &mut Vec<Notice>,
    ) -> Result<Put, SnapshotError> {
        let branch = branch(line);
        let _lock = self.lock()?;
        if let Ok(put) = self.store.put(&branch, tree, why) {
            return Ok(put);
        }
        let aside = self.replace()?;
        match self.store.put(&branch, tree, why) {
            Ok(put) => {
                notices.extend(aside.map(|aside| Notice::SnapshotsMadeAgain { aside }));
                Ok(put)
            }
            Err(error) => {
                // The fault is not that of the old one: no space is left, or nothing may be written.
                self.put_back(aside.as_deref());
                Err(self.not_kept(error))
            }
        }
    }

    /// Keeps other processes from writing to the repository; freed when the file is dropped.
    fn lock(&self) -> Result<File, SnapshotError> {
        let mastery = self.store.path().parent().expect("it is in a folder");
        let lock = || {
            fs::create_dir_all(mastery)?;
            let folder = File::open(mastery)?;
            folder.lock()?;
            Ok(folder)
        };
        lock().map_err(|error: io::Error| self.not_kept(error))
    }

    /// Sets the repository aside, makes a new one, and returns where the old one is; `None` when there was none.
    fn replace(&self) -> Result<Option<PathBuf>, SnapshotError> {
        let path = self.store.path();
        let mut aside = None;
        if path.symlink_metadata().is_ok() {
            let names = (1..).map(|n| path.with_file_name(format!("snapshots.damaged-{n}.git")));
            let free = names
                .into_iter()
                .find(|name| name.symlink_metadata().is_err())
                .expect("there are more numbers than files");
            fs::rename(path, &free).map_err(|error| self.not_kept(error))?;
            aside = Some(free);
        }
        self.store.make().map_err(|error| {
            self.put_back(aside.as_deref());
            self.not_kept(error)
        })?;
        Ok(aside)
    }

    fn put_back(&self, aside: Option<&Path>) {
        if let Some(aside) = aside {
            let _ = remove(self.store.path()).and_then(|()| fs::rename(aside, self.store.path()));
        }
    }

    fn not_kept(&self, message: impl fmt::Display) -> SnapshotError {
        SnapshotError::NotKept {
            repository: self.store.path().to_owned(),
            message: message.to_string(),
        }
    }
}

fn branch(line: Line<'_>) -> String {
    match line {
        Line::Project => "project".to_owned(),
        Line::Challenge(module) => format!("challenge/{module}"),
        Line::Validated => "validated".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_saves_in_a_row_the_last_is_listed() {
        let taken = |why: &&str| Taken {
            id: SnapshotId::parse(&"0".repeat(40)).unwrap(),
            why: (*why).to_owned(),
            at: SystemTime::UNIX_EPOCH,
        };
        let all = [WATCHED, WATCHED, "submit", WATCHED, WATCHED, "test"];
        let listed = without_each_save(all.iter().map(taken).collect());
        let listed: Vec<_> = listed.iter().map(|it| it.why.as_str()).collect();
        assert_eq!(listed, [WATCHED, "submit", WATCHED, "test"]);
    }
}
