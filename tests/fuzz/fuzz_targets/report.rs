//! See `fuzzed::report`.
#![no_main]

#[path = "../../support/fuzzed.rs"]
#[allow(dead_code, reason = "each target uses a part of it")]
mod fuzzed;

libfuzzer_sys::fuzz_target!(|text: &str| fuzzed::report(text));
