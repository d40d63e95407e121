//! What outlives a job: caches, with their scopes, and artifacts.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::event::Event;
use super::files::copy;

/// Caches of a repository, each in a folder with what it is about. A later one has a higher number.
pub(super) struct Caches {
    folder: PathBuf,
}

impl Caches {
    pub(super) fn new(folder: PathBuf) -> Self {
        fs::create_dir_all(&folder).unwrap();
        Self { folder }
    }

    /// Saves paths under a key, unless the scope has that key already: a cache is never changed.
    pub(super) fn save(&self, scope: &str, key: &str, paths: &[PathBuf]) {
        let about = json!({"scope": scope, "key": key, "paths": paths});
        if self.all().iter().any(|(_, it)| *it == about) || !paths.iter().any(|it| it.exists()) {
            return;
        }
        let entry = self.folder.join(format!("{:06}", self.all().len()));
        fs::create_dir(&entry).unwrap();
        for (index, path) in paths.iter().enumerate().filter(|(_, path)| path.exists()) {
            copy(path, &entry.join(index.to_string()));
        }
        fs::write(entry.join("about.json"), about.to_string()).unwrap();
    }

    /// Restores what is found for a key, or else the newest whose key begins with one of the others. Returns its key.
    pub(super) fn restore(
        &self,
        event: &Event,
        key: &str,
        prefixes: &[String],
        paths: &[PathBuf],
    ) -> Option<String> {
        let all = self.all();
        let find = |is_match: &dyn Fn(&str) -> bool| {
            event.cache_scopes().iter().find_map(|scope| {
                all.iter().rev().find(|(_, about)| {
                    about["scope"] == scope.as_str()
                        && about["paths"] == json!(paths)
                        && is_match(about["key"].as_str().unwrap())
                })
            })
        };
        let found = find(&|it| it == key).or_else(|| {
            let mut prefixes = prefixes.iter();
            prefixes.find_map(|prefix| find(&|it| it.starts_with(prefix.as_str())))
        });
        let (entry, about) = found?;
        for (index, path) in paths.iter().enumerate() {
            let kept = entry.join(index.to_string());
            if kept.exists() {
                copy(&kept, path);
            }
        }
        about["key"].as_str().map(str::to_owned)
    }

    /// The keys that are there, with their scopes.
    pub(super) fn keys(&self) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let all = self.all();
        all.iter()
            .map(|(_, about)| (text(&about["scope"]), text(&about["key"])))
            .collect()
    }

    fn all(&self) -> Vec<(PathBuf, Value)> {
        let entries = fs::read_dir(&self.folder).unwrap();
        let mut entries: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        let about = |entry: &Path| {
            serde_json::from_slice(&fs::read(entry.join("about.json")).unwrap()).unwrap()
        };
        entries
            .iter()
            .map(|entry| (entry.clone(), about(entry)))
            .collect()
    }
}
