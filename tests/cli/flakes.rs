//! `--repeat` and `--seed`: tests that do not always end in the same way.

use serde_json::Value;

use crate::support::{Sandbox, fixtures, folders, name_of};

fn verdicts(report: &Value) -> Vec<(&str, &str)> {
    let cases = report["cases"].as_array().unwrap();
    cases
        .iter()
        .map(|case| {
            (
                case["id"].as_str().unwrap(),
                case["verdict"].as_str().unwrap(),
            )
        })
        .collect()
}

#[test]
fn flaky_tests_are_found_and_their_seed_runs_them_so_again() {
    let trees = folders(&fixtures().join("flaky"));
    assert_eq!(trees.len(), 3);
    for tree in trees {
        let name = name_of(&tree);
        let sandbox = Sandbox::with_overlay(&tree);
        let mean = ["verify", "--case", "base/mean/*"];
        let run = |arguments: &[&str]| sandbox.json(&[&mean[..], arguments].concat());
        let (code, report) = run(&["--repeat", "8"]);
        let schema = mastery::curriculum::schema::Schema::by_name("report").unwrap();
        assert!(schema.accepts(&report), "{name}: {report:#}");
        assert_eq!(
            verdicts(&report),
            [
                ("base/mean/reference", "flaky"),
                ("base/mean/complete", "flaky"),
                ("base/mean/starter", "as_expected"),
            ],
            "{name}: {report:#}"
        );
        assert_eq!(code, 1, "{name}");
        let endings = report["cases"][0]["endings"].as_array().unwrap();
        assert_eq!(endings.len(), 2, "{name}: {report:#}");
        for ending in endings {
            let seed = ending["seeds"][0].to_string();
            let (_, again) = run(&["--seed", &seed]);
            let reference = &again["cases"][0];
            assert_eq!(
                reference["outcome"], ending["outcome"],
                "{name} with {seed}"
            );
            let failed: Vec<_> = reference["tests"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|test| test["outcome"] == "failed")
                .map(|test| &test["id"])
                .collect();
            let before = ending["failed"].as_array().unwrap().iter();
            let before: Vec<_> = before.map(|test| &test["id"]).collect();
            assert_eq!(failed, before, "{name} with {seed}");
        }
    }
}

#[test]
fn flaky_case_is_shown_with_all_its_endings() {
    let sandbox = Sandbox::with_overlay(&fixtures().join("flaky/order-of-tests"));
    let arguments = ["verify", "--case", "*/mean/reference", "--repeat", "4"];
    let run = sandbox.run(&arguments);
    assert_eq!(run.code, 1);
    insta::assert_snapshot!("flaky", run.stdout);
    let concise = sandbox.run(&[&arguments[..], &["--format", "concise"]].concat());
    insta::assert_snapshot!("flaky-concise", concise.stdout);
}

#[test]
fn tests_that_do_not_depend_on_the_seed_are_not_flaky() {
    let sandbox = Sandbox::with_base();
    let (code, report) = sandbox.json(&["verify", "--repeat", "3"]);
    assert_eq!((code, &report["summary"]["as_expected"]), (0, &10.into()));
    let _ = sandbox.run(&["verify", "--seed", "7"]).success();
}
