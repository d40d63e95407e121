//! The folders that an import reads: as they are on disk, with what could not be read of them.

use std::fs;
use std::path::Path;

use crate::source::path;
use crate::source::tree::{Entry, Tree, is_leftover};

/// Levels of folders in which leftovers are looked for.
const MAX_DEPTH: usize = 32;

/// Which of the folders a file is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// The folder with the old manifest.
    Curriculum,
    /// The solved project.
    Reference,
    /// What learners begin with.
    Starter,
    /// Tests that all modules share.
    Tests,
}

impl Source {
    /// The folder that files of it are kept aside in.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Curriculum => "curriculum",
            Self::Reference => "reference",
            Self::Starter => "starter",
            Self::Tests => "tests",
        }
    }
}

/// A folder as it was read.
#[derive(Debug)]
pub struct Folder {
    /// The folder as it is shown.
    pub shown: String,
    /// Its files.
    pub files: Tree,
    /// What is in it and was not read, by its path in it, with the reason.
    pub skipped: Vec<(String, String)>,
}

impl Folder {
    /// Reads a folder. No symbolic link is followed out of it.
    pub fn read(dir: &Path, shown: impl Into<String>) -> Self {
        let (files, skipped) = Tree::read(dir);
        let inner = |path: &Path| {
            path.strip_prefix(dir)
                .unwrap_or(path)
                .to_string_lossy()
                .into_owned()
        };
        let mut skipped: Vec<_> = skipped
            .into_iter()
            .map(|skipped| (inner(&skipped.path), skipped.reason.to_string()))
            .collect();
        leftovers(dir, dir, 0, &mut skipped);
        skipped.sort();
        Self {
            shown: shown.into(),
            files,
            skipped,
        }
    }

    /// Takes out what lies in a folder of it, because it is read as a source of its own.
    pub fn without(&mut self, inner: &str) {
        let is_inside = |path: &str| path::inside(path, inner).is_some();
        let inside: Vec<_> = self
            .files
            .iter()
            .map(|(path, _)| path.to_owned())
            .filter(|path| is_inside(path))
            .collect();
        for path in inside {
            self.files.remove(&path);
        }
        self.skipped.retain(|(path, _)| !is_inside(path));
    }
}

/// Finds what programs have left behind: no part of any tree, and still named.
fn leftovers(dir: &Path, root: &Path, depth: usize, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if name.to_str().is_some_and(is_leftover) {
            let inner = path.strip_prefix(root).unwrap_or(&path);
            found.push((
                inner.to_string_lossy().into_owned(),
                "left behind by a program".to_owned(),
            ));
        } else if entry.file_type().is_ok_and(|kind| kind.is_dir()) && depth < MAX_DEPTH {
            leftovers(&path, root, depth + 1, found);
        }
    }
}

/// All folders that an import reads.
#[derive(Debug)]
pub struct Sources {
    /// The folder with the old manifest.
    pub curriculum: Folder,
    /// The solved project; `None` when solutions lie beside the modules.
    pub reference: Option<Folder>,
    /// What learners begin with.
    pub starter: Option<Folder>,
    /// Tests that all modules share.
    pub tests: Option<Folder>,
}

impl Sources {
    /// The folder that is called so; `None` when it was not given.
    pub fn folder(&self, source: Source) -> Option<&Folder> {
        match source {
            Source::Curriculum => Some(&self.curriculum),
            Source::Reference => self.reference.as_ref(),
            Source::Starter => self.starter.as_ref(),
            Source::Tests => self.tests.as_ref(),
        }
    }

    /// All folders that were given.
    pub fn all(&self) -> impl Iterator<Item = (Source, &Folder)> {
        let sources = [
            Source::Curriculum,
            Source::Reference,
            Source::Starter,
            Source::Tests,
        ];
        sources
            .into_iter()
            .filter_map(|source| Some((source, self.folder(source)?)))
    }

    /// The text of a file; `None` where it is no text or not there.
    pub(super) fn text(&self, source: Source, path: &str) -> Option<&str> {
        self.folder(source)?.files.get(path).and_then(Entry::text)
    }

    /// The path of a file as it is shown.
    pub(super) fn shown(&self, source: Source, inner: &str) -> String {
        let folder = self
            .folder(source)
            .map_or(source.name(), |folder| &folder.shown);
        path::join(folder, inner)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_is_not_read_is_named() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("a/__pycache__")).unwrap();
        fs::write(dir.path().join("a/__pycache__/x.pyc"), "").unwrap();
        fs::write(dir.path().join("a/b.py"), "").unwrap();
        symlink("/etc/passwd", dir.path().join("a/out")).unwrap();
        let folder = Folder::read(dir.path(), "old");
        let skipped: Vec<_> = folder
            .skipped
            .iter()
            .map(|(path, _)| path.as_str())
            .collect();
        assert_eq!(skipped, ["a/__pycache__", "a/out"]);
        assert_eq!(folder.files.len(), 1);
    }

    #[test]
    fn folder_that_is_a_source_of_its_own_is_taken_out() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("ref")).unwrap();
        fs::write(dir.path().join("ref/a.py"), "").unwrap();
        fs::write(dir.path().join("reference.txt"), "").unwrap();
        let mut folder = Folder::read(dir.path(), "old");
        folder.without("ref");
        let left: Vec<_> = folder.files.iter().map(|(path, _)| path).collect();
        assert_eq!(left, ["reference.txt"]);
    }
}
