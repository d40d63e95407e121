//! Makes a folder that another case has had hold the files of a tree, and nothing else.
//!
//! Most files of a project are the same in all its cases. Making and removing them each time takes longer
//! than anything else that the tool does for a case.

use std::collections::HashSet;
use std::fs::{self, File, FileTimes, OpenOptions, Permissions};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::SystemTime;

use super::removal::remove;
use crate::source::tree::{Entry, Tree, write_entry};

/// Bits of a mode that `chmod` sets.
const MODE: u32 = 0o7777;

/// Makes `folder` hold what a freshly written tree would, whatever is in it. No process uses it.
///
/// # Errors
///
/// What the system says; nobody knows what the folder holds then.
pub(crate) fn refill(folder: &Path, tree: &Tree) -> io::Result<()> {
    let mut keeper = Keeper {
        tree,
        folders: folders_of(tree),
        kept: HashSet::new(),
        now: FileTimes::new()
            .set_accessed(SystemTime::now())
            .set_modified(SystemTime::now()),
    };
    keeper.keep_equal(folder, "")?;
    let kept = keeper.kept;
    for (path, entry) in tree.iter().filter(|(path, _)| !kept.contains(*path)) {
        let target = folder.join(path);
        fs::create_dir_all(target.parent().expect("a file is in a folder"))?;
        write_entry(&target, entry)?;
    }
    Ok(())
}

/// The paths of all folders that files of a tree are in.
fn folders_of(tree: &Tree) -> HashSet<&str> {
    let mut folders = HashSet::new();
    for (path, _) in tree.iter() {
        let ends = path.match_indices('/').map(|(at, _)| at).rev();
        for folder in ends.map(|end| &path[..end]) {
            if !folders.insert(folder) {
                break;
            }
        }
    }
    folders
}

struct Keeper<'a> {
    tree: &'a Tree,
    folders: HashSet<&'a str>,
    /// Paths of files that are as in the tree.
    kept: HashSet<String>,
    now: FileTimes,
}

impl Keeper<'_> {
    /// Removes everything below a folder that is not as in the tree. Goes only into folders of the tree, and
    /// follows no link.
    fn keep_equal(&mut self, folder: &Path, prefix: &str) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let path = entry.path();
            let kind = entry.file_type()?;
            let name = entry.file_name();
            let shown = name.to_str().map(|name| format!("{prefix}{name}"));
            match shown {
                Some(shown) if kind.is_dir() && self.folders.contains(shown.as_str()) => {
                    fs::set_permissions(&path, Permissions::from_mode(0o755))?;
                    self.keep_equal(&path, &format!("{shown}/"))?;
                }
                Some(shown) if kind.is_file() && self.is_equal(&path, &shown) => {
                    self.kept.insert(shown);
                }
                _ => remove(&path)?,
            }
        }
        Ok(())
    }

    /// Whether a file is as it would be written, or can be made so without being written. What can't be
    /// looked at is not.
    fn is_equal(&self, path: &Path, shown: &str) -> bool {
        let Some(Entry::File {
            content,
            executable,
        }) = self.tree.get(shown)
        else {
            return false;
        };
        let is_equal = || -> io::Result<bool> {
            let mut options = OpenOptions::new();
            let mut file = options
                .read(true)
                .custom_flags(libc::O_NOFOLLOW)
                .open(path)?;
            let metadata = file.metadata()?;
            // A second name would be another file that changes with it.
            if metadata.nlink() != 1 || metadata.len() != content.len() as u64 {
                return Ok(false);
            }
            if !has_content(&mut file, content)? {
                return Ok(false);
            }
            let mode = if *executable { 0o755 } else { 0o644 };
            if metadata.mode() & MODE != mode {
                file.set_permissions(Permissions::from_mode(mode))?;
            }
            file.set_times(self.now)?;
            Ok(true)
        };
        is_equal().unwrap_or(false)
    }
}

fn has_content(file: &mut File, content: &[u8]) -> io::Result<bool> {
    let mut read = Vec::with_capacity(content.len() + 1);
    file.read_to_end(&mut read)?;
    Ok(read == content)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    fn tree(files: &[(&str, &str)]) -> Tree {
        let entries = files.iter();
        entries
            .map(|(path, text)| ((*path).to_owned(), Entry::file(text.as_bytes())))
            .collect()
    }

    /// All there is below a folder: kind, mode and content by path.
    fn listing(folder: &Path) -> Vec<String> {
        let mut lines = Vec::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(next) = folders.pop() {
            for entry in fs::read_dir(next).unwrap() {
                let path = entry.unwrap().path();
                let metadata = path.symlink_metadata().unwrap();
                let shown = path.strip_prefix(folder).unwrap().display();
                let mode = metadata.mode();
                let content = if metadata.is_file() {
                    fs::read(&path).unwrap()
                } else {
                    Vec::new()
                };
                lines.push(format!(
                    "{shown} {mode:o} {} {content:?}",
                    metadata.nlink().min(2)
                ));
                if metadata.is_dir() {
                    folders.push(path);
                }
            }
        }
        lines.sort();
        lines
    }

    fn written(tree: &Tree) -> Vec<String> {
        let dir = tempfile::tempdir().unwrap();
        tree.write(dir.path()).unwrap();
        listing(dir.path())
    }

    #[test]
    fn whatever_a_case_does_the_next_one_finds_its_own_files() {
        let (old, new) = (
            tree(&[
                ("a/one", "1"),
                ("a/two", "2"),
                ("b/c/three", "3"),
                ("d", "4"),
                ("e/f", "5"),
            ]),
            tree(&[
                ("a/one", "1"),
                ("a/two", "x"),
                ("b/c/three", "3"),
                ("d/deep", "6"),
                ("e", "7"),
            ]),
        );
        let dir = tempfile::tempdir().unwrap();
        let at = |path: &str| dir.path().join(path);
        old.write(dir.path()).unwrap();
        let early = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
        File::open(at("a/one"))
            .unwrap()
            .set_times(FileTimes::new().set_modified(early))
            .unwrap();
        fs::set_permissions(at("a/one"), Permissions::from_mode(0o777)).unwrap();
        fs::set_permissions(at("b/c"), Permissions::from_mode(0o700)).unwrap();
        fs::hard_link(at("b/c/three"), at("b/c/again")).unwrap();
        fs::create_dir_all(at("__pycache__/x")).unwrap();
        symlink("/etc/passwd", at("link")).unwrap();
        refill(dir.path(), &new).unwrap();
        assert_eq!(listing(dir.path()), written(&new));
        assert!(at("a/one").metadata().unwrap().modified().unwrap() > early);
    }

    #[test]
    fn link_in_place_of_a_folder_or_file_is_not_followed() {
        let outside = tempfile::tempdir().unwrap();
        fs::write(outside.path().join("one"), "1").unwrap();
        let dir = tempfile::tempdir().unwrap();
        symlink(outside.path(), dir.path().join("a")).unwrap();
        symlink(outside.path().join("one"), dir.path().join("b")).unwrap();
        let new = tree(&[("a/one", "2"), ("b", "1")]);
        refill(dir.path(), &new).unwrap();
        assert_eq!(listing(dir.path()), written(&new));
        assert_eq!(fs::read(outside.path().join("one")).unwrap(), b"1");
    }

    proptest! {
        #[test]
        fn refilled_is_as_written(
            old in prop::collection::btree_map("[ab](/[ab]){0,2}", "[xy]?", 0..6),
            new in prop::collection::btree_map("[ab](/[ab]){0,2}", "[xy]?", 0..6),
        ) {
            let trees = [old, new].map(|files| {
                // A file can't be a folder as well.
                let paths: Vec<_> = files.keys().cloned().collect();
                let is_folder = |path: &str| paths.iter().any(|other| other.starts_with(&format!("{path}/")));
                let files = files.iter().filter(|(path, _)| !is_folder(path));
                files.map(|(path, text)| (path.clone(), Entry::file(text.as_bytes()))).collect::<Tree>()
            });
            let dir = tempfile::tempdir().unwrap();
            trees[0].write(dir.path()).unwrap();
            refill(dir.path(), &trees[1]).unwrap();
            prop_assert_eq!(listing(dir.path()), written(&trees[1]));
        }
    }
}
