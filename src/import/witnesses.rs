//! Collects what the modules' own texts say of files.

use std::collections::BTreeMap;

use super::ledger::{Ledger, Place};
use super::modules::{Module, PROMPT, SOLUTION, VALIDATOR};
use super::owners::Witness;
use super::patch;
use super::sources::Source;
use super::target::Mentions;
use crate::source::path;
use crate::source::python;

/// Returns what each module says, and the folders that some have to have for themselves, by their id.
pub(super) fn collect<'m, 'a: 'm>(
    modules: &'m [Module],
    ledger: &mut Ledger<'a>,
) -> (Vec<Witness<'m>>, BTreeMap<String, String>) {
    let mut witnesses: Vec<_> = modules.iter().map(|module| hear(module, ledger)).collect();
    let folders = own_folders(&mut witnesses, modules, ledger);
    (witnesses, folders)
}

fn hear<'m, 'a: 'm>(module: &'m Module, ledger: &mut Ledger<'a>) -> Witness<'m> {
    let sources = ledger.sources;
    let mut read = |name: &str| ledger.text(&module.file(name)).unwrap_or_default();
    let (prompt, validator, solution) = (read(PROMPT), read(VALIDATOR), read(SOLUTION));
    let bugs = path::join(&module.folder, "bugs");
    let files = sources.curriculum.files.iter();
    let is_patch = |path: &&str| path::inside(path, &bugs).is_some() && path.ends_with(".patch");
    let patches: Vec<_> = files
        .map(|(path, _)| path)
        .filter(is_patch)
        .filter_map(|path| sources.text(Source::Curriculum, path))
        .collect();
    let is_file = |path: &str| {
        [Source::Reference, Source::Starter]
            .iter()
            .any(|it| sources.text(*it, path).is_some())
    };
    let defined = python::Module::parse(solution).defined_names();
    let mentions = Mentions::of(prompt, validator, &patches, &defined, is_file);
    let solution = module.file(SOLUTION);
    let target = if ledger.has(&solution) && ledger.text(&solution).is_some() {
        match mentions.target() {
            Ok(target) => Some(target),
            Err(why) => {
                ledger.aside(
                    &solution,
                    format!("which file of the project it stands for can't be told: {why}"),
                );
                None
            }
        }
    } else {
        None
    };
    Witness {
        id: &module.id,
        mentions,
        target,
        prompt,
        validator: with_tests(validator, ledger),
        blocks: patches
            .iter()
            .flat_map(|text| patch::old_blocks(text))
            .collect(),
    }
}

/// Modules that all have a `solution.py` of their own get a folder each: there is one project for all.
fn own_folders(
    witnesses: &mut [Witness<'_>],
    modules: &[Module],
    ledger: &mut Ledger<'_>,
) -> BTreeMap<String, String> {
    let mut folders = BTreeMap::new();
    let is_plain = |it: &&Witness<'_>| it.target.as_deref() == Some(SOLUTION);
    let count = witnesses.iter().filter(is_plain).count();
    let is_there = [Source::Reference, Source::Starter]
        .iter()
        .any(|it| ledger.has(&Place::of(*it, SOLUTION)));
    if count < 2 || is_there {
        return folders;
    }
    for (witness, module) in witnesses.iter_mut().zip(modules) {
        if witness.target.as_deref() != Some(SOLUTION) {
            continue;
        }
        let target = format!("{}/{SOLUTION}", witness.id);
        let what = format!(
            "several modules have one: in the project it is `{target}`; say so in the prompt"
        );
        ledger.decide(&module.file(SOLUTION), what);
        folders.insert(witness.id.to_owned(), witness.id.to_owned());
        witness.target = Some(target);
    }
    folders
}

/// A validator with the tests that it names, which tell more of what it is about.
fn with_tests(validator: &str, ledger: &Ledger<'_>) -> String {
    let mut all = validator.to_owned();
    let tests = ledger
        .sources
        .tests
        .iter()
        .flat_map(|folder| folder.files.iter());
    let shared = tests.map(|(path, entry)| (format!("tests/{path}"), entry));
    let reference = ledger
        .sources
        .reference
        .iter()
        .flat_map(|folder| folder.files.iter());
    let own = reference
        .map(|(path, entry)| (path.to_owned(), entry))
        .filter(|(path, _)| path.starts_with("tests/"));
    for (path, entry) in shared.chain(own) {
        if validator.contains(&path) {
            all.push('\n');
            all.push_str(entry.text().unwrap_or_default());
        }
    }
    all
}
