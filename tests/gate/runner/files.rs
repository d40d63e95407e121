//! Files of the runner: copies, patterns, digests, and the files through which a step tells the runner something.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobSetBuilder};

/// All plain files and links below a folder, sorted.
pub(super) fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries.map(Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                files.push(entry.path());
            }
        }
    }
    files.sort();
    files
}

/// The files in a folder that match one of some patterns.
pub(super) fn matching(folder: &Path, patterns: &[String]) -> Vec<PathBuf> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        set.add(
            GlobBuilder::new(pattern)
                .literal_separator(true)
                .build()
                .unwrap(),
        );
    }
    let set = set.build().unwrap();
    let is_match = |path: &PathBuf| set.is_match(path.strip_prefix(folder).unwrap());
    files_below(folder).into_iter().filter(is_match).collect()
}

/// A digest of the content of files.
pub(super) fn digest(files: &[PathBuf]) -> String {
    let mut hasher = blake3::Hasher::new();
    for file in files {
        hasher.update(&fs::read(file).unwrap());
    }
    hasher.finalize().to_hex().to_string()
}

/// Copies a file, a link or a folder.
pub(super) fn copy(from: &Path, to: &Path) {
    if from.is_dir() && !from.is_symlink() {
        crate::support::copy(from, to);
    } else {
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        if from.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(from).unwrap(), to).unwrap();
        } else {
            fs::copy(from, to).unwrap();
        }
    }
}

/// Reads what a step wrote to `GITHUB_OUTPUT` or `GITHUB_ENV`: `name=value`, or `name<<MARK` and lines up to the mark.
pub(super) fn assignments(file: &Path) -> BTreeMap<String, String> {
    let text = fs::read_to_string(file).unwrap_or_default();
    let mut lines = text.lines();
    let mut assignments = BTreeMap::new();
    while let Some(line) = lines.next() {
        if line.is_empty() {
            continue;
        }
        let equals = line.find('=').unwrap_or(usize::MAX);
        let (name, value) = match line.find("<<") {
            Some(at) if at < equals => {
                let mark = &line[at + 2..];
                let mut value = Vec::new();
                loop {
                    let next = lines
                        .next()
                        .unwrap_or_else(|| panic!("no `{mark}` ends {line}"));
                    if next == mark {
                        break;
                    }
                    value.push(next);
                }
                (&line[..at], value.join("\n"))
            }
            _ => {
                let (name, value) = line
                    .split_once('=')
                    .unwrap_or_else(|| panic!("`{line}` is no assignment"));
                (name, value.to_owned())
            }
        };
        assignments.insert(name.to_owned(), value);
    }
    assignments
}
