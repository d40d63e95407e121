//! Writes the YAML of a new file: plain where it can be, quoted where it has to be.

use std::fmt::Write as _;

use crate::source::yaml_text::{block_sign, flow_scalar, scalar};

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
        let Some(sign) = block_sign(text) else {
            return self.line(indent, &format!("{key}: {}", scalar(text)));
        };
        self.line(indent, &format!("{key}: {sign}"));
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
            self.line(indent + 2, &format!("- {}", scalar(item.as_ref())));
        }
    }

    /// Adds a key with a list of texts in one line; nothing for an empty list.
    pub(super) fn flow<T: AsRef<str>>(&mut self, indent: usize, key: &str, items: &[T]) {
        if items.is_empty() {
            return;
        }
        let items: Vec<_> = items
            .iter()
            .map(|item| flow_scalar(item.as_ref()))
            .collect();
        self.line(indent, &format!("{key}: [{}]", items.join(", ")));
    }

    /// The file.
    pub(super) fn into_text(self) -> String {
        self.text
    }
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
