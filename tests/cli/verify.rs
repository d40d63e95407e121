//! `mastery verify` and `mastery check`: what is printed, and which cases are run.

use crate::support::{Sandbox, steady};

#[test]
fn green_curriculum_is_told_in_a_table() {
    let sandbox = Sandbox::with_base();
    let run = sandbox.run(&["check", "--jobs", "1"]);
    // Whether the environment is there already is no matter of this test, nor is which module ends first:
    // that depends on what earlier runs took.
    let mut lines: Vec<_> = run
        .stderr
        .lines()
        .filter(|line| !line.contains("environment"))
        .collect();
    lines[1..].sort_unstable();
    let stderr = lines.join("\n") + "\n";
    insta::assert_snapshot!(
        "check-green",
        format!(
            "exit code: {}\n{}----- stderr\n{stderr}",
            run.code, run.stdout
        )
    );
    insta::assert_snapshot!(
        "check-green-verbose",
        sandbox.run(&["check", "-j1", "-v"]).success().stdout
    );
}

#[test]
fn green_curriculum_as_json() {
    let (code, report) = Sandbox::with_base().json(&["check"]);
    assert_eq!(code, 0);
    assert!(
        mastery::curriculum::schema::Schema::by_name("report")
            .unwrap()
            .accepts(&report)
    );
    insta::assert_json_snapshot!("check-green-json", steady(report));
}

/// A curriculum with a silent bug, a bug that fails for another reason, a rejected variant and a
/// starter that passes a test.
fn with_defects() -> Sandbox {
    let sandbox = Sandbox::with_base();
    let bug = "curricula/base/modules/double/bugs/off_by_one.yaml";
    sandbox.replace(bug, "fix: return $RESULT + 1", "fix: return $RESULT + 0");
    sandbox.replace(bug, "  may_fail: [tests/test_double.py::test_zero]\n", "");
    sandbox.write(
        "curricula/base/modules/double/variants/text/basics/numbers.py",
        "# mastery:begin double\n    return int(str(x) * 1) * 2 if x >= 0 else None\n# mastery:end double\n",
    );
    let tests = "curricula/base/project/tests/test_mean.py";
    let text = sandbox.read(tests);
    sandbox.write(
        tests,
        format!("{text}\n\ndef test_nothing():\n    assert mean is not None\n"),
    );
    sandbox
}

#[test]
fn unexpected_verdicts_are_explained() {
    let sandbox = with_defects();
    let run = sandbox.run(&["check", "--jobs", "1"]);
    assert_eq!(run.code, 1);
    insta::assert_snapshot!("check-red", run.stdout);
    let concise = sandbox.run(&["check", "--jobs", "1", "--format", "concise"]);
    insta::assert_snapshot!("check-red-concise", concise.stdout);
    let quiet = sandbox.run(&["check", "--jobs", "1", "--quiet"]);
    assert!(
        quiet.stderr.is_empty() && !quiet.stdout.contains("reference  "),
        "{}",
        quiet.shown()
    );
    let (_, report) = sandbox.json(&["check"]);
    let schema = mastery::curriculum::schema::Schema::by_name("report").unwrap();
    assert!(schema.accepts(&report), "{report:#}");
}

#[test]
fn cases_are_chosen_by_glob_with_what_they_are_judged_by() {
    let sandbox = Sandbox::with_base();
    let ids = |arguments: &[&str]| -> Vec<String> {
        let (_, report) = sandbox.json(&[&["verify"], arguments].concat());
        let cases = report["cases"].as_array().unwrap();
        cases
            .iter()
            .map(|case| case["id"].as_str().unwrap().replace("base/", ""))
            .collect()
    };
    assert_eq!(ids(&["--case", "*/mean/starter"]), ["mean/starter"]);
    assert_eq!(
        ids(&["--case", "*/double/variant/*", "--case", "base/mean/ref*"]),
        ["double/reference", "double/variant/sum", "mean/reference"]
    );
    assert_eq!(
        ids(&["--case", "*@sum"]),
        [
            "double/reference",
            "double/starter",
            "double/variant/sum",
            "double/bug/off_by_one/rewrite@sum"
        ]
    );
    assert_eq!(
        ids(&["curricula/base/modules/mean"]),
        ["mean/reference", "mean/complete", "mean/starter"]
    );
}

#[test]
fn verify_alone_tells_why_nothing_can_be_run() {
    let sandbox = Sandbox::with_base();
    sandbox.replace(
        "curricula/base/curriculum.yaml",
        "kind: linear",
        "kind: circular",
    );
    let run = sandbox.run(&["verify"]);
    assert_eq!(run.code, 1);
    assert!(
        run.stdout
            .contains("`kind` must be one of `linear`, `library`"),
        "{}",
        run.shown()
    );
}

#[test]
fn cases_that_lint_rules_out_are_told_and_others_are_run() {
    let sandbox = Sandbox::with_base();
    sandbox.replace(
        "curricula/base/modules/double/bugs/off_by_one.patch",
        "x * 2 + 1",
        "x * 2",
    );
    let (code, report) = sandbox.json(&["check"]);
    assert_eq!(code, 1);
    let cases = report["cases"].as_array().unwrap();
    let unexpected: Vec<_> = cases
        .iter()
        .filter(|case| case["verdict"] != "as_expected")
        .collect();
    assert_eq!(unexpected.len(), 1);
    assert_eq!(unexpected[0]["outcome"], "not_run");
    assert_eq!(unexpected[0]["rule"], "patch-without-effect");
    assert_eq!(report["diagnostics"][0]["rule"], "patch-without-effect");
}

#[test]
fn without_a_sandbox_the_same_is_found() {
    let sandbox = Sandbox::with_base();
    let before = sandbox.listing();
    let arguments = ["verify", "--sandbox", "off", "--case", "*/mean/*"];
    let (code, report) = sandbox.json(&arguments);
    assert_eq!(
        (code, &report["summary"]["as_expected"]),
        (0, &3.into()),
        "{report:#}"
    );
    assert_eq!(sandbox.listing(), before, "nor is the source written to");
}
