//! Any text as a patch: read, and applied to a small project.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use mastery::inject::patch::Patch;
use mastery::source::SourceFile;
use mastery::source::tree::{Entry, Tree};

fuzz_target!(|text: &str| {
    let file = Arc::new(SourceFile::new("a.patch", text));
    let tree: Tree = [
        ("a.py", "def f(x):\n    return x\n\n\ndef g(x):\n    return 2 * x\n"),
        ("b/c.txt", "one\r\ntwo\r\n"),
    ]
    .into_iter()
    .map(|(path, text)| (path.to_owned(), Entry::file(text.as_bytes())))
    .collect();
    if let Ok(patch) = Patch::parse(&file) {
        for (path, location) in patch.paths() {
            assert!(!path.as_str().contains("..") || !path.as_str().split('/').any(|it| it == ".."));
            let _ = location.position();
        }
        let _ = patch.apply(&tree);
    }
});
