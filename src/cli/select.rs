//! From the paths that were typed to the curricula and modules that they mean.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::error::Error;
use crate::curriculum::id::ModuleId;
use crate::curriculum::{self, Curriculum, Extent, MANIFEST};
use crate::diagnostic::{Diagnostic, Severity, Sink};
use crate::lint::{self, rule::Rule};
use crate::project::Project;
use crate::source::path;

/// The folder that holds curricula.
const CURRICULA: &str = "curricula";

/// A curriculum, and what of it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Selection {
    /// Its folder.
    pub(crate) dir: PathBuf,
    /// The paths in it that were asked for; empty for all of it.
    pub(crate) inside: BTreeSet<String>,
}

/// A curriculum that was loaded and linted.
#[derive(Debug)]
pub(crate) struct Checked {
    /// The curriculum.
    pub(crate) curriculum: Curriculum,
    /// Its project.
    pub(crate) project: Project,
    /// What lint found, with the severities of the rules.
    pub(crate) findings: Vec<Diagnostic>,
    /// The rules that were run.
    rules: Vec<&'static dyn Rule>,
    /// The paths in it that were asked for; empty for all of it.
    inside: BTreeSet<String>,
}

impl Checked {
    /// The modules that were asked for; `None` for all.
    pub(crate) fn only_modules(&self) -> Option<BTreeSet<ModuleId>> {
        let module_of = |inner: &String| {
            let name = inner.strip_prefix("modules/")?.split('/').next()?;
            ModuleId::try_from(name).ok()
        };
        // A path that is no module's, such as a test, may matter to all.
        let modules: Option<BTreeSet<_>> = self.inside.iter().map(module_of).collect();
        modules.filter(|modules| !modules.is_empty())
    }

    /// The findings that are to be shown, with the severities that the curriculum asks for: those on
    /// the paths that were asked for, and those elsewhere that keep cases from running.
    pub(crate) fn shown_findings(&self, today: &str) -> Vec<Diagnostic> {
        let findings =
            lint::policy::apply(&self.curriculum, today, &self.rules, self.findings.clone());
        let is_wanted = |finding: &Diagnostic| {
            let path = finding.location.shown_path();
            let inner = self.curriculum.inner_path(path).unwrap_or(path);
            let is_asked_for = |asked: &String| path::inside(inner, asked).is_some();
            let blocks_all = !inner.starts_with("modules/")
                && finding.severity == Severity::Error
                && lint::blocks_running(finding.rule);
            self.inside.is_empty() || blocks_all || self.inside.iter().any(is_asked_for)
        };
        findings.into_iter().filter(is_wanted).collect()
    }
}

/// Finds the curricula that `paths` mean; without paths those of the place that the tool runs in.
pub(crate) fn select(paths: &[PathBuf], base: &Path) -> Result<Vec<Selection>, Error> {
    if paths.is_empty() {
        return default_selections(base);
    }
    let mut selections: Vec<Selection> = Vec::new();
    for typed in paths {
        let path = path::absolute(typed, base);
        if !path.exists() {
            let error = Error::user(format!("there is no `{}`", typed.display()));
            // Some commands take names of modules; this one takes paths.
            return Err(match module_called(typed, base) {
                Some(module) => error.hinted(format!("the module of that name is `{module}`")),
                None => error,
            });
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
            match selections
                .iter_mut()
                .find(|other| other.dir == selection.dir)
            {
                // All of it, and a part of it, is all of it.
                Some(other) if other.inside.is_empty() || selection.inside.is_empty() => {
                    other.inside.clear();
                }
                Some(other) => other.inside.extend(selection.inside),
                None => selections.push(selection),
            }
        }
    }
    Ok(selections)
}

/// The path of the module that is called so, with or without its curriculum, as it is shown.
fn module_called(typed: &Path, base: &Path) -> Option<String> {
    let name = typed.file_name()?;
    let found = default_selections(base).ok()?;
    let mut folders = found.iter().map(|it| it.dir.join("modules").join(name));
    let folder = folders.find(|folder| folder.is_dir())?;
    Some(path::shown(&folder, base))
}

/// The curriculum that `base` is in, else those below its `curricula`, else those below `base`.
fn default_selections(base: &Path) -> Result<Vec<Selection>, Error> {
    let found = curricula_at(base)?;
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
    let inner = path
        .strip_prefix(dir)
        .unwrap_or(path)
        .to_string_lossy()
        .into_owned();
    let is_all = matches!(inner.as_str(), "" | MANIFEST | "modules");
    let inside = if is_all {
        BTreeSet::new()
    } else {
        BTreeSet::from([inner])
    };
    Some(Selection {
        dir: dir.to_owned(),
        inside,
    })
}

/// The curricula right below a folder, and below its `curricula`.
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
            // One whose manifest was lost is not to be passed over as if it had never been.
            let is_lost = folder.ends_with(CURRICULA) && entry.path().join("modules").is_dir();
            if is_lost || entry.path().join(MANIFEST).is_file() {
                found.push(Selection {
                    dir: entry.path(),
                    inside: BTreeSet::new(),
                });
            }
        }
    }
    found.sort_by(|a, b| a.dir.cmp(&b.dir));
    Ok(found)
}

/// Loads and lints curricula, side by side.
pub(crate) fn check(selections: &[Selection], base: &Path) -> Vec<Checked> {
    check_rules(selections, base, lint::rules::ALL)
}

/// As [`check`], with findings of some rules alone.
pub(crate) fn check_rules(
    selections: &[Selection],
    base: &Path,
    rules: &[&'static dyn Rule],
) -> Vec<Checked> {
    check_read(selections, base, rules, Extent::All)
}

/// As [`check_rules`], with no more of the curricula read than is asked for: for who looks at the findings
/// alone.
pub(crate) fn check_read(
    selections: &[Selection],
    base: &Path,
    rules: &[&'static dyn Rule],
    extent: Extent,
) -> Vec<Checked> {
    let is_wanted = |finding: &Diagnostic| {
        let mut names = rules.iter().map(|rule| rule.meta().name);
        finding.rule == lint::INTERNAL_ERROR || names.any(|name| name == finding.rule)
    };
    selections
        .par_iter()
        .map(|selection| {
            let sink = Sink::new();
            let curriculum = curriculum::load_extent(&selection.dir, base, extent, &sink);
            let (project, findings) = Project::parse(&curriculum);
            sink.extend(findings);
            lint::check(&curriculum, &project, rules, &sink);
            let inside = selection.inside.clone();
            let mut findings = sink.into_sorted();
            findings.retain(is_wanted);
            Checked {
                curriculum,
                project,
                findings,
                rules: rules.to_vec(),
                inside,
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
            for module in ["m", "n"] {
                fs::create_dir_all(curriculum.join("modules").join(module)).unwrap();
            }
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
                    let inside: Vec<_> = it.inside.iter().map(String::as_str).collect();
                    let name = it.dir.file_name().unwrap().display();
                    format!("{name} {}", inside.join(" ")).trim().to_owned()
                })
                .collect(),
            Err(error) => vec![error.exit_code().code().to_string()],
        }
    }

    #[test]
    fn curriculum_whose_manifest_was_lost_is_not_passed_over() {
        let dir = layout();
        fs::remove_file(dir.path().join("curricula/b").join(MANIFEST)).unwrap();
        assert_eq!(selected(dir.path(), &[]), ["a", "b"]);
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
        assert_eq!(selected(&base.join("curricula/a/modules"), &[]), ["a"]);
        assert_eq!(
            selected(&base.join("curricula/a/modules"), &["m", "n"]),
            ["a modules/m modules/n"]
        );
        assert_eq!(
            selected(&base.join("curricula/a/modules/m"), &["../.."]),
            ["a"]
        );
        assert_eq!(
            selected(base, &["curricula/a/modules/m", "curricula/a"]),
            ["a"]
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
