//! A newer version of a course over older work: what is replaced, and what is left to the learner.

use crate::bundle::course::Course;
use crate::source::tree::{Entry, Tree};

use super::protected::restore;
use super::replacement::Change;

/// What an update does to a learner's folder, and what it leaves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Update {
    /// Files to write: protected ones that differ, ones that are new in the course, and those that the learner has
    /// never changed.
    pub write: Vec<(String, Entry)>,
    /// Protected files that the course does not have any more.
    pub remove: Vec<String>,
    /// Files that are new or changed in the course and that the learner keeps as they have them.
    pub kept: Vec<String>,
}

impl Update {
    /// Compares a learner's folder with a course. `before` is the starter of the version that they have worked with;
    /// empty where it is not known.
    pub fn plan(course: &Course, before: &Tree, learner: &Tree) -> Self {
        let restored = restore(course, learner);
        let mut update = Self::default();
        for path in &restored.differed {
            match restored.tree.get(path) {
                Some(entry) => update.write.push((path.clone(), entry.clone())),
                // What the learner has put there by themselves is theirs.
                None if before.get(path).is_some() => update.remove.push(path.clone()),
                None => {}
            }
        }
        for (path, entry) in course.starter.iter() {
            let is_protected = restored.differed.iter().any(|it| it == path);
            match learner.get(path) {
                _ if is_protected => {}
                // A file that was there and is not any more was removed by the learner.
                None if before.get(path).is_none() => {
                    update.write.push((path.to_owned(), entry.clone()));
                }
                Some(own) if own != entry => match before.get(path) {
                    Some(before) if before == own => {
                        update.write.push((path.to_owned(), entry.clone()));
                    }
                    Some(before) if before == entry => {}
                    None if before.is_empty() => {}
                    None | Some(_) => update.kept.push(path.to_owned()),
                },
                None | Some(_) => {}
            }
        }
        update.write.sort_by(|a, b| a.0.cmp(&b.0));
        update
    }

    /// What is done to the learner's folder.
    pub fn changes(&self) -> Vec<Change> {
        let write = self.write.iter().cloned();
        let write = write.map(|(path, entry)| (path, Some(entry)));
        let remove = self.remove.iter().map(|path| (path.clone(), None));
        remove.chain(write).collect()
    }
}
