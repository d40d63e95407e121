//! Trees with one planted defect each, linted: the defect is found, and nothing else.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use rayon::prelude::*;

use crate::support::{Expected, Sandbox, fixtures, folders, name_of};

/// Trees whose cases `tests/verify` runs are linted, too: what lint says of them is expected as well.
#[test]
fn planted_defects_are_found_by_lint_and_nothing_else_is() {
    let trees: Vec<_> = folders(&fixtures().join("curricula"))
        .into_iter()
        .map(|tree| (Expected::of(&tree), tree))
        .collect();
    let of_lint: Vec<_> = trees.iter().filter(|(it, _)| it.is_of_lint()).collect();
    let rules: BTreeSet<_> = of_lint
        .iter()
        .flat_map(|(expected, _)| &expected.findings)
        .map(|finding| finding.rsplit(' ').next().unwrap())
        .collect();
    assert!(of_lint.len() >= 40, "{} trees", of_lint.len());
    assert!(rules.len() >= 40, "{} rules", rules.len());
    let failures: Vec<String> = trees
        .par_iter()
        .filter_map(|(expected, tree)| {
            let sandbox = Sandbox::with_overlay(tree);
            let before = sandbox.listing();
            let (code, report) = sandbox.json(&["lint", "--deny", "warnings"]);
            let mut found: Vec<_> = report["diagnostics"]
                .as_array()
                .unwrap()
                .iter()
                .map(shown)
                .collect();
            found.sort();
            let mut problems = String::new();
            if found != expected.findings {
                writeln!(problems, "  {found:#?} instead of {:#?}", expected.findings).unwrap();
            }
            if code != i32::from(!expected.findings.is_empty()) {
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

/// A finding as a line of `expected` tells it.
fn shown(finding: &serde_json::Value) -> String {
    let path = finding["path"].as_str().unwrap_or_default();
    let path = path.strip_prefix("curricula/base/").unwrap_or(path);
    let line = finding["line"].as_u64();
    let line = line.map_or_else(String::new, |line| format!(":{line}"));
    format!("{path}{line} {}", finding["rule"].as_str().unwrap())
}

/// What trees are laid upon is right, so that nothing but their own defect is wrong with them.
#[test]
fn nothing_is_found_in_what_trees_are_laid_upon() {
    for name in ["base", "median"] {
        let sandbox = Sandbox::with_overlay(&fixtures().join(name));
        let _ = sandbox.run(&["lint", "--deny", "warnings"]).success();
    }
}

/// Each tree says in a sentence why it exists.
#[test]
fn every_tree_says_why_it_exists() {
    for tree in folders(&fixtures().join("curricula")) {
        let readme = std::fs::read_to_string(tree.join("README.md")).unwrap();
        assert!(readme.trim().ends_with('.'), "{}", tree.display());
    }
}
