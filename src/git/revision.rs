//! Folders as they were at a commit.

use std::path::{Path, PathBuf};

use git2::{ErrorCode, ObjectType, Repository};

use super::message;
use crate::source::tree::{Entry, write_entry};

/// Why a folder could not be had as it was at a revision.
#[derive(Debug, thiserror::Error)]
pub enum RevisionError {
    /// It is in no repository that git would use.
    #[error("`{}` is in no git repository: {message}", folder.display())]
    NoRepository {
        /// The folder.
        folder: PathBuf,
        /// What git says.
        message: String,
    },
    /// There is no such commit.
    #[error("there is no commit `{revision}`: {message}")]
    NoCommit {
        /// What was asked for.
        revision: String,
        /// Whether the history was not fetched in full.
        is_shallow: bool,
        /// What git says.
        message: String,
    },
    /// It can't be read or written out.
    #[error("{0}")]
    Unreadable(String),
}

impl From<git2::Error> for RevisionError {
    fn from(error: git2::Error) -> Self {
        Self::Unreadable(message(&error))
    }
}

impl From<std::io::Error> for RevisionError {
    fn from(error: std::io::Error) -> Self {
        Self::Unreadable(error.to_string())
    }
}

/// Writes what a folder held at a revision into `dest`, which exists and is empty. Returns whether the
/// folder was there.
///
/// # Errors
///
/// See [`RevisionError`].
pub fn write_folder_at(folder: &Path, revision: &str, dest: &Path) -> Result<bool, RevisionError> {
    let no_repository = |message: String| RevisionError::NoRepository {
        folder: folder.to_owned(),
        message,
    };
    let repository =
        Repository::discover(folder).map_err(|error| no_repository(message(&error)))?;
    let root = repository.workdir().map(Path::canonicalize).transpose()?;
    let real = folder.canonicalize()?;
    let inner = root
        .and_then(|root| Some(real.strip_prefix(root).ok()?.to_owned()))
        .ok_or_else(|| no_repository("the repository has no work tree".to_owned()))?;
    let object = repository.revparse_single(revision);
    let commit = object.and_then(|object| object.peel_to_commit());
    let commit = commit.map_err(|error| RevisionError::NoCommit {
        revision: revision.to_owned(),
        is_shallow: repository.is_shallow(),
        message: message(&error),
    })?;
    let mut tree = commit.tree()?;
    if !inner.as_os_str().is_empty() {
        let entry = match tree.get_path(&inner) {
            Err(error) if error.code() == ErrorCode::NotFound => return Ok(false),
            entry => entry?,
        };
        let Ok(inner) = entry.to_object(&repository)?.into_tree() else {
            return Ok(false);
        };
        tree = inner;
    }
    write_tree(&repository, &tree, dest)?;
    Ok(true)
}

/// Writes a tree of git's below a folder. What git would not check out is left out, as are submodules.
fn write_tree(
    repository: &Repository,
    tree: &git2::Tree<'_>,
    dest: &Path,
) -> Result<(), RevisionError> {
    const LINK: i32 = 0o120_000;
    const EXECUTABLE: i32 = 0o111;
    for entry in tree {
        let name = entry.name().ok().filter(|name| is_plain_name(name));
        let Some(name) = name else { continue };
        let path = dest.join(name);
        match entry.kind() {
            Some(ObjectType::Tree) => {
                std::fs::create_dir(&path)?;
                write_tree(repository, &repository.find_tree(entry.id())?, &path)?;
            }
            Some(ObjectType::Blob) => {
                let blob = repository.find_blob(entry.id())?;
                let file = if entry.filemode() == LINK {
                    Entry::Link {
                        target: String::from_utf8_lossy(blob.content()).into_owned(),
                    }
                } else {
                    Entry::File {
                        content: blob.content().into(),
                        executable: entry.filemode() & EXECUTABLE != 0,
                    }
                };
                write_entry(&path, &file)?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Whether a name is that of one file in its folder, and not one that git itself would refuse.
fn is_plain_name(name: &str) -> bool {
    !matches!(name, "" | "." | "..")
        && !name.eq_ignore_ascii_case(".git")
        && !name.contains(['/', '\\', '\0'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::tree::Tree;
    use git2::Oid;

    /// Commits everything in a repository.
    fn commit(repository: &Repository) -> Oid {
        let mut index = repository.index().unwrap();
        let all = ["*"].iter();
        index
            .add_all(all, git2::IndexAddOption::DEFAULT, None)
            .unwrap();
        index.write().unwrap();
        let tree = repository.find_tree(index.write_tree().unwrap()).unwrap();
        let author = git2::Signature::now("a", "a@example.org").unwrap();
        let parents: Vec<_> = repository.head().ok().into_iter().collect();
        let parents: Vec<_> = parents
            .iter()
            .map(|head| head.peel_to_commit().unwrap())
            .collect();
        let parents: Vec<_> = parents.iter().collect();
        repository
            .commit(Some("HEAD"), &author, &author, "c", &tree, &parents)
            .unwrap()
    }

    #[test]
    fn folder_is_had_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let repository = Repository::init(dir.path()).unwrap();
        let folder = dir.path().join("curricula/a");
        std::fs::create_dir_all(folder.join("inner")).unwrap();
        std::fs::write(folder.join("inner/x.py"), "one").unwrap();
        std::fs::write(dir.path().join("other"), "").unwrap();
        write_entry(
            &folder.join("run"),
            &Entry::File {
                content: b"#!".as_slice().into(),
                executable: true,
            },
        )
        .unwrap();
        std::os::unix::fs::symlink("inner/x.py", folder.join("link")).unwrap();
        let first = commit(&repository).to_string();
        std::fs::write(folder.join("inner/x.py"), "two").unwrap();
        let _ = commit(&repository);

        let at = |folder: &Path, revision: &str| {
            let dest = tempfile::tempdir().unwrap();
            let was_there = write_folder_at(folder, revision, dest.path())?;
            Ok::<_, RevisionError>((was_there, Tree::read(dest.path()).0))
        };
        let (was_there, tree) = at(&folder, &first).unwrap();
        assert!(was_there);
        let paths: Vec<_> = tree.iter().map(|(path, _)| path).collect();
        assert_eq!(paths, ["inner/x.py", "link", "run"]);
        assert_eq!(tree.get("inner/x.py").unwrap().text(), Some("one"));
        assert!(matches!(tree.get("link"), Some(Entry::Link { target }) if target == "inner/x.py"));
        assert!(matches!(
            tree.get("run"),
            Some(Entry::File {
                executable: true,
                ..
            })
        ));
        let (_, tree) = at(&folder, "HEAD").unwrap();
        assert_eq!(tree.get("inner/x.py").unwrap().text(), Some("two"));
        assert_eq!(at(dir.path(), "HEAD~1").unwrap().1.len(), 4);

        let new = dir.path().join("curricula/new");
        std::fs::create_dir(&new).unwrap();
        assert!(!at(&new, "HEAD").unwrap().0);
        let missing = at(&folder, "no-such-branch").unwrap_err();
        assert!(matches!(
            missing,
            RevisionError::NoCommit {
                is_shallow: false,
                ..
            }
        ));
        let outside = tempfile::tempdir().unwrap();
        assert!(matches!(
            at(outside.path(), "HEAD").unwrap_err(),
            RevisionError::NoRepository { .. }
        ));
    }

    #[test]
    fn names_that_lead_elsewhere_are_not_written() {
        for name in ["", ".", "..", ".git", ".GIT", "a/b", "a\\b"] {
            assert!(!is_plain_name(name), "{name}");
        }
        assert!(is_plain_name(".gitignore") && is_plain_name("..."));
    }
}
