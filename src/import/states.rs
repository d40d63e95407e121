//! What the project is once a module is solved, before there is a curriculum on disk to ask.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::modules::Module;
use crate::curriculum::document::CurriculumKind;
use crate::project::language::Language;
use crate::project::region;
use crate::source::SourceFile;
use crate::source::tree::Tree;

/// Returns the project with a module and all before it solved; `at` is the module's number.
pub(super) fn solved(project: &Tree, modules: &[Module], at: usize, kind: CurriculumKind) -> Tree {
    let solved = match kind {
        CurriculumKind::Linear => modules[..=at]
            .iter()
            .map(|module| module.id.as_str())
            .collect(),
        CurriculumKind::Library => closure(modules, &modules[at].id),
    };
    let mut tree = Tree::new();
    for (path, entry) in project.iter() {
        let built = match entry.text().filter(|text| region::may_have_marks(text)) {
            Some(text) => {
                build(path, text, &solved).map(|text| entry.with_content(text.into_bytes()))
            }
            None => Some(entry.clone()),
        };
        if let Some(entry) = built {
            tree.insert(path, entry);
        }
    }
    tree
}

/// A file in a state; `None` when it is not there yet. One without regions is as it is.
fn build(path: &str, text: &str, solved: &BTreeSet<&str>) -> Option<String> {
    let source = Arc::new(SourceFile::new(path, text));
    match region::parse(&source, Language::of(path, text)) {
        (Some(file), _) => file.build(|region| {
            region
                .owners
                .iter()
                .any(|owner| solved.contains(owner.as_str()))
        }),
        (None, _) => Some(text.to_owned()),
    }
}

/// A module and all that it requires.
fn closure<'m>(modules: &'m [Module], id: &'m str) -> BTreeSet<&'m str> {
    let mut found = BTreeSet::new();
    let mut open = vec![id];
    while let Some(id) = open.pop() {
        if found.insert(id) {
            let module = modules.iter().find(|module| module.id == id);
            open.extend(
                module
                    .iter()
                    .flat_map(|module| &module.requires)
                    .map(String::as_str),
            );
        }
    }
    found
}
