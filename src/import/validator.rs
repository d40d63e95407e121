//! Validators stay the scripts that they are, and find the variables that they expect.

use super::ledger::{Ledger, Place};
use super::modules::{Module, VALIDATOR};
use crate::source::tree::{Entry, Tree};

/// The name of the script that runs each validator: no id begins like that, so that no validator is called so.
const RUN_FILE: &str = "_run.sh";

/// The script itself.
const RUN: &str = r#"#!/usr/bin/env bash
# Runs a validator of the older layout with the variables that it expects.
#
#   _run.sh VALIDATOR [FOLDER]
#
# Both paths count from the project. FOLDER is what the validator takes for the whole project.
set -eu
validator="$PWD/$1"
cd "${2:-.}"
export SHADOW_WORKTREE="$PWD"
export MASTERY_PYTHON="${MASTERY_PYTHON:-python3}"
exec bash "$validator"
"#;

/// Programs that validators need.
pub(super) const TOOLS: [&str; 2] = ["bash", "python3"];

/// The folder of the project that validators go into, unlike all that are there.
pub(super) fn folder(project: &Tree) -> String {
    let is_free = |folder: &String| {
        let mut paths = project.iter().map(|(path, _)| path);
        paths.all(|path| path.split('/').next() != Some(folder))
    };
    let numbered = (2..).map(|number| format!("validators_{number}"));
    let names = std::iter::once("validators".to_owned()).chain(numbered);
    names
        .into_iter()
        .find(is_free)
        .expect("there are more numbers than folders")
}

/// Puts a module's validator into the project and returns the command that runs it.
pub(super) fn import(
    module: &Module,
    folder: &str,
    work_folder: Option<&String>,
    project: &mut Tree,
    ledger: &mut Ledger<'_>,
) -> Vec<String> {
    let place = module.file(VALIDATOR);
    let path = format!("{folder}/{}.sh", module.id);
    if let Some(text) = ledger.text(&place) {
        project.insert(
            format!("{folder}/{RUN_FILE}"),
            Entry::File {
                content: RUN.as_bytes().into(),
                executable: true,
            },
        );
        project.insert(
            &path,
            Entry::File {
                content: text.as_bytes().into(),
                executable: true,
            },
        );
        ledger.used(&place, format!("project/{path}"));
        tell(&place, text, ledger);
    } else {
        let what = format!(
            "`{}` has no validator that could be read: write one, `project/{path}`",
            module.id
        );
        ledger.decide(&module.place, what);
    }
    let mut command = vec!["bash".to_owned(), format!("{folder}/{RUN_FILE}"), path];
    command.extend(work_folder.cloned());
    command
}

/// Tells of what works in another way from now on.
fn tell(place: &Place, text: &str, ledger: &mut Ledger<'_>) {
    for (index, line) in text.lines().enumerate() {
        if line.contains("BASH_SOURCE")
            || line.contains("dirname \"$0\"")
            || line.contains("dirname $0")
        {
            ledger.decide(
                &place.at(index + 1),
                "the validator looks beside itself; it lies in the project now",
            );
        }
        if line.ends_with('\r') {
            return ledger.decide(
                &place.at(index + 1),
                "the lines end in `\\r\\n`, which bash does not take",
            );
        }
    }
}
