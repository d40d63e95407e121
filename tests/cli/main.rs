//! The command line: exit codes, what is printed, and what is left behind.

#![allow(clippy::unwrap_used, reason = "a test that can't go on panics")]

#[path = "../support/mod.rs"]
mod support;

mod answer;
mod bug;
mod build;
mod bundle;
mod cache;
mod changed;
mod doctor;
mod editors;
mod environment;
mod explain;
mod fix;
mod flakes;
mod help;
mod import;
mod interrupt;
mod lint;
mod lock;
mod new;
mod official;
mod plan;
mod preview;
mod report;
mod schema;
mod verify;
mod watch;

/// A test file that is not declared above would be passed over in silence.
#[test]
fn every_test_file_is_declared() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli");
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
