//! Writes a rewrite as the lines of a bug's file, in the style of those that are written by hand.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::curriculum::document::{Rewrite, RewriteStep};
use crate::source::yaml_text::{block_sign, scalar};

/// In which order the keys of a rule are written; all others come after them, by their names.
const KEY_ORDER: &[&str] = &[
    "template",
    "kind",
    "field",
    "nthChild",
    "pattern",
    "regex",
    "all",
    "any",
    "not",
    "stopBy",
    "has",
    "follows",
    "precedes",
    "inside",
    "expandStart",
    "expandEnd",
];

/// Returns the lines that go below the key `rewrite:`, each with a line break and `indent` blanks before it.
pub fn lines(rewrite: &Rewrite, indent: usize) -> String {
    let mut writer = Writer {
        text: String::new(),
    };
    writer.text_entry("path", rewrite.path.as_str(), indent);
    if let Some(within) = &rewrite.within {
        writer.text_entry("within", within.as_str(), indent);
    }
    writer.line("steps:", indent);
    for step in &rewrite.steps {
        writer.step(step, indent + 2);
    }
    if !rewrite.not_applicable.is_empty() {
        writer.line("not_applicable:", indent);
        for (name, reason) in &rewrite.not_applicable {
            writer.text_entry(name.as_str(), reason.as_str(), indent + 2);
        }
    }
    writer.text
}

struct Writer {
    text: String,
}

impl Writer {
    fn line(&mut self, line: &str, indent: usize) {
        let _ = writeln!(self.text, "{:indent$}{line}", "");
    }

    fn step(&mut self, step: &RewriteStep, indent: usize) {
        let from = self.text.len() + indent;
        self.map_entry("rule", &step.rule, indent + 2);
        // The first line of the step begins with its dash.
        self.text.replace_range(from..from + 2, "- ");
        if !step.constraints.is_empty() {
            self.map_entry("constraints", &step.constraints, indent + 2);
        }
        self.entry("fix", &step.fix, indent + 2);
    }

    fn map_entry(&mut self, key: &str, map: &Map<String, Value>, indent: usize) {
        self.line(&format!("{}:", scalar(key)), indent);
        self.map(map, indent + 2);
    }

    fn map(&mut self, map: &Map<String, Value>, indent: usize) {
        let mut entries: Vec<_> = map.iter().collect();
        let place = |key: &str| KEY_ORDER.iter().position(|known| *known == key);
        entries.sort_by_key(|(key, _)| (place(key).unwrap_or(KEY_ORDER.len()), *key));
        for (key, value) in entries {
            self.entry(key, value, indent);
        }
    }

    fn entry(&mut self, key: &str, value: &Value, indent: usize) {
        match value {
            Value::Object(map) if !map.is_empty() => self.map_entry(key, map, indent),
            Value::Array(items) if !items.is_empty() => {
                self.line(&format!("{}:", scalar(key)), indent);
                self.items(items, indent + 2);
            }
            Value::String(text) => self.text_entry(key, text, indent),
            other => self.line(&format!("{}: {other}", scalar(key)), indent),
        }
    }

    fn items(&mut self, items: &[Value], indent: usize) {
        for item in items {
            let from = self.text.len() + indent;
            match item {
                Value::Object(map) if !map.is_empty() => self.map(map, indent + 2),
                Value::Array(inner) if !inner.is_empty() => self.items(inner, indent + 2),
                Value::String(text) => self.line(&scalar(text), indent + 2),
                other => self.line(&other.to_string(), indent + 2),
            }
            self.text.replace_range(from..from + 2, "- ");
        }
    }

    fn text_entry(&mut self, key: &str, text: &str, indent: usize) {
        let Some(sign) = block_sign(text) else {
            self.line(&format!("{}: {}", scalar(key), scalar(text)), indent);
            return;
        };
        self.line(&format!("{}: {sign}", scalar(key)), indent);
        for line in text.lines() {
            // Blanks on an empty line would be a part of the text in some readers.
            let indent = if line.is_empty() { 0 } else { indent + 2 };
            self.line(line, indent);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::source::{SourceFile, yaml};

    fn read(text: &str) -> Value {
        let file = Arc::new(SourceFile::new("bug.yaml", text.to_owned()));
        let (document, problems) = yaml::parse(&file);
        assert!(problems.is_empty(), "{text}\n{problems:?}");
        document.unwrap().value
    }

    fn rewrite(rule: &Value, fix: &Value) -> Rewrite {
        let rewrite = json!({
            "path": "pkg/a.py",
            "within": "Layer.forward",
            "steps": [{"rule": rule, "fix": fix, "constraints": {"N": {"kind": "identifier"}}}],
            "not_applicable": {"other": "has none: it is elsewhere"},
        });
        serde_json::from_value(rewrite).unwrap()
    }

    #[test]
    fn a_rule_is_written_as_one_by_hand() {
        let rule = json!({
            "pattern": "[$ITEM for $NAME in $SOURCE]",
            "inside": {"stopBy": "end", "kind": "call", "has": {"field": "function", "regex": "(^|\\.)sum$"}},
            "any": [{"pattern": "len(x) - 1"}, {"kind": "a", "nthChild": 2}],
        });
        let text = lines(&rewrite(&rule, &json!("$A = 1\nif $A:\n    $B")), 4);
        insta::assert_snapshot!(text);
    }

    fn text() -> impl Strategy<Value = String> {
        let line = prop_oneof![
            "[a-z$A-Z0-9_ .:,#'\"\\\\\\[\\]{}()*&!|>%@`~=<?+/^-]{0,12}",
            "\\PC{0,6}",
            Just("~".to_owned()),
            Just("Null".to_owned()),
            Just("0x1F".to_owned()),
            Just("1_000".to_owned()),
            Just("<<".to_owned()),
            Just("---".to_owned()),
            Just("\u{85}\t\u{7f}\r".to_owned()),
        ];
        proptest::collection::vec(line, 1..4).prop_map(|lines| lines.join("\n"))
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            text().prop_map(Value::from),
            any::<bool>().prop_map(Value::from),
            (0..100).prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 16, 3, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                proptest::collection::hash_map("[a-zA-Z_0-9]{1,6}", inner, 0..3)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(rule in value(), fix in text()) {
            let rewrite = rewrite(&json!({"any": rule}), &json!(fix));
            let read = read(&lines(&rewrite, 0));
            prop_assert_eq!(&read["steps"][0]["rule"]["any"], &rule);
            prop_assert_eq!(&read["steps"][0]["fix"], &json!(fix));
            prop_assert_eq!(&read["steps"][0]["constraints"]["N"]["kind"], "identifier");
            prop_assert_eq!(&read["path"], "pkg/a.py");
            prop_assert_eq!(&read["within"], "Layer.forward");
            prop_assert_eq!(&read["not_applicable"]["other"], "has none: it is elsewhere");
        }
    }
}
