//! From the paths that were typed to the curricula and modules that they mean.

use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::error::Error;
use crate::curriculum::id::ModuleId;
use crate::curriculum::{self, Curriculum, MANIFEST};
use crate::diagnostic::{Diagnostic, Sink};
use crate::lint;
use crate::project::Project;
use crate::source::path;

/// The folder that holds curricula.
const CURRICULA: &str = "curricula";

/// A curriculum, and what of it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Selection {
    /// Its folder.
    pub dir: PathBuf,
    /// The path in it that was asked for; `None` for all of it.
    pub inside: Option<PathBuf>,
}

/// A curriculum that was loaded and linted.
#[derive(Debug)]
pub(crate) struct Checked {
    /// The curriculum.
    pub curriculum: Curriculum,
    /// Its project.
    pub project: Project,
    /// What lint found, with the severities of the rules.
    pub findings: Vec<Diagnostic>,
    /// What of it is asked for, as a shown path; `None` for all of it.
    pub only: Option<String>,
}

impl Checked {
    /// The module that was asked for; `None` for all.
    pub(crate) fn only_module(&self) -> Option<ModuleId> {
        let inner = self.only.as_ref()?.strip_prefix(&self.curriculum.shown)?;
        let name = inner
            .trim_start_matches('/')
            .strip_prefix("modules/")?
            .split('/')
            .next()?;
        ModuleId::try_from(name).ok()
    }

    /// The findings that are to be shown, with the severities that the curriculum asks for.
    pub(crate) fn shown_findings(&self, today: &str) -> Vec<Diagnostic> {
        let findings = lint::apply_policy(&self.curriculum, today, self.findings.clone());
        let is_wanted = |finding: &Diagnostic| {
            self.only.as_ref().is_none_or(|only| {
                let path = finding.location.shown_path();
                path.strip_prefix(only.as_str())
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
        };
        findings.into_iter().filter(is_wanted).collect()
    }
}

/// Finds the curricula that `paths` mean; without paths those of the place that the tool runs in.
pub(crate) fn select(paths: &[PathBuf], base: &Path) -> Result<Vec<Selection>, Error> {
    let mut selections = Vec::new();
    if paths.is_empty() {
        selections = default_selections(base)?;
    }
    for typed in paths {
        let path = path::absolute(typed, base);
        if !path.exists() {
            let shown = typed.display();
            return Err(Error::user(format!("there is no `{shown}`")));
        }
        let found = curricula_at(&path)?;
        if found.is_empty() {
            let shown = typed.display();
            return Err(
                Error::nothing_selected(format!("there is no curriculum in `{shown}`"))
                    .hinted(format!("a curriculum is a folder with a `{MANIFEST}`")),
            );
        }
        for selection in found {
            if !selections.contains(&selection) {
                selections.push(selection);
            }
        }
    }
    Ok(selections)
}

/// The curriculum that `base` is in, else those below its `curricula`, else those below `base`.
fn default_selections(base: &Path) -> Result<Vec<Selection>, Error> {
    let folder = base.join(CURRICULA);
    let mut found = match enclosing(base) {
        Some(selection) => vec![selection],
        None if folder.is_dir() => curricula_in(&folder)?,
        None => curricula_in(base)?,
    };
    found.sort_by(|a, b| a.dir.cmp(&b.dir));
    if found.is_empty() {
        let message = format!("there is no curriculum here or in `{CURRICULA}`");
        return Err(Error::nothing_selected(message).hinted(format!(
            "name one: a curriculum is a folder with a `{MANIFEST}`"
        )));
    }
    Ok(found)
}

/// The curricula that one path means: the one that it is or is in, or those that it holds.
fn curricula_at(path: &Path) -> Result<Vec<Selection>, Error> {
    match enclosing(path) {
        Some(selection) => Ok(vec![selection]),
        None => curricula_in(path),
    }
}

fn enclosing(path: &Path) -> Option<Selection> {
    let dir = path.ancestors().find(|dir| dir.join(MANIFEST).is_file())?;
    let inside = (dir != path && path != dir.join(MANIFEST)).then(|| path.to_owned());
    Some(Selection {
        dir: dir.to_owned(),
        inside,
    })
}

/// The curricula right below a folder, or below its `curricula`.
fn curricula_in(folder: &Path) -> Result<Vec<Selection>, Error> {
    let mut found = Vec::new();
    for folder in [folder.to_owned(), folder.join(CURRICULA)] {
        if !folder.is_dir() {
            continue;
        }
        let entries = fs::read_dir(&folder).map_err(|error| {
            Error::user(format!("`{}` can't be read", folder.display())).caused_by(error)
        })?;
        for entry in entries.flatten() {
            if entry.path().join(MANIFEST).is_file() {
                found.push(Selection {
                    dir: entry.path(),
                    inside: None,
                });
            }
        }
    }
    found.sort_by(|a, b| a.dir.cmp(&b.dir));
    Ok(found)
}

/// Loads and lints curricula, side by side.
pub(crate) fn check(selections: &[Selection], base: &Path) -> Vec<Checked> {
    selections
        .par_iter()
        .map(|selection| {
            let sink = Sink::new();
            let curriculum = curriculum::load(&selection.dir, base, &sink);
            let (project, findings) = Project::parse(&curriculum);
            sink.extend(findings);
            lint::check(&curriculum, &project, &sink);
            let only = selection
                .inside
                .as_ref()
                .map(|inside| path::shown(inside, base));
            Checked {
                curriculum,
                project,
                findings: sink.into_sorted(),
                only,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for name in ["b", "a"] {
            let curriculum = dir.path().join("curricula").join(name);
            fs::create_dir_all(curriculum.join("modules/m")).unwrap();
            fs::write(curriculum.join(MANIFEST), "").unwrap();
        }
        fs::create_dir(dir.path().join("empty")).unwrap();
        dir
    }

    fn selected(base: &Path, paths: &[&str]) -> Vec<String> {
        let paths: Vec<_> = paths.iter().map(PathBuf::from).collect();
        match select(&paths, base) {
            Ok(selections) => selections
                .iter()
                .map(|it| {
                    let inside = it
                        .inside
                        .as_ref()
                        .map(|path| format!(" {}", path::shown(path, &it.dir)));
                    format!(
                        "{}{}",
                        it.dir.file_name().unwrap().display(),
                        inside.unwrap_or_default()
                    )
                })
                .collect(),
            Err(error) => vec![format!("{}", error.exit_code().code())],
        }
    }

    #[test]
    fn paths_mean_curricula_modules_and_folders_of_curricula() {
        let dir = layout();
        let base = dir.path();
        assert_eq!(selected(base, &[]), ["a", "b"]);
        assert_eq!(selected(base, &["."]), ["a", "b"]);
        assert_eq!(selected(base, &["curricula"]), ["a", "b"]);
        assert_eq!(
            selected(base, &["curricula/b", "curricula/a", "curricula/b/"]),
            ["b", "a"]
        );
        assert_eq!(selected(base, &["curricula/a/curriculum.yaml"]), ["a"]);
        assert_eq!(selected(base, &["curricula/a/modules/m"]), ["a modules/m"]);
        assert_eq!(
            selected(&base.join("curricula/a/modules"), &[]),
            ["a modules"]
        );
    }

    #[test]
    fn what_is_not_there_is_an_error() {
        let dir = layout();
        assert_eq!(selected(dir.path(), &["nowhere"]), ["2"]);
        assert_eq!(selected(dir.path(), &["empty"]), ["4"]);
        assert_eq!(selected(&dir.path().join("empty"), &[]), ["4"]);
    }
}
