//! The last state of a project in which its references passed, for authors whose good state is in no commit.
//!
//! Only files with solution regions are kept: nothing else is looked at when a bug is recorded. Like
//! durations this is a help and nothing more: what can't be read counts as nothing.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::project::Project;
use crate::project::export::replace_file;
use crate::project::language::Language;
use crate::project::region;
use crate::source::tree::Tree;
use crate::source::{SourceFile, read_bytes};

/// The largest file that is read back.
const LARGEST_FILE: u64 = 64 * 1024 * 1024;

/// The files of a project that have solution regions, marks and all, by their path in the project.
pub type MarkedTexts = BTreeMap<String, String>;

/// Returns the files of a project that have solution regions.
pub fn marked_texts(project: &Project) -> MarkedTexts {
    let files = project.marked_files();
    files
        .map(|(path, file)| (path.to_owned(), file.source().text().to_owned()))
        .collect()
}

/// Returns the files of a tree that have solution regions.
pub fn marked_texts_of(tree: &Tree) -> MarkedTexts {
    let texts = tree
        .iter()
        .filter_map(|(path, entry)| Some((path, entry.text()?)));
    texts
        .filter_map(|(path, text)| Some((path.to_owned(), marked_text(path, text)?)))
        .collect()
}

/// The text of a file that has solution regions, without a byte order mark.
fn marked_text(path: &str, text: &str) -> Option<String> {
    if !region::may_have_marks(text) {
        return None;
    }
    let source = Arc::new(SourceFile::new(path, text));
    let file = region::parse(&source, Language::of(path, text)).0?;
    (!file.regions().is_empty()).then(|| source.text().to_owned())
}

/// Keeps a state of the project of the curriculum in `dir`, in place of the one before.
///
/// # Errors
///
/// When it can't be written.
pub fn remember(cache_dir: &Path, dir: &Path, state: &MarkedTexts) -> io::Result<()> {
    let path = file_of(cache_dir, dir);
    let text = serde_json::to_vec(state)?;
    if read_bytes(&path, LARGEST_FILE).is_ok_and(|kept| kept == text) {
        return Ok(());
    }
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    replace_file(&path, &text)
}

/// Returns the state that is kept.
pub fn recall(cache_dir: &Path, dir: &Path) -> Option<MarkedTexts> {
    let text = read_bytes(&file_of(cache_dir, dir), LARGEST_FILE).ok()?;
    serde_json::from_slice(&text).ok()
}

fn file_of(cache_dir: &Path, dir: &Path) -> PathBuf {
    let real = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    let digest = blake3::hash(real.as_os_str().as_encoded_bytes()).to_hex();
    cache_dir
        .join("good")
        .join(format!("{}.json", &digest[..32]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(text: &str) -> MarkedTexts {
        [("a.py".to_owned(), text.to_owned())].into()
    }

    #[test]
    fn the_last_state_of_each_curriculum_is_kept() {
        let cache = tempfile::tempdir().unwrap();
        let dir = Path::new("/curricula/a");
        for text in ["1", "2", "2"] {
            remember(cache.path(), dir, &state(text)).unwrap();
        }
        assert_eq!(recall(cache.path(), dir), Some(state("2")));
        assert_eq!(recall(cache.path(), Path::new("/curricula/b")), None);
    }

    #[test]
    fn what_can_not_be_read_counts_as_nothing() {
        let cache = tempfile::tempdir().unwrap();
        let dir = Path::new("/curricula/a");
        remember(cache.path(), dir, &state("1")).unwrap();
        fs::write(file_of(cache.path(), dir), "{").unwrap();
        assert_eq!(recall(cache.path(), dir), None);
        remember(cache.path(), dir, &state("2")).unwrap();
        assert_eq!(recall(cache.path(), dir), Some(state("2")));
    }
}
