//! Writes the files that learners get: all of them or none.

use std::fs::{self, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// A file to be written.
#[derive(Debug)]
pub struct Output {
    /// Where.
    pub path: PathBuf,
    /// What.
    pub content: Vec<u8>,
    /// Whether it can be run.
    pub executable: bool,
}

/// What to do with files that are there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// Write nothing at all.
    Keep,
    /// Replace them.
    Replace,
}

/// Why files were not written. Those that were there are as they were, unless only some could be put in place.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// A file is there.
    #[error("`{}` is there already", .0.display())]
    Exists(PathBuf),
    /// Something is there that is no plain file.
    #[error("`{}` is no plain file", .0.display())]
    InTheWay(PathBuf),
    /// The system refused.
    #[error("`{}` can't be written", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// What it says.
        #[source]
        error: io::Error,
    },
}

/// Makes sure that a file can be put somewhere, as far as that can be told before.
pub fn check(path: &Path, existing: Existing) -> Result<(), OutputError> {
    let failed = |error| OutputError::Io {
        path: path.to_owned(),
        error,
    };
    match path.symlink_metadata() {
        Ok(metadata) if !metadata.is_file() => Err(OutputError::InTheWay(path.to_owned())),
        Ok(_) if existing == Existing::Keep => Err(OutputError::Exists(path.to_owned())),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => match fs::metadata(folder(path)) {
            Ok(metadata) if metadata.is_dir() => Ok(()),
            Ok(_) => Err(OutputError::InTheWay(folder(path).to_owned())),
            Err(error) => Err(failed(error)),
        },
        Err(error) => Err(failed(error)),
    }
}

/// Writes files beside their places, and puts them there once all are written.
pub fn write(outputs: &[Output], existing: Existing) -> Result<(), OutputError> {
    let mut drafts = Vec::new();
    for output in outputs {
        check(&output.path, existing)?;
        let failed = |error| OutputError::Io {
            path: output.path.clone(),
            error,
        };
        let mut draft = tempfile::Builder::new()
            .prefix(".mastery-bundle-")
            .tempfile_in(folder(&output.path))
            .map_err(failed)?;
        draft.write_all(&output.content).map_err(failed)?;
        // The same for everybody, whatever the umask.
        let mode = if output.executable { 0o755 } else { 0o644 };
        let file = draft.as_file();
        file.set_permissions(Permissions::from_mode(mode))
            .and_then(|()| file.sync_all())
            .map_err(failed)?;
        drafts.push((draft, &output.path));
    }
    for (draft, path) in drafts {
        let placed = match existing {
            Existing::Keep => draft.persist_noclobber(path),
            Existing::Replace => draft.persist(path),
        };
        placed.map_err(|error| OutputError::Io {
            path: path.clone(),
            error: error.error,
        })?;
    }
    Ok(())
}

fn folder(path: &Path) -> &Path {
    let parent = path.parent();
    let named = parent.filter(|it| !it.as_os_str().is_empty());
    named.unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(path: PathBuf) -> Output {
        Output {
            path,
            content: b"new".to_vec(),
            executable: true,
        }
    }

    #[test]
    fn all_files_are_written_or_none() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        fs::write(at("old"), "old").unwrap();
        let both = [output(at("one")), output(at("old"))];
        let error = write(&both, Existing::Keep).unwrap_err();
        assert!(matches!(error, OutputError::Exists(_)));
        assert_eq!(fs::read(at("old")).unwrap(), b"old");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        write(&both, Existing::Replace).unwrap();
        for name in ["one", "old"] {
            let mode = fs::metadata(at(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o755);
            assert_eq!(fs::read(at(name)).unwrap(), b"new");
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    }

    #[test]
    fn nothing_but_plain_files_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let link = dir.path().join("link");
        std::os::unix::fs::symlink("nowhere", &link).unwrap();
        for path in [dir.path().to_owned(), link, PathBuf::from("/dev/null")] {
            let error = check(&path, Existing::Replace).unwrap_err();
            assert!(matches!(error, OutputError::InTheWay(_)), "{error}");
        }
        let nowhere = dir.path().join("none/file");
        assert!(check(&nowhere, Existing::Replace).is_err());
    }
}
