//! Trees with one planted defect each, run: the expected verdict is found, and nothing else. What lint says
//! of them, and the trees of which lint tells all, are in `tests/rules`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use rayon::prelude::*;

use crate::support::{Expected, Sandbox, fixtures, folders, name_of};

#[test]
fn planted_defects_are_found_and_nothing_else_is() {
    let trees: Vec<_> = folders(&fixtures().join("curricula"))
        .into_iter()
        .map(|tree| (Expected::of(&tree), tree))
        .filter(|(expected, _)| !expected.is_of_lint())
        .collect();
    assert!(trees.len() >= 25, "the trees were found");
    let failures: Vec<String> = trees
        .par_iter()
        .filter_map(|(expected, tree)| {
            let sandbox = Sandbox::with_overlay(tree);
            let before = sandbox.listing();
            let (code, report) = sandbox.json(&["verify", "--jobs", "1", "--sandbox", "require"]);
            let mut wanted: BTreeMap<String, (&str, &str)> = expected
                .cases
                .iter()
                .map(|(id, verdict, seen)| (format!("base/{id}"), (&**verdict, &**seen)))
                .collect();
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

/// What trees are laid upon is right, so that nothing but their own defect is wrong with them.
#[test]
fn what_trees_are_laid_upon_is_as_expected() {
    let sandbox = Sandbox::with_overlay(&fixtures().join("median"));
    let _ = sandbox.run(&["verify", "--deny", "warnings"]).success();
}
