//! A newer file of a course over older work; and what a change breaks that was passed before.

use std::fs;

use crate::player::{Author, Learner, bundle, bundle_of, source};
use crate::support::{Sandbox, copy};

#[test]
fn newer_course_replaces_what_is_its_own_and_keeps_what_is_the_learners() {
    let sandbox = Sandbox::new();
    let older = bundle(&sandbox, "foundations", &["--no-check"]);
    let author = Author::of("foundations");
    let mut learner = Learner::new(&sandbox, "learner", &older);
    let _ = learner.sees(0, &["init"]);
    learner.project.push("foundations");
    let _ = learner.sees(0, &["select", "binary_search"]);
    let edited = author.edited("binary_search");
    learner.writes(&author.solved("binary_search", false), &edited);
    let _ = learner.sees(0, &["submit"]);
    let written = learner.reads(&edited[0]);

    // The author changes a test, the file that was written, one that was not, and adds one.
    let newer = sandbox.path().join("curricula/foundations");
    copy(&source("foundations"), &newer);
    let change = |path: &str, from: &str, to: &str| {
        let path = newer.join(path);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(path, text.replace(from, to)).unwrap();
    };
    change("curriculum.yaml", "version: 0.1.0", "version: 0.2.0");
    change(
        "project/tests/test_binary_search.py",
        "import",
        "# Better.\nimport",
    );
    change(&format!("project/{}", edited[0]), "\"\"\"", "\"\"\"New. ");
    change(
        "project/foundations/running_stats.py",
        "\"\"\"",
        "\"\"\"New. ",
    );
    fs::write(newer.join("project/NEWS.md"), "New.\n").unwrap();
    // Their patches are for the files as they were.
    for module in ["binary_search", "running_stats"] {
        fs::remove_dir_all(newer.join("modules").join(module).join("bugs")).unwrap();
    }
    let newer = bundle_of(&sandbox, &newer, "newer", &["--no-check"]);

    learner.gets(&newer);
    let told = learner.sees(0, &["init"]);
    assert!(told.contains("0.1.0 to 0.2.0"), "{told}");
    for path in [
        "tests/test_binary_search.py",
        "foundations/running_stats.py",
        "NEWS.md",
    ] {
        assert!(told.contains(path), "{path}\n{told}");
    }
    assert!(
        learner
            .reads("tests/test_binary_search.py")
            .contains("# Better.")
    );
    assert!(
        learner
            .reads("foundations/running_stats.py")
            .contains("New. ")
    );
    assert_eq!(learner.reads("NEWS.md"), "New.\n");
    assert_eq!(learner.reads(&edited[0]), written);
    let course = learner.reads(&format!(".mastery/starter/{}", edited[0]));
    assert!(course.contains("New. "), "{course}");
    let status = learner.status();
    let modules = status["modules"].as_array().unwrap();
    let module = modules
        .iter()
        .find(|it| it["id"] == "binary_search")
        .unwrap();
    assert_eq!(module["build"]["course_version"], "0.1.0");

    // Again, there is nothing left to do; and there is no way back.
    assert!(learner.sees(0, &["init"]).contains("up to date"));
    learner.gets(&older);
    let refused = learner.sees(2, &["status"]);
    assert!(refused.contains("0.2.0"), "{refused}");
}

#[test]
fn module_that_was_passed_and_is_broken_by_a_change_is_named() {
    let sandbox = Sandbox::new();
    let file = bundle(&sandbox, "foundations", &["--no-check"]);
    let author = Author::of("foundations");
    let mut learner = Learner::new(&sandbox, "learner", &file);
    let _ = learner.sees(0, &["init"]);
    learner.project.push("foundations");
    let pass = |module: &str| {
        let _ = learner.sees(0, &["select", module]);
        learner.writes(&author.solved(module, false), &author.edited(module));
        learner.sees(0, &["submit"])
    };
    let _ = pass("log_summary");
    let edited = author.edited("log_summary");
    let right = learner.reads(&edited[0]);
    fs::write(learner.project.join(&edited[0]), "exit 1\n").unwrap();
    let _ = learner.sees(0, &["select", "binary_search"]);
    learner.writes(
        &author.solved("binary_search", false),
        &author.edited("binary_search"),
    );
    let broken = learner.sees(1, &["submit"]);
    assert!(broken.contains("passed:"), "{broken}");
    assert!(broken.contains("broken: log_summary"), "{broken}");
    let is_broken = |module: &str| {
        let status = learner.status();
        let modules = status["modules"].as_array().unwrap().clone();
        let module = modules.into_iter().find(|it| it["id"] == module).unwrap();
        module["is_broken"] == true
    };
    assert!(is_broken("log_summary") && !is_broken("binary_search"));
    fs::write(learner.project.join(&edited[0]), right).unwrap();
    let _ = learner.sees(0, &["select", "running_stats"]);
    let mended = learner.sees(1, &["submit"]);
    assert!(mended.contains("mended: log_summary"), "{mended}");
    assert!(!is_broken("log_summary"));
}
