//! Which file of the project a module is about, as its texts tell: patches, validator, prompt.

use std::collections::BTreeSet;

use super::modules::SOLUTION;
use super::patch;

/// What a module's texts say of files.
#[derive(Debug, Default)]
pub(super) struct Mentions {
    /// Files that its patches change.
    pub(super) patched: BTreeSet<String>,
    /// Files that its validator names or imports.
    pub(super) validated: BTreeSet<String>,
    /// Files that its prompt names.
    pub(super) prompted: BTreeSet<String>,
}

impl Mentions {
    /// Collects them. `is_file` tells whether there is such a file; `defined` are the names that the module's
    /// solution defines.
    pub(super) fn of(
        prompt: &str,
        validator: &str,
        patches: &[&str],
        defined: &BTreeSet<String>,
        is_file: impl Fn(&str) -> bool,
    ) -> Self {
        let mut validated = paths_in(validator);
        validated.extend(imports(validator, defined, &is_file));
        let patched = patches.iter().flat_map(|text| patch::paths(text));
        Self {
            patched: patched.filter(|path| is_solution(path)).collect(),
            validated,
            prompted: paths_in(prompt),
        }
    }

    /// The file that the module's `solution.py` stands for.
    ///
    /// # Errors
    ///
    /// Why it can't be told.
    pub(super) fn target(&self) -> Result<String, String> {
        let is_other = |path: &&String| path.rsplit('/').next() != Some(SOLUTION);
        let voices: Vec<BTreeSet<&String>> = [&self.patched, &self.validated, &self.prompted]
            .into_iter()
            .map(|paths| paths.iter().filter(is_other).collect())
            .filter(|paths: &BTreeSet<_>| !paths.is_empty())
            .collect();
        let Some((first, others)) = voices.split_first() else {
            let all = [&self.patched, &self.validated, &self.prompted];
            return if all.iter().any(|paths| paths.contains(SOLUTION)) {
                Ok(SOLUTION.to_owned())
            } else {
                Err("no patch, validator or prompt names a file that it could be".to_owned())
            };
        };
        let agreed: Vec<_> = first
            .iter()
            .filter(|path| others.iter().all(|voice| voice.contains(**path)))
            .collect();
        match agreed.as_slice() {
            [path] => Ok((**path).clone()),
            [] => Err(format!(
                "patches, validator and prompt name different files: {}",
                list(voices.iter().flatten())
            )),
            several => Err(format!(
                "it could be any of {}",
                list(several.iter().copied())
            )),
        }
    }
}

fn list<'p>(paths: impl Iterator<Item = &'p &'p String>) -> String {
    let paths: BTreeSet<_> = paths.map(|path| format!("`{path}`")).collect();
    paths.into_iter().collect::<Vec<_>>().join(", ")
}

/// Whether a path can be what a learner writes: no test.
fn is_solution(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let is_test = path
        .split('/')
        .any(|part| part == "tests" || part == "test")
        || name.starts_with("test_")
        || name.ends_with("_test.py")
        || name == "conftest.py";
    !is_test && crate::source::path::is_plain_relative(path)
}

/// The Python files that a text names.
fn paths_in(text: &str) -> BTreeSet<String> {
    let mut text = text.to_owned();
    for variable in [
        "${SHADOW_WORKTREE}\"/",
        "$SHADOW_WORKTREE\"/",
        "${SHADOW_WORKTREE}/",
        "$SHADOW_WORKTREE/",
    ] {
        text = text.replace(variable, " ");
    }
    let is_part = |char: char| char.is_alphanumeric() || "_-./".contains(char);
    text.split(|char| !is_part(char))
        .map(|word| word.trim_start_matches("./").trim_end_matches('.'))
        .filter(|word| word.ends_with(".py") && is_solution(word))
        .map(str::to_owned)
        .collect()
}

/// The files that a text imports: those that are there, and those from which it takes what the solution defines.
fn imports(
    text: &str,
    defined: &BTreeSet<String>,
    is_file: &impl Fn(&str) -> bool,
) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for line in text.lines() {
        let mut words = line.split_whitespace();
        let (is_from, module) = match (words.next(), words.next()) {
            (Some("from"), Some(module)) => (true, module),
            (Some("import"), Some(module)) => (false, module.trim_end_matches(',')),
            _ => continue,
        };
        let path = format!("{}.py", module.trim_start_matches('.').replace('.', "/"));
        let names = line.split_once(" import ").map_or("", |(_, names)| names);
        let is_name = |name: &str| {
            name.split_whitespace()
                .next()
                .is_some_and(|name| defined.contains(name))
        };
        let takes_solution = is_from && names.split([',', '(', ')']).any(is_name);
        if is_solution(&path) && (takes_solution || is_file(&path)) {
            found.insert(path);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mentions(prompt: &str, validator: &str, patches: &[&str]) -> Mentions {
        let defined = ["mean".to_owned()].into();
        Mentions::of(prompt, validator, patches, &defined, |path| {
            path == "basics/there.py"
        })
    }

    fn target(prompt: &str, validator: &str, patches: &[&str]) -> Result<String, String> {
        mentions(prompt, validator, patches).target()
    }

    #[test]
    fn file_is_the_one_that_all_voices_name() {
        let patch = "--- a/basics/stats.py\n+++ b/basics/stats.py\n";
        for (prompt, validator, patches) in [
            ("Write `basics/stats.py`.", "", &[][..]),
            ("", "from basics.stats import mean", &[]),
            ("", "python3 \"$SHADOW_WORKTREE\"/basics/stats.py", &[]),
            ("", "cp ${SHADOW_WORKTREE}/basics/stats.py x", &[]),
            ("Write `basics/stats.py` or basics/other.py.", "", &[patch]),
            (
                "Write `basics/stats.py`.",
                "pytest tests/test_stats.py",
                &["--- a/solution.py\n+++ b/solution.py\n"],
            ),
        ] {
            assert_eq!(
                target(prompt, validator, patches).as_deref(),
                Ok("basics/stats.py"),
                "{prompt} {validator}"
            );
        }
        assert_eq!(
            target("", "import basics.there", &[]).as_deref(),
            Ok("basics/there.py")
        );
        assert_eq!(
            target("", "python3 solution.py", &[]).as_deref(),
            Ok("solution.py")
        );
    }

    #[test]
    fn file_that_is_not_agreed_on_is_not_guessed() {
        for (prompt, validator, why) in [
            (
                "Write.",
                "import math",
                "no patch, validator or prompt names a file that it could be",
            ),
            (
                "a.py",
                "b.py",
                "patches, validator and prompt name different files: `a.py`, `b.py`",
            ),
            ("a.py b.py", "", "it could be any of `a.py`, `b.py`"),
            (
                "../a.py /b.py",
                "",
                "no patch, validator or prompt names a file that it could be",
            ),
        ] {
            assert_eq!(target(prompt, validator, &[]), Err(why.to_owned()));
        }
    }
}
