//! Starter, solved, complete: which tree a learner has at which point.

use std::collections::BTreeSet;
use std::sync::PoisonError;

use super::region::Region;
use super::{Project, ProjectFile};
use crate::curriculum::Curriculum;
use crate::curriculum::document::CurriculumKind;
use crate::curriculum::id::ModuleId;
use crate::source::tree::{Entry, Tree};

/// A built state of a project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State<'a> {
    /// What the learner has when a module begins: everything before it solved.
    Starter(&'a ModuleId),
    /// What the learner has when the module is done.
    Solved(&'a ModuleId),
    /// Everything solved.
    Complete,
}

/// The modules that are solved in a state.
#[derive(Clone, Debug)]
pub enum Solved<'a> {
    /// All modules that there are.
    All(&'a Curriculum),
    /// The first modules of a linear curriculum, so many of them. There is one such state for each module,
    /// and it would take long to list all modules of all of them.
    First(&'a Curriculum, usize),
    /// These and no others.
    These(BTreeSet<ModuleId>),
}

impl Solved<'_> {
    /// Returns the state in which nothing is solved.
    pub fn none() -> Self {
        Self::These(BTreeSet::new())
    }

    /// Whether a module is solved.
    pub fn contains(&self, module: &ModuleId) -> bool {
        match self {
            Self::All(curriculum) => curriculum.module(module.as_str()).is_some(),
            Self::First(curriculum, count) => curriculum
                .position(module.as_str())
                .is_some_and(|position| position < *count),
            Self::These(modules) => modules.contains(module),
        }
    }
}

impl State<'_> {
    /// The modules that are solved in this state: those before a module by the manifest's order in a
    /// linear curriculum, by `requires` in a library.
    pub fn solved_modules(self, curriculum: &Curriculum) -> Solved<'_> {
        let (module, and_itself) = match self {
            Self::Complete => return Solved::All(curriculum),
            Self::Starter(module) => (module, false),
            Self::Solved(module) => (module, true),
        };
        let kind = curriculum.manifest.as_ref().map(|it| it.value.kind);
        let position = curriculum.position(module.as_str());
        match (kind, position) {
            (Some(CurriculumKind::Linear), Some(position)) => {
                Solved::First(curriculum, position + usize::from(and_itself))
            }
            _ => {
                let mut before = match kind {
                    // A module that is not listed comes after all that are.
                    Some(CurriculumKind::Linear) => curriculum.listed().cloned().collect(),
                    Some(CurriculumKind::Library) => required(curriculum, module),
                    None => BTreeSet::new(),
                };
                if and_itself {
                    before.insert(module.clone());
                }
                Solved::These(before)
            }
        }
    }
}

/// The modules that one requires, and what those require. A cycle ends where it closes; lint reports it.
fn required(curriculum: &Curriculum, module: &ModuleId) -> BTreeSet<ModuleId> {
    let mut found = BTreeSet::new();
    let requires = |id: &ModuleId| {
        let module = curriculum.module(id.as_str());
        let manifest = module.and_then(|module| module.manifest.as_ref());
        manifest.map_or(&[][..], |manifest| &manifest.value.requires)
    };
    let mut pending: Vec<_> = requires(module).iter().collect();
    while let Some(id) = pending.pop() {
        if id != module && found.insert(id.clone()) {
            pending.extend(requires(id));
        }
    }
    found
}

impl Project {
    /// Returns the tree in which the regions of the given modules are solved and no others.
    pub fn build(&self, solved: &Solved<'_>) -> Tree {
        let files = self.files();
        let built = files.filter_map(|(path, file)| Some((path.to_owned(), file.build(solved)?)));
        built.collect()
    }

    /// Returns what [`Project::build`] does of some files, and no others: where there is a state for each
    /// module, building all files of each would take time by the square.
    pub fn build_files<'p>(
        &self,
        paths: impl IntoIterator<Item = &'p str>,
        solved: &Solved<'_>,
    ) -> Tree {
        let built = paths
            .into_iter()
            .filter_map(|path| Some((path.to_owned(), self.file(path)?.build(solved)?)));
        built.collect()
    }
}

impl ProjectFile {
    /// The file in a state; `None` when the learner starts without it.
    fn build(&self, solved: &Solved<'_>) -> Option<Entry> {
        let Some(marked) = &self.marked else {
            return Some(self.entry.clone());
        };
        let is_solved = |region: &Region| region.owners.iter().any(|id| solved.contains(id));
        let regions = marked.regions().iter().map(is_solved).collect();
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        let state = states.entry(regions).or_insert_with(|| {
            let text = marked.build(is_solved)?;
            Some(self.entry.with_content(text.into_bytes()))
        });
        state.clone()
    }
}
