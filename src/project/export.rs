//! Writes a tree into a folder of the user's: all of it or nothing.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::source::tree::{Tree, write_entry};

/// What to do with files that are there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// Write nothing when there is anything in the folder.
    Keep,
    /// Replace files of the same path, leave others alone.
    Replace,
}

/// Why a tree was not written. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// There is something in the folder.
    #[error("`{}` is not empty", .0.display())]
    NotEmpty(PathBuf),
    /// Something other than a file stands where a file has to go, or a file where a folder has to.
    #[error("`{}` is in the way", .0.display())]
    InTheWay(PathBuf),
    /// The system refused.
    #[error("`{}` can't be written: {error}", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// What it says.
        error: io::Error,
    },
}

/// Writes `tree` into `dir`.
///
/// # Errors
///
/// See [`ExportError`]. Whatever the error, `dir` is as it was.
pub fn export(tree: &Tree, dir: &Path, existing: Existing) -> Result<(), ExportError> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |error| ExportError::Io { path, error }
    };
    let parent = dir
        .parent()
        .filter(|it| !it.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(at(parent))?;
    // Everything is written beside the target first; a full disk shows there.
    let staging = tempfile::Builder::new()
        .prefix(".mastery-build-")
        .tempdir_in(parent)
        .map_err(at(parent))?;
    let fresh = staging.path().join("new");
    fs::create_dir(&fresh)
        .and_then(|()| tree.write(&fresh))
        .map_err(at(&fresh))?;
    let is_empty = match fs::read_dir(dir) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => true,
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            return Err(ExportError::InTheWay(dir.to_owned()));
        }
        Err(error) => return Err(at(dir)(error)),
    };
    match (is_empty, existing) {
        // Renaming replaces an empty folder, and does so at once.
        (true, _) => fs::rename(&fresh, dir).map_err(at(dir)),
        (false, Existing::Keep) => Err(ExportError::NotEmpty(dir.to_owned())),
        (false, Existing::Replace) => {
            let backup = staging.path().join("old");
            fs::create_dir(&backup).map_err(at(&backup))?;
            let mut merge = Merge {
                dir,
                fresh: &fresh,
                backup: &backup,
                done: Vec::new(),
            };
            merge.all(tree).inspect_err(|_| merge.undo())
        }
    }
}

/// Files that take the place of others, one by one, so that it can be undone.
struct Merge<'a> {
    dir: &'a Path,
    fresh: &'a Path,
    backup: &'a Path,
    /// What was put in place, and whether something was there before.
    done: Vec<(String, bool)>,
}

impl Merge<'_> {
    fn all(&mut self, tree: &Tree) -> Result<(), ExportError> {
        for (path, _) in tree.iter() {
            self.check(path)?;
        }
        for (path, _) in tree.iter() {
            let target = self.dir.join(path);
            let failed = |error| ExportError::Io {
                path: target.clone(),
                error,
            };
            let parent = target.parent().expect("a file is in a folder");
            fs::create_dir_all(parent).map_err(failed)?;
            let was_there = target.symlink_metadata().is_ok();
            if was_there {
                let saved = self.backup.join(self.done.len().to_string());
                fs::rename(&target, saved).map_err(failed)?;
            }
            self.done.push((path.to_owned(), was_there));
            fs::rename(self.fresh.join(path), &target).map_err(failed)?;
        }
        Ok(())
    }

    /// Nothing but files may be replaced, and no link may lead out of the folder.
    fn check(&self, path: &str) -> Result<(), ExportError> {
        let mut current = self.dir.to_owned();
        let mut parts = path.split('/').peekable();
        while let Some(part) = parts.next() {
            current.push(part);
            let Ok(metadata) = current.symlink_metadata() else {
                return Ok(());
            };
            let fits = if parts.peek().is_some() {
                metadata.is_dir()
            } else {
                !metadata.is_dir()
            };
            if !fits {
                return Err(ExportError::InTheWay(current));
            }
        }
        Ok(())
    }

    fn undo(&self) {
        for (index, (path, was_there)) in self.done.iter().enumerate().rev() {
            let target = self.dir.join(path);
            // What can't be undone is still in the folder of backups, which is then kept.
            let _ = fs::remove_file(&target);
            if *was_there {
                let _ = fs::rename(self.backup.join(index.to_string()), &target);
            }
        }
    }
}

/// Writes one text file whole or not at all, in place of one that was there, whose permissions it gets.
///
/// # Errors
///
/// What the system says, or that something is there that is no plain file; it is as it was then.
pub fn replace_file(path: &Path, content: &[u8]) -> io::Result<()> {
    let permissions = permissions_of_plain_file(path)?;
    let parent = path
        .parent()
        .filter(|it| !it.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let dir = tempfile::Builder::new()
        .prefix(".mastery-")
        .tempdir_in(parent)?;
    let draft = dir.path().join("draft");
    write_entry(&draft, &crate::source::tree::Entry::file(content))?;
    if let Some(permissions) = permissions {
        fs::set_permissions(&draft, permissions)?;
    }
    fs::rename(draft, path)
}

/// The permissions of a file that may be replaced; `None` where there is nothing. Renaming over a link would cut
/// it, and over a device such as `/dev/null` take that from everybody.
fn permissions_of_plain_file(path: &Path) -> io::Result<Option<fs::Permissions>> {
    match path.symlink_metadata() {
        Ok(metadata) if metadata.is_file() => Ok(Some(metadata.permissions())),
        Ok(metadata) if metadata.is_symlink() => Err(io::Error::other("it is a symbolic link")),
        Ok(_) => Err(io::Error::other("it is no plain file")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// What begins a file that says its encoding in its first bytes.
const BYTE_ORDER_MARK: &str = "\u{feff}";

/// Writes a text file anew, whole or not at all, if it is a plain file that holds `before`. A byte order mark,
/// which neither text has, stays.
///
/// # Errors
///
/// Why the file is left as it is.
pub fn replace_text(path: &Path, before: &str, after: &str) -> Result<(), String> {
    let permissions = permissions_of_plain_file(path).map_err(|error| error.to_string())?;
    if permissions.is_some_and(|it| it.readonly()) {
        return Err("it may not be written".to_owned());
    }
    let on_disk = fs::read_to_string(path).map_err(|error| error.to_string())?;
    let (mark, text) = match on_disk.strip_prefix(BYTE_ORDER_MARK) {
        Some(text) => (BYTE_ORDER_MARK, text),
        None => ("", on_disk.as_str()),
    };
    if text != before {
        return Err("it was changed in the meantime".to_owned());
    }
    let content = format!("{mark}{after}");
    replace_file(path, content.as_bytes()).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::source::tree::Entry;

    fn tree(files: &[(&str, &str)]) -> Tree {
        files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), Entry::file(text.as_bytes())))
            .collect()
    }

    #[test]
    fn only_plain_files_are_replaced_and_their_permissions_stay() {
        use std::os::unix::fs::PermissionsExt as _;
        use std::os::unix::net::UnixListener;
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        replace_file(&at("file"), b"1").unwrap();
        fs::set_permissions(at("file"), fs::Permissions::from_mode(0o600)).unwrap();
        replace_file(&at("file"), b"2").unwrap();
        assert_eq!(fs::read(at("file")).unwrap(), b"2");
        let mode = fs::metadata(at("file")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        symlink("file", at("link")).unwrap();
        let _socket = UnixListener::bind(at("socket")).unwrap();
        fs::create_dir(at("folder")).unwrap();
        for name in ["link", "socket", "folder"] {
            let before = at(name).symlink_metadata().unwrap().file_type();
            assert!(replace_file(&at(name), b"3").is_err(), "{name}");
            let after = at(name).symlink_metadata().unwrap().file_type();
            assert_eq!(after, before, "{name}");
        }
        assert_eq!(fs::read(at("file")).unwrap(), b"2");
    }

    #[test]
    fn tree_goes_into_a_new_or_empty_folder() {
        let parent = tempfile::tempdir().unwrap();
        let new = tree(&[("a.py", "1"), ("pkg/b.py", "2")]);
        for name in ["deep/er/new", "empty"] {
            let dir = parent.path().join(name);
            if name == "empty" {
                fs::create_dir(&dir).unwrap();
            }
            export(&new, &dir, Existing::Keep).unwrap();
            assert_eq!(Tree::read(&dir).0, new);
        }
    }

    #[test]
    fn folder_with_something_in_it_is_left_alone() {
        let parent = tempfile::tempdir().unwrap();
        let old = tree(&[("mine.txt", "precious")]);
        old.write(parent.path()).unwrap();
        let error = export(&tree(&[("a.py", "1")]), parent.path(), Existing::Keep).unwrap_err();
        assert!(matches!(error, ExportError::NotEmpty(_)));
        assert_eq!(Tree::read(parent.path()).0, old);
    }

    #[test]
    fn replacing_leaves_other_files_alone() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("out");
        fs::create_dir(&target).unwrap();
        tree(&[("mine.txt", "precious"), ("pkg/a.py", "old")])
            .write(&target)
            .unwrap();
        export(
            &tree(&[("pkg/a.py", "new"), ("pkg/b.py", "2")]),
            &target,
            Existing::Replace,
        )
        .unwrap();
        let expected = tree(&[
            ("mine.txt", "precious"),
            ("pkg/a.py", "new"),
            ("pkg/b.py", "2"),
        ]);
        assert_eq!(Tree::read(&target).0, expected);
        assert_eq!(
            fs::read_dir(dir.path()).unwrap().count(),
            1,
            "nothing else is left"
        );
    }

    #[test]
    fn what_is_in_the_way_stops_everything() {
        let dir = tempfile::tempdir().unwrap();
        let target = dir.path().join("out");
        fs::create_dir_all(target.join("z/folder")).unwrap();
        fs::create_dir(target.join("elsewhere")).unwrap();
        symlink("elsewhere", target.join("link")).unwrap();
        for path in ["z/folder", "link/a.py"] {
            let new = tree(&[("a.py", "1"), (path, "2")]);
            let error = export(&new, &target, Existing::Replace).unwrap_err();
            assert!(matches!(error, ExportError::InTheWay(_)), "{path}");
            assert!(!target.join("a.py").exists());
        }
        fs::write(dir.path().join("file"), "").unwrap();
        let error = export(
            &tree(&[("a", "")]),
            &dir.path().join("file"),
            Existing::Replace,
        );
        assert!(matches!(error, Err(ExportError::InTheWay(_))));
    }

    #[test]
    fn undone_merge_leaves_everything_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let (target, fresh, backup) = (
            dir.path().join("out"),
            dir.path().join("new"),
            dir.path().join("old"),
        );
        for dir in [&target, &fresh, &backup] {
            fs::create_dir(dir).unwrap();
        }
        let before = tree(&[("a", "old a"), ("b", "old b")]);
        before.write(&target).unwrap();
        // `b` is missing from the staging folder, as if somebody had removed it.
        tree(&[("a", "new a")]).write(&fresh).unwrap();
        let mut merge = Merge {
            dir: &target,
            fresh: &fresh,
            backup: &backup,
            done: Vec::new(),
        };
        assert!(merge.all(&tree(&[("a", "new a"), ("b", "new b")])).is_err());
        merge.undo();
        assert_eq!(Tree::read(&target).0, before);
    }
}
