//! The curricula of this repository are green, and are left as they were.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Sandbox, copy, steady};

fn with_curricula(names: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    for name in names {
        let from = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("curricula")
            .join(name);
        copy(&from, &sandbox.path().join("curricula").join(name));
    }
    sandbox
}

#[test]
fn all_cases_of_all_curricula_are_as_expected() {
    let sandbox = with_curricula(&["foundations", "cs336_a1"]);
    let before = sandbox.listing();
    let run = sandbox
        .run(&["check", "--sandbox", "require", "--verbose"])
        .success();
    // Whose run another one shares depends on which begins first.
    let lines = run.stdout.replace(", shared", "");
    insta::assert_snapshot!("curricula", lines);
    assert!(sandbox.listing() == before, "a run changed its curriculum");
}

/// A report in which each case has the number of its tests by outcome in place of the tests.
fn counted(mut report: Value) -> Value {
    for case in report["cases"].as_array_mut().unwrap() {
        let mut counts = serde_json::Map::new();
        for test in case["tests"].as_array().unwrap() {
            let outcome = test["outcome"].as_str().unwrap();
            let count = counts.get(outcome).and_then(Value::as_u64).unwrap_or(0);
            counts.insert(outcome.to_owned(), json!(count + 1));
        }
        case["tests"] = counts.into();
        case.as_object_mut().unwrap().remove("cached");
    }
    report
}

#[test]
fn report_of_a_curriculum_as_json() {
    let sandbox = with_curricula(&["foundations"]);
    let (code, report) = sandbox.json(&["check", "--sandbox", "require"]);
    assert_eq!(code, 0, "{report:#}");
    let schema = mastery::curriculum::schema::Schema::by_name("report").unwrap();
    assert!(schema.accepts(&report));
    insta::assert_json_snapshot!("foundations-json", counted(steady(report)));
}
