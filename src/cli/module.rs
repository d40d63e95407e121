//! From the name of a module that was typed to its curriculum: an id, `curriculum/module`, or a path.

use std::fs;
use std::path::{Path, PathBuf};

use super::error::Error;
use super::select::{self, Selection};
use crate::curriculum::id::ModuleId;
use crate::curriculum::{self, Curriculum, Module};
use crate::diagnostic::Sink;
use crate::source::path;
use crate::suggest;

/// A module that was asked for, with the curriculum that it is in.
#[derive(Debug)]
pub(crate) struct PickedModule {
    /// The curriculum, loaded.
    pub(crate) curriculum: Curriculum,
    /// The name of the module's folder.
    id: ModuleId,
}

impl PickedModule {
    /// The module.
    pub(crate) fn module(&self) -> &Module {
        self.curriculum
            .module(self.id.as_str())
            .expect("it was there when it was picked")
    }
}

/// Finds what paths and names of modules mean; a name that several curricula have means all of them. Nothing means the
/// curricula of the place that the tool runs in.
pub(crate) fn select_all(what: &[PathBuf], base: &Path) -> Result<Vec<Selection>, Error> {
    let mut paths = Vec::new();
    for typed in what {
        if path::absolute(typed, base).exists() {
            paths.push(typed.clone());
            continue;
        }
        let (id, dirs) = by_name(&typed.to_string_lossy(), base)?;
        paths.extend(dirs.iter().map(|dir| dir.join("modules").join(id.as_str())));
    }
    select::select(&paths, base)
}

/// Finds the module that `name` means, as what is selected of its curriculum.
pub(crate) fn select(name: &str, base: &Path) -> Result<(Selection, ModuleId), Error> {
    let (dir, id) = place_of(name, base)?;
    let inside = [format!("modules/{id}")].into();
    Ok((Selection { dir, inside }, id))
}

/// Finds the module that `name` means. Findings about its curriculum are left to lint.
pub(crate) fn pick(name: &str, base: &Path) -> Result<PickedModule, Error> {
    let (dir, id) = place_of(name, base)?;
    let curriculum = curriculum::load(&dir, base, &Sink::new());
    if curriculum.module(id.as_str()).is_none() {
        let message = format!("the module `{id}` can't be read");
        return Err(Error::user(message).hinted("`mastery lint` says why"));
    }
    Ok(PickedModule { curriculum, id })
}

/// The curriculum's folder and the module's id.
fn place_of(name: &str, base: &Path) -> Result<(PathBuf, ModuleId), Error> {
    let typed = Path::new(name);
    if let Some(place) = by_path(typed, base)? {
        return Ok(place);
    }
    let (id, mut dirs) = by_name(name, base)?;
    if dirs.len() == 1 {
        return Ok((dirs.remove(0), id));
    }
    let names = dirs
        .iter()
        .filter_map(|dir| Some(format!("`{}/{id}`", dir.file_name()?.display())));
    let names: Vec<_> = names.collect();
    Err(
        Error::user(format!("more than one curriculum has a module `{id}`"))
            .hinted(format!("name one of {}", names.join(", "))),
    )
}

/// The module's id in an id or `curriculum/module`, and the folders of the curricula that have it: at least one.
fn by_name(name: &str, base: &Path) -> Result<(ModuleId, Vec<PathBuf>), Error> {
    let (curriculum, id) = match name.split_once('/') {
        Some((curriculum, id)) => (Some(curriculum), id),
        None => (None, name),
    };
    let mut dirs: Vec<_> = select::select(&[], base)?
        .into_iter()
        .map(|selection| selection.dir)
        .collect();
    if let Some(curriculum) = curriculum {
        dirs.retain(|dir| dir.ends_with(curriculum));
    }
    let has_it = |dir: &&PathBuf| module_names(dir).iter().any(|known| known == id);
    let found: Vec<_> = dirs.iter().filter(has_it).cloned().collect();
    match ModuleId::try_from(id) {
        Ok(id) if !found.is_empty() => Ok((id, found)),
        _ => Err(unknown(name, id, &dirs)),
    }
}

/// The module that a path leads to or into; `None` when there is nothing, or nothing of a module, at it.
fn by_path(typed: &Path, base: &Path) -> Result<Option<(PathBuf, ModuleId)>, Error> {
    let path = path::absolute(typed, base);
    if !path.exists() {
        return Ok(None);
    }
    let selections = match select::select(std::slice::from_ref(&path), base) {
        Ok(selections) => selections,
        // A folder that happens to be called as a module is.
        Err(_) if typed.components().count() == 1 => return Ok(None),
        Err(error) => return Err(error),
    };
    let [Selection { dir, inside }] = selections.as_slice() else {
        return Ok(None);
    };
    let mut modules = inside.iter().filter_map(|inner| {
        let name = inner.strip_prefix("modules/")?.split('/').next()?;
        ModuleId::try_from(name).ok()
    });
    Ok(modules.next().map(|id| (dir.clone(), id)))
}

/// The names of the folders of modules, sorted.
fn module_names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir.join("modules")).into_iter().flatten();
    let mut names: Vec<_> = entries
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}

fn unknown(name: &str, id: &str, dirs: &[PathBuf]) -> Error {
    let names: Vec<_> = dirs.iter().flat_map(|dir| module_names(dir)).collect();
    let error = Error::user(format!("there is no module `{name}`"));
    match suggest::did_you_mean(id, names.iter().map(String::as_str)) {
        Some(help) => error.hinted(help),
        None => error.hinted("name a module by its id, as `CURRICULUM/MODULE`, or by its folder"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for (curriculum, modules) in [("a", ["one", "two"]), ("b", ["two", "three"])] {
            let curriculum = dir.path().join("curricula").join(curriculum);
            for module in modules {
                fs::create_dir_all(curriculum.join("modules").join(module)).unwrap();
            }
            fs::write(curriculum.join(curriculum::MANIFEST), "").unwrap();
        }
        fs::create_dir(dir.path().join("one")).unwrap();
        dir
    }

    fn place(name: &str, base: &Path) -> String {
        match place_of(name, base) {
            Ok((dir, id)) => format!("{}/{id}", dir.file_name().unwrap().display()),
            Err(error) => {
                let mut text = Vec::new();
                error.print(&mut anstream::StripStream::new(&mut text));
                String::from_utf8(text).unwrap()
            }
        }
    }

    #[test]
    fn modules_are_found_by_id_by_curriculum_and_by_path() {
        let dir = layout();
        let base = dir.path();
        assert_eq!(place("one", base), "a/one", "and not the folder here");
        assert_eq!(place("b/two", base), "b/two");
        assert_eq!(place("curricula/a/modules/two", base), "a/two");
        assert_eq!(place("curricula/a/modules/two/bugs/..", base), "a/two");
        let inside = base.join("curricula/a/modules/two");
        assert_eq!(place(".", &inside), "a/two");
        assert_eq!(place("one", &inside), "a/one");
    }

    #[test]
    fn what_is_no_module_is_told_with_a_way_out() {
        let dir = layout();
        let shown = |name| place(name, dir.path());
        assert!(shown("two").contains("name one of `a/two`, `b/two`"));
        assert!(shown("thrree").contains("did you mean `three`?"));
        assert!(shown("b/thrree").contains("did you mean `three`?"));
        assert!(shown("curricula/a").contains("there is no module"));
        assert!(shown("../..").contains("error"));
    }

    #[test]
    fn several_are_named_by_paths_and_by_names() {
        let dir = layout();
        let selected = |what: &[&str]| {
            let what: Vec<_> = what.iter().map(PathBuf::from).collect();
            let selections = select_all(&what, dir.path()).map_err(|error| error.exit_code())?;
            let shown = selections.iter().map(|it| {
                let inside: Vec<_> = it.inside.iter().map(String::as_str).collect();
                let name = it.dir.file_name().unwrap().display();
                format!("{name} {}", inside.join(" ")).trim().to_owned()
            });
            Ok::<Vec<String>, crate::exit_code::ExitCode>(shown.collect())
        };
        assert_eq!(selected(&[]).unwrap(), ["a", "b"]);
        let both = ["a modules/two", "b modules/two"];
        assert_eq!(selected(&["two"]).unwrap(), both);
        assert_eq!(selected(&["b/two"]).unwrap(), both[1..]);
        let names = ["three", "curricula/a/modules/two"];
        assert_eq!(
            selected(&names).unwrap(),
            ["b modules/three", "a modules/two"]
        );
        assert!(selected(&["thrree"]).is_err() && selected(&["curricula/c"]).is_err());
    }
}
