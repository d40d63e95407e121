//! The work tree of a repository: what git tracks and ignores in it.

use std::path::{Path, PathBuf};

use git2::Repository;

/// The git work tree around a folder.
pub struct WorkTree {
    repository: Repository,
    /// The folder's path in the work tree, with forward slashes; empty for the whole of it.
    folder: PathBuf,
}

impl WorkTree {
    /// Finds the work tree that a folder is in; `None` when there is none that git would use.
    pub fn around(folder: &Path) -> Option<Self> {
        let repository = Repository::discover(folder).ok()?;
        let root = repository.workdir()?.canonicalize().ok()?;
        let folder = folder.canonicalize().ok()?;
        let folder = folder.strip_prefix(root).ok()?.to_owned();
        Some(Self { repository, folder })
    }

    /// The files in the folder that git tracks, by their path in it.
    pub fn tracked_files(&self) -> Vec<String> {
        let Ok(index) = self.repository.index() else {
            return Vec::new();
        };
        let paths = index.iter().filter_map(|entry| {
            let path = String::from_utf8(entry.path).ok()?;
            let inner = Path::new(&path).strip_prefix(&self.folder).ok()?;
            inner.to_str().map(str::to_owned)
        });
        paths.collect()
    }

    /// Whether git is told to ignore a file in the folder.
    pub fn is_ignored(&self, path: &str) -> bool {
        let ignored = self.repository.is_path_ignored(self.folder.join(path));
        ignored.unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_tree_tells_what_is_tracked_and_what_is_ignored() {
        let dir = tempfile::tempdir().unwrap();
        let repository = Repository::init(dir.path()).unwrap();
        let folder = dir.path().join("curricula/a");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(dir.path().join(".gitignore"), "*.pyc\n").unwrap();
        for name in ["x.py", "tracked.pyc"] {
            std::fs::write(folder.join(name), "").unwrap();
        }
        let mut index = repository.index().unwrap();
        for path in [".gitignore", "curricula/a/x.py", "curricula/a/tracked.pyc"] {
            index.add_path(Path::new(path)).unwrap();
        }
        index.write().unwrap();

        let work_tree = WorkTree::around(&folder).unwrap();
        assert_eq!(work_tree.tracked_files(), ["tracked.pyc", "x.py"]);
        assert!(work_tree.is_ignored("b/new.pyc"));
        assert!(!work_tree.is_ignored("x.py"));
        let whole = WorkTree::around(dir.path()).unwrap();
        assert_eq!(whole.tracked_files().len(), 3);
    }

    #[test]
    fn folder_outside_of_git_has_no_work_tree() {
        let dir = tempfile::tempdir().unwrap();
        assert!(WorkTree::around(dir.path()).is_none());
        assert!(WorkTree::around(&dir.path().join("nothing")).is_none());
    }
}
