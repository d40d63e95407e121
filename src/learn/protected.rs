//! Protected paths: as they were given out, whatever the learner has made of them.

use std::collections::BTreeSet;

use super::line_endings::differs_in_line_endings_alone;
use crate::bundle::course::Course;
use crate::curriculum::id::Text;
use crate::project::protected::{ProtectedPaths, configures_pytest};
use crate::source::tree::{Entry, Tree};

/// The learner's work with protected paths restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// What is to be validated.
    pub tree: Tree,
    /// Protected paths that were changed, removed or added, sorted; not those that differ in line endings alone.
    pub differed: Vec<String>,
}

/// Returns a learner's tree with every protected path as in the starter.
///
/// Files that are protected and not in the starter are left out, as is what stands in the way: a file in place of a
/// folder, a folder in place of a file.
pub fn restore(course: &Course, learner: &Tree) -> Restored {
    let globs = course.manifest.protected.iter().map(Text::as_str);
    restore_from(&course.starter, &ProtectedPaths::new(globs), learner)
}

fn restore_from(starter: &Tree, protected: &ProtectedPaths, learner: &Tree) -> Restored {
    let is_protected = |path: &str| {
        let configures = |tree: &Tree| {
            let text = tree.get(path).and_then(Entry::text);
            text.is_some_and(|text| configures_pytest(path, text))
        };
        protected.contains(path)
            || configures(starter)
            || (starter.get(path).is_none() && configures(learner))
    };
    let given: Vec<_> = starter
        .iter()
        .filter(|(path, _)| is_protected(path))
        .collect();
    let folders: BTreeSet<&str> = given
        .iter()
        .flat_map(|(path, _)| path.match_indices('/').map(|(at, _)| &path[..at]))
        .collect();
    let is_inside_of_given = |path: &str| {
        let mut folders = path.match_indices('/').map(|(at, _)| &path[..at]);
        folders.any(|folder| {
            given
                .binary_search_by_key(&folder, |(path, _)| path)
                .is_ok()
        })
    };

    let mut tree = Tree::new();
    let mut differed = BTreeSet::new();
    for (path, entry) in learner.iter() {
        if folders.contains(path) || is_inside_of_given(path) {
            differed.insert(path);
        } else if !is_protected(path) {
            tree.insert(path, entry.clone());
        } else if starter.get(path).is_none() {
            differed.insert(path);
        }
    }
    for (path, entry) in given {
        let theirs = learner.get(path);
        let is_as_given = theirs
            .is_some_and(|theirs| theirs == entry || differs_in_line_endings_alone(entry, theirs));
        if !is_as_given {
            differed.insert(path);
        }
        tree.insert(path, entry.clone());
    }
    Restored {
        tree,
        differed: differed.into_iter().map(str::to_owned).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> Tree {
        let files = files.iter();
        files
            .map(|(path, text)| ((*path).to_owned(), Entry::file(text.as_bytes())))
            .collect()
    }

    fn restored(starter: &Tree, learner: &[(&str, &str)]) -> (Tree, Vec<String>) {
        let protected = ProtectedPaths::new(["tests/**"]);
        let restored = restore_from(starter, &protected, &tree(learner));
        (restored.tree, restored.differed)
    }

    fn starter() -> Tree {
        tree(&[
            ("pkg/a.py", "stub\n"),
            ("pyproject.toml", "[tool.pytest.ini_options]\n"),
            ("tests/conftest.py", "given\n"),
            ("tests/data/x", "1\n"),
        ])
    }

    const PROTECTED: [(&str, &str); 3] = [
        ("pyproject.toml", "[tool.pytest.ini_options]\n"),
        ("tests/conftest.py", "given\n"),
        ("tests/data/x", "1\n"),
    ];

    #[test]
    fn protected_paths_are_as_given_and_all_else_is_the_learners() {
        let (restored, differed) = restored(
            &starter(),
            &[
                ("conftest.py", "mine"),
                ("notes.txt", "mine"),
                ("pkg/a.py", "work\n"),
                ("pkg/pyproject.toml", "[tool.pytest]"),
                ("pyproject.toml", "[project]\n"),
                ("tests/conftest.py", "changed\n"),
                ("tests/test_mine.py", "mine"),
            ],
        );
        let mut wanted = vec![("notes.txt", "mine"), ("pkg/a.py", "work\n")];
        wanted.extend(PROTECTED);
        assert_eq!(restored, tree(&wanted));
        assert_eq!(
            differed,
            [
                "conftest.py",
                "pkg/pyproject.toml",
                "pyproject.toml",
                "tests/conftest.py",
                "tests/data/x",
                "tests/test_mine.py"
            ]
        );
    }

    #[test]
    fn what_is_as_given_is_not_told() {
        let mut same = PROTECTED.to_vec();
        same.push(("pkg/a.py", "work"));
        assert_eq!(restored(&starter(), &same), (tree(&same), vec![]));
        let mut crlf = same.clone();
        crlf[1].1 = "given\r\n";
        assert_eq!(restored(&starter(), &crlf), (tree(&same), vec![]));
    }

    #[test]
    fn a_file_in_place_of_a_folder_and_the_other_way_round_give_way() {
        let (restored, differed) = restored(
            &starter(),
            &[("tests/conftest.py/a", "?"), ("tests/data", "a link, say")],
        );
        assert_eq!(restored, tree(&PROTECTED));
        assert!(differed.contains(&"tests/conftest.py/a".to_owned()));
        assert!(differed.contains(&"tests/data".to_owned()));
    }
}
