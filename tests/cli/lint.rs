//! `mastery lint`: formats, severities, and what a curriculum says about its findings.

use std::os::unix::fs::PermissionsExt as _;

use std::process::Command;

use crate::support::{Sandbox, is_root};

/// A curriculum with an error in the manifest, one in a module and one in a bug.
fn with_findings() -> Sandbox {
    let sandbox = Sandbox::with_base();
    sandbox.replace(
        "curricula/base/modules/mean/module.yaml",
        "requires: [double]",
        "requires: [duoble]",
    );
    sandbox.replace(
        "curricula/base/modules/double/questions.yaml",
        "any_of: [faster]",
        "any_of: [quicker]",
    );
    sandbox.replace(
        "curricula/base/modules/double/bugs/off_by_one.yaml",
        "id: off_by_one",
        "id: one_off",
    );
    sandbox
}

#[test]
fn findings_in_every_format() {
    let sandbox = with_findings();
    let time = regex::Regex::new(r#""duration_ms": [0-9.]+"#).unwrap();
    for format in ["human", "concise", "json"] {
        let run = sandbox.run(&["lint", "--format", format]);
        let shown = time
            .replace(&run.shown(), r#""duration_ms": 0"#)
            .into_owned();
        insta::assert_snapshot!(format!("lint-{format}"), shown);
    }
}

#[test]
fn json_is_what_its_schema_says() {
    let (code, report) = with_findings().json(&["lint"]);
    let schema = mastery::curriculum::schema::Schema::by_name("report").unwrap();
    assert!(schema.accepts(&report), "{report:#}");
    assert_eq!(report["summary"]["exit_code"], code);
    assert_eq!(report["summary"]["errors"], 3);
}

#[test]
fn colours_are_only_for_terminals_unless_asked_for() {
    let sandbox = with_findings();
    assert!(!sandbox.run(&["lint"]).stdout.contains('\u{1b}'));
    assert!(
        sandbox
            .run(&["lint", "--color", "always"])
            .stdout
            .contains("\u{1b}[")
    );
    assert!(
        !sandbox
            .run(&["lint", "--color", "never"])
            .stdout
            .contains('\u{1b}')
    );
}

#[test]
fn severities_of_a_curriculum_count() {
    let sandbox = with_findings();
    let manifest = "curricula/base/curriculum.yaml";
    let text = sandbox.read(manifest);
    let rules = [
        "unknown-required-module",
        "example-not-caught",
        "id-differs-from-name",
    ];
    let severity = |word: &str| {
        let others: String = rules
            .iter()
            .map(|rule| format!("{rule}: {word}, "))
            .collect();
        sandbox.write(
            manifest,
            text.replace("severity: {", &format!("severity: {{{others}")),
        );
    };
    severity("warning");
    assert_eq!(sandbox.run(&["lint"]).code, 0, "warnings are allowed");
    assert_eq!(sandbox.run(&["lint", "--deny", "warnings"]).code, 1);
    let (_, report) = sandbox.json(&["lint"]);
    assert_eq!(report["summary"]["warnings"], 3);
    severity("\"off\"");
    let (code, report) = sandbox.json(&["lint"]);
    assert_eq!(
        (code, report["diagnostics"].as_array().unwrap().len()),
        (0, 0)
    );
}

#[test]
fn accepted_findings_are_not_shown_until_their_day_is_over() {
    let sandbox = with_findings();
    let manifest = "curricula/base/curriculum.yaml";
    let text = sandbox.read(manifest);
    let allow = |until: &str| {
        sandbox.write(manifest, format!("{text}allow:\n  - rule: unknown-required-module\n    path: modules/mean/**\n    reason: on its way\n    until: \"{until}\"\n"));
        sandbox.json(&["lint"]).1["diagnostics"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(allow("2999-12-31"), 2);
    // All three, and that the day is over.
    assert_eq!(allow("2020-01-01"), 4);
}

#[test]
fn only_some_rules_can_be_asked_for() {
    let sandbox = with_findings();
    let rules = |arguments: &[&str]| {
        let (code, report) = sandbox.json(&[&["lint"], arguments].concat());
        let findings = report["diagnostics"].as_array().unwrap();
        let rules: Vec<_> = findings
            .iter()
            .map(|it| it["rule"].as_str().unwrap().to_owned())
            .collect();
        (code, rules)
    };
    assert_eq!(
        rules(&["--only", "unknown-required-module"]),
        (1, vec!["unknown-required-module".to_owned()])
    );
    let (code, both) = rules(&[
        "--only",
        "unknown-required-module",
        "--only",
        "example-not-caught",
    ]);
    assert_eq!((code, both.len()), (1, 2));
    assert_eq!(rules(&["--only", "yaml-syntax"]), (0, vec![]));
    let mistyped = sandbox.run(&["lint", "--only", "schema-violations"]);
    assert_eq!(mistyped.code, 2);
    assert!(mistyped.stderr.contains("did you mean `schema-violation`?"));
}

/// What is not read for them tells nothing of them.
#[test]
fn rules_about_single_documents_say_the_same_alone() {
    let sandbox = with_findings();
    let module = "curricula/base/modules/double";
    sandbox.replace(&format!("{module}/module.yaml"), "title:", "tittle:");
    sandbox.write(&format!("{module}/questions.yaml"), "a: [\n");
    sandbox.write(&format!("{module}/bugs/No Id.yaml"), "id: a\n");
    sandbox.write(&format!("{module}/variants/No Id/basics/numbers.py"), "");
    let asked = ["schema-violation", "yaml-syntax"];
    let findings = |arguments: &[&str]| {
        let (_, report) = sandbox.json(&[&["lint"], arguments].concat());
        let mut findings = report["diagnostics"].as_array().unwrap().clone();
        findings.retain(|it| asked.contains(&it["rule"].as_str().unwrap()));
        findings
    };
    let alone = findings(&["--only", asked[0], "--only", asked[1]]);
    assert_eq!(alone, findings(&[]));
    assert!(alone.len() >= 4, "{alone:#?}");
}

#[test]
fn findings_of_drafts_are_warnings() {
    let sandbox = with_findings();
    sandbox.replace(
        "curricula/base/modules/double/module.yaml",
        "title:",
        "status: draft\ntitle:",
    );
    let (code, report) = sandbox.json(&["lint"]);
    assert_eq!(code, 1);
    let summary = &report["summary"];
    assert_eq!(
        (&summary["errors"], &summary["warnings"]),
        (&1.into(), &2.into())
    );
}

#[test]
fn path_of_a_module_shows_its_findings_from_anywhere() {
    let sandbox = with_findings();
    let findings = |arguments: &[&str], dir: &str| {
        let mut command = sandbox.command(&[&["lint", "--format", "concise"], arguments].concat());
        let output = command
            .current_dir(sandbox.path().join(dir))
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let one = findings(&["curricula/base/modules/mean"], "");
    assert_eq!(one.lines().count(), 1);
    assert!(
        one.starts_with("curricula/base/modules/mean/module.yaml:6:12: error["),
        "{one}"
    );
    let inside = findings(&["mean"], "curricula/base/modules");
    assert!(
        inside.starts_with("../modules/mean/module.yaml:6:12: error["),
        "{inside}"
    );
    assert_eq!(
        findings(&["mean", "double"], "curricula/base/modules")
            .lines()
            .count(),
        3
    );
    assert_eq!(
        findings(&[], "curricula/base/modules/mean").lines().count(),
        1
    );
    let bug = findings(&["curricula/base/modules/double/bugs/off_by_one.yaml"], "");
    assert_eq!(bug.lines().count(), 1);
}

#[test]
fn files_that_can_not_be_read_are_findings() {
    let sandbox = Sandbox::with_base();
    let file = sandbox.path().join("curricula/base/modules/mean/prompt.md");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o000)).unwrap();
    let (code, report) = sandbox.json(&["lint"]);
    if is_root() {
        // Nothing is closed to root.
        assert_eq!(code, 0);
    } else {
        assert_eq!(report["diagnostics"][0]["rule"], "unreadable-file");
    }
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    let (_, report) = sandbox.json(&["lint"]);
    assert_eq!(
        report["diagnostics"][0]["rule"], "unreadable-file",
        "{report:#}"
    );
}

/// What git tracks is found, and the leftovers of the author's last run are not.
#[test]
fn generated_files_are_found_where_they_are_checked_in() {
    let sandbox = Sandbox::with_base();
    let git = |arguments: &[&str]| {
        let status = Command::new("git")
            .args(arguments)
            .current_dir(sandbox.path())
            .status();
        assert!(status.unwrap().success(), "{arguments:?}");
    };
    sandbox.write(".gitignore", "__pycache__/\n*.egg-info/\n");
    for path in [
        "basics/__pycache__/numbers.pyc",
        "tests/__pycache__/test_mean.pyc",
        "basics.egg-info/PKG-INFO",
    ] {
        sandbox.write(&format!("curricula/base/project/{path}"), "");
    }
    git(&["init", "--quiet"]);
    git(&["add", "--all"]);
    let lint = |path: &str| {
        let (_, report) = sandbox.json(&["lint", path]);
        let findings = report["diagnostics"].as_array().unwrap().clone();
        findings
            .iter()
            .map(|it| format!("{} {}", it["rule"], it["path"]).replace('"', ""))
            .collect::<Vec<_>>()
    };
    assert_eq!(lint("curricula"), Vec::<String>::new());
    let tracked = "curricula/base/project/basics/__pycache__";
    git(&["add", "--force", tracked]);
    assert_eq!(lint("curricula"), [format!("generated-file {tracked}")]);
}
