//! Brings curricula of the older `manifest.json` layout into this one.
//!
//! Real files of that kind are often broken. What can be understood is imported, what has one meaning is put
//! right, and everything else is kept aside; the report names each with its file, line and reason. Nothing is
//! invented: where a format asks for what was not there, a stopgap stands that says so in the report.
//!
//! Everything is worked out in memory. Writing it is left to `project::export`.

mod bugs;
mod emit;
mod fields;
mod json;
mod ledger;
mod manifest;
mod module_file;
mod modules;
mod owners;
mod patch;
mod project;
mod questions;
mod regions;
mod report;
mod slug;
mod sources;
mod states;
mod target;
mod theory;
mod top;
mod validator;
mod witnesses;

pub use ledger::{Kind, Told};
pub use sources::{Folder, Source, Sources};

use std::collections::BTreeSet;

use crate::curriculum::MANIFEST;
use crate::curriculum::document::CurriculumKind;
use crate::curriculum::id::CurriculumId;
use crate::source::tree::{Entry, Tree};
use ledger::Ledger;
use modules::{Module, Modules};
use project::Project;
use states::States;

/// A curriculum that was imported and is not written yet.
#[derive(Debug)]
pub struct Import {
    /// Its files, the report among them.
    pub tree: Tree,
    /// The text of the report.
    pub report: String,
    /// How much there is.
    pub counts: Counts,
    /// What the report tells.
    pub told: Vec<Told>,
}

/// How much was imported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Modules.
    pub modules: usize,
    /// Bugs.
    pub bugs: usize,
    /// Files of questions.
    pub questions: usize,
}

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// There is no module.
    #[error("`{0}` holds no curriculum of the `manifest.json` layout")]
    NoModule(String),
    /// A file of one source has the name of a folder of another.
    #[error("`{0}` would be a file and a folder")]
    Collision(String),
}

/// Imports a curriculum under an id. `schemas` is the way from the curriculum's folder to that of the schemas,
/// with a slash at its end.
///
/// # Errors
///
/// See [`ImportError`].
pub fn import(sources: &Sources, id: &CurriculumId, schemas: &str) -> Result<Import, ImportError> {
    let mut ledger = Ledger::new(sources);
    let old = manifest::read(&mut ledger);
    let Modules { modules, groups } = modules::find(&old, &mut ledger);
    if modules.is_empty() {
        return Err(ImportError::NoModule(sources.curriculum.shown.clone()));
    }
    let mut project = project::build(&modules, &mut ledger);
    let mut counts = Counts {
        modules: modules.len(),
        ..Counts::default()
    };
    let mut tree = Tree::new();
    let validators = validator::folder(&project.files);
    for module in &modules {
        let build = (!module.is_justify_only).then(|| module_file::Build {
            edit: project
                .edits
                .get(&module.id)
                .into_iter()
                .flatten()
                .cloned()
                .collect(),
            command: validator::import(
                module,
                &validators,
                project.folders.get(&module.id),
                &mut project.files,
                &mut ledger,
            ),
        });
        let schemas = format!("../../{schemas}");
        counts.questions += usize::from(module_file::write(
            module,
            build,
            &schemas,
            &mut tree,
            &mut ledger,
        ));
    }
    counts.bugs = all_bugs(
        &modules,
        &project,
        old.kind,
        schemas,
        &mut tree,
        &mut ledger,
    );
    let theories = theory::import(&groups, schemas, &mut tree, &mut ledger);
    counts.questions += theories.len();
    let has_validators = modules.iter().any(|module| !module.is_justify_only);
    let manifest = top::Manifest {
        old: &old,
        id,
        modules: &modules,
        groups: &groups,
        theories: &theories,
        validators: has_validators.then_some(validators.as_str()),
    };
    let text = manifest.write(&project.files, schemas, &mut tree, &mut ledger);
    tree.insert(MANIFEST, Entry::file(text.into_bytes()));
    for (path, entry) in project.files.iter() {
        tree.insert(format!("project/{path}"), entry.clone());
    }
    let (used, told) = ledger.close(&mut tree);
    let title = old.name.as_deref().unwrap_or(id.as_str());
    let report = report::write(title, &counts, &used, &told);
    tree.insert(report::FILE, Entry::file(report.as_bytes()));
    match collision(&tree) {
        Some(path) => Err(ImportError::Collision(path.to_owned())),
        None => Ok(Import {
            tree,
            report,
            counts,
            told,
        }),
    }
}

/// Imports the bugs of all modules, each against its module's solved state.
fn all_bugs(
    modules: &[Module],
    project: &Project,
    kind: CurriculumKind,
    schemas: &str,
    tree: &mut Tree,
    ledger: &mut Ledger<'_>,
) -> usize {
    let schema = format!("../../../{schemas}bug.schema.json");
    let states = States::new(&project.files);
    let import = |(index, module): (usize, &Module)| {
        let names = bugs::names(module, ledger);
        if names.is_empty() {
            return 0;
        }
        let solved = states.solved(modules, index, kind);
        let target = project.targets.get(&module.id).map(String::as_str);
        bugs::import(module, &names, &solved, target, &schema, tree, ledger)
    };
    modules.iter().enumerate().map(import).sum()
}

/// A file that other files would have to be in.
fn collision(tree: &Tree) -> Option<&str> {
    let folders: BTreeSet<&str> = tree
        .iter()
        .flat_map(|(path, _)| path.match_indices('/').map(|(at, _)| &path[..at]))
        .collect();
    tree.iter()
        .map(|(path, _)| path)
        .find(|path| folders.contains(path))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::curriculum;
    use crate::diagnostic::Sink;
    use crate::project::export::{Existing, export};
    use proptest::prelude::*;

    fn folder(path: &str) -> Folder {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/import");
        Folder::read(&fixtures.join(path), path)
    }

    fn linear() -> Sources {
        Sources {
            curriculum: folder("linear/old"),
            reference: Some(folder("linear/reference")),
            starter: Some(folder("linear/starter")),
            tests: Some(folder("linear/tests")),
        }
    }

    fn library() -> Sources {
        Sources {
            curriculum: folder("library"),
            reference: None,
            starter: None,
            tests: None,
        }
    }

    fn imported(sources: &Sources) -> Result<Import, ImportError> {
        let id = CurriculumId::try_from("imported").unwrap();
        import(sources, &id, "../../schemas/")
    }

    /// Every file is in the report, and what is kept aside is what it was.
    fn assert_nothing_is_lost(sources: &Sources, import: &Import) {
        for (source, folder) in sources.all() {
            for (path, entry) in folder.files.iter() {
                let shown = sources.shown(source, path);
                assert!(
                    import.report.contains(&format!("- `{shown}")),
                    "{shown}\n{}",
                    import.report
                );
                let kept = import
                    .tree
                    .get(&format!("imported/{}/{path}", source.name()));
                assert!(kept.is_none_or(|kept| kept == entry), "{shown}");
            }
        }
    }

    /// All YAML files are valid; other findings are the author's.
    fn assert_loads(import: &Import) {
        let dir = tempfile::tempdir().unwrap();
        let out = dir.path().join("imported");
        export(&import.tree, &out, Existing::Keep).unwrap();
        let sink = Sink::default();
        let _ = curriculum::load(&out, dir.path(), &sink);
        let findings = sink.into_sorted();
        let other = findings
            .iter()
            .find(|finding| finding.rule != "missing-file");
        assert!(other.is_none(), "{other:?}");
    }

    #[test]
    fn nothing_is_lost() {
        for sources in [linear(), library()] {
            let import = imported(&sources).unwrap();
            assert_nothing_is_lost(&sources, &import);
            assert_loads(&import);
        }
    }

    #[test]
    fn import_is_the_same_each_time() {
        let [one, other] = [linear(), linear()].map(|sources| imported(&sources).unwrap());
        assert_eq!(one.tree, other.tree);
    }

    #[test]
    fn folder_without_modules_is_refused() {
        let mut sources = library();
        sources.curriculum.files = Tree::new();
        assert!(matches!(imported(&sources), Err(ImportError::NoModule(_))));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]
        #[test]
        fn damage_anywhere_loses_nothing_and_what_comes_out_loads(
            is_linear: bool,
            which: prop::sample::Index,
            at: prop::sample::Index,
            cut in 0_usize..40,
            put in proptest::collection::vec(any::<u8>(), 0..6),
        ) {
            let mut sources = if is_linear { linear() } else { library() };
            let files = &mut sources.curriculum.files;
            let paths: Vec<_> = files.iter().map(|(path, _)| path.to_owned()).collect();
            let path = which.get(&paths);
            let Some(Entry::File { content, .. }) = files.get(path) else { unreachable!() };
            let mut bytes = content.to_vec();
            let start = at.index(bytes.len().max(1)).min(bytes.len());
            let end = (start + cut).min(bytes.len());
            bytes.splice(start..end, put);
            files.insert(path.clone(), Entry::file(bytes));
            let import = imported(&sources).unwrap();
            assert_nothing_is_lost(&sources, &import);
            assert_loads(&import);
        }
    }
}
