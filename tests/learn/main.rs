//! The learner's runtime: what is kept, and what comes of it.

#![allow(clippy::unwrap_used, reason = "a test that can't go on panics")]

#[path = "../support/mod.rs"]
mod support;

mod beginning;
mod commands;
mod damage;
mod events;
mod home;
mod judge;
mod kills;
mod looks;
mod player;
mod program_kills;
mod progress;
mod report;
mod repository;
mod server;
mod snapshot;
mod state;
mod update;
mod whole;

/// A test file that is not declared above would be passed over in silence.
#[test]
fn every_test_file_is_declared() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/learn");
    let main = std::fs::read_to_string(folder.join("main.rs")).unwrap();
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name().into_string().unwrap();
        if let Some(module) = name.strip_suffix(".rs").filter(|module| *module != "main") {
            assert!(
                main.contains(&format!("mod {module};")),
                "{name} is not declared"
            );
        }
    }
}
