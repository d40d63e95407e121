//! The last states of a project in which its references passed, for authors whose good state is in no commit.
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

/// How many states of a project are kept. A bug that no test sees makes a state that looks good, so that the last
/// one is not always the one that is meant.
const MOST_STATES: usize = 5;

/// The largest file that is read back.
const LARGEST_FILE: u64 = 64 * 1024 * 1024;

/// The file that holds the names of the states, the newest first.
const LIST: &str = "newest";

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

/// Keeps a state of the project of the curriculum in `dir`. Where it is the last one that was kept, that is found out
/// without reading it.
///
/// # Errors
///
/// When it can't be written.
pub fn remember(cache_dir: &Path, dir: &Path, state: &MarkedTexts) -> io::Result<()> {
    let folder = folder_of(cache_dir, dir);
    let text = serde_json::to_vec(state)?;
    let name = blake3::hash(&text).to_hex()[..32].to_owned();
    let mut names = names_in(&folder);
    if names.first() == Some(&name) {
        return Ok(());
    }
    fs::create_dir_all(&folder)?;
    replace_file(&folder.join(&name), &text)?;
    names.retain(|other| *other != name);
    names.insert(0, name);
    let dropped = names.split_off(names.len().min(MOST_STATES));
    replace_file(&folder.join(LIST), names.join("\n").as_bytes())?;
    for name in dropped {
        // It is in no list any more.
        let _ = fs::remove_file(folder.join(name));
    }
    Ok(())
}

/// Returns the states that are kept, the newest first.
pub fn recall(cache_dir: &Path, dir: &Path) -> Vec<MarkedTexts> {
    let folder = folder_of(cache_dir, dir);
    let names = names_in(&folder);
    let texts = names
        .iter()
        .filter_map(|name| read_bytes(&folder.join(name), LARGEST_FILE).ok());
    texts
        .filter_map(|text| serde_json::from_slice(&text).ok())
        .collect()
}

/// The names of the states in a folder, the newest first.
fn names_in(folder: &Path) -> Vec<String> {
    let list = fs::read_to_string(folder.join(LIST)).unwrap_or_default();
    let is_name = |name: &&str| name.bytes().all(|byte| byte.is_ascii_hexdigit());
    let names = list.lines().filter(is_name).take(MOST_STATES);
    names.map(str::to_owned).collect()
}

fn folder_of(cache_dir: &Path, dir: &Path) -> PathBuf {
    let real = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    let digest = blake3::hash(real.as_os_str().as_encoded_bytes()).to_hex();
    cache_dir.join("good").join(&digest[..32])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(text: &str) -> MarkedTexts {
        [("a.py".to_owned(), text.to_owned())].into()
    }

    #[test]
    fn the_last_states_are_kept_once_each_and_the_newest_first() {
        let cache = tempfile::tempdir().unwrap();
        let dir = Path::new("/curricula/a");
        for text in ["1", "2", "1", "3", "4", "5", "6", "6"] {
            remember(cache.path(), dir, &state(text)).unwrap();
        }
        let kept = recall(cache.path(), dir);
        assert_eq!(kept, ["6", "5", "4", "3", "1"].map(state));
        assert_eq!(
            fs::read_dir(folder_of(cache.path(), dir)).unwrap().count(),
            6
        );
        assert!(recall(cache.path(), Path::new("/curricula/b")).is_empty());
    }

    #[test]
    fn what_can_not_be_read_counts_as_nothing() {
        let cache = tempfile::tempdir().unwrap();
        let dir = Path::new("/curricula/a");
        for text in ["1", "2"] {
            remember(cache.path(), dir, &state(text)).unwrap();
        }
        let folder = folder_of(cache.path(), dir);
        fs::write(folder.join(&names_in(&folder)[0]), "{").unwrap();
        assert_eq!(recall(cache.path(), dir), [state("1")]);
        fs::write(folder.join(LIST), "../../elsewhere").unwrap();
        assert!(recall(cache.path(), dir).is_empty());
    }
}
