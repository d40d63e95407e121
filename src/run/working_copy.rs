//! A fresh folder for one case: its project, its home, its place for temporary files.
//!
//! Nothing is shared between cases and nothing is left. A run's folder is locked while the run
//! lives; folders of runs that were killed are removed by the next one.

use std::fs::{self, File, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::refill::refill;
use super::removal::{LOCK, remove};
use crate::source::tree::Tree;

/// What the names of run folders begin with.
const PREFIX: &str = "mastery-run-";

/// The folder of all working copies of a run; removed on drop.
#[derive(Debug)]
pub struct RunDir {
    path: PathBuf,
    next: AtomicU64,
    /// Held while the run lives.
    _lock: File,
}

impl RunDir {
    /// Makes a run folder below `parent`, and removes those that killed runs have left there.
    ///
    /// # Errors
    ///
    /// When no folder can be made.
    pub fn create(parent: &Path) -> io::Result<Self> {
        // Rules of the sandbox and what programs say of files are about real paths.
        let parent = &parent.canonicalize()?;
        sweep(parent);
        let dir = tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent)?;
        // The users of cases must be able to get through to their own folders.
        fs::set_permissions(dir.path(), Permissions::from_mode(0o711))?;
        let lock = File::create(dir.path().join(LOCK))?;
        lock.lock()?;
        Ok(Self {
            path: dir.keep(),
            next: AtomicU64::new(0),
            _lock: lock,
        })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file that all cases may read, and returns where it is.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn write_shared(&self, name: &str, content: &str) -> io::Result<PathBuf> {
        let shared = self.path.join("shared");
        let path = shared.join(name);
        let dir = path.parent().unwrap_or(&shared);
        fs::create_dir_all(dir)?;
        for dir in dir.ancestors().take_while(|it| it.starts_with(&shared)) {
            fs::set_permissions(dir, Permissions::from_mode(0o755))?;
        }
        fs::write(&path, content)?;
        fs::set_permissions(&path, Permissions::from_mode(0o644))?;
        Ok(path)
    }

    /// Makes a working copy of a tree.
    ///
    /// # Errors
    ///
    /// What the system says; nothing is left then.
    pub fn working_copy(&self, tree: &Tree) -> io::Result<WorkingCopy> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let working_copy = WorkingCopy {
            path: self.path.join(format!("case-{number}")),
        };
        make_private(working_copy.path())?;
        working_copy.fill(tree)?;
        Ok(working_copy)
    }
}

impl Drop for RunDir {
    fn drop(&mut self) {
        // What can't be removed now is for the next run to try.
        let _ = remove(&self.path);
    }
}

fn make_private(dir: &Path) -> io::Result<()> {
    fs::create_dir(dir)?;
    fs::set_permissions(dir, Permissions::from_mode(0o700))
}

/// Removes the folders of runs that did not end by themselves.
fn sweep(parent: &Path) {
    // SAFETY: a plain system call.
    let own = unsafe { libc::geteuid() };
    let Ok(entries) = fs::read_dir(parent) else {
        return;
    };
    for entry in entries.flatten() {
        // In a folder that all users share, somebody else's is none of our business.
        let is_run = entry.file_name().to_string_lossy().starts_with(PREFIX)
            && entry
                .path()
                .symlink_metadata()
                .is_ok_and(|it| it.is_dir() && it.uid() == own);
        if !is_run {
            continue;
        }
        // Without its lock file a folder is just being made, or is somebody else's.
        let Ok(lock) = File::open(entry.path().join(LOCK)) else {
            continue;
        };
        match lock.try_lock() {
            Ok(()) => drop(remove(&entry.path())),
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => {}
        }
    }
}

/// A tree written out for one case; removed on drop, whatever the case has made of it.
#[derive(Debug)]
pub struct WorkingCopy {
    path: PathBuf,
}

impl WorkingCopy {
    /// The folder of the case: all that it may write to.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The project.
    pub fn project(&self) -> PathBuf {
        self.path.join("project")
    }

    /// A home folder, empty at first.
    pub fn home(&self) -> PathBuf {
        self.path.join("home")
    }

    /// A place for temporary files, empty at first.
    pub fn temp(&self) -> PathBuf {
        self.path.join("tmp")
    }

    /// Fills the folder: a new one, or one that was cleared.
    ///
    /// # Errors
    ///
    /// What the system says. It must not be filled again then.
    pub fn fill(&self, tree: &Tree) -> io::Result<()> {
        make_private(&self.home())?;
        make_private(&self.temp())?;
        let project = self.project();
        if project.symlink_metadata().is_ok_and(|it| it.is_dir()) {
            fs::set_permissions(&project, Permissions::from_mode(0o700))?;
            return refill(&project, tree);
        }
        make_private(&project)?;
        tree.write(&project)
    }

    /// Removes everything in the folder, whatever a case has made of it, but the project, which is looked
    /// through when it is filled again.
    ///
    /// # Errors
    ///
    /// What the system says. It must not be filled again then.
    pub fn clear(&self) -> io::Result<()> {
        fs::set_permissions(&self.path, Permissions::from_mode(0o700))?;
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            if entry.path() != self.project() || !entry.file_type()?.is_dir() {
                remove(&entry.path())?;
            }
        }
        Ok(())
    }

    /// Removes it, and tells what can't be removed; the next run tries that again.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn remove(mut self) -> io::Result<()> {
        remove(&std::mem::take(&mut self.path))
    }
}

impl Drop for WorkingCopy {
    fn drop(&mut self) {
        if !self.path.as_os_str().is_empty() {
            let _ = remove(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::tree::Entry;

    fn tree() -> Tree {
        [("a/b.txt".to_owned(), Entry::file(b"x".as_slice()))]
            .into_iter()
            .collect()
    }

    #[test]
    fn working_copies_are_apart_and_go_with_their_owners() {
        let parent = tempfile::tempdir().unwrap();
        let run = RunDir::create(parent.path()).unwrap();
        let first = run.working_copy(&tree()).unwrap();
        let second = run.working_copy(&tree()).unwrap();
        fs::write(first.project().join("a/b.txt"), "changed").unwrap();
        assert_eq!(fs::read(second.project().join("a/b.txt")).unwrap(), b"x");
        let (path, run_path) = (first.path().to_owned(), run.path().to_owned());
        drop(first);
        assert!(!path.exists() && run_path.exists());
        drop((second, run));
        assert!(!run_path.exists());
    }

    #[test]
    fn folder_behind_a_link_is_known_by_its_real_path() {
        let parent = tempfile::tempdir().unwrap();
        let real = parent.path().canonicalize().unwrap().join("real");
        fs::create_dir(&real).unwrap();
        let link = parent.path().join("link");
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let run = RunDir::create(&link).unwrap();
        assert!(run.path().starts_with(&real), "{run:?}");
    }

    #[test]
    fn read_only_folders_are_removed() {
        let parent = tempfile::tempdir().unwrap();
        let run = RunDir::create(parent.path()).unwrap();
        let copy = run.working_copy(&tree()).unwrap();
        let dir = copy.project().join("a");
        fs::set_permissions(&dir, Permissions::from_mode(0o000)).unwrap();
        let path = copy.path().to_owned();
        drop(copy);
        assert!(!path.exists());
    }

    #[test]
    fn folders_that_are_nested_beyond_all_bounds_are_removed() {
        let parent = tempfile::tempdir().unwrap();
        let run = RunDir::create(parent.path()).unwrap();
        let copy = run.working_copy(&tree()).unwrap();
        // From the inside out: no path to the innermost is short enough.
        let name = "n".repeat(200);
        let mut inner = copy.path().join("0");
        fs::create_dir(&inner).unwrap();
        fs::write(inner.join("1"), "").unwrap();
        for depth in 1..1_500 {
            let outer = copy.temp().join(depth.to_string());
            fs::create_dir(&outer).unwrap();
            fs::rename(&inner, outer.join(&name)).unwrap();
            let mode = if depth % 2 == 0 { 0 } else { 0o500 };
            let _ = fs::set_permissions(outer.join(&name), Permissions::from_mode(mode));
            inner = outer;
        }
        std::os::unix::fs::symlink(parent.path(), inner.join("link")).unwrap();
        fs::write(parent.path().join("precious"), "").unwrap();
        let path = copy.path().to_owned();
        copy.remove().unwrap();
        assert!(!path.exists() && parent.path().join("precious").exists());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn folders_of_killed_runs_are_swept_and_those_of_living_ones_are_not() {
        let parent = tempfile::tempdir().unwrap();
        let dead = parent.path().join("mastery-run-dead");
        fs::create_dir(&dead).unwrap();
        fs::write(dead.join("lock"), "").unwrap();
        let other = parent.path().join("other");
        fs::create_dir(&other).unwrap();
        let living = RunDir::create(parent.path()).unwrap();
        let _third = RunDir::create(parent.path()).unwrap();
        assert!(!dead.exists());
        assert!(living.path().exists() && other.exists());
    }
}
