//! The JSON Schemas: embedded, printed and applied.
//!
//! The only file that names `jsonschema`. It turns the validator's errors into plain words at the
//! place of the offending node.

use std::sync::LazyLock;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{ValidationError, Validator};
use serde_json::Value;

use crate::diagnostic::{Diagnostic, Location};
use crate::source::Span;
use crate::source::yaml::{Document, escape_token};

use super::rules::{SCHEMA_VIOLATION, UNSUPPORTED_VERSION};

/// One of the embedded schemas.
#[derive(Debug)]
pub struct Schema {
    name: &'static str,
    text: &'static str,
    compiled: LazyLock<Compiled>,
}

#[derive(Debug)]
struct Compiled {
    json: Value,
    validator: Validator,
}

macro_rules! schemas {
    ($($name:ident = $file:literal;)*) => {
        $(static $name: Schema = Schema {
            name: $file,
            text: include_str!(concat!("../../schemas/", $file, ".schema.json")),
            compiled: LazyLock::new(|| Compiled::new($name.text)),
        };)*

        /// All schemas, sorted by name.
        static ALL: &[&Schema] = &[$(&$name),*];
    };
}

schemas! {
    ANSWER = "answer";
    BUG = "bug";
    CURRICULUM = "curriculum";
    LEARNER = "learner";
    MODULE = "module";
    PLAN = "plan";
    QUESTIONS = "questions";
    REPORT = "report";
    TEMPLATE = "template";
}

impl Compiled {
    fn new(text: &str) -> Self {
        let json = serde_json::from_str(text).expect("embedded schemas are JSON");
        let validator = jsonschema::draft202012::new(&json).expect("embedded schemas compile");
        Self { json, validator }
    }
}

/// The version of the formats that this version of the tool reads.
const FORMAT_VERSION: u64 = 1;

/// Says that a file is written in another version of the formats. What its keys mean is unknown
/// then, and nothing else of it is worth a finding.
pub(super) fn unsupported_version(schema: &Schema, document: &Document) -> Option<Diagnostic> {
    if schema.name != CURRICULUM.name {
        return None;
    }
    let version = document.value.get("schema")?.as_u64()?;
    (version != FORMAT_VERSION).then(|| {
        let location = Location::span(&document.file, document.span("/schema"));
        let message = format!(
            "the format version is {version}, and this version of mastery reads {FORMAT_VERSION}"
        );
        let help = if version > FORMAT_VERSION {
            "use a newer mastery"
        } else {
            "there is no such version"
        };
        Diagnostic::error(UNSUPPORTED_VERSION, location, message).with_help(help)
    })
}

impl Schema {
    /// All schemas, sorted by name.
    pub fn all() -> &'static [&'static Self] {
        ALL
    }

    /// Returns the schema called `name`.
    pub fn by_name(name: &str) -> Option<&'static Self> {
        ALL.iter().copied().find(|schema| schema.name == name)
    }

    /// The name, as in `schemas/<name>.schema.json`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The file as it was written.
    pub fn text(&self) -> &'static str {
        self.text
    }

    /// The file's content.
    pub fn json(&self) -> &Value {
        &self.compiled.json
    }

    /// Returns what is wrong with a document, in plain words, each at the offending node.
    pub fn check(&self, document: &Document) -> Vec<Diagnostic> {
        let mut diagnostics = Vec::new();
        for error in self.compiled.validator.iter_errors(&document.value) {
            self.explain(&error, document, &mut diagnostics);
        }
        diagnostics
    }

    /// Whether a value is valid.
    pub fn accepts(&self, value: &Value) -> bool {
        self.compiled.validator.is_valid(value)
    }

    fn explain(&self, error: &ValidationError<'_>, document: &Document, out: &mut Vec<Diagnostic>) {
        let pointer = error.instance_path().as_str();
        let name = name_of(pointer);
        let mut report = |span: Span, message: String, help: Option<String>| {
            let location = Location::span(&document.file, span);
            let mut diagnostic = Diagnostic::error(SCHEMA_VIOLATION, location, message);
            diagnostic.help = help;
            out.push(diagnostic);
        };
        match error.kind() {
            ValidationErrorKind::AdditionalProperties { unexpected }
            | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
                for key in unexpected {
                    let span = document.key_span(&format!("{pointer}/{}", escape_token(key)));
                    let known = self.allowed_keys(error);
                    let help = crate::suggest::did_you_mean(key, known.iter().map(String::as_str))
                        .or_else(|| {
                            (!known.is_empty()).then(|| format!("allowed here: {}", list(&known)))
                        });
                    report(span, format!("unknown key `{key}`"), help);
                }
            }
            ValidationErrorKind::Required { property } => {
                let key = property.as_str().unwrap_or_default();
                let place = if name.is_empty() {
                    "the file".to_owned()
                } else {
                    name
                };
                report(
                    document.key_span(pointer),
                    format!("{place} has no `{key}`"),
                    None,
                );
            }
            ValidationErrorKind::OneOfNotValid { context }
            | ValidationErrorKind::AnyOf { context } => {
                // Report the alternative that the author most likely meant: the one with a known key.
                let branch = context
                    .iter()
                    .filter(|errors| !errors.is_empty())
                    .min_by_key(|errors| (errors.iter().any(is_wrong_alternative), errors.len()));
                match branch {
                    Some(errors) => {
                        for error in errors {
                            self.explain(error, document, out);
                        }
                    }
                    None => report(document.span(pointer), describe(error, &name), None),
                }
            }
            ValidationErrorKind::FalseSchema => {
                report(
                    document.key_span(pointer),
                    format!("{name} does not belong here"),
                    None,
                );
            }
            ValidationErrorKind::PropertyNames { error: inner } => {
                let key = inner.instance().as_str().unwrap_or_default();
                let span = document.key_span(&format!("{pointer}/{}", escape_token(key)));
                report(
                    span,
                    describe(inner, &format!("the key `{key}` of {name}")),
                    None,
                );
            }
            _ => report(document.span(pointer), describe(error, &name), None),
        }
    }

    /// The keys that are allowed in the mapping where an unknown one was found.
    fn allowed_keys(&self, error: &ValidationError<'_>) -> Vec<String> {
        let path = error.schema_path().as_str();
        let object = path
            .rsplit_once('/')
            .and_then(|(parent, _)| self.json().pointer(parent));
        let keys = object.and_then(|object| object.get("properties")?.as_object());
        keys.into_iter()
            .flat_map(|keys| keys.keys().cloned())
            .collect()
    }
}

/// Returns the schema of `curriculum.yaml`.
pub fn curriculum() -> &'static Schema {
    &CURRICULUM
}

/// Returns the schema of `module.yaml`.
pub fn module() -> &'static Schema {
    &MODULE
}

/// Returns the schema of a bug's file.
pub fn bug() -> &'static Schema {
    &BUG
}

/// Returns the schema of a questions file.
pub fn questions() -> &'static Schema {
    &QUESTIONS
}

/// The schema of `template.yaml`.
pub fn template() -> &'static Schema {
    &TEMPLATE
}

/// Whether an error says that its alternative is not the one that was meant: it lacks the key that
/// tells the alternatives apart.
fn is_wrong_alternative(error: &ValidationError<'_>) -> bool {
    matches!(
        error.kind(),
        ValidationErrorKind::Required { .. } | ValidationErrorKind::Type { .. }
    )
}

/// How a message calls the value under a pointer: by its key, or by its place in a list.
fn name_of(pointer: &str) -> String {
    let mut parts: Vec<_> = pointer.split('/').skip(1).collect();
    let Some(last) = parts.pop() else {
        return String::new();
    };
    let unescaped = last.replace("~1", "/").replace("~0", "~");
    match (last.parse::<usize>(), parts.last()) {
        (Ok(index), Some(list)) => format!("item {} of `{list}`", index + 1),
        _ => format!("`{unescaped}`"),
    }
}

fn describe(error: &ValidationError<'_>, name: &str) -> String {
    let name = if name.is_empty() { "the file" } else { name };
    let shown = shown_value(error.instance());
    match error.kind() {
        ValidationErrorKind::Type { kind } => {
            format!(
                "{name} must be {}, not {}",
                kind_words(kind),
                kind_of(error.instance())
            )
        }
        ValidationErrorKind::Enum { options } => {
            let options: Vec<_> = options
                .as_array()
                .into_iter()
                .flatten()
                .map(|option| {
                    option
                        .as_str()
                        .map_or_else(|| option.to_string(), str::to_owned)
                })
                .collect();
            format!("{name} must be one of {}, not {shown}", list(&options))
        }
        ValidationErrorKind::Constant { expected_value } => {
            format!("{name} must be `{expected_value}`, not {shown}")
        }
        ValidationErrorKind::Pattern { pattern } => match pattern_words(pattern) {
            Some(words) => format!("{name} must be {words}, not {shown}"),
            None => format!("{name} is {shown}, which does not match `{pattern}`"),
        },
        ValidationErrorKind::MinItems { limit } => {
            format!(
                "{name} needs at least {}",
                crate::plural::count(*limit, "item")
            )
        }
        ValidationErrorKind::MinProperties { limit } => {
            format!(
                "{name} needs at least {}",
                crate::plural::count(*limit, "key")
            )
        }
        ValidationErrorKind::MaxLength { limit } => {
            format!("{name} is longer than {limit} characters")
        }
        ValidationErrorKind::Minimum { limit } => format!("{name} must be at least {limit}"),
        ValidationErrorKind::Maximum { limit } => format!("{name} must be at most {limit}"),
        ValidationErrorKind::ExclusiveMinimum { limit } => {
            format!("{name} must be more than {limit}")
        }
        ValidationErrorKind::Not { .. } => {
            let value = error.instance();
            format!("{name} can't be `{}`", value.as_str().unwrap_or_default())
        }
        ValidationErrorKind::UniqueItems => format!("{name} has an item twice"),
        _ => format!("{name}: {error}"),
    }
}

/// The patterns of the schemas in words. A test holds that each pattern has some.
fn pattern_words(pattern: &str) -> Option<&'static str> {
    Some(match pattern {
        r"\S" => "text",
        "^[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*$" => "an id of lower-case words joined by `_` or `-`",
        r"^(?!.*(?:^|/)\.{1,2}(?:/|$))[^/\\\x00-\x1f]+(?:/[^/\\\x00-\x1f]+)*$" => {
            "a relative path with forward slashes and without `.` or `..`"
        }
        "^[a-z][a-z0-9_]*$" => "a name of lower-case words joined by `_`",
        "^[a-z]+(?:-[a-z]+)*$" => "the name of a rule",
        "^[a-z][a-z0-9_-]*\\.patch$" => "the name of a `.patch` file beside this one",
        "^[A-Za-z_][A-Za-z0-9_]*(?:\\.[A-Za-z_][A-Za-z0-9_]*)*$" => "a dotted Python name",
        "^[A-Za-z0-9][A-Za-z0-9._+-]*$" => "the name of a program",
        r"^https?://\S+$" => "an http or https address",
        _ if pattern.starts_with(r"^https://github\.com/") => {
            "the address of a GitHub repository such as `https://github.com/owner/name`"
        }
        _ if pattern.starts_with("^(?:0|[1-9]") => "a semantic version such as `1.2.3`",
        _ if pattern.starts_with("^(?:>=|") => "version comparisons such as `>=3.11,<3.14`",
        _ if pattern.starts_with("^[0-9]{4}-") => "a date as YYYY-MM-DD",
        _ if pattern.contains(r"\.py(?:::") => "a pytest node id such as `tests/test_a.py::test_b`",
        _ => return None,
    })
}

fn kind_words(kind: &TypeKind) -> String {
    let words = |name: &str| match name {
        "object" => "a mapping".to_owned(),
        "array" => "a list".to_owned(),
        "string" => "text".to_owned(),
        "integer" => "a whole number".to_owned(),
        "boolean" => "true or false".to_owned(),
        other => format!("a {other}"),
    };
    match kind {
        TypeKind::Single(single) => words(&single.to_string()),
        TypeKind::Multiple(several) => several
            .iter()
            .map(|one| words(&one.to_string()))
            .collect::<Vec<_>>()
            .join(" or "),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}

fn shown_value(value: &Value) -> String {
    const LONGEST: usize = 60;
    let text = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    if text.chars().count() > LONGEST {
        format!("`{}…`", text.chars().take(LONGEST).collect::<String>())
    } else {
        format!("`{text}`")
    }
}

fn list(items: &[String]) -> String {
    items
        .iter()
        .map(|item| format!("`{item}`"))
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::source::{SourceFile, yaml};

    fn findings(schema: &Schema, text: &str) -> Vec<String> {
        let file = Arc::new(SourceFile::new("a.yaml", text));
        let (document, problems) = yaml::parse(&file);
        assert_eq!(problems, []);
        let mut findings: Vec<_> = schema
            .check(&document.unwrap())
            .into_iter()
            .map(|finding| {
                let position = finding.location.position().unwrap();
                let help = finding
                    .help
                    .map(|help| format!(" ({help})"))
                    .unwrap_or_default();
                format!(
                    "{}:{} {}{help}",
                    position.line, position.column, finding.message
                )
            })
            .collect();
        findings.sort();
        findings
    }

    const MODULE_TEXT: &str = "\
id: softmax
title: Softmax
objectives: [know it]
build:
  edit: [a.py]
  validator:
    pytest: [tests/test_a.py]
";

    #[test]
    fn valid_file_has_no_findings() {
        assert_eq!(findings(module(), MODULE_TEXT), Vec::<String>::new());
    }

    #[test]
    fn findings_are_in_plain_words_on_the_offending_node() {
        let replaced = |from: &str, to: &str| findings(module(), &MODULE_TEXT.replace(from, to));
        assert_eq!(
            replaced("title:", "tittle:"),
            [
                "1:1 the file has no `title`",
                "2:1 unknown key `tittle` (did you mean `title`?)"
            ]
        );
        assert_eq!(
            replaced("id: softmax", "id: Soft Max"),
            ["1:5 `id` must be an id of lower-case words joined by `_` or `-`, not `Soft Max`"]
        );
        assert_eq!(
            replaced("[know it]", "know it"),
            ["3:13 `objectives` must be a list, not text"]
        );
        assert_eq!(
            replaced("[know it]", "[know it, '']"),
            ["3:23 item 2 of `objectives` must be text, not ``"]
        );
        assert_eq!(
            replaced("  edit: [a.py]", "  edit: [../a.py]"),
            [
                "5:10 item 1 of `edit` must be a relative path with forward slashes and without `.` or `..`, not `../a.py`"
            ]
        );
        assert_eq!(
            replaced(
                "title: Softmax",
                "title: Softmax\ndifficulty: hardest\nminutes: 0"
            ),
            [
                "3:13 `difficulty` must be one of `easy`, `medium`, `hard`, not `hardest`",
                "4:10 `minutes` must be at least 1",
            ]
        );
    }

    #[test]
    fn alternatives_are_judged_by_the_one_that_was_meant() {
        let replaced = |to: &str| {
            findings(
                module(),
                &MODULE_TEXT.replace("    pytest: [tests/test_a.py]", to),
            )
        };
        assert_eq!(
            replaced("    pytest: [tests/test_a.txt]"),
            [
                "7:14 item 1 of `pytest` must be a pytest node id such as `tests/test_a.py::test_b`, not `tests/test_a.txt`"
            ]
        );
        assert_eq!(
            replaced("    command: [sh, run.sh]\n    junnit: a.xml"),
            ["8:5 unknown key `junnit` (did you mean `junit`?)"]
        );
    }

    #[test]
    fn conditions_between_keys_are_judged() {
        assert_eq!(
            findings(module(), &format!("{MODULE_TEXT}kind: justify_only\n")),
            ["4:1 `build` does not belong here"]
        );
        assert_eq!(
            findings(module(), "id: a\ntitle: A\nobjectives: [x]\n"),
            ["1:1 the file has no `build`"]
        );
    }

    #[test]
    fn every_field_is_explained() {
        fn walk(schema: &str, pointer: &str, value: &Value, missing: &mut Vec<String>) {
            if let Some(properties) = value.get("properties").and_then(Value::as_object)
                && !pointer.ends_with("/if")
                && !pointer.ends_with("/then")
                && !pointer.ends_with("/else")
            {
                for (key, field) in properties {
                    for needed in ["title", "description", "examples"] {
                        if field.get(needed).is_none() {
                            missing.push(format!(
                                "{schema}{pointer}/properties/{key} has no {needed}"
                            ));
                        }
                    }
                }
                if value.get("additionalProperties") != Some(&Value::Bool(false)) {
                    missing.push(format!("{schema}{pointer} lets unknown keys pass"));
                }
            }
            match value {
                Value::Object(map) => {
                    for (key, inner) in map.iter().filter(|(key, _)| *key != "examples") {
                        walk(schema, &format!("{pointer}/{key}"), inner, missing);
                    }
                }
                Value::Array(items) => {
                    for (index, inner) in items.iter().enumerate() {
                        walk(schema, &format!("{pointer}/{index}"), inner, missing);
                    }
                }
                _ => {}
            }
        }
        let mut missing = Vec::new();
        for schema in Schema::all() {
            walk(schema.name(), "", schema.json(), &mut missing);
        }
        assert_eq!(missing, Vec::<String>::new());
    }

    #[test]
    fn examples_in_the_schemas_are_valid() {
        fn walk(pointer: &str, value: &Value) {
            if let Some(examples) = value.get("examples").and_then(Value::as_array) {
                let validator = jsonschema::draft202012::new(value).unwrap();
                for example in examples {
                    assert!(validator.is_valid(example), "{pointer}: {example}");
                }
            }
            if let Some(map) = value.as_object() {
                for (key, inner) in map.iter().filter(|(key, _)| *key != "examples") {
                    walk(&format!("{pointer}/{key}"), inner);
                }
            }
        }
        for schema in Schema::all() {
            walk(schema.name(), schema.json());
        }
    }

    #[test]
    fn every_pattern_has_words() {
        fn walk(value: &Value) {
            match value {
                Value::Object(map) => {
                    if let Some(pattern) = map.get("pattern").and_then(Value::as_str) {
                        assert!(pattern_words(pattern).is_some(), "{pattern}");
                    }
                    let inner = map.iter().filter(|(key, _)| *key != "examples");
                    inner.for_each(|(_, value)| walk(value));
                }
                Value::Array(items) => items.iter().for_each(walk),
                _ => {}
            }
        }
        for schema in Schema::all() {
            walk(schema.json());
        }
    }
}
