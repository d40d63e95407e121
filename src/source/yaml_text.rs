//! Texts as YAML writes them: bare where that means the text itself, else in quotes.

use std::fmt::Write as _;

/// Words that mean something else where they stand without quotes, in YAML 1.1 or 1.2.
const WORDS: &[&str] = &[
    "true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", "inf",
];

/// The sign before a text of several lines that can stand as it is; `None` where it has to be quoted.
pub fn block_sign(text: &str) -> Option<&'static str> {
    let (body, sign) = match text.strip_suffix('\n') {
        Some(body) => (body, "|"),
        None => (text, "|-"),
    };
    let is_plain = |line: &str| line.trim_end() == line && line.chars().all(is_printable);
    let is_block = body.contains('\n')
        && !body.starts_with([' ', '\n'])
        && !body.ends_with('\n')
        && body.split('\n').all(is_plain);
    is_block.then_some(sign)
}

/// Returns a text on one line, in quotes where it needs some.
pub fn scalar(text: &str) -> String {
    if is_bare(text) {
        text.to_owned()
    } else {
        quoted(text)
    }
}

/// Returns a text as an item of a list in brackets, where more signs mean something.
pub fn flow_scalar(text: &str) -> String {
    if is_bare(text) && !text.contains([',', '[', ']', '{', '}']) {
        text.to_owned()
    } else {
        quoted(text)
    }
}

fn quoted(text: &str) -> String {
    if !text.chars().all(is_printable) {
        escaped(text)
    } else if text.contains(['"', '\\']) {
        format!("'{}'", text.replace('\'', "''"))
    } else {
        format!("\"{text}\"")
    }
}

/// Whether a text means itself without quotes.
fn is_bare(text: &str) -> bool {
    let is_begin = |c: char| c.is_ascii_alphabetic() || "$(_^/".contains(c);
    text.starts_with(is_begin)
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && text.chars().all(is_printable)
        && !WORDS.contains(&text.to_ascii_lowercase().as_str())
}

/// Whether a character can be written as it is in YAML, and be seen.
pub fn is_printable(c: char) -> bool {
    !c.is_control()
        && !matches!(
            c,
            '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
        )
}

/// A text in quotes with escapes for all that can't be seen.
fn escaped(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            '"' | '\\' => quoted.extend(['\\', c]),
            c if is_printable(c) => quoted.push(c),
            c => {
                let _ = write!(quoted, "\\U{:08X}", u32::from(c));
            }
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::source::{SourceFile, yaml};

    fn read(text: String) -> serde_json::Value {
        let file = Arc::new(SourceFile::new("a.yaml", text));
        let (document, problems) = yaml::parse(&file);
        assert!(problems.is_empty(), "{}", file.text());
        document.unwrap().value["a"].clone()
    }

    #[test]
    fn what_needs_no_quotes_has_none() {
        for text in [
            "sums over dim .*of shape",
            "tests/test_a.py::test_b",
            "it's",
            "$X + 1",
            "a, b",
        ] {
            assert_eq!(scalar(text), text);
        }
        assert_eq!(flow_scalar("a, b"), "\"a, b\"");
        assert_eq!(scalar("\\(a\\)"), "'\\(a\\)'");
    }

    proptest! {
        #[test]
        fn every_text_is_read_back_as_it_was(text in "\\PC{0,20}|[ -~\\n\\t]{0,12}|(true|null|12|- a|a: b|a #b|~|<<|=)") {
            prop_assert_eq!(read(format!("a: {}\n", scalar(&text))), text.as_str());
            let items = serde_json::json!([text, "b"]);
            prop_assert_eq!(read(format!("a: [{}, b]\n", flow_scalar(&text))), items);
        }
    }
}
