//! `mastery new`: what is written where, what is asked for, and that nothing is lost when it fails.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::symlink;

use crate::support::Sandbox;
use crate::support::terminal::terminal;

/// A folder with one new curriculum.
fn with_course() -> Sandbox {
    let sandbox = Sandbox::new();
    let _ = sandbox
        .run(&["new", "curriculum", "course", "--var", "author=Ann Lee"])
        .success();
    sandbox
}

#[test]
fn curriculum_is_made_and_its_author_told_what_is_left() {
    let sandbox = Sandbox::new();
    let run = sandbox.run(&["new", "curriculum", "course", "--dry-run"]);
    insta::assert_snapshot!("new-curriculum-dry-run", run.success().shown());
    assert!(sandbox.listing().is_empty());
    let run = sandbox.run(&["new", "curriculum", "course"]);
    insta::assert_snapshot!("new-curriculum", run.success().shown());
    let (code, report) = sandbox.json(&["lint"]);
    assert_eq!((code, &report["summary"]["errors"]), (0, &0.into()));
    // Editors find the schemas.
    let manifest = sandbox.read("curricula/course/curriculum.yaml");
    assert!(
        manifest.starts_with("# yaml-language-server: $schema=schemas/curriculum.schema.json\n")
    );
    assert!(
        sandbox
            .path()
            .join("curricula/course/schemas/curriculum.schema.json")
            .is_file()
    );
}

#[test]
fn schemas_that_are_there_are_used() {
    let sandbox = Sandbox::new();
    sandbox.write("schemas/module.schema.json", "{}");
    let _ = sandbox.run(&["new", "curriculum", "course"]).success();
    let module = sandbox.read("curricula/course/modules/first_task/module.yaml");
    assert!(
        module.starts_with(
            "# yaml-language-server: $schema=../../../../schemas/module.schema.json\n"
        )
    );
    assert!(!sandbox.path().join("curricula/course/schemas").exists());
}

#[test]
fn module_and_question_are_added_and_the_rest_stays_as_it_is() {
    let sandbox = with_course();
    sandbox.replace(
        "curricula/course/curriculum.yaml",
        "modules:\n  - first_task\n",
        "# In this order.\nmodules:\n  - first_task # easy\n\n# The end.\n",
    );
    let package = "curricula/course/project/course/__init__.py";
    sandbox.write(package, "\"\"\"Mine.\"\"\"\n");
    let before = sandbox.listing();
    let arguments = ["new", "module", "rows", "--title", "Rows: all of them"];
    let run = sandbox.run(&[&arguments[..], &["--dry-run"]].concat());
    insta::assert_snapshot!("new-module-dry-run", run.success().shown());
    assert_eq!(sandbox.listing(), before);
    let run = sandbox.run(&arguments);
    insta::assert_snapshot!("new-module", run.success().shown());
    assert_eq!(sandbox.read(package), "\"\"\"Mine.\"\"\"\n");
    // The other way round: listed before the one that is there.
    let _ = sandbox
        .run(&["new", "module", "between", "--after", "first_task"])
        .success();
    let manifest = sandbox.read("curricula/course/curriculum.yaml");
    assert!(manifest.ends_with(
        "# In this order.\nmodules:\n  - first_task # easy\n  - between\n  - rows\n\n# The end.\n"
    ));
    let run = sandbox.run(&["new", "question", "rows", "why_rows"]);
    insta::assert_snapshot!("new-question", run.success().shown());
    let _ = sandbox
        .run(&["new", "question", "curricula/course/modules/rows"])
        .success();
    let questions = sandbox.read("curricula/course/modules/rows/questions.yaml");
    assert_eq!(questions.matches("\n  - id: ").count(), 3);
    assert!(questions.contains("- id: question_1\n"));
    let (code, report) = sandbox.json(&["lint"]);
    assert_eq!((code, &report["summary"]["errors"]), (0, &0.into()));
}

#[test]
fn package_of_a_curriculum_hides_no_module_of_python() {
    let sandbox = Sandbox::new();
    let _ = sandbox.run(&["new", "curriculum", "json"]).success();
    let project = sandbox.path().join("curricula/json/project");
    assert!(project.join("json_course/first_task.py").is_file());
    assert!(!project.join("json").exists());
}

#[test]
fn module_of_a_question_may_be_named_with_its_curriculum() {
    let sandbox = with_course();
    let _ = sandbox.run(&["new", "curriculum", "other"]).success();
    let _ = sandbox
        .run(&["new", "question", "other/first_task", "why"])
        .success();
    let at = |name: &str| format!("curricula/{name}/modules/first_task/questions.yaml");
    assert!(sandbox.read(&at("other")).contains("- id: why\n"));
    assert!(!sandbox.read(&at("course")).contains("- id: why\n"));
}

#[test]
fn module_of_a_library_goes_into_its_group() {
    let sandbox = with_course();
    sandbox.replace(
        "curricula/course/curriculum.yaml",
        "kind: linear",
        "kind: library",
    );
    sandbox.replace(
        "curricula/course/curriculum.yaml",
        "  - first_task\n",
        "  - id: one\n    title: One\n    modules: [first_task]\n",
    );
    let _ = sandbox.run(&["new", "module", "a"]).success();
    let _ = sandbox
        .run(&["new", "module", "b", "--group", "one"])
        .success();
    let manifest = sandbox.read("curricula/course/curriculum.yaml");
    assert!(manifest.contains("    modules: [first_task, a, b]\n"));
}

#[test]
fn mistakes_are_told_before_anything_is_written() {
    let sandbox = with_course();
    symlink("nowhere", sandbox.path().join("curricula/link")).unwrap();
    let before = sandbox.listing();
    let mut shown = String::new();
    for arguments in [
        &["new", "curriculum", "course"][..],
        &["new", "curriculum", "Course"],
        &["new", "curriculum", "other", "--out", "curricula"],
        &[
            "new",
            "curriculum",
            "inner",
            "--out",
            "curricula/course/inner",
        ],
        &[
            "new",
            "curriculum",
            "other",
            "--template",
            "curriculum-python",
        ],
        &["new", "curriculum"],
        &["new", "module"],
        &["new", "module", "../../up"],
        &["new", "module", "first_task"],
        &["new", "module", "class"],
        &["new", "module", "testing"],
        &["new", "module", "rows", "--in", "x"],
        &["new", "module", "rows", "--after", "x"],
        &["new", "question", "curricula/course/modules/rows"],
        &["new", "question", "curricula/course"],
        &["new", "curriculum", "other", "--out", "/"],
        &["new", "curriculum", "link"],
        &["new", "module", "rows", "--in", "coarse"],
        &["new", "module", "rows", "--template", "python-funktion"],
        &["new", "module", "rows", "--template", "pytorch-layer"],
        &["new", "module", "rows", "--template", "command-javascript"],
        &["new", "module", "rows", "--var", "package=../../up"],
        &["new", "module", "rows", "--var", "packet=a"],
        &["new", "module", "rows", "--var", "package"],
        &["new", "module", "rows", "--var", "title=a", "--title", "b"],
        &["new", "module", "rows", "--title", "a\u{1b}[31m"],
        &["new", "module", "rows", "--after", "first-task"],
        &["new", "module", "rows", "--group", "one"],
        &["new", "question", "first-task"],
        &["new", "question", "first_task", "beyond_the_end"],
        &["new", "--list", "module", "rows"],
        &["new", "--list", "--templates", "nowhere"],
    ] {
        let run = sandbox.run(arguments);
        assert_eq!(run.code, 2, "{}", run.shown());
        shown.push_str(&format!(
            "$ mastery {}\n{}\n",
            arguments.join(" ").escape_debug(),
            run.shown()
        ));
    }
    insta::assert_snapshot!("new-mistakes", shown);
    assert_eq!(sandbox.listing(), before);
}

#[test]
fn what_is_in_the_way_stays_and_nothing_is_written() {
    let sandbox = with_course();
    let test = "curricula/course/project/tests/test_rows.py";
    sandbox.write(test, "precious");
    let before = sandbox.listing();
    let run = sandbox.run(&["new", "module", "rows"]);
    assert_eq!(run.code, 2);
    assert!(
        run.stderr.contains("test_rows.py` is in the way"),
        "{}",
        run.shown()
    );
    assert_eq!(sandbox.listing(), before);
    // Neither is a link followed.
    fs::remove_file(sandbox.path().join(test)).unwrap();
    let tests = sandbox.path().join("curricula/course/project/tests");
    fs::rename(&tests, sandbox.path().join("elsewhere")).unwrap();
    symlink(sandbox.path().join("elsewhere"), &tests).unwrap();
    let before = sandbox.listing();
    assert_eq!(sandbox.run(&["new", "module", "rows"]).code, 2);
    assert_eq!(sandbox.listing(), before);
    // A manifest that is a link is not replaced, and nothing is left of the files.
    fs::remove_file(&tests).unwrap();
    fs::rename(sandbox.path().join("elsewhere"), &tests).unwrap();
    let manifest = sandbox.path().join("curricula/course/curriculum.yaml");
    fs::rename(&manifest, sandbox.path().join("curricula/course/real.txt")).unwrap();
    symlink("real.txt", &manifest).unwrap();
    let before = sandbox.listing();
    let run = sandbox.run(&["new", "module", "rows"]);
    assert_eq!(run.code, 2, "{}", run.shown());
    assert_eq!(sandbox.listing(), before);
}

const OWN: &str =
    "kind: module\ndescription: Mine\nvariables:\n  - {name: who, description: Whom it is for}\n";

const OWN_MODULE: &str =
    "id: {{ id }}\ntitle: {{ title | yaml }}\nkind: justify_only\nobjectives: [\"{{ who }}\"]\n";

fn with_own(template: &str, module: &str) -> Sandbox {
    let sandbox = with_course();
    sandbox.write("mine/own/template.yaml", template);
    sandbox.write("mine/own/files/modules/{{ id }}/module.yaml", module);
    sandbox
}

#[test]
fn own_templates_are_listed_and_used() {
    let sandbox = with_own(OWN, OWN_MODULE);
    // One that is shipped is replaced as a whole.
    sandbox.write(
        "mine/justify-only/template.yaml",
        "kind: module\ndescription: Other\n",
    );
    sandbox.write("mine/justify-only/files/project/x", "");
    let run = sandbox.run(&["new", "--list", "--templates", "mine"]);
    insta::assert_snapshot!("new-list", run.success().shown());
    let new = ["new", "module", "a", "--templates", "mine", "--template"];
    let run = sandbox.run(&[&new[..], &["own"]].concat());
    assert_eq!(run.code, 2);
    assert!(
        run.stderr
            .contains("give it with `--var who=…`: Whom it is for"),
        "{}",
        run.shown()
    );
    let _ = sandbox
        .run(&[&new[..], &["own", "--var", "who=you"]].concat())
        .success();
    assert_eq!(
        sandbox.read("curricula/course/modules/a/module.yaml"),
        "id: a\ntitle: A\nkind: justify_only\nobjectives: [\"you\"]\n"
    );
}

#[test]
fn broken_templates_of_one_s_own_are_explained() {
    let new = [
        "new",
        "module",
        "a",
        "--templates",
        "mine",
        "--template",
        "own",
        "--var",
        "who=you",
    ];
    let mut shown = String::new();
    for (template, module) in [
        ("kind: modul\ndescription: Mine\nvariable: []\n", OWN_MODULE),
        ("kind: [\n", OWN_MODULE),
        (OWN, "id: {{ idd }}\n"),
        (OWN, "id: a\n\n{% for x in %}\n"),
        (OWN, "id: a\ntitel: A\n"),
        (
            OWN,
            "{% for a in range(9999) %}{% for b in range(9999) %}.{% endfor %}{% endfor %}",
        ),
    ] {
        let sandbox = with_own(template, module);
        let before = sandbox.listing();
        let run = sandbox.run(&new);
        assert_ne!(run.code, 0);
        assert_eq!(sandbox.listing(), before);
        shown.push_str(&run.shown());
        shown.push('\n');
    }
    insta::assert_snapshot!("new-broken-templates", shown);
    // Nothing may be written outside of the module and the project.
    for path in [
        "modules/{{ who }}/x",
        "curriculum.yaml",
        "project/{{ '..' }}/x",
        "{{ '/etc/x' }}",
    ] {
        let sandbox = with_own(OWN, OWN_MODULE);
        sandbox.write(&format!("mine/own/files/{path}"), "");
        let before = sandbox.listing();
        let run = sandbox.run(&new);
        assert_eq!(run.code, 2, "{path}: {}", run.shown());
        assert!(
            run.stderr.contains("would be written to"),
            "{}",
            run.shown()
        );
        assert_eq!(sandbox.listing(), before);
    }
}

#[test]
fn values_are_asked_for_on_a_terminal() {
    let sandbox = with_course();
    let (mut typed, seen) = terminal();
    // The id at the second try, the title and function by default, the package.
    typed.write_all(b"No Id\nlong_rows\n\n\nparts\n").unwrap();
    let mut command = sandbox.command(&["new", "module"]);
    command.stdin(seen.try_clone().unwrap()).stderr(seen);
    let status = command.status().unwrap();
    assert!(status.success());
    let module = sandbox.read("curricula/course/modules/long_rows/module.yaml");
    assert!(module.contains("title: Long rows\n"), "{module}");
    assert!(
        sandbox
            .path()
            .join("curricula/course/project/parts/long_rows.py")
            .is_file()
    );
}
