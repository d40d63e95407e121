//! `mastery lint --fix`, and known findings.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use mastery::curriculum::{self, Curriculum};
use mastery::diagnostic::fix::{self, Fix};
use mastery::diagnostic::{Diagnostic, Sink};
use mastery::lint;
use mastery::project::Project;
use proptest::prelude::*;
use serde_json::Value;

use crate::support::{Sandbox, copy, fixtures};

const MANIFEST: &str = "curricula/base/curriculum.yaml";
const MEAN: &str = "curricula/base/modules/mean/module.yaml";

/// A curriculum with a misspelt id, blanks at the end of lines, an id that is not its folder's, a
/// suppression that nothing needs, and schemas at hand.
fn with_fixable() -> Sandbox {
    let sandbox = Sandbox::with_base();
    copy(
        &fixtures().join("../../schemas"),
        &sandbox.path().join("schemas"),
    );
    sandbox.replace(
        MEAN,
        "requires: [double]",
        "requires: [ doubel ]   # the first one",
    );
    sandbox.replace(
        MEAN,
        "  edit:",
        "  # mastery: allow empty-prompt reason=\"none\"\n  edit:",
    );
    sandbox.replace(MANIFEST, "title: Two functions", "title: Two functions \t");
    let bug = "curricula/base/modules/double/bugs/off_by_one.yaml";
    sandbox.replace(bug, "id: off_by_one", "id: one_off # historical");
    let text = sandbox.read(bug);
    sandbox.write(bug, text.split_once('\n').unwrap().1);
    sandbox
}

#[test]
fn fixes_are_shown_made_and_made_once() {
    let sandbox = with_fixable();
    let before = sandbox.listing();
    let shown = sandbox.run(&["lint", "--fix", "--dry-run"]);
    insta::assert_snapshot!("fix-dry-run", shown.shown());
    assert!(
        sandbox.listing() == before,
        "a dry run has written something"
    );
    insta::assert_snapshot!("fix", sandbox.run(&["lint", "--fix"]).shown());
    let after = sandbox.listing();
    let again = sandbox.run(&["lint", "--fix"]).success();
    assert_eq!(again.stderr, "");
    assert!(
        sandbox.listing() == after,
        "the second time something is written"
    );
    let nothing = sandbox.run(&["lint", "--fix", "--dry-run"]).success();
    assert_eq!(nothing.stdout, "");
}

#[test]
fn modules_that_are_not_listed_are_put_into_either_kind_of_list() {
    for (list, expected) in [
        (
            "modules: [double, mean]",
            "modules: [double, mean, more, other]",
        ),
        (
            "modules:\n  - double\n  - mean # for now",
            "modules:\n  - double\n  - mean # for now\n  - more\n  - other",
        ),
    ] {
        let sandbox = Sandbox::with_base();
        sandbox.replace(MANIFEST, "modules: [double, mean]", list);
        for id in ["more", "other"] {
            fs::create_dir(sandbox.path().join(format!("curricula/base/modules/{id}"))).unwrap();
        }
        let _ = sandbox.run(&["lint", "--fix"]);
        let text = sandbox.read(MANIFEST);
        assert!(text.contains(&format!("{expected}\n")), "{text}");
    }
}

#[test]
fn files_that_can_not_be_written_whole_are_left_alone() {
    let sandbox = with_fixable();
    let manifest = sandbox.path().join(MANIFEST);
    fs::rename(&manifest, sandbox.path().join("curricula/base/real.yaml")).unwrap();
    symlink("real.yaml", &manifest).unwrap();
    let mean = sandbox.path().join(MEAN);
    fs::set_permissions(&mean, fs::Permissions::from_mode(0o444)).unwrap();
    let before = sandbox.read(MEAN);
    let run = sandbox.run(&["lint", "--fix"]);
    for reason in ["it is a symbolic link", "it may not be written"] {
        assert!(run.stderr.contains(reason), "{}", run.shown());
    }
    assert_eq!(sandbox.read(MEAN), before);
    assert!(manifest.is_symlink());
}

#[test]
fn byte_order_mark_and_line_breaks_are_kept() {
    let sandbox = Sandbox::with_base();
    let text = sandbox.read(MEAN).replace('\n', "\r\n");
    let text = format!("\u{feff}{}", text.replace("id: mean", "id: mean  "));
    sandbox.write(MEAN, &text);
    let _ = sandbox.run(&["lint", "--fix"]).success();
    assert_eq!(sandbox.read(MEAN), text.replace("id: mean  ", "id: mean"));
}

#[test]
fn known_findings_do_not_count_and_new_ones_do() {
    let sandbox = Sandbox::with_base();
    sandbox.replace(MEAN, "requires: [double]", "requires: [nothing]");
    let baseline = ["lint", "--baseline", "known.json"];
    let missing = sandbox.run(&baseline);
    assert_eq!(missing.code, 2, "{}", missing.shown());
    assert!(
        missing.stderr.contains("--update-baseline"),
        "{}",
        missing.shown()
    );
    let made = [&baseline[..], &["--update-baseline"]].concat();
    let _ = sandbox.run(&made).success();
    insta::assert_snapshot!("baseline-file", sandbox.read("known.json"));
    // Where a finding stands does not matter.
    let text = sandbox.read(MEAN);
    sandbox.write(MEAN, text.replacen("id:", "# A line more.\nid:", 1));
    insta::assert_snapshot!("baseline-known", sandbox.run(&baseline).success().shown());
    let inside = ["lint", ".", "--baseline", "../../known.json"];
    let output = sandbox
        .command(&inside)
        .current_dir(sandbox.path().join("curricula/base"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    sandbox.replace(MEAN, "requires: [nothing]", "requires: [nowhere]");
    insta::assert_snapshot!("baseline-new", sandbox.run(&baseline).shown());
    sandbox.write("known.json", "{}");
    assert_eq!(sandbox.run(&baseline).code, 2);
}

fn loaded(sandbox: &Sandbox) -> (Curriculum, Vec<Diagnostic>) {
    let sink = Sink::new();
    let dir = sandbox.path().join("curricula/base");
    let curriculum = curriculum::load(&dir, sandbox.path(), &sink);
    let (project, findings) = Project::parse(&curriculum);
    sink.extend(findings);
    lint::check(&curriculum, &project, lint::rules::ALL, &sink);
    let findings = lint::policy::apply(
        &curriculum,
        "2026-01-01",
        lint::rules::ALL,
        sink.into_sorted(),
    );
    (curriculum, findings)
}

/// The content of all YAML files.
fn model(curriculum: &Curriculum) -> Vec<(String, Value)> {
    let files = curriculum.yaml_files();
    files
        .map(|(_, it)| (it.file.path().to_owned(), it.value.clone()))
        .collect()
}

fn fix_all(sandbox: &Sandbox, findings: &[Diagnostic]) -> usize {
    let mut by_file: BTreeMap<String, Vec<&Fix>> = BTreeMap::new();
    for fix in findings.iter().filter_map(|it| it.fix.as_ref()) {
        by_file
            .entry(fix.file.path().to_owned())
            .or_default()
            .push(fix);
    }
    for (path, fixes) in &by_file {
        let (text, _) = fix::apply(&sandbox.read(path), fixes.iter().copied());
        sandbox.write(path, text);
    }
    by_file.len()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// Blanks at ends of lines, in texts and outside, and a missing first line: what they are taken
    /// out of holds the same as before, and a second time there is nothing to do.
    #[test]
    fn fixes_change_no_meaning_and_are_made_once(
        blanks in prop::collection::vec("[ \t]{0,3}", 40),
        has_schema_line in any::<bool>(),
        is_crlf in any::<bool>(),
    ) {
        let sandbox = Sandbox::with_base();
        copy(&fixtures().join("../../schemas"), &sandbox.path().join("schemas"));
        let text = "\
# yaml-language-server: $schema=../../../../../schemas/module.schema.json
id: mean
title: 'The
  middle'
summary: |
  One line
  and another

  with a gap.
objectives: # what for
  - >-
    Compute
    a mean

  - \"quoted
    text\"
requires: [
  double,
]
build:
  edit: [basics/numbers.py]
  validator:
    pytest: [tests/test_mean.py]
  timeout_seconds: 20
";
        let line_break = if is_crlf { "\r\n" } else { "\n" };
        let lines = text.lines().skip(usize::from(!has_schema_line));
        let text: String = lines
            .zip(&blanks)
            .map(|(line, blanks)| format!("{line}{blanks}{line_break}"))
            .collect();
        sandbox.write(MEAN, &text);
        let (before, findings) = loaded(&sandbox);
        let fixed = fix_all(&sandbox, &findings);
        let (after, rest) = loaded(&sandbox);
        prop_assert_eq!(model(&before), model(&after));
        prop_assert!(rest.iter().all(|it| it.fix.is_none()), "{:?}", rest);
        prop_assert_eq!(fix_all(&sandbox, &rest), 0);
        let is_clean = has_schema_line && blanks.iter().all(String::is_empty);
        prop_assert!(fixed <= 1 && (fixed == 0 || !is_clean));
    }
}
