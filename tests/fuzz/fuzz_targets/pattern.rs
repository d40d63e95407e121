//! Any pattern of a rubric on any text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mastery::pattern::Pattern;

fuzz_target!(|input: (&str, &str)| {
    let (pattern, text) = input;
    if pattern.chars().count() > 500 {
        return;
    }
    if let Ok(pattern) = Pattern::compile_case_insensitive(pattern) {
        let _ = pattern.is_match(text);
    }
});
