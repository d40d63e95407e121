//! Paths that learners don't change: they are restored before every validation.

use globset::{Glob, GlobSet, GlobSetBuilder};

/// Files that decide what the tests do, wherever they are.
const ALWAYS: &[&str] = &[
    "**/conftest.py",
    "**/pytest.ini",
    "**/.pytest.ini",
    "**/pytest.toml",
    "**/.pytest.toml",
    "**/tox.ini",
    "**/setup.cfg",
    "**/sitecustomize.py",
    "**/usercustomize.py",
];

/// The paths that a curriculum protects, and those that always are.
#[derive(Clone, Debug)]
pub struct ProtectedPaths(GlobSet);

impl ProtectedPaths {
    /// Returns the paths that match any of a curriculum's globs. One that can't be read matches nothing.
    pub fn new<'a>(globs: impl IntoIterator<Item = &'a str>) -> Self {
        let mut builder = GlobSetBuilder::new();
        let globs = globs.into_iter().chain(ALWAYS.iter().copied());
        for glob in globs.filter_map(|glob| Glob::new(glob).ok()) {
            builder.add(glob);
        }
        Self(builder.build().unwrap_or_default())
    }

    /// Whether a path is protected.
    pub fn contains(&self, path: &str) -> bool {
        self.0.is_match(path)
    }
}

/// Whether a file is a `pyproject.toml` that tells pytest what to do.
///
/// It is read line by line: what looks as if it did so does.
pub fn configures_pytest(path: &str, text: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name == "pyproject.toml"
        && text.lines().any(|line| {
            let plain: String = line
                .chars()
                .filter(|char| !char.is_whitespace() && !matches!(char, '"' | '\''))
                .collect();
            ["[tool.pytest", "tool.pytest", "pytest.ini_options"]
                .iter()
                .any(|start| plain.starts_with(start))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_and_what_decides_over_tests_are_protected() {
        let protected = ProtectedPaths::new(["tests/**", "[broken"]);
        for path in [
            "tests/a.py",
            "tests/deep/b.npz",
            "conftest.py",
            "pkg/conftest.py",
            "pytest.ini",
            "a/b/setup.cfg",
        ] {
            assert!(protected.contains(path), "{path}");
        }
        for path in ["pkg/a.py", "pyproject.toml", "tests.py", "my_conftest.py"] {
            assert!(!protected.contains(path), "{path}");
        }
    }

    #[test]
    fn pytest_is_configured_in_several_ways() {
        for text in [
            "[project]\nname = 'a'\n[tool.pytest.ini_options]\n",
            "  [ tool . \"pytest\" ]",
            "[tool]\npytest.ini_options = {}",
            "tool.pytest.ini_options.addopts = ''",
        ] {
            assert!(configures_pytest("a/pyproject.toml", text), "{text}");
            assert!(!configures_pytest("other.toml", text), "{text}");
        }
        let plain = "[project]\ndependencies = ['pytest']\n# [tool.pytest]\n[tool.ruff]\n";
        assert!(!configures_pytest("pyproject.toml", plain));
    }
}
