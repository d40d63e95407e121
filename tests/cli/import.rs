//! `mastery import`.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use mastery::curriculum::document::Validator;
use mastery::curriculum::id::CurriculumId;
use mastery::curriculum::{Curriculum, load};
use mastery::diagnostic::Sink;
use mastery::import::{Folder, Sources, import};
use mastery::project::Project;
use mastery::project::state::{Solved, State};
use mastery::source::tree::{Entry, Tree};
use serde_json::{Value, json};

use crate::support::{Run, Sandbox, copy, fixtures, redact};

const LINEAR: &[&str] = &[
    "import",
    "linear/old",
    "--out",
    "curricula/stats",
    "--reference",
    "linear/reference",
    "--starter",
    "linear/starter",
    "--tests",
    "linear/tests",
];
const LIBRARY: &[&str] = &["import", "library", "--out", "curricula/searching"];

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    copy(&fixtures().join("import"), sandbox.path());
    sandbox
}

/// Everything that came out, as it is read by people.
fn shown(sandbox: &Sandbox, out: &str) -> String {
    let (tree, skipped) = Tree::read(&sandbox.path().join(out));
    assert!(skipped.is_empty(), "{skipped:?}");
    let mut text = String::new();
    for (path, entry) in tree.iter() {
        let content = if path.starts_with("imported/") {
            ""
        } else {
            entry.text().unwrap()
        };
        text.push_str(&format!("=== {path}\n{content}"));
    }
    text
}

/// The rules of all errors that `lint` finds, sorted.
fn errors(sandbox: &Sandbox, out: &str) -> Vec<String> {
    let (_, report) = sandbox.json(&["lint", out]);
    let findings = report["diagnostics"].as_array().unwrap();
    let is_error = |finding: &&Value| finding["severity"] == "error";
    let rule = |finding: &Value| finding["rule"].as_str().unwrap().to_owned();
    let mut rules: Vec<_> = findings.iter().filter(is_error).map(rule).collect();
    rules.sort();
    rules
}

fn refused(run: Run) -> String {
    assert_eq!(run.code, 2, "{}", run.shown());
    run.stderr
}

#[test]
fn linear_curriculum_with_every_damage() {
    let sandbox = sandbox();
    let run = sandbox.run(LINEAR).success();
    insta::assert_snapshot!(
        "import_linear",
        format!("{}{}", run.shown(), shown(&sandbox, "curricula/stats"))
    );
    assert_eq!(
        errors(&sandbox, "curricula/stats"),
        ["bug-without-message", "bug-without-message", "missing-file"]
    );
}

#[test]
fn library_whose_modules_have_solutions_of_their_own() {
    let sandbox = sandbox();
    let run = sandbox.run(LIBRARY).success();
    insta::assert_snapshot!(
        "import_library",
        format!("{}{}", run.shown(), shown(&sandbox, "curricula/searching"))
    );
    assert_eq!(
        errors(&sandbox, "curricula/searching"),
        ["bug-without-message"]
    );
}

#[test]
fn imported_modules_run_by_their_own_validators() {
    let sandbox = sandbox();
    for (import, cases) in [
        (LINEAR, &["stats/mean/*", "stats/median_value/*"][..]),
        (LIBRARY, &["searching/*/*"]),
    ] {
        let _ = sandbox.run(import).success();
        for pattern in cases {
            let (code, report) = sandbox.json(&["verify", import[3], "--case", pattern]);
            assert_eq!(code, 0, "{report:#}");
            let cases = report["cases"].as_array().unwrap();
            let bugs = cases
                .iter()
                .filter(|case| case["id"].as_str().unwrap().contains("/bug/"));
            // Each has a patch and a rewrite.
            assert_eq!(bugs.count(), 2, "{report:#}");
            assert!(
                cases.iter().all(|case| case["verdict"] == "as_expected"),
                "{report:#}"
            );
        }
    }
}

#[test]
fn validator_finds_the_variables_that_it_expects() {
    let sandbox = sandbox();
    sandbox.write(
        "library/patterns/halving/problems/root/validator.sh",
        "test \"$PWD\" = \"$SHADOW_WORKTREE\" && test -f \"$SHADOW_WORKTREE/solution.py\" && \"$MASTERY_PYTHON\" -c 'import solution'\n",
    );
    let _ = sandbox.run(LIBRARY).success();
    let _ = sandbox
        .run(&[
            "verify",
            "curricula/searching",
            "--case",
            "searching/root/reference",
        ])
        .success();
}

#[test]
fn dry_run_prints_the_report_and_writes_nothing() {
    let sandbox = sandbox();
    let before = sandbox.listing();
    let run = sandbox.run(&[LINEAR, &["--dry-run"]].concat()).success();
    assert_eq!(sandbox.listing(), before);
    let _ = sandbox.run(LINEAR).success();
    assert_eq!(run.stdout, sandbox.read("curricula/stats/import-report.md"));
}

#[test]
fn what_is_there_is_never_touched() {
    let sandbox = sandbox();
    sandbox.write("curricula/stats/mine.txt", "mine");
    let before = sandbox.listing();
    let error = refused(sandbox.run(LINEAR));
    assert!(
        error.contains("`[BASE]/curricula/stats` is not empty"),
        "{error}"
    );
    assert_eq!(sandbox.listing(), before);
}

#[test]
fn places_that_make_no_sense_are_refused() {
    let sandbox = sandbox();
    sandbox.write("empty/README.md", "");
    let before = sandbox.listing();
    for (arguments, message) in [
        (
            &["import", "none", "--out", "c/x"][..],
            "there is no `none`",
        ),
        (
            &["import", "README.md", "--out", "c/x"],
            "`README.md` is no folder",
        ),
        (
            &["import", "empty", "--out", "c/x"],
            "`empty` holds no curriculum",
        ),
        (
            &["import", "library", "--out", "c/Not An Id"],
            "`Not An Id` is not an id",
        ),
        (
            &["import", "library", "--out", "library/new"],
            "`--out` is in the folder that is imported",
        ),
        (
            &["import", "library", "--out", "c/x", "--reference", "."],
            "`.` holds what is imported",
        ),
        (
            &["import", "library", "--out", "c/x", "--tests", "gone"],
            "there is no `gone`",
        ),
    ] {
        let error = refused(sandbox.run(arguments));
        assert!(error.contains(message), "{error}");
    }
    assert_eq!(sandbox.listing(), before);
}

#[test]
fn folder_in_the_old_one_is_read_once() {
    let sandbox = sandbox();
    let at = |path: &str| sandbox.path().join(path);
    copy(&at("linear/reference"), &at("linear/old/solved"));
    copy(&at("linear/starter"), &at("linear/old/begun"));
    let arguments = [
        "import",
        "linear/old",
        "--out",
        "curricula/stats",
        "--reference",
        "linear/old/solved",
        "--starter",
        "linear/old/begun",
    ];
    let _ = sandbox.run(&arguments).success();
    assert!(!at("curricula/stats/imported/curriculum/solved").exists());
    assert!(at("curricula/stats/project/stats/spread.py").exists());
}

#[test]
fn starter_in_the_reference_is_no_part_of_it() {
    let sandbox = sandbox();
    let at = |path: &str| sandbox.path().join(path);
    copy(&at("linear/starter"), &at("linear/reference/begun"));
    symlink("reference/begun", at("linear/link")).unwrap();
    let mut arguments = LINEAR.to_vec();
    let starter = arguments
        .iter_mut()
        .find(|it| **it == "linear/starter")
        .unwrap();
    *starter = "linear/link";
    let run = sandbox.run(&arguments).success();
    assert!(!at("curricula/stats/project/begun").exists());
    let report = sandbox.read("curricula/stats/import-report.md");
    assert!(!report.contains("linear/reference/begun"), "{report}");
    let _ = fs::remove_dir_all(at("curricula"));
    fs::remove_dir_all(at("linear/reference/begun")).unwrap();
    // What comes out is what comes out of folders beside each other.
    assert_eq!(run.stderr, sandbox.run(LINEAR).success().stderr);
}

#[test]
fn module_may_be_called_like_anything_that_the_import_adds() {
    let sandbox = sandbox();
    let manifest = sandbox.read("library/manifest.json");
    for (name, script) in [("run", "run.sh"), ("validators", "validators.sh")] {
        let renamed = manifest.replace("\"id\": \"root\"", &format!("\"id\": \"{name}\""));
        assert_ne!(renamed, manifest);
        sandbox.write("library/manifest.json", renamed);
        let out = format!("curricula/{name}");
        let _ = sandbox.run(&["import", "library", "--out", &out]).success();
        let folder = sandbox.path().join(&out).join("project");
        let scripts: Vec<_> = Tree::read(&folder)
            .0
            .iter()
            .filter(|(path, _)| path.ends_with(&format!("/{script}")))
            .map(|(_, entry)| entry.text().unwrap().to_owned())
            .collect();
        let old = "library/patterns/halving/problems/root/validator.sh";
        assert_eq!(scripts, [sandbox.read(old)], "{name}");
        let reference = format!("{name}/{name}/reference");
        let _ = sandbox
            .run(&["verify", &out, "--case", &reference])
            .success();
    }
}

#[test]
fn hostile_files_are_named_and_do_no_harm() {
    let sandbox = sandbox();
    let problem = "library/patterns/halving/problems/root";
    let at = |path: &str| sandbox.path().join(path);
    sandbox.write("secret.txt", "secret");
    symlink(at("secret.txt"), at(problem).join("outside.txt")).unwrap();
    symlink("/etc", at(problem).join("etc")).unwrap();
    fs::remove_file(at(problem).join("build_prompt.txt")).unwrap();
    symlink("validator.sh", at(problem).join("build_prompt.txt")).unwrap();
    sandbox.write(
        &format!("{problem}/solution.py"),
        b"def root(n):\n    return '\xff'\n",
    );
    sandbox.write(
        &format!("{problem}/justify_questions.json"),
        "[".repeat(1_000_000),
    );
    sandbox.write(
        &format!("{problem}/bugs/huge.patch"),
        "x\n".repeat(1_000_000),
    );
    sandbox.write(
        &format!("{problem}/bugs/out.patch"),
        "--- a/../../x\n+++ b/../../x\n@@ -0,0 +1 @@\n+x\n",
    );
    sandbox.write(&format!("{problem}/bugs/out_symptom.txt"), "It is gone.\n");
    sandbox.write(&format!("{problem}/odd \u{1b}[31m name.txt"), "");
    sandbox.write(&format!("{problem}/__pycache__/a.pyc"), "");
    let manifest = sandbox.read("library/manifest.json");
    let manifest = manifest
        .replace("\"id\": \"root\"", "\"id\": \"first_at_least\"")
        .replace("\"The whole root\"", "\"\\u001b[31mred\"");
    sandbox.write("library/manifest.json", manifest);
    let run = sandbox.run(LIBRARY).success();
    assert!(!run.stderr.contains('\u{1b}'));
    let report = sandbox.read("curricula/searching/import-report.md");
    assert!(
        !report.contains('\u{1b}') && !report.contains("secret\n"),
        "{report}"
    );
    let unread = &report[report.find("## Not read").unwrap()..report.find("## Files").unwrap()];
    let aside = &report[report.find("## Kept aside").unwrap()..report.find("## Not read").unwrap()];
    let shown = redact(&format!("{aside}{unread}"), sandbox.path());
    insta::assert_snapshot!("import_hostile", shown);
    assert!(
        errors(&sandbox, "curricula/searching")
            .iter()
            .all(|rule| !rule.starts_with("schema") && !rule.starts_with("yaml"))
    );
}

/// A curriculum of today as it would have been written in the older layout.
fn taken_apart(curriculum: &Curriculum) -> Sources {
    let (project, problems) = Project::parse(curriculum);
    assert!(problems.is_empty(), "{problems:?}");
    let mut old = Tree::new();
    let mut put = |path: String, text: &str| old.insert(path, Entry::file(text.as_bytes()));
    let mut modules = Vec::new();
    for module in &curriculum.modules {
        let folder = format!("modules/{}", module.id);
        modules.push(json!({"id": module.id.as_str(), "name": "A name", "path": folder}));
        put(
            format!("{folder}/build_prompt.txt"),
            module.prompt.as_ref().unwrap().text(),
        );
        let build = module
            .manifest
            .as_ref()
            .unwrap()
            .value
            .build
            .as_ref()
            .unwrap();
        let validator = match &build.validator {
            Validator::Pytest(pytest) => pytest
                .node_ids
                .iter()
                .map(|id| format!("pytest {id}\n"))
                .collect(),
            Validator::Command(command) => command.argv.join(" "),
        };
        put(format!("{folder}/validator.sh"), &validator);
        for bug in module.bugs.iter().filter(|bug| bug.patch.is_some()) {
            let name = format!("{folder}/bugs/{}", bug.id);
            put(format!("{name}.patch"), bug.patch.as_ref().unwrap().text());
            put(format!("{name}_symptom.txt"), "Something is odd.\n");
        }
    }
    let manifest = json!({"curriculum_name": "A", "author": "B", "version": "1.0.0", "type": "linear", "modules": modules});
    put("manifest.json".to_owned(), &manifest.to_string());
    let folder = |shown: &str, files| Folder {
        shown: shown.to_owned(),
        files,
        skipped: Vec::new(),
    };
    Sources {
        curriculum: folder("old", old),
        reference: Some(folder(
            "reference",
            project.build(&State::Complete.solved_modules(curriculum)),
        )),
        starter: Some(folder("starter", project.build(&Solved::none()))),
        tests: None,
    }
}

#[test]
fn curriculum_that_is_taken_apart_comes_together_again() {
    for name in ["cs336_a1", "foundations"] {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("curricula")
            .join(name);
        let curriculum = load(&dir, &dir, &Sink::new());
        let imported = import(
            &taken_apart(&curriculum),
            &CurriculumId::try_from(name).unwrap(),
            "schemas/",
        )
        .unwrap();
        for (path, entry) in curriculum.project.iter() {
            let again = imported.tree.get(&format!("project/{path}"));
            assert_eq!(again.and_then(Entry::text), entry.text(), "{name} {path}");
        }
        let bugs = curriculum.modules.iter().flat_map(|module| &module.bugs);
        assert_eq!(
            imported.counts.bugs,
            bugs.filter(|bug| bug.patch.is_some()).count(),
            "{}",
            imported.report
        );
    }
}
