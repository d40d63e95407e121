//! Trees with one planted defect each: the expected verdict is found, and nothing else.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;

use rayon::prelude::*;

use crate::support::{Sandbox, fixtures, folders, name_of};

/// `expected` holds a line for each case that is not as expected: its id without the curriculum, its
/// verdict, and a part of what was seen.
#[test]
fn planted_defects_are_found_and_nothing_else_is() {
    let trees = folders(&fixtures().join("curricula"));
    assert!(trees.len() >= 25, "the trees were found");
    let failures: Vec<String> = trees
        .par_iter()
        .filter_map(|tree| {
            let sandbox = Sandbox::with_overlay(tree);
            let before = sandbox.listing();
            let (code, report) = sandbox.json(&["verify", "--jobs", "1", "--sandbox", "require"]);
            let expected = fs::read_to_string(tree.join("expected")).unwrap();
            let mut wanted: BTreeMap<String, (&str, &str)> = BTreeMap::new();
            for line in expected.lines() {
                let mut words = line.splitn(3, ' ');
                let id = format!("base/{}", words.next().unwrap());
                wanted.insert(
                    id,
                    (words.next().unwrap(), words.next().unwrap_or_default()),
                );
            }
            let mut problems = String::new();
            let mut has_error = false;
            for case in report["cases"].as_array().unwrap() {
                let id = case["id"].as_str().unwrap();
                let seen = format!("{} {} {}", case["detail"], case["tests"], case["output"]);
                let (verdict, text) = wanted.remove(id).unwrap_or(("as_expected", ""));
                has_error |= case["severity"] == "error";
                if case["verdict"] != verdict || !seen.contains(text) {
                    writeln!(
                        problems,
                        "  {id}: {} instead of {verdict} {text}\n    {seen}",
                        case["verdict"]
                    )
                    .unwrap();
                }
            }
            for id in wanted.keys() {
                writeln!(problems, "  {id}: there is no such case").unwrap();
            }
            if code != i32::from(has_error) {
                writeln!(problems, "  exit code {code}").unwrap();
            }
            if sandbox.listing() != before {
                writeln!(problems, "  the source tree was changed").unwrap();
            }
            (!problems.is_empty()).then(|| format!("{}:\n{problems}", name_of(tree)))
        })
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Each tree says in a sentence why it exists.
#[test]
fn every_tree_says_why_it_exists() {
    for tree in folders(&fixtures().join("curricula")) {
        let readme = fs::read_to_string(tree.join("README.md")).unwrap();
        assert!(readme.trim().ends_with('.'), "{}", tree.display());
    }
}
