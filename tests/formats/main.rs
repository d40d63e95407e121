//! The file formats: schemas and Rust types judge every sample alike, and hostile files are findings
//! in no time.

#![allow(clippy::unwrap_used, reason = "a test that can't go on panics")]

#[path = "../support/fuzzed.rs"]
mod fuzzed;
#[path = "../support/mod.rs"]
mod support;

mod derive;

use std::fmt::Debug;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use mastery::curriculum::document::{
    BugManifest, FileContent, Manifest, ModuleManifest, Questions,
};
use mastery::curriculum::schema::Schema;
use mastery::scaffold::manifest::TemplateManifest;
use mastery::source::{SourceFile, yaml};
use serde::Serialize;
use serde_json::Value;
use support::{Sandbox, fixtures, name_of};

/// Whether the schema and the type that a sample's name begins with accept it.
fn judged(sample: &Path) -> (bool, bool) {
    let text = fs::read_to_string(sample).unwrap();
    let (document, problems) = yaml::parse(&Arc::new(SourceFile::new("sample.yaml", text)));
    assert_eq!(problems, [], "{}", sample.display());
    let value = document.unwrap().value;
    let name = name_of(sample);
    let kind = name.split('-').next().unwrap();
    let by_type = match kind {
        "curriculum" => Manifest::read(&value).is_ok(),
        "module" => ModuleManifest::read(&value).is_ok(),
        "bug" => BugManifest::read(&value).is_ok(),
        "questions" => Questions::read(&value).is_ok(),
        "template" => TemplateManifest::read(&value).is_ok(),
        other => panic!("there is no type for `{other}`"),
    };
    (Schema::by_name(kind).unwrap().accepts(&value), by_type)
}

fn samples(folder: &str) -> Vec<std::path::PathBuf> {
    let folder = fixtures().join("schemas").join(folder);
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect()
}

#[test]
fn valid_samples_are_accepted_by_schema_and_type() {
    let samples = samples("valid");
    assert!(samples.len() >= 10);
    for sample in samples {
        assert_eq!(judged(&sample), (true, true), "{}", sample.display());
    }
}

#[test]
fn invalid_samples_are_refused_by_schema_and_type() {
    let samples = samples("invalid");
    assert!(samples.len() >= 80);
    for sample in samples {
        assert_eq!(judged(&sample), (false, false), "{}", sample.display());
    }
}

/// Bundles hold documents as their types write them.
#[test]
fn what_a_type_writes_it_reads_again() {
    fn check<T: FileContent + Serialize + Debug>(value: &Value, kind: &str) {
        let content = T::read(value).unwrap();
        let written = serde_json::to_value(&content).unwrap();
        let schema = Schema::by_name(kind).unwrap();
        assert!(schema.accepts(&written), "{kind}: {written:#}");
        let again = T::read(&written).unwrap();
        assert_eq!(format!("{again:?}"), format!("{content:?}"));
    }
    for sample in samples("valid") {
        let text = fs::read_to_string(&sample).unwrap();
        let (document, _) = yaml::parse(&Arc::new(SourceFile::new("sample.yaml", text)));
        let value = document.unwrap().value;
        match name_of(&sample).split('-').next().unwrap() {
            kind @ "curriculum" => check::<Manifest>(&value, kind),
            kind @ "module" => check::<ModuleManifest>(&value, kind),
            kind @ "bug" => check::<BugManifest>(&value, kind),
            kind @ "questions" => check::<Questions>(&value, kind),
            _ => {}
        }
    }
}

/// Every sample that is refused is a finding in words, on a line of the file.
#[test]
fn refusals_are_explained_on_their_place() {
    for sample in samples("invalid") {
        let text = fs::read_to_string(&sample).unwrap();
        let file = Arc::new(SourceFile::new("sample.yaml", text));
        let document = yaml::parse(&file).0.unwrap();
        let name = name_of(&sample);
        let schema = Schema::by_name(name.split('-').next().unwrap()).unwrap();
        let findings = schema.check(&document);
        assert!(!findings.is_empty(), "{name}");
        for finding in findings {
            assert!(
                finding.location.position().is_some(),
                "{name}: {}",
                finding.message
            );
            for raw in [
                "anyOf",
                "oneOf",
                "is not of type",
                "does not match",
                "additional",
            ] {
                assert!(
                    !finding.message.contains(raw),
                    "{name}: {}",
                    finding.message
                );
            }
        }
    }
}

#[test]
fn hostile_yaml_is_a_finding_and_hides_no_other() {
    let sandbox = Sandbox::with_base();
    let questions = "curricula/base/modules/double/questions.yaml";
    let laughs: String = (1..12)
        .map(|n| {
            format!(
                "a{n}: &a{n} [{}]\n",
                vec![format!("*a{}", n - 1); 9].join(", ")
            )
        })
        .collect();
    sandbox.write(
        questions,
        format!("a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha]\n{laughs}"),
    );
    sandbox.write(
        "curricula/base/modules/mean/module.yaml",
        "[".repeat(100_000),
    );
    sandbox.write(
        "curricula/base/modules/mean/prompt.md",
        "x".repeat(2 * 1024 * 1024),
    );
    sandbox.replace("curricula/base/curriculum.yaml", "title:", "titel:");
    let (code, report) = sandbox.json(&["lint"]);
    assert_eq!(code, 1);
    let mut rules: Vec<_> = report["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|finding| finding["rule"].as_str().unwrap())
        .collect();
    rules.sort_unstable();
    rules.dedup();
    assert_eq!(rules, ["schema-violation", "unreadable-file", "yaml-limit"]);
}

#[test]
fn line_breaks_byte_order_marks_and_empty_files_are_defined() {
    let sandbox = Sandbox::with_base();
    let file = "curricula/base/modules/double/module.yaml";
    let crlf = format!("\u{feff}{}", sandbox.read(file).replace('\n', "\r\n"));
    sandbox.write(file, &crlf);
    let _ = sandbox.run(&["lint"]).success();
    sandbox.write(file, crlf.replace("title:", "tittle:"));
    let (_, report) = sandbox.json(&["lint"]);
    let finding = &report["diagnostics"][1];
    assert_eq!(
        (finding["line"].as_u64(), finding["column"].as_u64()),
        (Some(3), Some(1))
    );
    for (content, rule) in [
        (&b""[..], "yaml-syntax"),
        (b"\xef\xbb\xbf", "yaml-syntax"),
        (b"# nothing\n", "yaml-syntax"),
        (b"id: \xff\n", "unreadable-file"),
        (b"\xff\xfei\0d\0", "unreadable-file"),
    ] {
        sandbox.write(file, content);
        let (code, report) = sandbox.json(&["lint"]);
        let findings = report["diagnostics"].as_array().unwrap();
        assert_eq!((code, findings.len()), (1, 1), "{report:#}");
        assert_eq!(findings[0]["rule"], rule, "{content:?}");
    }
}

/// What fuzzing has found to be different from everything else, see `tests/fuzz`.
#[test]
fn corpus_of_the_fuzzers_is_read_without_panic() {
    replay("yaml", |bytes| fuzzed::yaml(text(bytes)));
    replay("regions", |bytes| fuzzed::regions(text(bytes)));
    replay("patch", |bytes| fuzzed::patch(text(bytes)));
    replay("pattern", |bytes| fuzzed::pattern(text(bytes)));
    replay("bundle", fuzzed::bundle);
    replay("archive", fuzzed::archive);
    replay("course", |bytes| fuzzed::course(text(bytes)));
    replay("report", |bytes| fuzzed::report(text(bytes)));
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn replay(target: &str, read: fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus");
    let files: Vec<_> = fs::read_dir(corpus.join(target)).unwrap().collect();
    assert!(files.len() >= 50, "{target}");
    for file in files {
        let path = file.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        let is_read = std::panic::catch_unwind(|| read(&bytes)).is_ok();
        assert!(is_read, "{}", path.display());
    }
}
