//! Writes the YAML of a new file: plain where it can be, quoted where it has to be.

use std::fmt::Write as _;

/// Columns that a text may fill in its line; a longer one with several lines is a block.
const PLAIN_WIDTH: usize = 400;

/// A YAML file that grows line by line.
#[derive(Debug)]
pub(super) struct Yaml {
    text: String,
}

impl Yaml {
    /// Returns a file that says its schema in its first line.
    pub(super) fn new(schema: &str) -> Self {
        Self {
            text: format!("# yaml-language-server: $schema={schema}\n"),
        }
    }

    /// Adds a line, set in by `indent` blanks.
    pub(super) fn line(&mut self, indent: usize, line: &str) {
        writeln!(self.text, "{:indent$}{line}", "").expect("writing to a string can't fail");
    }

    /// Adds a key, or `- ` and a key, with a text behind it.
    pub(super) fn text(&mut self, indent: usize, key: &str, text: &str) {
        if !is_block(text) {
            return self.line(indent, &format!("{key}: {}", scalar(text, ",?!;")));
        }
        self.line(
            indent,
            &format!("{key}: {}", if text.ends_with('\n') { "|" } else { "|-" }),
        );
        // What follows `- ` is set in as far as the key.
        let dash = key.len() - key.trim_start_matches("- ").len();
        for line in text.lines() {
            if line.is_empty() {
                self.text.push('\n');
            } else {
                self.line(indent + dash + 2, line);
            }
        }
    }

    /// Adds a key with a list of texts, one a line; nothing for an empty list.
    pub(super) fn list<T: AsRef<str>>(&mut self, indent: usize, key: &str, items: &[T]) {
        if items.is_empty() {
            return;
        }
        self.line(indent, &format!("{key}:"));
        for item in items {
            self.line(indent + 2, &format!("- {}", scalar(item.as_ref(), ",?!;")));
        }
    }

    /// Adds a key with a list of texts in one line; nothing for an empty list.
    pub(super) fn flow<T: AsRef<str>>(&mut self, indent: usize, key: &str, items: &[T]) {
        if items.is_empty() {
            return;
        }
        let items: Vec<_> = items.iter().map(|item| scalar(item.as_ref(), "")).collect();
        self.line(indent, &format!("{key}: [{}]", items.join(", ")));
    }

    /// The file.
    pub(super) fn into_text(self) -> String {
        self.text
    }
}

/// Whether a text is read as it is from a block of lines.
fn is_block(text: &str) -> bool {
    let body = text.strip_suffix('\n').unwrap_or(text);
    let is_plain = |line: &str| !line.contains(|char: char| char.is_control() || is_break(char));
    body.contains('\n')
        && !body.starts_with([' ', '\t', '\n'])
        && !body.ends_with('\n')
        && body
            .lines()
            .all(|line| is_plain(line) && !line.ends_with(' '))
        && !body.contains('\r')
}

/// Characters besides `\n` that some readers take for the end of a line, or for nothing.
fn is_break(char: char) -> bool {
    matches!(char, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// A text on one line, quoted unless nothing but the text itself can be meant. `more` are signs that mean nothing
/// where it stands.
fn scalar(text: &str, more: &str) -> String {
    let is_word = |char: char| {
        char.is_ascii_alphanumeric() || " _./-'()".contains(char) || more.contains(char)
    };
    let is_plain = text.len() <= PLAIN_WIDTH
        && text.starts_with(|char: char| char.is_ascii_alphabetic())
        && text.chars().all(is_word)
        && !text.ends_with(' ')
        && !is_reserved(text);
    if is_plain {
        return text.to_owned();
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for char in text.chars() {
        match char {
            '"' | '\\' => quoted.extend(['\\', char]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            _ if char.is_control() || is_break(char) => {
                write!(quoted, "\\u{:04x}", u32::from(char))
                    .expect("writing to a string can't fail");
            }
            _ => quoted.push(char),
        }
    }
    quoted.push('"');
    quoted
}

/// Words that some readers take for something else than a text.
fn is_reserved(text: &str) -> bool {
    let words = [
        "true", "false", "yes", "no", "on", "off", "null", "y", "n", "nan", "inf",
    ];
    words.contains(&text.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::source::{SourceFile, yaml};
    use proptest::prelude::*;

    fn read_back(yaml: Yaml) -> serde_json::Value {
        let text = yaml.into_text();
        let file = Arc::new(SourceFile::new("a.yaml", text.clone()));
        let (document, problems) = yaml::parse(&file);
        assert!(problems.is_empty(), "{text}\n{problems:?}");
        document.unwrap().value
    }

    fn with(text: &str) -> serde_json::Value {
        let mut yaml = Yaml::new("x.schema.json");
        yaml.line(0, "items:");
        yaml.text(2, "- first", text);
        yaml.text(4, "second", text);
        yaml.list(0, "list", &[text]);
        yaml.flow(0, "flow", &[text]);
        read_back(yaml)
    }

    #[test]
    fn texts_are_read_back() {
        for text in [
            "",
            " ",
            "a",
            "two words",
            "yes",
            "12",
            "- a",
            "a: b",
            "#",
            "a\nb",
            "a\nb\n",
            "\na",
            "a\n\n",
            " a\nb",
            "a \nb",
            "a\n\n  b",
            "a\r\nb",
            "\u{1}",
            "\u{feff}",
            "\u{85}\n",
            "%",
            "'",
            "\"",
            "\\n",
            "a\t\nb",
            "ä\nö",
            "\u{7f}",
            "😀",
        ] {
            let value = with(text);
            assert_eq!(value["items"][0]["first"], text, "{text:?}");
            assert_eq!(value["items"][0]["second"], text, "{text:?}");
            assert_eq!(value["list"][0], text, "{text:?}");
            assert_eq!(value["flow"][0], text, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_back(text in "[ -~\u{e4}\n\t\r#:]{0,24}") {
            prop_assert_eq!(&with(&text)["items"][0]["first"], &text);
        }
    }
}
