//! Editions for tests.

use std::fs;
use std::path::Path;

use semver::Version;

use super::course::Made;
use super::edition::{Edition, EditionError};
use crate::curriculum;
use crate::diagnostic::Sink;
use crate::project::Project;

/// How the editions of tests say that they were made.
pub(crate) fn made() -> Made {
    Made {
        tool: Version::new(0, 1, 0),
        is_checked: true,
    }
}

/// The edition of a curriculum in a folder.
pub(crate) fn edition_of(dir: &Path) -> Result<Edition, EditionError> {
    let sink = Sink::new();
    let curriculum = curriculum::load(dir, dir.parent().unwrap(), &sink);
    let (project, _) = Project::parse(&curriculum);
    Edition::of(&curriculum, &project, made())
}

/// The edition of one of the curricula that come with the tool, or of the base of the fixtures, by its path.
pub(crate) fn edition(path: &str) -> Edition {
    edition_of(&Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// Two modules, one bug, one file; see its README.
pub(crate) const BASE: &str = "tests/fixtures/base";

/// A library of three modules `a`, `b` and `c` in two groups, of which the second has `c` alone; with questions,
/// and a bug in `a`. Files replace those of the same path.
pub(crate) fn library(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let module = |id: &str, requires: &str| {
        format!(
            "id: {id}\ntitle: Module {id}\nobjectives: [Know {id}]\nrequires: [{requires}]\n\
             build: {{edit: [{id}.py], validator: {{pytest: [tests/test_{id}.py]}}}}\n"
        )
    };
    let code = |id: &str| {
        format!(
            "def {id}(x):\n    # mastery:begin {id}\n    first = x + 1\n    second = first * 2\n    \
             return first - second\n    # mastery:end {id}\n"
        )
    };
    let questions = |word: &str| {
        format!(
            "questions:\n  - id: why\n    question: Why is it {word}?\n    model_answer: It is {word}.\n    \
             required_concepts: [{{id: it, any_of: [{word}], ask: What is it?}}]\n    failure_modes: []\n"
        )
    };
    let manifest = "schema: 1\nid: three\ntitle: Three\nversion: 1.2.3\nkind: library\nauthors: [Somebody]\n\
        license: CC0-1.0\nenvironment: {requirements: lock.txt, preload: [json]}\n\
        modules:\n  - {id: one, title: One, theory: theory/one.yaml, modules: [a, b]}\n  \
        - {id: two, title: Two, modules: [c]}\n\
        allow: [{rule: module-without-bug, path: '**', reason: small}]\nseverity: {module-without-variant: off}\n";
    let bug = "id: swapped\ntitle: Swapped secretly\ninject: {patch: swapped.patch}\n\
        symptom: The sign is wrong.\nhints: [Look at the end]\nlesson: Mind the order.\n\
        expect: {fail: ['tests/test_a.py::test_a']}\n";
    let patch = "--- a/a.py\n+++ b/a.py\n@@ -1,4 +1,4 @@\n def a(x):\n     first = x + 1\n     second = first * 2\n\
        -    return first - second\n+    return second - first\n";
    let base = [
        ("curriculum.yaml", manifest.to_owned()),
        ("lock.txt", "pytest==8.0.0\n".to_owned()),
        ("theory/one.yaml", questions("shared")),
        ("modules/a/module.yaml", module("a", "")),
        ("modules/a/questions.yaml", questions("own")),
        ("modules/a/bugs/swapped.yaml", bug.to_owned()),
        ("modules/a/bugs/swapped.patch", patch.to_owned()),
        ("modules/b/module.yaml", module("b", "a")),
        ("modules/c/module.yaml", module("c", "")),
        ("modules/a/prompt.md", "# A\n".to_owned()),
        ("modules/b/prompt.md", "# B\n".to_owned()),
        ("modules/c/prompt.md", "# C\n".to_owned()),
        ("project/a.py", code("a")),
        ("project/b.py", code("b")),
        ("project/c.py", code("c")),
        ("project/tests/test_a.py", "from a import a\n".to_owned()),
        ("project/tests/test_b.py", "from b import b\n".to_owned()),
        ("project/tests/test_c.py", "from c import c\n".to_owned()),
    ];
    let base = base.iter().map(|(path, text)| (*path, text.as_str()));
    for (path, text) in base.chain(files.iter().copied()) {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

/// A `module.yaml` of [`library`] that is a draft.
pub(crate) fn draft(id: &str) -> String {
    format!(
        "id: {id}\ntitle: Module {id}\nstatus: draft\nobjectives: [Know {id}]\n\
         build: {{edit: [{id}.py], validator: {{pytest: [tests/test_{id}.py]}}}}\n"
    )
}
