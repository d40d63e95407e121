//! What an environment is told from others by, without starting anything of it.
//!
//! For the key of results: two environments with the same identity are taken to do the same.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::Origin;
use super::interpreter::Interpreter;

/// What an environment is told from others by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// The digest of the lock file; `None` when there is none.
    pub lock: Option<String>,
    /// The interpreter and the programs that validators call.
    pub programs: Vec<Program>,
    /// The digest of what is installed in an environment that is not the tool's own, and may hold more
    /// than what is locked, or change; `None` for one that is.
    pub packages: Option<String>,
}

/// A program as it is on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// Where it was found.
    pub path: PathBuf,
    /// Where that leads, all links followed.
    pub target: PathBuf,
    /// Its size in bytes.
    pub size: u64,
    /// When it was changed, in nanoseconds since 1970.
    pub modified: i64,
}

impl Program {
    /// Looks at the program at `path`. One that is not there is told by its path alone.
    pub fn at(path: &Path) -> Self {
        let (size, modified) = path.metadata().map_or((0, 0), |metadata| {
            let seconds = metadata.mtime().saturating_mul(1_000_000_000);
            (
                metadata.len(),
                seconds.saturating_add(metadata.mtime_nsec()),
            )
        });
        Self {
            target: path.canonicalize().unwrap_or_else(|_| path.to_owned()),
            path: path.to_owned(),
            size,
            modified,
        }
    }
}

impl Identity {
    /// Adds an interpreter.
    pub(super) fn add_python(&mut self, python: &Interpreter, origin: Origin, lock_text: &[u8]) {
        self.lock = Some(blake3::hash(lock_text).to_hex().to_string());
        self.programs.push(Program::at(&python.executable));
        // The tool's own environments are made from the lock and never changed after that.
        self.packages = match origin {
            Origin::Managed => None,
            Origin::Given | Origin::Active => Some(installed(python)),
        };
    }
}

/// The digest of what lies in the folder of packages: names with versions, and the times of the last
/// installation. What is changed by hand deep inside of a package does not show.
fn installed(python: &Interpreter) -> String {
    let folders = [python.site_packages()]
        .into_iter()
        .chain(python.libraries.iter().cloned());
    let mut found = Vec::new();
    for folder in folders {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            // Python writes caches when it likes.
            if entry.file_name() == "__pycache__" {
                continue;
            }
            if let Ok(metadata) = entry.metadata() {
                let path = entry.path().into_os_string().into_encoded_bytes();
                let numbers = (metadata.mtime(), metadata.mtime_nsec(), metadata.len());
                found.push((path, numbers));
            }
        }
    }
    found.sort();
    let mut hasher = blake3::Hasher::new();
    for (path, (seconds, nanoseconds, size)) in found {
        hasher.update(&(path.len() as u64).to_le_bytes());
        hasher.update(&path);
        hasher.update(&seconds.to_le_bytes());
        hasher.update(&nanoseconds.to_le_bytes());
        hasher.update(&size.to_le_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn program_that_changes_is_another() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("program");
        let link = dir.path().join("link");
        fs::write(&path, "one").unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let before = Program::at(&link);
        assert_eq!(before, Program::at(&link));
        assert_eq!(before.target, path.canonicalize().unwrap());
        fs::write(&path, "three").unwrap();
        assert_ne!(before, Program::at(&link));
        fs::write(&path, "one").unwrap();
        let file = fs::File::open(&path).unwrap();
        file.set_modified(std::time::SystemTime::UNIX_EPOCH)
            .unwrap();
        assert_ne!(before, Program::at(&link));
        assert_eq!(Program::at(&dir.path().join("none")).size, 0);
    }

    #[test]
    fn what_is_installed_beside_the_lock_shows() {
        let dir = tempfile::tempdir().unwrap();
        let python = Interpreter {
            executable: dir.path().join("bin/python"),
            version: semver::Version::new(3, 12, 1),
            implementation: "CPython".to_owned(),
            prefix: dir.path().to_owned(),
            base_prefix: dir.path().to_owned(),
            libraries: Vec::new(),
            missing: Vec::new(),
        };
        let packages = python.site_packages();
        fs::create_dir_all(packages.join("pytest-9.0.dist-info")).unwrap();
        let before = installed(&python);
        fs::create_dir(packages.join("__pycache__")).unwrap();
        assert_eq!(installed(&python), before);
        fs::create_dir(packages.join("other-1.0.dist-info")).unwrap();
        assert_ne!(installed(&python), before);

        let mut identity = Identity::default();
        identity.add_python(&python, Origin::Managed, b"lock");
        assert_eq!(identity.packages, None);
        identity.add_python(&python, Origin::Active, b"lock");
        assert!(identity.packages.is_some());
    }
}
