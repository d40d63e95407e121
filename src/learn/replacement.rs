//! Files of the course in place of what is in the learner's folder. Nothing goes that is in no snapshot, and nothing is
//! written outside of the folder.

use std::path::Path;
use std::{fs, io};

use super::place::Place;
use crate::diagnostic::escape;
use crate::source::tree::{Entry, Tree, write_entry};

/// What is to be replaced, and can be.
#[derive(Debug)]
pub struct Replacement<'p> {
    place: &'p Place,
    changes: Vec<Change>,
}

/// A path in the project, and the file that is to be there; `None` where there is to be none.
pub type Change = (String, Option<Entry>);

/// Why files were not replaced.
#[derive(Debug, thiserror::Error)]
pub enum ReplacementError {
    /// There are things that would be lost, or lead out of the project. Nothing was changed.
    #[error(
        "there is something in the way of the course's files: {}",
        quoted(paths)
    )]
    InTheWay {
        /// What is in the way, relative to the project, sorted.
        paths: Vec<String>,
    },
    /// The system refused. What was not yet replaced is as it was.
    #[error("`{}` can't be replaced: {source}", escape::text(path))]
    Io {
        /// The path in the project.
        path: String,
        /// What the system says.
        source: io::Error,
    },
}

fn quoted(paths: &[String]) -> String {
    let quoted = paths.iter().map(|path| format!("`{}`", escape::text(path)));
    quoted.collect::<Vec<_>>().join(", ")
}

impl<'p> Replacement<'p> {
    /// Looks whether all changes can be made. `kept` is a snapshot of the project as it is.
    ///
    /// # Errors
    ///
    /// [`ReplacementError::InTheWay`].
    pub fn plan(
        place: &'p Place,
        kept: &Tree,
        changes: Vec<Change>,
    ) -> Result<Self, ReplacementError> {
        let in_the_way = |(path, _): &Change| in_the_way(place.project(), kept, path);
        let mut paths: Vec<_> = changes.iter().filter_map(in_the_way).collect();
        if paths.is_empty() {
            return Ok(Self { place, changes });
        }
        paths.sort();
        paths.dedup();
        Err(ReplacementError::InTheWay { paths })
    }

    /// Makes the changes, each whole or not at all.
    ///
    /// # Errors
    ///
    /// [`ReplacementError::Io`].
    pub fn run(&self) -> Result<(), ReplacementError> {
        for (path, entry) in &self.changes {
            let target = self.place.project().join(path);
            let changed = match entry {
                Some(entry) => self.write(&target, entry),
                None => remove(&target),
            };
            changed.map_err(|source| ReplacementError::Io {
                path: path.clone(),
                source,
            })?;
        }
        Ok(())
    }

    fn write(&self, target: &Path, entry: &Entry) -> io::Result<()> {
        fs::create_dir_all(target.parent().expect("a file is in a folder"))?;
        // What a kill leaves of it is not among the learner's files.
        let staging = tempfile::Builder::new()
            .prefix("replacement-")
            .tempdir_in(self.place.own())?;
        let fresh = staging.path().join("new");
        write_entry(&fresh, entry)?;
        fs::rename(&fresh, target)
    }
}

fn remove(target: &Path) -> io::Result<()> {
    match fs::remove_file(target) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// What keeps the file at a path from being replaced: a link or a file on the way there, a folder in its place, or
/// content that no snapshot holds.
fn in_the_way(project: &Path, kept: &Tree, path: &str) -> Option<String> {
    let folders = path.match_indices('/').map(|(at, _)| &path[..at]);
    for folder in folders {
        match kind(&project.join(folder)) {
            Some(kind) if kind.is_dir() => {}
            Some(_) => return Some(folder.to_owned()),
            None => return None,
        }
    }
    let is_free = match kind(&project.join(path)) {
        None => true,
        Some(kind) => !kind.is_dir() && kept.get(path).is_some(),
    };
    (!is_free).then(|| path.to_owned())
}

fn kind(path: &Path) -> Option<fs::FileType> {
    path.symlink_metadata().ok().map(|it| it.file_type())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn file(text: &str) -> Entry {
        Entry::file(text.as_bytes())
    }

    fn project() -> (tempfile::TempDir, Place) {
        let dir = tempfile::tempdir().unwrap();
        let place = Place::at(&dir.path().join("project"));
        fs::create_dir_all(place.own()).unwrap();
        (dir, place)
    }

    fn in_the_way(place: &Place, kept: &Tree, path: &str) -> Vec<String> {
        let changes = vec![(path.to_owned(), Some(file("new")))];
        match Replacement::plan(place, kept, changes) {
            Ok(_) => Vec::new(),
            Err(ReplacementError::InTheWay { paths }) => paths,
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn files_are_written_replaced_and_removed() {
        let (_dir, place) = project();
        let project = place.project();
        for path in ["old", "gone"] {
            fs::write(project.join(path), "mine").unwrap();
        }
        let (kept, _) = Tree::read(project);
        let change = |path: &str, entry| (path.to_owned(), entry);
        let changes = vec![
            change("a/b/new", Some(file("1"))),
            change("old", Some(file("2"))),
            change("gone", None),
            change("never/there", None),
        ];
        Replacement::plan(&place, &kept, changes)
            .unwrap()
            .run()
            .unwrap();
        let expected = [("a/b/new", "1"), ("old", "2")];
        let expected = expected.map(|(path, text)| (path.to_owned(), file(text)));
        assert_eq!(Tree::read(project).0, expected.into_iter().collect());
        assert_eq!(fs::read_dir(place.own()).unwrap().count(), 0);
    }

    #[test]
    fn what_no_snapshot_holds_is_in_the_way() {
        let (dir, place) = project();
        let project = place.project();
        fs::create_dir_all(project.join("folder/inner")).unwrap();
        fs::write(project.join("large"), "left out").unwrap();
        fs::write(project.join("plain"), "mine").unwrap();
        let outside = dir.path().join("outside");
        fs::create_dir(&outside).unwrap();
        symlink(&outside, project.join("link")).unwrap();
        let kept: Tree = [("plain".to_owned(), file("mine"))].into_iter().collect();
        let in_the_way = |path| in_the_way(&place, &kept, path);
        assert_eq!(in_the_way("large"), ["large"]);
        assert_eq!(in_the_way("folder/inner"), ["folder/inner"]);
        assert_eq!(in_the_way("link/a/b"), ["link"]);
        assert_eq!(in_the_way("plain/a"), ["plain"]);
        assert!(in_the_way("plain").is_empty());
        assert!(in_the_way("folder/new/a").is_empty());
    }

    #[test]
    fn link_in_place_of_a_file_is_replaced_and_not_followed() {
        let (dir, place) = project();
        let outside = dir.path().join("outside");
        fs::write(&outside, "not ours").unwrap();
        let link = place.project().join("a");
        symlink(&outside, &link).unwrap();
        let target = outside.to_str().unwrap().to_owned();
        let kept: Tree = [("a".to_owned(), Entry::Link { target })]
            .into_iter()
            .collect();
        let changes = vec![("a".to_owned(), Some(file("new")))];
        Replacement::plan(&place, &kept, changes)
            .unwrap()
            .run()
            .unwrap();
        assert_eq!(fs::read(link).unwrap(), b"new");
        assert_eq!(fs::read(outside).unwrap(), b"not ours");
    }
}
