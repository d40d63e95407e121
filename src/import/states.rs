//! What the project is once a module is solved, before there is a curriculum on disk to ask.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::modules::Module;
use crate::curriculum::document::CurriculumKind;
use crate::project::language::Language;
use crate::project::region::{self, MarkedFile, Region};
use crate::source::SourceFile;
use crate::source::tree::{Entry, Tree};

/// The project with its regions, read once for the states of all modules.
#[derive(Debug)]
pub(super) struct States<'p> {
    files: Vec<(&'p str, &'p Entry, Option<MarkedFile>)>,
}

impl<'p> States<'p> {
    /// Reads the regions of all files.
    pub(super) fn new(project: &'p Tree) -> Self {
        let files = project
            .iter()
            .map(|(path, entry)| (path, entry, marked(path, entry)));
        Self {
            files: files.collect(),
        }
    }

    /// Returns the project with a module and all before it solved; `at` is the module's number.
    pub(super) fn solved(&self, modules: &[Module], at: usize, kind: CurriculumKind) -> Tree {
        let solved = match kind {
            CurriculumKind::Linear => modules[..=at]
                .iter()
                .map(|module| module.id.as_str())
                .collect(),
            CurriculumKind::Library => closure(modules, &modules[at].id),
        };
        let is_solved = |region: &Region| {
            let mut owners = region.owners.iter();
            owners.any(|owner| solved.contains(owner.as_str()))
        };
        let states = self.files.iter().filter_map(|(path, entry, file)| {
            let entry = match file {
                Some(file) => entry.with_content(file.build(is_solved)?.into_bytes()),
                None => (*entry).clone(),
            };
            Some(((*path).to_owned(), entry))
        });
        states.collect()
    }
}

/// The regions of a file; `None` for one without.
fn marked(path: &str, entry: &Entry) -> Option<MarkedFile> {
    let text = entry.text().filter(|text| region::may_have_marks(text))?;
    let source = Arc::new(SourceFile::new(path, text));
    region::parse(&source, Language::of(path, text)).0
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
