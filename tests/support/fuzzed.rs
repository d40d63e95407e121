//! What is fuzzed: one function for each target of `tests/fuzz`. The corpus is replayed through the same ones
//! in `tests/formats`.

use std::sync::Arc;

use mastery::bundle::container::{Bundle, Container};
use mastery::bundle::course::Course;
use mastery::bundle::{archive, wire};
use mastery::curriculum::document::{
    BugManifest, FileContent as _, Manifest, ModuleManifest, Questions,
};
use mastery::curriculum::schema::Schema;
use mastery::diagnostic::render::Look;
use mastery::inject::patch::Patch;
use mastery::pattern::Pattern;
use mastery::project::language::Language;
use mastery::project::region;
use mastery::report::human::Verbosity;
use mastery::report::merge::merge;
use mastery::report::{Report, concise, github, gitlab, html, human, json, junit, markdown, sarif};
use mastery::source::path::is_plain_relative;
use mastery::source::tree::{Entry, Tree};
use mastery::source::{SourceFile, yaml};
use serde_json::Value;

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

/// Any bytes as a bundle: as they are, and with the digest at their end made right, so that what comes behind it is
/// reached.
pub(crate) fn bundle(bytes: &[u8]) {
    let read = |bytes: &[u8]| {
        let bundle = Container::of_bytes(bytes).and_then(Bundle::of);
        match bundle {
            Ok(bundle) => drop(bundle.sealed().map_err(|error| error.hint())),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    };
    read(bytes);
    if let Some(repaired) = repaired(bytes) {
        read(&repaired);
    }
}

/// A bundle with the right digest and the right place in its trailer; see `docs/bundle.md`.
fn repaired(bytes: &[u8]) -> Option<Vec<u8>> {
    let (payload, trailer) = bytes.split_last_chunk::<80>()?;
    let mut trailer = *trailer;
    trailer[..8].copy_from_slice(b"mstryBND");
    let word = |at: usize| u64::from_le_bytes(trailer[at..at + 8].try_into().unwrap());
    let length = word(24).checked_add(word(32))?.checked_add(word(40))?;
    let start = payload.len().checked_sub(usize::try_from(length).ok()?)?;
    trailer[16..24].copy_from_slice(&(start as u64).to_le_bytes());
    let mut hasher = blake3::Hasher::new();
    hasher.update(&trailer[..48]).update(&payload[start..]);
    trailer[48..].copy_from_slice(hasher.finalize().as_bytes());
    Some([payload, trailer.as_slice()].concat())
}

/// Any bytes as an archive, compressed or not. What is read can be packed, and is the same afterwards.
pub(crate) fn archive(bytes: &[u8]) {
    let trees = [
        archive::read_tar(bytes),
        archive::unpack(bytes, 64 * 1024),
        archive::unpack_large(bytes),
    ];
    for tree in trees.into_iter().flatten() {
        for (path, _) in tree.iter() {
            assert!(!path.starts_with('/') && path.split('/').all(|part| part != ".."));
        }
        let packed = archive::pack_large(&tree).unwrap();
        assert!(archive::unpack_large(&packed.bytes).unwrap() == tree);
    }
}

/// Any text as `course.json`, and as the `sealed.json` of a fixed course, each with the files that it names. What is
/// read is written the same way.
pub(crate) fn course(text: &str) {
    let read = |json: &str| {
        let mut files = Tree::new();
        let document: Value = serde_json::from_str(json).unwrap_or_default();
        for module in document["modules"].as_array().into_iter().flatten() {
            let id = module["module"]["id"].as_str().unwrap_or_default();
            let path = format!("prompts/{id}.md");
            if is_plain_relative(&path) {
                files.insert(path, Entry::file(*b"# Task"));
            }
        }
        files.insert("project/a.py", Entry::file(*b"x = 1"));
        files.insert(wire::COURSE_FILE, Entry::file(json.as_bytes()));
        wire::read_course(&files)
    };
    if let Ok(course) = read(text) {
        let files = wire::course_files(&course);
        let again = wire::read_course(&files).unwrap();
        assert!(wire::course_files(&again) == files);
        assert!(
            course
                .modules
                .iter()
                .all(|it| course.module(it.id().as_str()).is_some())
        );
    }
    let fixed: Course = read(FIXED_COURSE).unwrap();
    let mut files = Tree::new();
    let path = "patched/a/0123456789abcdef/a.py";
    files.insert(path, Entry::file(*b"x = 2"));
    files.insert(wire::SEALED_FILE, Entry::file(text.as_bytes()));
    if let Ok(sealed) = wire::read_sealed(&files, &fixed) {
        let files = wire::sealed_files(&sealed);
        let again = wire::read_sealed(&files, &fixed).unwrap();
        assert!(wire::sealed_files(&again) == files);
    }
}

/// Any text as a report: what is read is written the same way, and can be told in every format.
pub(crate) fn report(text: &str) {
    let written = |report: &Report| {
        let mut out = Vec::new();
        json::render(report, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let Ok(report) = json::read(text) else {
        return;
    };
    let once = written(&report);
    assert!(written(&json::read(&once).unwrap()) == once);
    let formats = [
        concise::render,
        github::render,
        sarif::render,
        junit::render,
        gitlab::render,
        markdown::render,
        html::render,
    ];
    for render in formats {
        render(&report, &mut std::io::sink()).unwrap();
    }
    let look = Look { width: 80 };
    human::render(&report, Verbosity::Verbose, look, &mut std::io::sink()).unwrap();
    let mut annotations = Vec::new();
    github::render(&report, &mut annotations).unwrap();
    let annotations = String::from_utf8(annotations).unwrap();
    assert!(annotations.lines().all(|line| line.starts_with("::")));
    let again = json::read(text).unwrap();
    let _ = merge(vec![("a".to_owned(), report), ("b".to_owned(), again)]);
}

/// A course of one module with a question and a bug.
const FIXED_COURSE: &str = r#"{
  "format": 1, "tool": "0.1.0", "checked": true,
  "curriculum": {"schema": 1, "id": "c", "title": "C", "version": "1.0.0", "kind": "linear",
    "modules": ["a"], "authors": ["A"], "license": "CC0-1.0"},
  "modules": [{
    "module": {"id": "a", "title": "A", "objectives": ["Know a"],
      "build": {"edit": ["a.py"], "validator": {"pytest": ["test_a.py"]}}},
    "questions": [{"id": "why", "question": "Why?"}],
    "incidents": [{"id": "0123456789abcdef", "symptom": "It is wrong."}]}],
  "theory": {}
}"#;
