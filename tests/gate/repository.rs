//! A repository of courses with the project's own workflows.

use std::fs;
use std::path::{Path, PathBuf};

use crate::runner::git;
use crate::support::{Sandbox, copy, fixtures};

/// The repository, in a folder of its own.
pub(crate) struct Courses {
    _sandbox: Sandbox,
    pub(crate) path: PathBuf,
}

impl Courses {
    /// One with the base curriculum, in one commit on `main`.
    pub(crate) fn new() -> Self {
        let sandbox = Sandbox::new();
        let path = sandbox.path().join("courses");
        let project = Path::new(env!("CARGO_MANIFEST_DIR"));
        copy(&project.join(".github"), &path.join(".github"));
        copy(&fixtures().join("base"), &path.join("curricula/base"));
        fs::write(path.join("README.md"), "# Courses\n").unwrap();
        git(&path, &["init", "--quiet"]);
        let courses = Self {
            _sandbox: sandbox,
            path,
        };
        courses.commit("a course");
        courses
    }

    /// Makes a branch from `main`.
    pub(crate) fn branch(&self, name: &str) {
        git(&self.path, &["switch", "--quiet", "--create", name, "main"]);
    }

    /// Replaces a text that is in a file once.
    pub(crate) fn replace(&self, path: &str, from: &str, to: &str) {
        let path = self.path.join(path);
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(
            text.matches(from).count(),
            1,
            "`{from}` in {}",
            path.display()
        );
        fs::write(path, text.replace(from, to)).unwrap();
    }

    /// Commits everything.
    pub(crate) fn commit(&self, message: &str) {
        git(&self.path, &["add", "--all"]);
        git(&self.path, &["commit", "--quiet", "--message", message]);
    }

    /// A branch `reworded` on which `double` expects of its bug what no test says.
    pub(crate) fn break_a_module(&self) {
        self.branch("reworded");
        let bug = "curricula/base/modules/double/bugs/off_by_one.yaml";
        self.replace(bug, "message: assert", "message: one too much");
        self.commit("another message");
    }
}
