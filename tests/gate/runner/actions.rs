//! Stand-ins for the actions of others: what they do as far as steps after them can tell.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use mastery::run::environment::cache_dir;

use super::event::git;
use super::files::{copy, files_below, matching};
use super::job::{Job, Saved};
use super::{Conclusion, UploadedSarif};

type Ended = (Conclusion, BTreeMap<String, String>);
type With = BTreeMap<String, String>;

fn ended(outputs: &[(&str, &str)]) -> Ended {
    let outputs = outputs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    (Conclusion::Success, outputs.collect())
}

impl Job<'_> {
    /// Does what the action would do.
    pub(super) fn stand_in(&mut self, uses: &str, with: &With) -> Ended {
        let (action, _) = uses
            .split_once('@')
            .unwrap_or_else(|| panic!("{uses} is not pinned"));
        match action {
            "actions/checkout" => {
                knows(
                    uses,
                    with,
                    &["fetch-depth", "persist-credentials", "ref", "path"],
                );
                self.must_be_allowed("contents", "read");
                self.checkout(with)
            }
            "actions/cache" => {
                knows(uses, with, &["path", "key", "restore-keys"]);
                let found = self.restore(with);
                let is_hit = found.as_ref() == Some(&with["key"]);
                if !is_hit {
                    let (key, paths) = (with["key"].clone(), self.paths(&with["path"]));
                    self.saved.push(Saved { key, paths });
                }
                ended(&[("cache-hit", if is_hit { "true" } else { "false" })])
            }
            "actions/cache/restore" => {
                knows(uses, with, &["path", "key", "restore-keys"]);
                let found = self.restore(with);
                let is_hit = found.as_ref() == Some(&with["key"]);
                ended(&[
                    ("cache-hit", if is_hit { "true" } else { "false" }),
                    ("cache-matched-key", &found.unwrap_or_default()),
                    ("cache-primary-key", &with["key"]),
                ])
            }
            "actions/cache/save" => {
                knows(uses, with, &["path", "key"]);
                let paths = self.paths(&with["path"]);
                self.runner
                    .caches
                    .save(&self.event.reference, &with["key"], &paths);
                ended(&[])
            }
            "actions/upload-artifact" => {
                knows(
                    uses,
                    with,
                    &[
                        "name",
                        "path",
                        "if-no-files-found",
                        "retention-days",
                        "overwrite",
                        "include-hidden-files",
                    ],
                );
                self.upload(with)
            }
            "actions/download-artifact" => {
                knows(uses, with, &["name", "pattern", "path", "merge-multiple"]);
                self.download(with)
            }
            "github/codeql-action/upload-sarif" => {
                knows(
                    uses,
                    with,
                    &["sarif_file", "category", "ref", "sha", "token"],
                );
                self.must_be_allowed("security-events", "write");
                let given = |name: &str| with.get(name).cloned().unwrap_or_default();
                let file = self.workspace.join(&with["sarif_file"]);
                let text = fs::read_to_string(&file)
                    .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
                let document: serde_json::Value = serde_json::from_str(&text).unwrap();
                assert_eq!(document["version"], "2.1.0");
                assert_eq!(
                    given("ref").is_empty(),
                    given("sha").is_empty(),
                    "one needs the other"
                );
                self.sarif.push(UploadedSarif {
                    category: given("category"),
                    sha: given("sha"),
                    reference: given("ref"),
                    document,
                });
                ended(&[("sarif-id", "1")])
            }
            _ => panic!("the runner of the tests has no stand-in for `{uses}`"),
        }
    }

    fn must_be_allowed(&self, permission: &str, wanted: &str) {
        let level = self
            .permissions
            .get(permission)
            .map_or("none", String::as_str);
        let is_enough = level == wanted || level == "write";
        assert!(
            is_enough,
            "`{permission}: {wanted}` is asked for, and the job has `{level}`"
        );
    }

    fn checkout(&mut self, with: &With) -> Ended {
        assert_eq!(
            with.get("persist-credentials").map(String::as_str),
            Some("false")
        );
        let source = &self.runner.repository;
        let wanted = with.get("ref").filter(|it| !it.is_empty());
        let sha = match wanted {
            Some(wanted) => super::commit(source, wanted),
            None => self.event.sha.clone(),
        };
        git(source, &["update-ref", "refs/runner/checkout", &sha]);
        let folder = match with.get("path") {
            Some(path) => self.workspace.join(path),
            None => self.workspace.clone(),
        };
        fs::create_dir_all(&folder).unwrap();
        git(&folder, &["init", "--quiet"]);
        let url = format!("file://{}", source.display());
        let depth = with.get("fetch-depth").map_or("1", String::as_str);
        if depth == "0" {
            let branches = "+refs/heads/*:refs/remotes/origin/*";
            git(
                &folder,
                &["fetch", "--quiet", &url, branches, "refs/runner/checkout"],
            );
        } else {
            let depth = format!("--depth={depth}");
            git(
                &folder,
                &["fetch", "--quiet", &depth, &url, "refs/runner/checkout"],
            );
        }
        git(&folder, &["checkout", "--quiet", "--detach", &sha]);
        ended(&[("commit", &sha)])
    }

    fn restore(&self, with: &With) -> Option<String> {
        assert!(
            with["key"].len() <= 512 && !with["key"].contains(','),
            "{}",
            with["key"]
        );
        let prefixes = with
            .get("restore-keys")
            .map(String::as_str)
            .unwrap_or_default();
        let prefixes: Vec<String> = lines(prefixes).map(str::to_owned).collect();
        let paths = self.paths(&with["path"]);
        // What takes minutes to build is the one program of these tests, and environments are those that all tests share.
        for (prefix, kept, inside) in [
            (
                "mastery-tool-",
                PathBuf::from(env!("CARGO_BIN_EXE_mastery")),
                "bin/mastery",
            ),
            (
                "mastery-environments-",
                cache_dir::default().join("environments"),
                "",
            ),
        ] {
            if with["key"].starts_with(prefix) {
                let [place] = &*paths else {
                    panic!("{paths:?}")
                };
                let place = if inside.is_empty() {
                    place.clone()
                } else {
                    place.join(inside)
                };
                fs::create_dir_all(place.parent().unwrap()).unwrap();
                if !place.exists() {
                    if inside.is_empty() {
                        fs::create_dir_all(&kept).unwrap();
                    }
                    std::os::unix::fs::symlink(kept, place).unwrap();
                }
                return Some(with["key"].clone());
            }
        }
        self.runner
            .caches
            .restore(self.event, &with["key"], &prefixes, &paths)
    }

    fn upload(&mut self, with: &With) -> Ended {
        let name = &with["name"];
        let is_allowed = |it: char| !"\"<>|*?:\r\n/\\".contains(it);
        assert!(
            !name.is_empty() && name.chars().all(is_allowed),
            "an artifact called `{name}`"
        );
        let target = self.artifact_folder.join(name);
        let is_new = !self.artifacts.contains_key(name) && !target.exists();
        assert!(is_new, "there is an artifact `{name}` already");
        let mut files = Vec::new();
        let paths = self.paths(&with["path"]);
        for path in &paths {
            assert!(!path.to_string_lossy().contains('*'), "{}", path.display());
            if path.is_dir() {
                files.extend(files_below(path));
            } else if path.exists() {
                files.push(path.clone());
            }
        }
        if files.is_empty() {
            return match with.get("if-no-files-found").map(String::as_str) {
                Some("error") => {
                    self.log += "no files were found\n";
                    (Conclusion::Failure, BTreeMap::new())
                }
                _ => ended(&[]),
            };
        }
        // What lies above all of them is left out.
        let root = match &*paths {
            [folder] if folder.is_dir() => folder.clone(),
            _ => files
                .iter()
                .skip(1)
                .fold(files[0].parent().unwrap().to_owned(), |root, file| {
                    root.ancestors()
                        .find(|it| file.starts_with(it))
                        .unwrap()
                        .to_owned()
                }),
        };
        for file in &files {
            copy(file, &target.join(file.strip_prefix(&root).unwrap()));
        }
        self.uploaded.insert(name.clone(), target);
        ended(&[
            ("artifact-id", "1"),
            ("artifact-url", "https://github.example/artifact"),
        ])
    }

    fn download(&mut self, with: &With) -> Ended {
        let target = self
            .workspace
            .join(with.get("path").map_or(".", String::as_str));
        fs::create_dir_all(&target).unwrap();
        if let Some(name) = with.get("name") {
            let Some(folder) = self.artifacts.get(name) else {
                self.log += &format!("no artifact `{name}`\n");
                return (Conclusion::Failure, BTreeMap::new());
            };
            crate::support::copy(folder, &target);
            return ended(&[]);
        }
        let pattern = globset::Glob::new(&with["pattern"])
            .unwrap()
            .compile_matcher();
        for (name, folder) in &self.artifacts {
            if pattern.is_match(name) {
                let is_merged = with.get("merge-multiple").is_some_and(|it| it == "true");
                crate::support::copy(
                    folder,
                    &if is_merged {
                        target.clone()
                    } else {
                        target.join(name)
                    },
                );
            }
        }
        ended(&[])
    }

    /// Paths as they stand in an input: one a line, `~` for the home folder, patterns where there are such.
    fn paths(&self, text: &str) -> Vec<PathBuf> {
        let paths = lines(text).map(|line| match line.strip_prefix("~/") {
            Some(rest) => self.home.join(rest),
            None => self.workspace.join(line),
        });
        let expand = |path: PathBuf| match path.to_string_lossy() {
            text if text.contains('*') => matching(&self.workspace, &[text.into_owned()]),
            _ => vec![path],
        };
        paths.flat_map(expand).collect()
    }
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

fn knows(uses: &str, with: &With, inputs: &[&str]) {
    for input in with.keys() {
        assert!(
            inputs.contains(&input.as_str()),
            "{uses}: the input `{input}`"
        );
    }
}
