//! `generated-file`.

use std::collections::BTreeSet;

use crate::diagnostic::{Location, Sink};
use crate::git::WorkTree;
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A file that a program makes is checked in.
    ///
    /// ## What it does
    /// Looks in the curriculum's folder for caches, build results and what systems leave behind: for what
    /// git tracks, and, in the project, for what it would track when asked to add all. What is ignored, such
    /// as the `__pycache__` of your own last run, is none of it. Without a git repository only what learners
    /// would get is looked at; caches of Python and of its tools never are among it.
    ///
    /// ## Why it matters
    /// Such files are out of date soon, differ from machine to machine, and may hold what was never
    /// meant for learners: compiled solutions, for one.
    ///
    /// ## Example
    /// ```text
    /// project/basics/__pycache__/numbers.cpython-312.pyc
    /// project/basics.egg-info/PKG-INFO
    /// ```
    ///
    /// ## Use instead
    /// `git rm -r --cached`, and a line in `.gitignore`.
    pub(crate) struct GeneratedFile {
        name: "generated-file",
        group: Project,
        severity: Warning,
        blocks_running: false,
    }
}

impl Rule for GeneratedFile {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        let curriculum = context.curriculum;
        let work_tree = WorkTree::around(&curriculum.dir);
        let mut found = BTreeSet::new();
        if let Some(work_tree) = &work_tree {
            let tracked = work_tree.tracked_files();
            found.extend(
                tracked
                    .iter()
                    .filter_map(|path| generated_part(path))
                    .map(str::to_owned),
            );
        }
        for (path, _) in curriculum.project.iter() {
            let path = format!("project/{path}");
            if let Some(part) = generated_part(&path) {
                let is_ignored = work_tree.as_ref().is_some_and(|it| it.is_ignored(&path));
                if !is_ignored {
                    found.insert(part.to_owned());
                }
            }
        }
        for path in found {
            let name = path.rsplit('/').next().unwrap_or(&path);
            let location = Location::path(curriculum.shown_path(&path));
            let finding = self.finding(location, format!("`{name}` is made by a program"));
            sink.push(finding.with_help("take it out of git, and list it in `.gitignore`"));
        }
    }
}

/// Returns the path of the outermost file or folder on the way to a file that a program makes.
fn generated_part(path: &str) -> Option<&str> {
    if let Some(folder) = path.strip_suffix("/CACHEDIR.TAG") {
        return Some(generated_part(folder).unwrap_or(folder));
    }
    let mut end = 0;
    for part in path.split('/') {
        end += part.len();
        if is_generated(part) {
            return Some(&path[..end]);
        }
        end += 1;
    }
    None
}

/// Whether nobody gives a file or folder of their own this name.
///
/// `target` and `build` are words that an author may use. Cargo's `target` is known by its
/// `CACHEDIR.TAG`.
fn is_generated(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "__pycache__",
        ".DS_Store",
        ".coverage",
        ".eggs",
        ".hypothesis",
        ".ipynb_checkpoints",
        ".mypy_cache",
        ".nox",
        ".pytest_cache",
        ".ruff_cache",
        ".tox",
        ".venv",
        "Thumbs.db",
        "node_modules",
    ];
    const ENDINGS: &[&str] = &[".egg-info", ".pyc", ".pyo"];
    NAMES.contains(&name) || ENDINGS.iter().any(|ending| name.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::generated_part;

    #[test]
    fn outermost_generated_part_is_told() {
        let cases = [
            ("project/a/__pycache__/b.pyc", Some("project/a/__pycache__")),
            ("project/b.pyc", Some("project/b.pyc")),
            ("project/a.egg-info/PKG-INFO", Some("project/a.egg-info")),
            ("project/target/CACHEDIR.TAG", Some("project/target")),
            (
                "project/node_modules/x/.cache/CACHEDIR.TAG",
                Some("project/node_modules"),
            ),
            ("modules/m/.DS_Store", Some("modules/m/.DS_Store")),
            ("project/target/goal.py", None),
            ("project/target", None),
            ("project/pyc.py", None),
            ("project/egg-info", None),
            ("", None),
        ];
        for (path, expected) in cases {
            assert_eq!(generated_part(path), expected, "{path}");
        }
    }
}
