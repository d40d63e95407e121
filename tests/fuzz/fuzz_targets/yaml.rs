//! Any bytes as a YAML file: read with its places, and held against each schema and type.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use mastery::curriculum::document::{BugManifest, FileContent, Manifest, ModuleManifest, Questions};
use mastery::curriculum::schema::Schema;
use mastery::source::{SourceFile, yaml};

fuzz_target!(|text: &str| {
    let file = Arc::new(SourceFile::new("fuzz.yaml", text));
    let (document, problems) = yaml::parse(&file);
    for problem in &problems {
        let _ = &file.text()[problem.span.start..problem.span.end];
        let _ = file.position(problem.span.start);
    }
    let Some(document) = document else {
        assert!(!problems.is_empty(), "nothing came of it and nothing was said");
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
});
