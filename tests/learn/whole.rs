//! A whole learner's way through a whole course, at a terminal, with the file of the course alone.

use std::fs;

use mastery::answer::{Judgement, Rubric};
use serde_json::Value;

use crate::player::{Author, Learner, bundle};
use crate::support::Sandbox;

/// What a stage of a module is said to be.
fn stage<'s>(status: &'s Value, module: &str, stage: &str) -> &'s Value {
    let modules = status["modules"].as_array().unwrap();
    let module = modules.iter().find(|it| it["id"] == module).unwrap();
    &module[stage]["how"]
}

#[test]
fn learner_who_does_everything_right_is_led_through_all_modules() {
    let sandbox = Sandbox::new();
    let file = bundle(&sandbox, "cs336_a1", &[]);
    let author = Author::of("cs336_a1");
    let mut learner = Learner::new(&sandbox, "learner", &file);
    assert!(learner.sees(0, &[]).contains("./course init"));
    let begun = learner.sees(0, &["init"]);
    assert!(begun.contains("cd cs336_a1 && ../course show"), "{begun}");
    learner.project.push("cs336_a1");

    // Not those that are listed, which have no order.
    let modules = author.curriculum.modules.iter();
    let modules: Vec<_> = modules.map(|module| module.id.to_string()).collect();
    assert_eq!(modules.len(), 6);
    for (index, module) in modules.iter().enumerate() {
        let task = learner.sees(0, &["show"]);
        assert!(
            task.contains(&format!("module {} of 6", index + 1)),
            "{task}"
        );

        // Build: what is there fails, a solution passes; every second one is a variant.
        assert!(learner.sees(1, &["submit"]).contains("failed:"));
        let _ = learner.sees(0, &["hint"]);
        let edited = author.edited(module);
        learner.writes(&author.solved(module, index % 2 == 1), &edited);
        let passed = learner.sees(0, &["submit"]);
        assert!(passed.contains("passed:"), "{passed}");
        // Justify: a shallow answer is caught, a deep one passes.
        for question in author.questions(module) {
            let caught = learner.answers(1, question.failure_modes[0].example.as_str());
            assert!(
                caught.contains("caught:"),
                "{}\n{caught}",
                question.failure_modes[0].example
            );
            assert!(!caught.contains("A model answer"), "{caught}");
            let passed = learner.answers(0, question.model_answer.as_str());
            assert!(passed.contains("passed:"), "{passed}");
        }

        // Harden: the bug is in the learner's code or in the course's, and is fixed there.
        let told = learner.sees(0, &["start-challenge"]);
        assert!(told.contains("Harden: this was reported"), "{told}");
        assert!(learner.sees(1, &["submit"]).contains("failed:"));
        for path in &edited {
            let copy = format!(".mastery/challenges/{module}/{path}");
            let broken = learner.reads(&copy);
            let mark = broken.lines().last().unwrap();
            assert!(mark.contains("the copy with the bug"), "{broken}");
            let fixed = format!("{}{mark}\n", learner.reads(path));
            fs::write(learner.project.join(copy), fixed).unwrap();
        }
        let fixed = learner.sees(0, &["submit"]);
        assert!(
            fixed.contains("passed:") && !fixed.contains("restored:"),
            "{fixed}"
        );
        assert!(
            !learner
                .project
                .join(".mastery/challenges")
                .join(module)
                .exists()
        );
    }

    let status = learner.status();
    assert_eq!(status["modules_done"], 6);
    for module in &modules {
        for name in ["build", "justify", "harden"] {
            assert_eq!(stage(&status, module, name), "passed", "{module} {name}");
        }
    }
    assert!(learner.sees(0, &[]).contains("You have done all of"));
}

#[test]
fn learner_who_does_everything_wrong_passes_nothing_and_loses_nothing() {
    let sandbox = Sandbox::new();
    let file = bundle(&sandbox, "cs336_a1", &[]);
    let author = Author::of("cs336_a1");
    let mut learner = Learner::new(&sandbox, "learner", &file);

    // Before there is anything.
    for arguments in [
        &["status"][..],
        &["submit"],
        &["show"],
        &["hint"],
        &["reset", "--all"],
    ] {
        let screen = learner.types(arguments, "");
        assert!(
            screen.code == 4 && screen.text.contains("init"),
            "{}",
            screen.text
        );
    }
    let _ = learner.sees(2, &["sbumit"]);
    fs::write(learner.project.join("taken"), "mine").unwrap();
    assert!(learner.sees(2, &["init", "taken"]).contains("error"));
    assert_eq!(learner.reads("taken"), "mine");
    let _ = learner.sees(0, &["init", "work"]);
    let _ = learner.sees(0, &["init", "work"]);
    learner.project.push("work");

    // In the wrong order.
    let _ = learner.sees(4, &["start-challenge"]);
    let _ = learner.sees(4, &["select", "rmsnorm"]);
    let _ = learner.sees(2, &["select", "softmaxx"]);
    let _ = learner.sees(2, &["submit", "--answer", "nowhere.txt"]);

    // Code of every bad kind.
    let edited = author.edited("softmax");
    let path = edited[0].as_str();
    let starter = learner.reads(path);
    for (code, seen) in [
        ("def softmax(:\n", "failed:"),
        ("import os\nos._exit(0)\n", "failed:"),
        ("raise SystemExit(0)\n", "failed:"),
        ("", "failed:"),
        ("def softmax(x, dim):\n    return x\n", "failed:"),
        (
            "def softmax(x, dim):\n    import pytest\n    pytest.skip()\n",
            "failed:",
        ),
    ] {
        fs::write(learner.project.join(path), code).unwrap();
        let failed = learner.sees(1, &["submit"]);
        assert!(failed.contains(seen), "{code}\n{failed}");
    }
    fs::remove_file(learner.project.join(path)).unwrap();
    assert!(learner.sees(1, &["submit"]).contains("failed:"));
    fs::write(learner.project.join(path), &starter).unwrap();

    // Tests that are made easier are not what is run.
    fs::write(
        learner.project.join("tests/test_softmax.py"),
        "def test_nothing():\n    pass\n",
    )
    .unwrap();
    fs::write(
        learner.project.join("conftest.py"),
        "import os\nos._exit(0)\n",
    )
    .unwrap();
    let failed = learner.sees(1, &["submit"]);
    assert!(failed.contains("note:"), "{failed}");
    fs::remove_dir_all(learner.project.join("tests")).unwrap();
    let _ = learner.sees(1, &["submit"]);

    // What is the tool's own is thrown away.
    for name in ["shadow", "snapshots.git", "starter"] {
        fs::remove_dir_all(learner.project.join(".mastery").join(name)).unwrap();
    }
    fs::write(learner.project.join(".mastery/state.db"), "nonsense").unwrap();
    let status = learner.sees(0, &["status"]);
    assert!(status.contains("note:"), "{status}");

    // Build is done at last; answers are not.
    learner.writes(&author.solved("softmax", false), &edited);
    let _ = learner.sees(0, &["submit"]);
    for question in author.questions("softmax") {
        let rubric = Rubric::compile(&question).unwrap();
        let _ = learner.sees(4, &["submit", "--assess"]);
        for answer in ["", "?", question.question.as_str()] {
            let screen = {
                let mut command = learner.command(&["submit", "--answer", "given"]);
                fs::write(learner.project.join("given"), answer).unwrap();
                command.output().unwrap()
            };
            assert_eq!(screen.status.code(), Some(2), "{answer}");
        }
        let vague = [
            "It is what one does.",
            "My teacher told me to do it like this.",
        ];
        for answer in vague {
            assert!(matches!(rubric.judge(answer), Judgement::Unclear { .. }));
            let unclear = learner.answers(1, answer);
            assert!(unclear.contains("unclear:"), "{unclear}");
            assert!(!unclear.contains(question.model_answer.as_str()));
        }
        // Saying no leaves it open; saying yes is no pass.
        let no = learner.types(&["submit", "--assess"], "n\n");
        assert_eq!(no.code, 1, "{}", no.text);
        let yes = learner.types(&["submit", "--assess"], "y\n");
        assert!(
            yes.code == 0 && yes.text.contains("self-assessed:"),
            "{}",
            yes.text
        );
    }
    let status = learner.status();
    assert_eq!(stage(&status, "softmax", "build"), "passed");
    assert_eq!(stage(&status, "softmax", "justify"), "self_assessed");

    // The challenge is thrown away, taken again, and its old file is put back.
    let _ = learner.sees(0, &["start-challenge"]);
    fs::remove_dir_all(learner.project.join(".mastery/challenges")).unwrap();
    let _ = learner.sees(1, &["submit"]);
    let _ = learner.sees(0, &["start-challenge"]);
    let copy = learner
        .project
        .join(".mastery/challenges/softmax")
        .join(path);
    fs::copy(learner.project.join(path), copy).unwrap();
    let restored = learner.sees(0, &["submit"]);
    assert!(restored.contains("restored:"), "{restored}");
    assert_eq!(stage(&learner.status(), "softmax", "harden"), "restored");

    // What was done to the folder can be had back.
    let history = learner.sees(0, &["history", "--all"]);
    assert!(history.contains("submit of softmax"), "{history}");
    let _ = learner.sees(0, &["reset", "softmax", "--files", "--yes"]);
    assert_eq!(learner.reads(path), starter);
    let _ = learner.sees(0, &["cleanup"]);
    assert!(learner.sees(0, &["doctor"]).contains("Python"));
}
