//! The modules of an import: those of the manifest with their folders, and folders that it does not list.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::ledger::{Ledger, Place};
use super::manifest::{OldManifest, OldModule};
use super::slug::Taken;
use crate::curriculum::document::CurriculumKind;
use crate::curriculum::id::title_of;
use crate::source::path::{self, is_plain_relative};
use crate::source::tree::Tree;

/// The prompt in a module's folder.
pub(super) const PROMPT: &str = "build_prompt.txt";
/// The validator in a module's folder.
pub(super) const VALIDATOR: &str = "validator.sh";
/// The questions in a module's folder.
pub(super) const QUESTIONS: &str = "justify_questions.json";
/// The solution in a module's folder.
pub(super) const SOLUTION: &str = "solution.py";

/// A module that is being imported.
#[derive(Debug)]
pub(super) struct Module {
    /// Its id from now on.
    pub(super) id: String,
    pub(super) title: String,
    /// Its old folder.
    pub(super) folder: String,
    /// Where the manifest lists it, or its folder.
    pub(super) place: Place,
    /// Whether the manifest did not list it.
    pub(super) is_draft: bool,
    pub(super) is_justify_only: bool,
    pub(super) requires: Vec<String>,
    pub(super) difficulty: Option<String>,
    /// Seconds.
    pub(super) baseline: Option<f64>,
}

impl Module {
    /// The place of a file in its old folder.
    pub(super) fn file(&self, name: &str) -> Place {
        Place::file(path::join(&self.folder, name))
    }
}

/// A group of a library.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) id: String,
    pub(super) title: String,
    /// What the manifest names, with its place.
    pub(super) theory: Option<(String, Place)>,
    /// Ids of modules.
    pub(super) modules: Vec<String>,
}

/// All modules, in the order in which they are listed, and the groups of a library.
#[derive(Debug, Default)]
pub(super) struct Modules {
    pub(super) modules: Vec<Module>,
    pub(super) groups: Vec<Group>,
}

/// Finds the modules.
pub(super) fn find(old: &OldManifest, ledger: &mut Ledger<'_>) -> Modules {
    let mut finder = Finder {
        found: Modules::default(),
        ids: Taken::default(),
        by_old_id: BTreeMap::new(),
        folders: BTreeSet::new(),
        there: folders_of(&ledger.sources.curriculum.files),
        ledger,
        wanted: Vec::new(),
    };
    let mut group_ids = Taken::default();
    for group in &old.groups {
        let first = finder.found.modules.len();
        for module in &group.modules {
            finder.listed(module, &group.id);
        }
        if old.kind == CurriculumKind::Library {
            let id = group_ids.id(&group.id, "group");
            if id != group.id {
                finder.ledger.changed(
                    &group.place,
                    format!("`{}` is no id; the group is called `{id}`", group.id),
                );
            }
            let modules = finder.found.modules[first..]
                .iter()
                .map(|module| module.id.clone());
            let modules: Vec<_> = modules.collect();
            if modules.is_empty() {
                finder.ledger.aside(
                    &group.place,
                    format!(
                        "the pattern `{}` has no problem that could be imported",
                        group.id
                    ),
                );
                continue;
            }
            let title = group.title.clone().unwrap_or_else(|| title_of(&id));
            let theory = group.theory.clone().map(|path| (path, group.place.clone()));
            finder.found.groups.push(Group {
                id,
                title,
                theory,
                modules,
            });
        }
    }
    finder.requirements();
    let first = finder.found.modules.len();
    finder.unlisted(old.kind);
    let unlisted: Vec<_> = finder.found.modules[first..]
        .iter()
        .map(|module| module.id.clone())
        .collect();
    if old.kind == CurriculumKind::Library && !unlisted.is_empty() {
        finder.found.groups.push(Group {
            id: group_ids.id("unlisted", "group"),
            title: "Not in the manifest".to_owned(),
            theory: None,
            modules: unlisted,
        });
    }
    finder.found
}

struct Finder<'f, 'a> {
    ledger: &'f mut Ledger<'a>,
    found: Modules,
    ids: Taken,
    by_old_id: BTreeMap<String, String>,
    /// All folders.
    there: HashSet<&'a str>,
    /// Folders that are a module's.
    folders: BTreeSet<String>,
    /// What modules require, by their number.
    wanted: Vec<(usize, Vec<(String, usize)>)>,
}

impl Finder<'_, '_> {
    fn listed(&mut self, old: &OldModule, group: &str) {
        let Some(folder) = self.folder_of(old, group) else {
            return;
        };
        if !self.folders.insert(folder.clone()) {
            let why = format!("`{}` is a second module of the folder `{folder}`", old.id);
            return self.ledger.aside(&old.place, why);
        }
        let id = self.ids.id(&old.id, "module");
        if id != old.id {
            let what = format!(
                "`{}` is no id, or taken; the module is called `{id}`",
                old.id
            );
            self.ledger.changed(&old.place, what);
        }
        self.by_old_id
            .entry(old.id.clone())
            .or_insert_with(|| id.clone());
        self.wanted
            .push((self.found.modules.len(), old.requires.clone()));
        let title = self.title(old.title.as_deref(), &id, &old.place);
        self.found.modules.push(Module {
            title,
            folder,
            place: old.place.clone(),
            is_draft: false,
            is_justify_only: old.is_justify_only,
            requires: Vec::new(),
            difficulty: old.difficulty.clone(),
            baseline: old.baseline,
            id,
        });
    }

    /// A title that fits: 120 characters, one line.
    fn title(&mut self, said: Option<&str>, id: &str, place: &Place) -> String {
        let Some(said) = said else {
            self.ledger.changed(
                place,
                format!("`{id}` has no name; its title is its id in words"),
            );
            return title_of(id);
        };
        let line = said.split_whitespace().collect::<Vec<_>>().join(" ");
        let short: String = line.chars().take(120).collect();
        if short != said {
            self.ledger.changed(
                place,
                format!("the title of `{id}` is made to fit: `{short}`"),
            );
        }
        short
    }

    fn folder_of(&mut self, old: &OldModule, group: &str) -> Option<String> {
        let said = old
            .path
            .as_deref()
            .map(|path| path.trim_start_matches("./").trim_end_matches('/'));
        if let Some(path) = said {
            if !is_plain_relative(path) {
                let what = format!(
                    "the path `{path}` of `{}` leads out of the folder and is not followed",
                    old.id
                );
                self.ledger.aside(&old.place, what);
            } else if self.there.contains(path) {
                return Some(path.to_owned());
            }
        }
        let id = &old.id;
        let usual = [
            format!("modules/{id}"),
            format!("patterns/{group}/problems/{id}"),
            format!("patterns/{group}/{id}"),
            id.clone(),
        ];
        let found = usual
            .into_iter()
            .find(|path| is_plain_relative(path) && self.there.contains(path.as_str()));
        match &found {
            Some(folder) => {
                let what =
                    format!("`{id}` is taken from `{folder}`, for `path` leads to no folder");
                self.ledger.changed(&old.place, what);
            }
            None => self
                .ledger
                .aside(&old.place, format!("`{id}` has no folder and is left out")),
        }
        found
    }

    /// From old ids to new ones.
    fn requirements(&mut self) {
        for (index, wanted) in std::mem::take(&mut self.wanted) {
            let place = self.found.modules[index].place.clone();
            let own = self.found.modules[index].id.clone();
            for (old, line) in wanted {
                match self.by_old_id.get(&old) {
                    Some(id) if *id == own => self
                        .ledger
                        .aside(&place.at(line), format!("`{own}` depends on itself")),
                    Some(id) => {
                        let requires = &mut self.found.modules[index].requires;
                        if !requires.contains(id) {
                            requires.push(id.clone());
                        }
                    }
                    None => {
                        let why = format!("`{own}` depends on `{old}`, which was not imported");
                        self.ledger.aside(&place.at(line), why);
                    }
                }
            }
        }
    }

    /// Folders that look like a module's and that the manifest does not list.
    fn unlisted(&mut self, kind: CurriculumKind) {
        let mut folders = BTreeSet::new();
        for (path, _) in self.ledger.sources.curriculum.files.iter() {
            let Some((folder, name)) = path.rsplit_once('/') else {
                continue;
            };
            let is_known = self
                .folders
                .iter()
                .any(|known| path::inside(folder, known).is_some());
            // Questions alone may be the theory of a pattern.
            let is_theory = name == QUESTIONS && kind == CurriculumKind::Library;
            if [PROMPT, VALIDATOR, QUESTIONS].contains(&name) && !is_known && !is_theory {
                folders.insert(folder.to_owned());
            }
        }
        for folder in folders {
            let name = folder.rsplit('/').next().unwrap_or(&folder);
            let id = self.ids.id(name, "module");
            let place = Place::file(&folder);
            let what = format!(
                "the manifest does not list the module; it is imported as the draft `{id}`, behind all others"
            );
            self.ledger.decide(&place, what);
            let file = |name: &str| Place::file(path::join(&folder, name));
            let heading = self
                .ledger
                .text(&file(PROMPT))
                .and_then(heading)
                .map(str::to_owned);
            let title = match heading {
                Some(heading) => self.title(Some(&heading), &id, &place),
                None => title_of(&id),
            };
            let has = |name: &str| self.ledger.has(&file(name));
            self.found.modules.push(Module {
                title,
                is_justify_only: !has(PROMPT) && !has(VALIDATOR),
                folder,
                place,
                is_draft: true,
                requires: Vec::new(),
                difficulty: None,
                baseline: None,
                id,
            });
        }
    }
}

/// The folders that files are in, at any level.
fn folders_of(files: &Tree) -> HashSet<&str> {
    let folders = |path: &'_ str| {
        path.match_indices('/')
            .map(|(at, _)| at)
            .collect::<Vec<_>>()
    };
    files
        .iter()
        .flat_map(|(path, _)| folders(path).into_iter().map(move |at| &path[..at]))
        .collect()
}

/// The title that a prompt begins with.
pub(super) fn heading(prompt: &str) -> Option<&str> {
    let first = prompt
        .trim_start_matches('\u{feff}')
        .lines()
        .find(|line| !line.trim().is_empty())?;
    first
        .strip_prefix("# ")
        .map(str::trim)
        .filter(|heading| !heading.is_empty())
}
