//! Strict patches: unified diffs that fit to the byte or not at all.

use std::cell::RefCell;

use git2::{ApplyOptions, Diff, Index, IndexEntry, IndexTime, Odb, Oid, Repository};

use super::message;
use crate::source::tree::{Entry, Tree};

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
