//! Workers and fresh processes agree on every case.

use std::path::Path;

use rayon::prelude::*;
use regex::Regex;
use serde_json::{Value, json};

use crate::support::{Expected, Sandbox, copy, fixtures, folders, name_of};

/// What both have to agree on: everything of a case but times and what is printed, which tells times.
/// Addresses of objects are others in each process.
fn essence(report: &Value) -> Vec<Value> {
    let address = Regex::new("0x[0-9a-f]+").unwrap();
    let message = |test: &Value| {
        let message = test["message"].as_str()?;
        Some(address.replace_all(message, "0x…").into_owned())
    };
    let essence_of_test = |test: &Value| json!([test["id"], test["outcome"], message(test)]);
    let cases = report["cases"].as_array().unwrap().iter();
    cases
        .map(|case| {
            let tests = case["tests"]
                .as_array()
                .unwrap()
                .iter()
                .map(essence_of_test);
            json!({
                "id": case["id"],
                "outcome": case["outcome"],
                "verdict": case["verdict"],
                "detail": case["detail"],
                "tests": tests.collect::<Vec<_>>(),
            })
        })
        .collect()
}

/// Runs a tree with both, and tells where they differ.
pub(crate) fn differences(sandbox: &Sandbox, jobs: &str) -> Vec<String> {
    let run = |executor| {
        let (_, report) = sandbox.json(&["verify", "--jobs", jobs, "--executor", executor]);
        essence(&report)
    };
    let (fresh, warm) = (run("fresh"), run("warm"));
    assert_eq!(fresh.len(), warm.len());
    let pairs = fresh
        .iter()
        .zip(&warm)
        .filter(|(fresh, warm)| fresh != warm);
    pairs
        .map(|(fresh, warm)| format!("fresh {fresh:#}\nwarm {warm:#}"))
        .collect()
}

#[test]
fn fixture_trees_end_alike() {
    let trees: Vec<_> = folders(&fixtures().join("curricula"))
        .into_iter()
        .filter(|tree| !Expected::of(tree).is_of_lint())
        .collect();
    assert!(trees.len() >= 25, "the trees were found");
    let differences: Vec<String> = trees
        .par_iter()
        .flat_map(|tree| {
            let found = differences(&Sandbox::with_overlay(tree), "1");
            let name = name_of(tree);
            found
                .into_iter()
                .map(|it| format!("{name}: {it}"))
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn curricula_end_alike() {
    let sandbox = Sandbox::new();
    let curricula = Path::new(env!("CARGO_MANIFEST_DIR")).join("curricula");
    copy(&curricula, &sandbox.path().join("curricula"));
    let differences = differences(&sandbox, "2");
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
