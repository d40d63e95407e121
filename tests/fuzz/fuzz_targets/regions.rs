//! Any text as a file of a project: its regions, and each of its states.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use mastery::project::language::Language;
use mastery::project::region;
use mastery::source::SourceFile;

fuzz_target!(|text: &str| {
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
});
