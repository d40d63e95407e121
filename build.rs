//! Tells builds of the tool from each other: a result that one build has kept says nothing of what
//! another would do. Names the platform that is built for, and lists the files of
//! `templates`, which the binary carries.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash as _, Hasher as _};
use std::path::{Path, PathBuf};

fn main() {
    let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let mut files = vec![root.join("Cargo.toml"), root.join("Cargo.lock")];
    add_files(&root.join("src"), &mut files);
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        println!("cargo:rerun-if-changed={}", file.display());
        let path = file.strip_prefix(&root).expect("it is in there");
        path.hash(&mut hasher);
        // A file that is not there, such as the lock file of a dependency, is no part of the build.
        fs::read(&file).unwrap_or_default().hash(&mut hasher);
    }
    // New files show as a change of their folder.
    println!("cargo:rerun-if-changed=src");
    println!("cargo:rustc-env=MASTERY_BUILD={:016x}", hasher.finish());
    let target = std::env::var("TARGET").expect("cargo sets it");
    println!("cargo:rustc-env=MASTERY_TARGET={target}");
    list_templates(&root.join("templates"));
}

/// Writes `templates.rs`: every template file with its path, for `scaffold::template` to include.
fn list_templates(folder: &Path) {
    let mut files = Vec::new();
    add_files(folder, &mut files);
    files.sort();
    let entries: String = files
        .iter()
        .map(|file| {
            println!("cargo:rerun-if-changed={}", file.display());
            let path = file.strip_prefix(folder).expect("it is in there");
            let path = path.to_str().expect("names of templates are ASCII");
            let root = "env!(\"CARGO_MANIFEST_DIR\")";
            format!("    ({path:?}, include_bytes!(concat!({root}, \"/templates/\", {path:?}))),\n")
        })
        .collect();
    println!("cargo:rerun-if-changed=templates");
    let table = format!(
        "/// Files of the templates that come with the tool, by path, sorted.\n\
         static SHIPPED: &[(&str, &[u8])] = &[\n{entries}];\n"
    );
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("templates.rs"), table).expect("cargo's folder can be written");
}

fn add_files(folder: &Path, files: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).expect("the sources are there");
    for entry in entries {
        let path = entry.expect("the sources can be read").path();
        if path.is_dir() {
            add_files(&path, files);
        } else {
            files.push(path);
        }
    }
}
