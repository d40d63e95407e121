//! What `mastery new` makes is green at once, and says what is left to do.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use mastery::scaffold::manifest::TemplateKind;
use mastery::scaffold::template::Catalogue;
use serde_json::Value;

use crate::support::{Run, Sandbox, is_root};

/// The places of all `TODO`s in the files of a folder, as `PATH:LINE`, by their paths from `base`.
fn todos(folder: &Path, base: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(todos(&path, base));
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let shown = path.strip_prefix(base).unwrap().display();
        let lines = text.lines().enumerate();
        let lines = lines.filter(|(_, line)| line.contains("TODO"));
        found.extend(lines.map(|(index, _)| format!("{shown}:{}", index + 1)));
    }
    found.sort();
    found
}

/// Where Rust's programs are, for users who can't look into the home of the one who runs the tests.
fn reachable_rust(sandbox: &Sandbox) -> Option<PathBuf> {
    if !is_root() {
        return None;
    }
    let output = Command::new("rustc").args(["--print", "sysroot"]).output();
    let sysroot = String::from_utf8(output.unwrap().stdout).unwrap();
    let sysroot = Path::new(sysroot.trim()).canonicalize().unwrap();
    let is_open = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o001 != 0;
    if sysroot.ancestors().all(is_open) {
        return None;
    }
    let copy = sandbox.path().join("rust");
    // Links take no time and no space; between file systems there are none.
    let is_copied = ["-al", "-a"].iter().any(|options| {
        let mut command = Command::new("cp");
        command.arg(options).arg(&sysroot).arg(&copy);
        command.status().unwrap().success()
    });
    assert!(is_copied);
    Some(copy.join("bin"))
}

fn check(sandbox: &Sandbox, curriculum: &str, programs: Option<&Path>) -> Value {
    let mut command =
        sandbox.command(&["check", curriculum, "--sandbox=require", "--format", "json"]);
    if let Some(programs) = programs {
        let path = std::env::var("PATH").unwrap();
        command.env("PATH", format!("{}:{path}", programs.display()));
    }
    let run = Run::of(command.output().unwrap(), sandbox.path()).success();
    serde_json::from_str(&run.stdout).unwrap()
}

/// Makes a curriculum from a template, adds a module and a question, and checks it after each step.
fn is_green(template: &str) {
    let sandbox = Sandbox::new();
    let is_rust = template == "command-rust";
    let programs = is_rust.then(|| reachable_rust(&sandbox)).flatten();
    let steps = [
        vec!["new", "curriculum", "my-course", "--template", template],
        vec!["new", "module", "second-2", "--template", template],
        vec!["new", "question", "second-2"],
    ];
    for step in steps {
        let _ = sandbox.run(&step).success();
        let report = check(&sandbox, "curricula/my-course", programs.as_deref());
        let findings = report["diagnostics"].as_array().unwrap();
        for finding in findings {
            assert_eq!(finding["rule"], "leftover-todo", "{step:?}: {finding:#}");
        }
        let mut reported: Vec<_> = findings
            .iter()
            .map(|it| format!("{}:{}", it["path"].as_str().unwrap(), it["line"]))
            .collect();
        reported.sort();
        let left = todos(&sandbox.path().join("curricula"), sandbox.path());
        assert_eq!(reported, left, "{step:?}");
        for case in report["cases"].as_array().unwrap() {
            assert_eq!(case["verdict"], "as_expected", "{step:?}: {case:#}");
        }
        let modules = if step[1] == "curriculum" { 1 } else { 2 };
        // Reference, complete, starter, a variant and a bug; in Python its rewrite on both solutions, too.
        let each = match template {
            "justify-only" => 0,
            "command-rust" | "command-javascript" => 5,
            _ => 7,
        };
        assert_eq!(report["cases"].as_array().unwrap().len(), modules * each);
    }
}

/// A template without a test would be passed over in silence.
#[test]
fn every_shipped_template_is_tested() {
    let catalogue = Catalogue::new(None, Path::new("/")).unwrap();
    let names = catalogue.names().into_iter();
    let modules =
        names.filter(|name| catalogue.get(name).unwrap().manifest.kind == TemplateKind::Module);
    let tested = [
        "command-javascript",
        "command-rust",
        "justify-only",
        "python-function",
        "pytorch-layer",
    ];
    assert_eq!(modules.collect::<Vec<_>>(), tested);
}

#[test]
fn command_javascript_is_green() {
    is_green("command-javascript");
}

#[test]
fn command_rust_is_green() {
    is_green("command-rust");
}

#[test]
fn justify_only_is_green() {
    is_green("justify-only");
}

#[test]
fn python_function_is_green() {
    is_green("python-function");
}

#[test]
fn pytorch_layer_is_green() {
    is_green("pytorch-layer");
}

/// The environments are those of the curricula here, so that one is made for both.
#[test]
fn shipped_locks_are_those_of_the_curricula() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (template, curriculum) in [
        ("curriculum-python", "foundations"),
        ("curriculum-pytorch", "cs336_a1"),
    ] {
        for name in ["requirements.in", "requirements.txt"] {
            let read = |path: PathBuf| std::fs::read_to_string(path.join(name)).unwrap();
            let shipped = read(root.join("templates").join(template).join("files"));
            let used = read(root.join("curricula").join(curriculum));
            assert!(shipped == used, "{template}: copy {name} of {curriculum}");
        }
    }
}
