//! What the tool needs of git. The only file that names `git2`.

use std::cell::RefCell;
use std::ops::Range;
use std::path::{Path, PathBuf};

use git2::{
    ApplyOptions, Diff, DiffOptions, ErrorCode, Index, IndexEntry, IndexTime, ObjectType, Odb, Oid,
    Patch, Repository,
};

use crate::source::tree::{Entry, Tree, write_entry};

/// Why a patch could not be applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// git could not read the patch.
    #[error("{0}")]
    Unreadable(String),
    /// git read it and one hunk does not fit the tree.
    #[error("{message}")]
    DoesNotApply {
        /// Which hunk, counted from 0 over the whole patch; `None` when it is not about a hunk.
        hunk: Option<usize>,
        /// What git says.
        message: String,
    },
    /// git itself failed.
    #[error("git failed: {0}")]
    Git(#[from] git2::Error),
}

/// Returns `tree` with `patch` applied: without fuzz, without offset, all of it or an error.
///
/// Nothing is written to disk: objects live in memory.
///
/// # Errors
///
/// See [`ApplyError`].
pub fn apply_patch(tree: &Tree, patch: &[u8]) -> Result<Tree, ApplyError> {
    let diff = Diff::from_buffer(patch).map_err(|error| ApplyError::Unreadable(message(&error)))?;
    in_memory(|repository| apply_diff(repository, tree, &diff))
}

/// Calls `work` with a repository that is nowhere on disk.
///
/// Making one takes as long as several patches do, so that a thread keeps one for a while; not forever,
/// for what was put into it stays there.
fn in_memory<T>(work: impl FnOnce(&Repository) -> Result<T, ApplyError>) -> Result<T, ApplyError> {
    const USES: usize = 256;
    thread_local! {
        static REPOSITORY: RefCell<Option<(Repository, usize)>> = const { RefCell::new(None) };
    }
    let kept = REPOSITORY.take().filter(|(_, uses)| *uses < USES);
    let (repository, uses) = match kept {
        Some(kept) => kept,
        None => {
            let odb = Odb::new()?;
            odb.add_new_mempack_backend(1)?;
            (Repository::from_odb(odb)?, 0)
        }
    };
    let result = work(&repository);
    REPOSITORY.set(Some((repository, uses + 1)));
    result
}

fn apply_diff(repository: &Repository, tree: &Tree, diff: &Diff<'_>) -> Result<Tree, ApplyError> {
    // Only what the patch touches goes through git.
    let mut index = Index::new()?;
    let mut touched = Vec::new();
    for delta in diff.deltas() {
        for path in [delta.old_file().path(), delta.new_file().path()]
            .into_iter()
            .flatten()
        {
            let Some(path) = path.to_str() else { continue };
            if let Some(Entry::File {
                content,
                executable,
            }) = tree.get(path)
            {
                let mode = if *executable { 0o100_755 } else { 0o100_644 };
                index.add(&index_entry(path, mode, repository.blob(content)?))?;
            }
            touched.push(path.to_owned());
        }
    }
    let base = repository.find_tree(index.write_tree_to(repository)?)?;

    let mut hunks = 0;
    let mut options = ApplyOptions::new();
    options.hunk_callback(|_| {
        hunks += 1;
        true
    });
    let result = repository.apply_to_tree(&base, diff, Some(&mut options));
    drop(options);
    let applied = result.map_err(|error| ApplyError::DoesNotApply {
        hunk: usize::checked_sub(hunks, 1),
        message: message(&error),
    })?;

    let mut result = tree.clone();
    for path in touched {
        result.remove(&path);
    }
    for entry in applied.iter() {
        let path = String::from_utf8_lossy(&entry.path).into_owned();
        let blob = repository.find_blob(entry.id)?;
        // git takes the mode from the patch, which tells none for a plain change.
        let entry = tree.get(&path).cloned().unwrap_or_else(|| Entry::file([]));
        result.insert(path, entry.with_content(blob.content()));
    }
    Ok(result)
}

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

fn index_entry(path: &str, mode: u32, id: Oid) -> IndexEntry {
    IndexEntry {
        ctime: IndexTime::new(0, 0),
        mtime: IndexTime::new(0, 0),
        dev: 0,
        ino: 0,
        mode,
        uid: 0,
        gid: 0,
        file_size: 0,
        id,
        flags: 0,
        flags_extended: 0,
        path: path.as_bytes().to_vec(),
    }
}

/// Returns a change of one file as a unified diff.
pub fn diff(path: &str, old: &str, new: &str) -> String {
    let path = Path::new(path);
    let patch = Patch::from_buffers(old.as_bytes(), Some(path), new.as_bytes(), Some(path), None);
    // Neither allocating nor comparing two texts fails.
    let text = patch.and_then(|mut patch| patch.to_buf());
    text.map(|text| String::from_utf8_lossy(&text).into_owned())
        .unwrap_or_default()
}

/// Returns where two texts differ: ranges of lines, from 0, of the old and the new one. A range of lines that
/// are only in the other text is empty.
pub fn changed_lines(old: &str, new: &str) -> Vec<(Range<usize>, Range<usize>)> {
    let mut options = DiffOptions::new();
    options
        .context_lines(0)
        .interhunk_lines(0)
        .patience(true)
        .indent_heuristic(true)
        .force_text(true);
    let (old, new) = (old.as_bytes(), new.as_bytes());
    let Ok(patch) = Patch::from_buffers(old, None, new, None, Some(&mut options)) else {
        // Neither allocating nor comparing two texts fails.
        return Vec::new();
    };
    // An empty range is told by the line before it.
    let range = |start: u32, count: u32| {
        let start = start.saturating_sub(u32::from(count > 0)) as usize;
        start..start + count as usize
    };
    let hunks = (0..patch.num_hunks()).filter_map(|index| {
        let (hunk, _) = patch.hunk(index).ok()?;
        let old = range(hunk.old_start(), hunk.old_lines());
        Some((old, range(hunk.new_start(), hunk.new_lines())))
    });
    hunks.collect()
}

fn message(error: &git2::Error) -> String {
    error.message().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(text: &str) -> Tree {
        [
            ("pkg/a.py".to_owned(), Entry::file(text.as_bytes())),
            ("pkg/b.py".to_owned(), Entry::file(b"other\n".as_slice())),
        ]
        .into_iter()
        .collect()
    }

    #[test]
    fn changed_lines_are_ranges_of_both_texts() {
        for (old, new, changed) in [
            ("a\nb\n", "a\nb\n", vec![]),
            ("a\nb\nc\n", "a\nx\ny\nc\n", vec![(1..2, 1..3)]),
            ("a\nc\n", "a\nb\nc\n", vec![(1..1, 1..2)]),
            ("", "a\n", vec![(0..0, 0..1)]),
            ("a\n", "", vec![(0..1, 0..0)]),
            ("a\nb\nc\n", "x\nb\nc\nd", vec![(0..1, 0..1), (3..3, 3..4)]),
        ] {
            assert_eq!(changed_lines(old, new), changed, "{old:?} {new:?}");
        }
    }

    const PATCH: &str = "\
diff --git a/pkg/a.py b/pkg/a.py
--- a/pkg/a.py
+++ b/pkg/a.py
@@ -1,3 +1,3 @@
 one
-two
+2
 three
";

    #[test]
    fn patch_changes_what_it_says_and_nothing_else() {
        let applied = apply_patch(&tree("one\ntwo\nthree\n"), PATCH.as_bytes()).unwrap();
        assert_eq!(applied, tree("one\n2\nthree\n"));
    }

    #[test]
    fn patch_is_applied_without_fuzz_and_without_offset() {
        for text in [
            "ONE\ntwo\nthree\n",
            "zero\none\ntwo\nthree\n",
            "one\r\ntwo\r\nthree\r\n",
        ] {
            let error = apply_patch(&tree(text), PATCH.as_bytes()).unwrap_err();
            assert!(matches!(error, ApplyError::DoesNotApply { .. }), "{error}");
        }
    }

    #[test]
    fn hunk_that_does_not_fit_is_told() {
        let second = "@@ -5,1 +5,1 @@\n-five\n+5\n";
        let patch = format!("{PATCH}{second}");
        let error = apply_patch(&tree("one\ntwo\nthree\n4\nno\n"), patch.as_bytes()).unwrap_err();
        assert!(
            matches!(error, ApplyError::DoesNotApply { hunk: Some(1), .. }),
            "{error:?}"
        );
    }

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

    #[test]
    fn folder_outside_of_git_has_no_work_tree() {
        let dir = tempfile::tempdir().unwrap();
        assert!(WorkTree::around(dir.path()).is_none());
        assert!(WorkTree::around(&dir.path().join("nothing")).is_none());
    }

    #[test]
    fn executable_bit_is_kept() {
        let mut tree = tree("one\ntwo\nthree\n");
        let content = b"one\ntwo\nthree\n".as_slice().into();
        tree.insert(
            "pkg/a.py",
            Entry::File {
                content,
                executable: true,
            },
        );
        let applied = apply_patch(&tree, PATCH.as_bytes()).unwrap();
        assert!(matches!(
            applied.get("pkg/a.py"),
            Some(Entry::File {
                executable: true,
                ..
            })
        ));
    }
}
