//! The canary: a gate that finds less than everything in `tests/fixtures/canary`, or more, is red.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use mastery::lint::rules::ALL;
use serde_json::Value;

use crate::support::{clear, copy, fixtures};

/// Runs `.ci/canary` of a copy of the project.
fn run(project: &Path) -> (Option<i32>, String) {
    let mut command = Command::new(project.join(".ci/canary"));
    clear(&mut command);
    let output = command
        .env("MASTERY", env!("CARGO_BIN_EXE_mastery"))
        .output()
        .unwrap();
    let printed = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(printed).unwrap())
}

fn expected() -> String {
    fs::read_to_string(fixtures().join("canary/expected")).unwrap()
}

#[test]
fn everything_that_is_wrong_is_found_and_a_gate_that_finds_less_or_more_is_red() {
    let project = tempfile::tempdir().unwrap();
    let project = project.path();
    let source = Path::new(env!("CARGO_MANIFEST_DIR"));
    copy(&source.join(".ci"), &project.join(".ci"));
    let canary = project.join("tests/fixtures/canary");
    copy(&fixtures().join("canary"), &canary);
    let (code, printed) = run(project);
    assert_eq!(code, Some(0), "{printed}");

    // The bug is no longer silent, and something else has become wrong.
    let test = canary.join("curricula/verdicts/project/tests/test_bugs.py");
    let text = fs::read_to_string(&test).unwrap();
    fs::write(
        &test,
        text.replace("assert bugs() == 1", "assert repr(bugs()) == '1'"),
    )
    .unwrap();
    let prompt = canary.join("curricula/rules/modules/leak/prompt.md");
    fs::write(&prompt, "# One\n\nSee [there](there.md).\n").unwrap();
    let (code, printed) = run(project);
    assert_eq!(code, Some(1), "{printed}");
    let (_, differences) = printed.split_once(":\n").unwrap();
    assert_eq!(
        differences,
        "+lint rules/modules/leak/prompt.md:3 broken-link\n\
         -verdicts/bugs/bug/silent/rewrite silent_bug\n"
    );
}

/// Each verdict that content can cause, and each group of rules. A new one needs its canary.
#[test]
fn there_is_a_canary_of_each_class() {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/report.schema.json");
    let schema: Value = serde_json::from_slice(&fs::read(schema).unwrap()).unwrap();
    let verdicts = &schema.pointer("/properties/cases/items/properties/verdict/enum");
    let verdicts = verdicts
        .unwrap()
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it.as_str().unwrap());
    // Nothing of a curriculum causes these.
    let others = [
        "as_expected",
        "skipped",
        "interrupted",
        "infrastructure_error",
    ];
    let verdicts: BTreeSet<_> = verdicts.filter(|it| !others.contains(it)).collect();
    let expected = expected();
    let last_words = |is_lint: bool| {
        let lines = expected
            .lines()
            .filter(move |line| line.starts_with("lint ") == is_lint);
        lines.map(|line| line.rsplit(' ').next().unwrap())
    };
    assert_eq!(last_words(false).collect::<BTreeSet<_>>(), verdicts);
    let group = |name: &str| {
        ALL.iter()
            .find(|rule| rule.meta().name == name)
            .unwrap()
            .meta()
            .group
    };
    let seen: BTreeSet<_> = last_words(true).map(group).collect();
    let all: BTreeSet<_> = ALL.iter().map(|rule| rule.meta().group).collect();
    assert_eq!(seen, all);
}
