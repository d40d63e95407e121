//! A folder of files as a value: what is in it, its digest, and writing it out again.
//!
//! Trees are how states of a project travel through the tool: built once, shared by many cases,
//! compared by digest. File times, owners and all permissions but "executable" are left out on
//! purpose, so that the same content is the same tree on every machine.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::content::Content;
use super::{MAX_PROJECT_FILE_BYTES, ReadError, path, read_with_metadata};

/// Files that a tree may have.
pub(crate) const MAX_FILES: usize = 20_000;

/// Levels of folders that a tree may have.
pub(crate) const MAX_DEPTH: usize = 32;

/// What programs leave behind in a source tree; never part of it.
const LEFTOVERS: &[&str] = &[
    "__pycache__",
    ".git",
    ".hypothesis",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".venv",
    ".DS_Store",
    "node_modules",
];

/// Whether a file or folder of this name is left out of trees: a program has left it behind.
pub(crate) fn is_leftover(name: &str) -> bool {
    LEFTOVERS.contains(&name) || name.ends_with(".pyc")
}

/// One file of a [`Tree`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A regular file.
    File {
        /// Its bytes, shared by all trees that have them.
        content: Content,
        /// Whether it may be run.
        executable: bool,
    },
    /// A symbolic link that stays in the tree.
    Link {
        /// Where it points, relative to the link's folder.
        target: String,
    },
}

impl Entry {
    /// Returns a file that can't be run.
    pub fn file(content: impl Into<Content>) -> Self {
        Self::File {
            content: content.into(),
            executable: false,
        }
    }

    /// The text of a file; `None` for links and for files that are not UTF-8.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::File { content, .. } => std::str::from_utf8(content).ok(),
            Self::Link { .. } => None,
        }
    }

    /// The same file with other content.
    #[must_use]
    pub fn with_content(&self, content: impl Into<Content>) -> Self {
        let executable = matches!(
            self,
            Self::File {
                executable: true,
                ..
            }
        );
        Self::File {
            content: content.into(),
            executable,
        }
    }
}

/// Files by their path: relative, forward slashes, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tree {
    entries: BTreeMap<String, Entry>,
}

/// A file that could not become part of a tree.
#[derive(Debug)]
pub struct Skipped {
    /// Where it is on disk.
    pub path: PathBuf,
    /// Why it was left out.
    pub reason: SkipReason,
}

/// Why a file was left out of a tree.
#[derive(Debug, thiserror::Error)]
pub enum SkipReason {
    /// It could not be read.
    #[error(transparent)]
    Unreadable(#[from] ReadError),
    /// A symbolic link to a place outside the tree, or to nothing.
    #[error("the symbolic link to `{0}` leaves its tree or leads nowhere")]
    LinkLeaves(String),
    /// A name that is not UTF-8 or holds a backslash or a control character.
    #[error("the name of the file is not portable")]
    Name,
    /// More files or levels of folders than a project has.
    #[error("the folder holds more than {MAX_FILES} files or {MAX_DEPTH} levels")]
    TooLarge,
}

impl Tree {
    /// Returns an empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a folder, without what programs leave behind, and tells what had to be left out.
    ///
    /// A folder that does not exist is an empty tree.
    pub fn read(root: &Path) -> (Self, Vec<Skipped>) {
        let mut reader = Reader {
            root,
            tree: Self::new(),
            skipped: Vec::new(),
        };
        if root.exists() {
            reader.folder(root, "", 0);
        }
        (reader.tree, reader.skipped)
    }

    /// The file at `path`.
    pub fn get(&self, path: &str) -> Option<&Entry> {
        self.entries.get(path)
    }

    /// All files, sorted by path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Entry)> {
        self.entries
            .iter()
            .map(|(path, entry)| (path.as_str(), entry))
    }

    /// How many files there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no file.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Puts a file in, in place of one that was there.
    ///
    /// # Panics
    ///
    /// When `path` is not plain and relative; callers have checked it.
    pub fn insert(&mut self, path: impl Into<String>, entry: Entry) {
        let path = path.into();
        assert!(
            path::is_plain_relative(&path),
            "paths in trees are plain: {path}"
        );
        self.entries.insert(path, entry);
    }

    /// Takes a file out.
    pub fn remove(&mut self, path: &str) -> Option<Entry> {
        self.entries.remove(path)
    }

    /// Returns the digest of the tree: equal for equal paths, contents and executable bits.
    pub fn digest(&self) -> String {
        // Hashing one long text takes a fraction of hashing many short ones.
        let mut text = Vec::with_capacity(self.entries.len() * 128);
        let mut field = |bytes: &[u8]| {
            text.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
            text.extend_from_slice(bytes);
        };
        for (path, entry) in &self.entries {
            field(path.as_bytes());
            match entry {
                Entry::File {
                    content,
                    executable,
                } => {
                    field(if *executable { b"x" } else { b"f" });
                    field(content.digest());
                }
                Entry::Link { target } => {
                    field(b"l");
                    field(target.as_bytes());
                }
            }
        }
        blake3::hash(&text).to_hex().to_string()
    }

    /// Writes all files below `dir`, which exists and is empty.
    ///
    /// # Errors
    ///
    /// What the system says; part of the files may be there then.
    pub fn write(&self, dir: &Path) -> io::Result<()> {
        let mut made = None;
        for (path, entry) in &self.entries {
            let target = dir.join(path);
            let parent = target.parent().expect("a file is in a folder");
            // Sorted paths keep the files of a folder mostly together.
            if made.as_deref() != Some(parent) {
                fs::create_dir_all(parent)?;
                made = Some(parent.to_owned());
            }
            write_entry(&target, entry)?;
        }
        Ok(())
    }
}

/// Writes one file at a path where there is none, with permissions that no umask changes.
pub(crate) fn write_entry(path: &Path, entry: &Entry) -> io::Result<()> {
    match entry {
        Entry::File {
            content,
            executable,
        } => {
            let mut file = fs::File::create_new(path)?;
            file.write_all(content)?;
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt as _;
                let mode = if *executable { 0o755 } else { 0o644 };
                file.set_permissions(fs::Permissions::from_mode(mode))?;
            }
            Ok(())
        }
        Entry::Link { target } => std::os::unix::fs::symlink(target, path),
    }
}

impl FromIterator<(String, Entry)> for Tree {
    fn from_iter<I: IntoIterator<Item = (String, Entry)>>(entries: I) -> Self {
        let mut tree = Self::new();
        for (path, entry) in entries {
            tree.insert(path, entry);
        }
        tree
    }
}

struct Reader<'a> {
    root: &'a Path,
    tree: Tree,
    skipped: Vec<Skipped>,
}

impl Reader<'_> {
    fn folder(&mut self, dir: &Path, prefix: &str, depth: usize) {
        let entries = match fs::read_dir(dir).and_then(Iterator::collect::<io::Result<Vec<_>>>) {
            Ok(entries) => entries,
            Err(error) => return self.skip(dir, ReadError::Io(error).into()),
        };
        for entry in entries {
            let path = entry.path();
            let name = entry.file_name();
            let Some(name) = name.to_str().filter(|name| is_portable(name)) else {
                self.skip(&path, SkipReason::Name);
                continue;
            };
            if is_leftover(name) {
                continue;
            }
            let relative = if prefix.is_empty() {
                name.to_owned()
            } else {
                format!("{prefix}/{name}")
            };
            match entry.file_type() {
                Ok(kind) if kind.is_dir() && depth >= MAX_DEPTH => {
                    self.skip(&path, SkipReason::TooLarge);
                }
                Ok(kind) if kind.is_dir() => self.folder(&path, &relative, depth + 1),
                Ok(_) if self.tree.len() >= MAX_FILES => {
                    return self.skip(dir, SkipReason::TooLarge);
                }
                Ok(kind) if kind.is_symlink() => self.link(&path, relative),
                Ok(_) => self.file(&path, relative),
                Err(error) => self.skip(&path, ReadError::Io(error).into()),
            }
        }
    }

    fn file(&mut self, path: &Path, relative: String) {
        match read_with_metadata(path, MAX_PROJECT_FILE_BYTES) {
            Ok((content, metadata)) => {
                let executable = is_executable(&metadata);
                self.tree.insert(
                    relative,
                    Entry::File {
                        content: content.into(),
                        executable,
                    },
                );
            }
            Err(error) => self.skip(path, error.into()),
        }
    }

    /// A link is kept when it is relative and ends, all links followed, at a file inside the tree.
    fn link(&mut self, path: &Path, relative: String) {
        let Ok(target) = fs::read_link(path) else {
            return;
        };
        let stays = target.is_relative() && {
            let root = self.root.canonicalize();
            path.canonicalize()
                .is_ok_and(|end| root.is_ok_and(|root| end.starts_with(root)))
        };
        match target.to_str() {
            Some(target) if stays => {
                self.tree.insert(
                    relative,
                    Entry::Link {
                        target: target.to_owned(),
                    },
                );
            }
            _ => self.skip(
                path,
                SkipReason::LinkLeaves(target.to_string_lossy().into_owned()),
            ),
        }
    }

    fn skip(&mut self, path: &Path, reason: SkipReason) {
        self.skipped.push(Skipped {
            path: path.to_owned(),
            reason,
        });
    }
}

pub(crate) fn is_portable(name: &str) -> bool {
    !name.contains('\\') && !name.contains(char::is_control)
}

pub(crate) fn is_executable(metadata: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o111 != 0
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;
    use proptest::prelude::*;

    fn tree(files: &[(&str, &str)]) -> Tree {
        files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), Entry::file(text.as_bytes())))
            .collect()
    }

    #[test]
    fn written_tree_reads_back_the_same() {
        let mut written = tree(&[
            ("a.py", "x = 1\n"),
            ("pkg/b.txt", ""),
            ("pkg/sub/c", "\0\u{1}"),
        ]);
        written.insert(
            "run.sh",
            Entry::File {
                content: b"#!".as_slice().into(),
                executable: true,
            },
        );
        written.insert(
            "pkg/link",
            Entry::Link {
                target: "../a.py".to_owned(),
            },
        );
        let dir = tempfile::tempdir().unwrap();
        written.write(dir.path()).unwrap();
        let (read, skipped) = Tree::read(dir.path());
        assert_eq!(read, written);
        assert_eq!(read.digest(), written.digest());
        assert!(skipped.is_empty(), "{skipped:?}");
        let mode = fs::metadata(dir.path().join("run.sh"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o755);
    }

    #[test]
    fn leftovers_of_programs_are_no_part_of_a_tree() {
        let dir = tempfile::tempdir().unwrap();
        for path in [
            "__pycache__/a.pyc",
            "b.pyc",
            ".git/HEAD",
            "pkg/.pytest_cache/x",
            "keep.py",
        ] {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        assert_eq!(Tree::read(dir.path()).0, tree(&[("keep.py", "")]));
    }

    #[test]
    fn links_that_leave_are_left_out_and_told() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("root");
        fs::create_dir(&root).unwrap();
        fs::write(dir.path().join("secret"), "x").unwrap();
        symlink("../secret", root.join("out")).unwrap();
        symlink("/etc/passwd", root.join("absolute")).unwrap();
        symlink("nothing", root.join("dangling")).unwrap();
        symlink("loop", root.join("loop")).unwrap();
        let (read, skipped) = Tree::read(&root);
        assert!(read.is_empty());
        assert_eq!(skipped.len(), 4, "{skipped:?}");
    }

    #[test]
    fn a_pipe_is_left_out_without_being_opened() {
        let dir = tempfile::tempdir().unwrap();
        let path = std::ffi::CString::new(dir.path().join("pipe").to_str().unwrap()).unwrap();
        // SAFETY: the path is a valid C string.
        assert_eq!(unsafe { libc::mkfifo(path.as_ptr(), 0o600) }, 0);
        let (read, skipped) = Tree::read(dir.path());
        assert!(read.is_empty());
        assert_eq!(skipped.len(), 1);
    }

    #[test]
    fn missing_folder_is_an_empty_tree() {
        assert!(Tree::read(Path::new("/nonexistent/folder")).0.is_empty());
    }

    proptest! {
        #[test]
        fn digest_tells_trees_apart(
            a in prop::collection::btree_map("[ab]{1,2}(/[ab])?", "[xy]{0,2}", 0..4),
            b in prop::collection::btree_map("[ab]{1,2}(/[ab])?", "[xy]{0,2}", 0..4),
        ) {
            let make = |files: &BTreeMap<String, String>| -> Tree {
                files.iter().map(|(p, t)| (p.clone(), Entry::file(t.as_bytes()))).collect()
            };
            prop_assert_eq!(make(&a).digest() == make(&b).digest(), a == b);
        }
    }
}
