//! How git sees the files of a folder: which it tracks, which it ignores. Nothing is written.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::ops::Bound;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use git2::{ErrorCode, Repository, RepositoryOpenFlags};

use super::{TreeStore, message};

/// git's mode of a submodule.
const SUBMODULE: u32 = 0o160_000;

/// What git tracks and ignores in a folder.
pub struct FolderView {
    repository: Repository,
    /// The folder's path in the work tree; empty for the whole of it.
    prefix: PathBuf,
    tracked: BTreeSet<Vec<u8>>,
    submodules: BTreeSet<Vec<u8>>,
}

/// Why git's own view of a folder can't be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoView {
    /// It is in no repository.
    NoRepository,
    /// The repository around it ignores the whole folder.
    Ignored,
    /// Its repository can't be used.
    Broken(String),
}

/// Where the repository of a folder may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// In the folder or one above it.
    Above,
    /// In the folder itself.
    Here,
}

/// Returns the nearest folder that holds a repository, or what is left of one: `folder` or one above it.
pub fn repository_around(folder: &Path) -> Option<PathBuf> {
    let real = folder.canonicalize().ok()?;
    real.ancestors()
        .find(|it| has_repository(it))
        .map(Path::to_owned)
}

/// Whether there is a `.git` in a folder, whatever it is.
fn has_repository(folder: &Path) -> bool {
    folder.join(".git").symlink_metadata().is_ok()
}

/// Whether git would take a folder for the root of a repository.
pub fn is_repository(folder: &Path) -> bool {
    // One that can't be used is one all the same.
    has_repository(folder)
        && !Repository::open(folder).is_err_and(|error| error.code() == ErrorCode::NotFound)
}

impl FolderView {
    /// git's view of a folder.
    pub fn of(folder: &Path, reach: Reach) -> Result<Self, NoView> {
        let broken = |error: git2::Error| NoView::Broken(message(&error));
        let real = folder.canonicalize().map_err(|_| NoView::NoRepository)?;
        let root = match reach {
            Reach::Here => Some(real.clone()).filter(|it| has_repository(it)),
            Reach::Above => repository_around(&real),
        };
        let root = root.ok_or(NoView::NoRepository)?;
        let none: [&OsStr; 0] = [];
        let repository = Repository::open_ext(&root, RepositoryOpenFlags::NO_SEARCH, none);
        let repository = repository.map_err(broken)?;
        let work_tree = repository.workdir().and_then(|it| it.canonicalize().ok());
        if work_tree.as_ref() != Some(&root) {
            return Err(NoView::Broken("its work tree is elsewhere".to_owned()));
        }
        let prefix = real.strip_prefix(&root).unwrap_or(Path::new("")).to_owned();
        if !prefix.as_os_str().is_empty() && repository.is_path_ignored(&prefix).unwrap_or(false) {
            return Err(NoView::Ignored);
        }
        let mut view = Self {
            prefix,
            tracked: BTreeSet::new(),
            submodules: BTreeSet::new(),
            repository,
        };
        view.read_index().map_err(broken)?;
        Ok(view)
    }

    /// The view of a folder without a repository that can be used: what `.gitignore` files, the learner's own
    /// excludes and those of the broken repository say. `store` is there.
    pub fn without_repository(folder: &Path, store: &TreeStore) -> Option<Self> {
        // Ignoring needs a repository. Ours is given the folder as its work tree, in memory alone.
        let repository = Repository::open_bare(store.path()).ok()?;
        repository.set_workdir(folder, false).ok()?;
        if let Ok(rules) = std::fs::read_to_string(folder.join(".git/info/exclude")) {
            let _ = repository.add_ignore_rule(&rules);
        }
        Some(Self {
            repository,
            prefix: PathBuf::new(),
            tracked: BTreeSet::new(),
            submodules: BTreeSet::new(),
        })
    }

    fn read_index(&mut self) -> Result<(), git2::Error> {
        for entry in self.repository.index()?.iter() {
            let path = Path::new(OsStr::from_bytes(&entry.path));
            let Ok(inner) = path.strip_prefix(&self.prefix) else {
                continue;
            };
            let inner = inner.as_os_str().as_bytes().to_vec();
            if entry.mode == SUBMODULE {
                self.submodules.insert(inner);
            } else {
                self.tracked.insert(inner);
            }
        }
        Ok(())
    }

    /// Takes files as if git tracked them.
    pub fn track(&mut self, paths: impl IntoIterator<Item = String>) {
        self.tracked
            .extend(paths.into_iter().map(String::into_bytes));
    }

    /// Whether git tracks a file.
    pub fn is_tracked(&self, path: &Path) -> bool {
        self.tracked.contains(path.as_os_str().as_bytes())
    }

    /// Whether git tracks a file in a folder.
    pub fn tracks_in(&self, folder: &Path) -> bool {
        let mut start = folder.as_os_str().as_bytes().to_vec();
        start.push(b'/');
        let range = (Bound::Excluded(start.clone()), Bound::Unbounded);
        let mut behind = self.tracked.range::<Vec<u8>, _>(range);
        behind.next().is_some_and(|path| path.starts_with(&start))
    }

    /// Whether a folder is a submodule.
    pub fn is_submodule(&self, folder: &Path) -> bool {
        self.submodules.contains(folder.as_os_str().as_bytes())
    }

    /// Whether git is told to ignore a file or folder.
    pub fn is_ignored(&self, path: &Path) -> bool {
        let ignored = self.repository.is_path_ignored(self.prefix.join(path));
        ignored.unwrap_or(false)
    }
}
