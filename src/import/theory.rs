//! Theory that the modules of a group share: questions are imported, prose is kept aside.

use std::collections::BTreeMap;

use super::ledger::{Ledger, Place};
use super::modules::{Group, QUESTIONS};
use super::questions;
use crate::source::path::{self, is_plain_relative};
use crate::source::tree::{Entry, Tree};

/// Imports what the groups name, and returns the questions files by the id of their group.
pub(super) fn import(
    groups: &[Group],
    schemas: &str,
    tree: &mut Tree,
    ledger: &mut Ledger<'_>,
) -> BTreeMap<String, String> {
    let schema = format!("../{schemas}questions.schema.json");
    let mut found = BTreeMap::new();
    for group in groups {
        let Some((said, place)) = &group.theory else {
            continue;
        };
        let Some(file) = questions_of(said, place, ledger) else {
            continue;
        };
        if let Some(text) = questions::import(&file, &schema, ledger) {
            let dest = format!("theory/{}.yaml", group.id);
            tree.insert(&dest, Entry::file(text.into_bytes()));
            ledger.used(&file, &dest);
            found.insert(group.id.clone(), dest);
        }
    }
    found
}

/// The questions that a path leads to: a file, or one in the folder.
fn questions_of(said: &str, place: &Place, ledger: &mut Ledger<'_>) -> Option<Place> {
    let said = said.trim_start_matches("./").trim_end_matches('/');
    if !is_plain_relative(said) {
        ledger.aside(
            place,
            format!("`theory_path` is `{said}`, which leads out of the folder"),
        );
        return None;
    }
    let (file, inner) = (Place::file(said), Place::file(path::join(said, QUESTIONS)));
    if ledger.has(&inner) {
        Some(inner)
    } else if ledger.has(&file) && said.ends_with(".json") {
        Some(file)
    } else {
        if ledger.has(&file) {
            ledger.aside(
                &file,
                "the theory of a group is questions; there is no place for prose",
            );
        } else {
            ledger.aside(
                place,
                format!("`theory_path` is `{said}`, and there are no questions"),
            );
        }
        None
    }
}
