//! `mastery build`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use mastery::curriculum::load;
use mastery::diagnostic::Sink;
use mastery::project::Project;
use mastery::project::state::State;
use mastery::source::tree::Tree;

use crate::support::{Sandbox, folders};

fn built(sandbox: &Sandbox, out: &str, arguments: &[&str]) -> Tree {
    let _ = sandbox
        .run(&[&["build", "curricula/base", "--out", out], arguments].concat())
        .success();
    Tree::read(&sandbox.path().join(out)).0
}

fn numbers(tree: &Tree) -> &str {
    tree.get("basics/numbers.py").unwrap().text().unwrap()
}

#[test]
fn states_hold_what_is_solved_and_no_marks() {
    let sandbox = Sandbox::with_base();
    let stub = "    raise NotImplementedError\n";
    let (double, mean) = (
        "    return x * 2\n",
        "    return sum(values) / len(values)\n",
    );
    for (out, arguments, parts) in [
        ("start", &[][..], [stub, stub]),
        ("at", &["--at", "mean"], [double, stub]),
        ("solved", &["--at", "double", "--solved"], [double, stub]),
        ("last", &["--at", "mean", "--solved"], [double, mean]),
        ("complete", &["--complete"], [double, mean]),
    ] {
        let tree = built(&sandbox, out, arguments);
        let expected = format!(
            "\"\"\"Functions of numbers.\"\"\"\n\n\ndef double(x):\n{}\n\ndef mean(values):\n{}",
            parts[0], parts[1]
        );
        assert_eq!(numbers(&tree), expected, "{out}");
    }
}

#[test]
fn same_input_gives_the_same_bytes_whatever_the_umask() {
    let sandbox = Sandbox::with_base();
    sandbox.write("curricula/base/project/run.sh", "#!/bin/sh\n");
    let script = sandbox.path().join("curricula/base/project/run.sh");
    fs::set_permissions(script, fs::Permissions::from_mode(0o700)).unwrap();
    let first = built(&sandbox, "first", &[]);
    let status = std::process::Command::new("sh")
        .args([
            "-c",
            "umask 077; exec \"$0\" build curricula/base --out second -q",
        ])
        .arg(env!("CARGO_BIN_EXE_mastery"))
        .current_dir(sandbox.path())
        .status()
        .unwrap();
    assert!(status.success());
    assert_eq!(
        Tree::read(&sandbox.path().join("second")).0.digest(),
        first.digest()
    );
    for out in ["first", "second"] {
        let mode = |path: &str| {
            sandbox
                .path()
                .join(out)
                .join(path)
                .metadata()
                .unwrap()
                .permissions()
                .mode()
                & 0o777
        };
        assert_eq!(
            (mode("run.sh"), mode("basics/numbers.py")),
            (0o755, 0o644),
            "{out}"
        );
    }
}

#[test]
fn nothing_is_overwritten_unless_asked_for() {
    let sandbox = Sandbox::with_base();
    sandbox.write("out/mine.txt", "precious");
    let arguments = ["build", "curricula/base", "--out", "out"];
    let run = sandbox.run(&arguments);
    insta::assert_snapshot!("build-not-empty", run.shown());
    assert_eq!(fs::read_dir(sandbox.path().join("out")).unwrap().count(), 1);
    let _ = sandbox
        .run(&[&arguments[..], &["--force"]].concat())
        .success();
    assert_eq!(sandbox.read("out/mine.txt"), "precious");
    assert!(sandbox.path().join("out/basics/numbers.py").exists());
}

#[test]
fn state_that_can_not_be_told_is_not_built() {
    let sandbox = Sandbox::with_base();
    sandbox.replace(
        "curricula/base/project/basics/numbers.py",
        "    # mastery:end mean\n",
        "",
    );
    let run = sandbox.run(&["build", "curricula/base", "--out", "out"]);
    assert_eq!(run.code, 1);
    assert!(run.stdout.contains("unclosed-region"), "{}", run.shown());
    assert!(!sandbox.path().join("out").exists());
}

/// The text of a project's file without its marks and stubs.
fn stripped(text: &str) -> String {
    let mut in_stub = false;
    let mut lines = Vec::new();
    for line in text.split_inclusive('\n') {
        if line.contains("mastery:") {
            in_stub = line.contains("mastery:stub");
        } else if !in_stub {
            lines.push(line);
        }
    }
    lines.concat()
}

#[test]
fn states_of_real_curricula_differ_only_in_files_with_regions() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("curricula");
    for dir in folders(&folder) {
        let sink = Sink::new();
        let curriculum = load(&dir, &folder, &sink);
        let (project, findings) = Project::parse(&curriculum);
        assert!(findings.is_empty(), "{findings:?}");
        let build = |state: State<'_>| project.build(&state.solved_modules(&curriculum));
        let complete = build(State::Complete);
        assert_eq!(complete.iter().count(), curriculum.project.iter().count());
        for (path, entry) in curriculum.project.iter() {
            let built = complete.get(path).unwrap();
            match entry.text() {
                Some(text) => assert_eq!(built.text(), Some(&*stripped(text)), "{path}"),
                None => assert_eq!(built, entry, "{path}"),
            }
        }
        for module in &curriculum.modules {
            for state in [State::Starter(&module.id), State::Solved(&module.id)] {
                let tree = build(state);
                assert_eq!(tree.digest(), build(state).digest());
                for (path, entry) in curriculum.project.iter() {
                    let has_regions = project.marked_file(path).is_some();
                    assert!(has_regions || tree.get(path) == Some(entry), "{path}");
                }
            }
        }
    }
}

#[test]
fn source_is_left_alone() {
    let sandbox = Sandbox::with_base();
    let before = sandbox.listing();
    built(&sandbox, "out", &["--complete"]);
    fs::remove_dir_all(sandbox.path().join("out")).unwrap();
    assert_eq!(sandbox.listing(), before);
}
