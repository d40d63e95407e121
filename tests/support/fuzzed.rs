//! What is fuzzed: one function for each target of `tests/fuzz`. The corpus is replayed through the same ones
//! in `tests/formats`.

use std::sync::Arc;

use mastery::curriculum::document::{
    BugManifest, FileContent as _, Manifest, ModuleManifest, Questions,
};
use mastery::curriculum::schema::Schema;
use mastery::inject::patch::Patch;
use mastery::pattern::Pattern;
use mastery::project::language::Language;
use mastery::project::region;
use mastery::source::tree::{Entry, Tree};
use mastery::source::{SourceFile, yaml};

/// Any text as a YAML file: read with its places, and held against each schema and type.
pub(crate) fn yaml(text: &str) {
    let file = Arc::new(SourceFile::new("fuzz.yaml", text));
    let (document, problems) = yaml::parse(&file);
    for problem in &problems {
        let _ = &file.text()[problem.span.start..problem.span.end];
        let _ = file.position(problem.span.start);
    }
    let Some(document) = document else {
        assert!(
            !problems.is_empty(),
            "nothing came of it and nothing was said"
        );
        return;
    };
    for schema in Schema::all() {
        // What a schema accepts its type can hold. The other way round a type takes a key without a value
        // for one that is not there; files are held against their schema first.
        let is_valid = schema.check(&document).is_empty();
        let is_read = match schema.name() {
            "bug" => BugManifest::read(&document.value).is_ok(),
            "curriculum" => Manifest::read(&document.value).is_ok(),
            "module" => ModuleManifest::read(&document.value).is_ok(),
            "questions" => Questions::read(&document.value).is_ok(),
            _ => continue,
        };
        assert!(is_read || !is_valid, "{}", schema.name());
    }
}

/// Any text as a file of a project: its regions, and each of its states.
pub(crate) fn regions(text: &str) {
    for path in ["a.py", "a.rs", "a.sh", "a.go", "a.txt"] {
        let file = Arc::new(SourceFile::new(path, text));
        let (marked, problems) = region::parse(&file, Language::of(path, text));
        for problem in problems {
            let _ = problem.location.position();
        }
        if let Some(marked) = marked {
            for is_solved in [false, true] {
                let state = marked.build(|_| is_solved);
                assert!(state == marked.build(|_| is_solved));
            }
        }
    }
}

/// Any text as a patch: read, and applied to a small project.
pub(crate) fn patch(text: &str) {
    let file = Arc::new(SourceFile::new("a.patch", text));
    let tree: Tree = [
        (
            "a.py",
            "def f(x):\n    return x\n\n\ndef g(x):\n    return 2 * x\n",
        ),
        ("b/c.txt", "one\r\ntwo\r\n"),
    ]
    .into_iter()
    .map(|(path, text)| (path.to_owned(), Entry::file(text.as_bytes())))
    .collect();
    if let Ok(patch) = Patch::parse(&file) {
        for (path, location) in patch.paths() {
            assert!(!path.as_str().split('/').any(|part| part == ".."));
            let _ = location.position();
        }
        let _ = patch.apply(&tree);
    }
}

/// Any pattern of a rubric, on the first line, on any text behind it.
pub(crate) fn pattern(text: &str) {
    let (pattern, searched) = text.split_once('\n').unwrap_or((text, ""));
    if pattern.chars().count() > 500 {
        return;
    }
    if let Ok(pattern) = Pattern::compile_case_insensitive(pattern) {
        let _ = pattern.is_match(searched);
    }
}
