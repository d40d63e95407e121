//! `mastery doctor`.

use crate::support::{Sandbox, forbid_namespaces, is_root};

#[test]
fn doctor_tells_what_the_sandbox_is_made_of() {
    let sandbox = Sandbox::new();
    let run = sandbox.run(&["doctor"]);
    for part in [
        "Landlock",
        "seccomp",
        "mount namespace",
        "not enforced on this machine",
        "Python",
        "uv:",
    ] {
        assert!(run.stdout.contains(part), "{}", run.shown());
    }
    let (code, doctor) = sandbox.json(&["doctor"]);
    assert_eq!(code, run.code);
    assert_eq!(doctor["support"]["is_root"], is_root());
    let names: Vec<_> = doctor["gaps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|gap| &gap["name"])
        .collect();
    assert!(names.contains(&&"disk-space".into()), "{doctor:#}");
    for gap in doctor["gaps"].as_array().unwrap() {
        let text = gap["explanation"].as_str().unwrap();
        assert!(run.stdout.contains(text), "`{text}` is told to people, too");
    }
}

#[test]
fn what_is_missing_is_told_with_the_reason() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&["doctor", "--format", "json"]);
    forbid_namespaces(&mut command);
    let output = command.output().unwrap();
    let doctor: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let why = doctor["support"]["mount_namespace"]["Err"]
        .as_str()
        .unwrap();
    assert!(why.contains("Operation not permitted"), "{why}");
    let names: Vec<_> = doctor["gaps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|gap| &gap["name"])
        .collect();
    assert!(names.contains(&&"shared-memory".into()), "{doctor:#}");
}
