//! `mastery plan`, `--shard`, `--fail-fast`, and what is remembered of how long cases take.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::support::{Run, Sandbox, managed_python};

fn ids(report: &Value) -> Vec<String> {
    let cases = report["cases"].as_array().unwrap();
    cases
        .iter()
        .map(|case| case["id"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn plan_shows_cases_and_how_long_they_may_take() {
    let sandbox = Sandbox::with_base();
    sandbox.replace(
        "curricula/base/modules/double/module.yaml",
        "timeout_seconds: 20",
        "timeout_seconds: 20\n  baseline_seconds: 0.4",
    );
    sandbox.replace(
        "curricula/base/modules/double/bugs/off_by_one.patch",
        "x * 2 + 1",
        "x * 2",
    );
    // Not `Run`: how long something is thought to take is no time that differs from run to run.
    let output = sandbox.command(&["plan"]).output().unwrap();
    insta::assert_snapshot!("plan", String::from_utf8(output.stdout).unwrap());
    let (code, document) = sandbox.json(&["plan"]);
    let schema = mastery::curriculum::schema::Schema::by_name("plan").unwrap();
    assert!(schema.accepts(&document), "{document:#}");
    assert_eq!(code, 0);
    assert_eq!(ids(&document).len(), 10);
    assert_eq!(document["cases"][4]["rule"], "patch-without-effect");
}

#[test]
fn matrix_is_one_line_that_is_the_same_everywhere() {
    let sandbox = Sandbox::with_base();
    let matrix = |arguments: &[&str]| {
        sandbox
            .run(&[&["plan"], arguments].concat())
            .success()
            .stdout
    };
    insta::assert_snapshot!("plan-shards", matrix(&["--shards", "3"]));
    let shards = |seconds: &str| {
        let matrix: Value =
            serde_json::from_str(&matrix(&["--shards", "3", "--shard-seconds", seconds])).unwrap();
        let shards = matrix["include"].as_array().unwrap();
        shards.last().unwrap()["shard"].as_str().unwrap().to_owned()
    };
    // It has ten cases of a second each, some of which are one run.
    assert_eq!(
        ["1", "3", "6", "600"].map(shards),
        ["3/3", "2/2", "1/1", "1/1"]
    );
    assert_eq!(
        matrix(&[
            "--shards",
            "2",
            "--case",
            "*/mean/*",
            "-j7",
            "--cache-dir",
            "nowhere"
        ]),
        matrix(&["--shards", "2", "curricula/base/modules/mean"])
    );
    let most: Value = serde_json::from_str(&matrix(&["--shards", "1000"])).unwrap();
    let shards = most["include"].as_array().unwrap();
    assert!(shards.len() <= 10, "{most}");
    assert!(shards.iter().all(|shard| shard["cases"].as_u64() > Some(0)));
}

#[test]
fn shards_report_every_case_once() {
    let sandbox = Sandbox::with_base();
    let (_, whole) = sandbox.json(&["verify"]);
    assert_eq!(whole["shard"], Value::Null);
    sandbox.write("earlier.json", whole.to_string());
    for durations in [&[][..], &["--durations", "earlier.json"]] {
        let matrix = sandbox.run(&[&["plan", "--shards", "3"], durations].concat());
        let matrix: Value = serde_json::from_str(&matrix.success().stdout).unwrap();
        let (mut reported, mut partitions) = (Vec::new(), BTreeSet::new());
        for shard in matrix["include"].as_array().unwrap() {
            let name = shard["shard"].as_str().unwrap();
            let arguments = [&["verify", "--shard", name], durations].concat();
            let (code, report) = sandbox.json(&arguments);
            assert_eq!(code, 0, "{report:#}");
            let schema = mastery::curriculum::schema::Schema::by_name("report").unwrap();
            assert!(schema.accepts(&report), "{report:#}");
            assert_eq!(shard["cases"], ids(&report).len());
            assert_eq!(
                format!("{}/{}", report["shard"]["index"], report["shard"]["of"]),
                name
            );
            assert_eq!(report["shard"]["plan_cases"], 10);
            partitions.insert(report["shard"]["partition"].as_str().unwrap().to_owned());
            reported.extend(ids(&report));
        }
        assert_eq!(partitions.len(), 1);
        reported.sort();
        let mut all = ids(&whole);
        all.sort();
        assert_eq!(reported, all);
    }
}

#[test]
fn first_shard_tells_what_lint_finds_and_empty_ones_are_green() {
    let sandbox = Sandbox::with_base();
    sandbox.replace(
        "curricula/base/modules/mean/module.yaml",
        "requires: [double]",
        "requires: [double, none]",
    );
    let findings = |shard: &str| {
        let (code, report) = sandbox.json(&["check", "--shard", shard, "--case", "*/double/*"]);
        (code, report["diagnostics"].as_array().unwrap().len())
    };
    assert_eq!(findings("1/2"), (1, 1));
    assert_eq!(findings("2/2"), (0, 0));
    let empty = sandbox.run(&["verify", "--shard", "1000/1000"]).success();
    assert!(
        empty.stdout.starts_with("green: shard 1000/1000: no cases"),
        "{}",
        empty.shown()
    );
}

/// Runs with a cache folder of its own, in which nothing is recorded.
fn in_own_cache(sandbox: &Sandbox, python: &str, arguments: &[&str]) -> Run {
    let own = ["verify", "-j1", "--cache-dir", "cache", "--python", python];
    sandbox.run(&[&own, arguments].concat())
}

#[test]
fn durations_are_recorded_and_a_file_that_is_broken_is_replaced() {
    let python = managed_python();
    let python = python.to_str().unwrap();
    let sandbox = Sandbox::with_base();
    let recorded = || -> BTreeSet<String> {
        let text = sandbox.read("cache/durations/base.json");
        let file: Value = serde_json::from_str(&text).unwrap();
        file["cases"].as_object().unwrap().keys().cloned().collect()
    };
    let _ = in_own_cache(&sandbox, python, &["--case", "*/mean/*"]).success();
    assert_eq!(
        recorded(),
        ["base/mean/reference", "base/mean/starter"]
            .map(str::to_owned)
            .into(),
        "and not what shared the run of another"
    );
    let _ = in_own_cache(&sandbox, python, &["--case", "*/double/starter"]).success();
    assert_eq!(recorded().len(), 3);
    sandbox.write("cache/durations/base.json", "{");
    let _ = in_own_cache(&sandbox, python, &["--case", "*/mean/starter"]).success();
    assert_eq!(recorded().len(), 1);
    fs::remove_dir_all(sandbox.path().join("cache")).unwrap();
    sandbox.write("cache", "no folder");
    let run = in_own_cache(&sandbox, python, &["--case", "*/mean/starter"]);
    assert!(run.success().stdout.contains("green"));
}

#[test]
fn after_the_first_failure_nothing_more_begins() {
    let python = managed_python();
    let python = python.to_str().unwrap();
    let sandbox = Sandbox::with_base();
    let bug = "curricula/base/modules/double/bugs/off_by_one.yaml";
    sandbox.replace(bug, "fix: return $RESULT + 1", "fix: return $RESULT + 0");
    let run = in_own_cache(&sandbox, python, &["--fail-fast"]);
    assert_eq!(run.code, 1);
    let _ = fs::remove_dir_all(sandbox.path().join("cache"));
    insta::assert_snapshot!("fail-fast", run.stdout);
    let json = in_own_cache(&sandbox, python, &["--fail-fast", "--format", "json"]);
    let report: Value = serde_json::from_str(&json.stdout).unwrap();
    let summary = &report["summary"];
    assert!(summary["skipped"].as_u64() > Some(0), "{report:#}");
    assert_eq!(
        summary["unexpected"].as_u64(),
        summary["skipped"].as_u64().map(|skipped| skipped + 1)
    );
    let skipped = report["cases"].as_array().unwrap();
    let skipped = skipped.iter().find(|case| case["verdict"] == "skipped");
    assert_eq!(skipped.unwrap()["outcome"], "not_run");
}
