//! Starter, solved, complete: which tree a learner has at which point.

use std::collections::BTreeSet;

use super::Project;
use crate::curriculum::Curriculum;
use crate::curriculum::document::CurriculumKind;
use crate::curriculum::id::ModuleId;
use crate::source::tree::Tree;

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

impl State<'_> {
    /// The modules that are solved in this state.
    pub fn solved_modules(self, curriculum: &Curriculum) -> BTreeSet<ModuleId> {
        match self {
            Self::Starter(module) => before(curriculum, module),
            Self::Solved(module) => {
                let mut solved = before(curriculum, module);
                solved.insert(module.clone());
                solved
            }
            Self::Complete => curriculum
                .modules
                .iter()
                .map(|module| module.id.clone())
                .collect(),
        }
    }
}

/// The modules that come before one: by the manifest's order in a linear curriculum, by `requires`
/// in a library. A cycle of `requires` ends where it closes; lint reports it.
fn before(curriculum: &Curriculum, module: &ModuleId) -> BTreeSet<ModuleId> {
    let Some(manifest) = &curriculum.manifest else {
        return BTreeSet::new();
    };
    match manifest.value.kind {
        CurriculumKind::Linear => manifest
            .value
            .module_ids()
            .map(|(id, _)| id.clone())
            .take_while(|id| id != module)
            .collect(),
        CurriculumKind::Library => {
            let mut found = BTreeSet::new();
            let mut pending = requires(curriculum, module);
            while let Some(id) = pending.pop() {
                if id != *module && found.insert(id.clone()) {
                    pending.extend(requires(curriculum, &id));
                }
            }
            found
        }
    }
}

fn requires(curriculum: &Curriculum, module: &ModuleId) -> Vec<ModuleId> {
    curriculum
        .module(module.as_str())
        .and_then(|module| module.manifest.as_ref())
        .map(|manifest| manifest.value.requires.clone())
        .unwrap_or_default()
}

impl Project {
    /// Returns the tree in which the regions of the given modules are solved and no others.
    pub fn build(&self, solved: &BTreeSet<ModuleId>) -> Tree {
        let mut tree = Tree::new();
        for (path, file) in &self.files {
            let Some(marked) = &file.marked else {
                tree.insert(path.clone(), file.entry.clone());
                continue;
            };
            let text = marked.build(|region| region.owners.iter().any(|id| solved.contains(id)));
            if let Some(text) = text {
                tree.insert(path.clone(), file.entry.with_content(text.into_bytes()));
            }
        }
        tree
    }
}
