//! Bugs: a patch that applies becomes one, with its symptom; everything else is kept aside.

use std::collections::BTreeSet;

use super::emit::Yaml;
use super::ledger::{Ledger, Place};
use super::modules::Module;
use super::patch::{self, Fitted};
use super::slug::Taken;
use crate::curriculum::id::title_of;
use crate::inject::derive;
use crate::run::executor::COMMAND_TEST;
use crate::source::path;
use crate::source::tree::{Entry, Tree};

/// What the files of a bug end in, after its name; the longest that fits is meant.
const ENDINGS: [&str; 3] = ["_symptom.txt", ".patch", ".json"];

/// Imports the bugs of a module, by their names, into its new folder. `solved` is its solved state; `target` the file that its
/// `solution.py` has become. Returns how many there are.
pub(super) fn import(
    module: &Module,
    names: &BTreeSet<String>,
    solved: &Tree,
    target: Option<&str>,
    schema: &str,
    tree: &mut Tree,
    ledger: &mut Ledger<'_>,
) -> usize {
    let mut ids = Taken::default();
    let mut count = 0;
    for name in names {
        let file = |ending: &str| module.file(&format!("bugs/{name}{ending}"));
        let json = file(".json");
        if ledger.has(&json) {
            ledger.aside(&json, "rewrites of this kind are not known; one is derived anew from the patch where it applies");
        }
        let Some((fitted, symptom)) = parts(
            &file(".patch"),
            &file("_symptom.txt"),
            solved,
            target,
            ledger,
        ) else {
            continue;
        };
        let id = ids.id(name, "bug");
        if id != *name {
            ledger.changed(
                &file(".patch"),
                format!("`{name}` is no id, or taken; the bug is called `{id}`"),
            );
        }
        let rewrite = rewrite_for(solved, &fitted.buggy);
        match &rewrite {
            Ok(_) => ledger.decide(
                &file(".patch"),
                format!("the rewrite of `{id}` was derived from the patch: see whether it says what is meant"),
            ),
            Err(why) => ledger.decide(
                &file(".patch"),
                format!("`{id}` has no rewrite, and is not put into learners' own code: {why}"),
            ),
        }
        let folder = format!("modules/{}/bugs", module.id);
        let mut yaml = Yaml::new(schema);
        yaml.text(0, "id", &id);
        yaml.text(0, "title", &title_of(&id));
        yaml.line(0, "inject:");
        yaml.line(2, &format!("patch: {id}.patch"));
        if let Ok(lines) = &rewrite {
            yaml.line(2, "rewrite:");
            for line in lines.lines() {
                yaml.line(2, line);
            }
        }
        yaml.text(0, "symptom", symptom.trim_end());
        yaml.line(0, "expect:");
        yaml.line(2, &format!("fail: [{COMMAND_TEST}]"));
        tree.insert(
            format!("{folder}/{id}.yaml"),
            Entry::file(yaml.into_text().into_bytes()),
        );
        tree.insert(
            format!("{folder}/{id}.patch"),
            Entry::file(fitted.text.into_bytes()),
        );
        ledger.used(&file(".patch"), format!("{folder}/{id}.patch"));
        ledger.used(&file("_symptom.txt"), format!("{folder}/{id}.yaml"));
        count += 1;
    }
    if count > 0 {
        let place = Place::file(path::join(&module.folder, "bugs"));
        ledger.decide(&place, format!("`expect.message` of each bug of `{}` is not known before it is run: say what must be seen", module.id));
    }
    count
}

/// Derives what puts the bug into learners' own code: the lines below `rewrite`, from the solved project and the same
/// with the bug in it.
///
/// # Errors
///
/// Why an author has to write it.
fn rewrite_for(solved: &Tree, buggy: &Tree) -> Result<String, String> {
    // What is imported has no variants yet.
    let derived =
        derive::derive(solved, buggy, &[], &BTreeSet::new()).map_err(|error| error.to_string())?;
    Ok(derive::yaml::lines(&derived.rewrite, 2))
}

/// The names of all bugs, by their files.
pub(super) fn names(module: &Module, ledger: &Ledger<'_>) -> BTreeSet<String> {
    let folder = path::join(&module.folder, "bugs");
    let files = ledger.sources.curriculum.files.iter();
    let inner = files.filter_map(|(path, _)| path::inside(path, &folder));
    let name = |inner: &str| {
        ENDINGS
            .iter()
            .find_map(|ending| inner.strip_suffix(ending))
            .map(str::to_owned)
    };
    inner
        .filter(|inner| !inner.contains('/'))
        .filter_map(name)
        .collect()
}

/// The patch in a form that applies, and the symptom; `None`, told, where one of them can't be used.
fn parts<'a>(
    patch: &Place,
    symptom: &Place,
    solved: &Tree,
    target: Option<&str>,
    ledger: &mut Ledger<'a>,
) -> Option<(Fitted, &'a str)> {
    let text = ledger.text(patch);
    let told = ledger.text(symptom).filter(|text| !text.trim().is_empty());
    let rename = |path: &str| {
        let is_solution = path.rsplit('/').next() == Some(super::modules::SOLUTION);
        target.filter(|_| is_solution).map(str::to_owned)
    };
    let fitted = text.map(|text| patch::fit(text, solved, rename));
    match (fitted, told) {
        (Some(Ok(fitted)), Some(symptom)) => {
            for (line, what) in &fitted.notes {
                ledger.changed(&patch.at(*line), what);
            }
            Some((fitted, symptom))
        }
        (Some(Err((line, why))), told) => {
            let place = line.map_or_else(|| patch.clone(), |line| patch.at(line));
            ledger.aside(&place, format!("the patch can't be used: {why}"));
            if told.is_some() {
                ledger.aside(symptom, "the patch of the bug can't be used");
            }
            None
        }
        (Some(Ok(_)), None) => {
            ledger.aside(patch, "the bug has no symptom, which learners need");
            None
        }
        (None, _) => {
            if ledger.has(symptom) {
                ledger.aside(symptom, "the bug has no patch that could be read");
            }
            None
        }
    }
}
