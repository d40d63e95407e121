//! Turning the texts of a template into those of a file. The only file that names `minijinja`.

use std::collections::BTreeMap;

use minijinja::syntax::SyntaxConfig;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value};

/// Steps that one text may take: a thousand times what any real one does, and no endless loop.
const MAX_STEPS: u64 = 1_000_000;

/// Values by name.
#[derive(Clone, Debug, Default)]
pub struct Values(BTreeMap<String, Value>);

impl Values {
    /// Sets a text.
    pub fn set(&mut self, name: &str, text: impl Into<String>) {
        self.0.insert(name.to_owned(), Value::from(text.into()));
    }

    /// Sets a list of texts.
    pub fn set_list(&mut self, name: &str, texts: impl IntoIterator<Item = String>) {
        let list: Vec<Value> = texts.into_iter().map(Value::from).collect();
        self.0.insert(name.to_owned(), Value::from(list));
    }
}

/// Why a text could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", line.map(|line| format!("line {line}: ")).unwrap_or_default())]
pub struct RenderError {
    /// The line of the template, from 1, where it is known.
    pub line: Option<usize>,
    /// What is wrong.
    pub message: String,
}

/// A renderer: Jinja in which a value that is not there is an error, and nothing is escaped.
#[derive(Debug)]
pub struct Renderer(Environment<'static>);

impl Default for Renderer {
    fn default() -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        let syntax = SyntaxConfig::builder()
            .keep_trailing_newline(true)
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build();
        environment.set_syntax(syntax.expect("the delimiters are the usual ones"));
        environment.set_fuel(Some(MAX_STEPS));
        // What is undefined is told only then.
        environment.set_debug(true);
        environment.add_filter("snake", |text: String| snake(&text));
        environment.add_filter("pascal", |text: String| pascal(&text));
        environment.add_filter("camel", |text: String| camel(&text));
        environment.add_filter("words", |text: String| words(&text));
        environment.add_filter("yaml", |text: String| yaml(&text));
        Self(environment)
    }
}

impl Renderer {
    /// Fills a text in.
    ///
    /// # Errors
    ///
    /// A mistake in the template, or a value that it wants and that is not there.
    pub fn render(&self, template: &str, values: &Values) -> Result<String, RenderError> {
        self.0
            .render_str(template, Value::from(values.0.clone()))
            .map_err(|error| explain(&error))
    }
}

fn explain(error: &Error) -> RenderError {
    let message = match (error.kind(), error.detail()) {
        (ErrorKind::OutOfFuel, _) => "it takes too many steps".to_owned(),
        (kind, Some(detail)) => format!("{kind}: {detail}"),
        (kind, None) => kind.to_string(),
    };
    let line = error.line();
    RenderError { line, message }
}

/// An id as a name in languages that join words by `_`.
pub fn snake(id: &str) -> String {
    id.replace('-', "_")
}

/// An id as the name of a class: `rms_norm` is `RmsNorm`.
pub fn pascal(id: &str) -> String {
    let words = id.split(['_', '-']).filter(|word| !word.is_empty());
    words.map(capitalised).collect()
}

/// An id as the name of a function in JavaScript: `rms_norm` is `rmsNorm`.
pub fn camel(id: &str) -> String {
    let name = pascal(id);
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(chars).collect()
    })
}

/// An id as a title: `rms_norm` is `Rms norm`.
pub fn words(id: &str) -> String {
    capitalised(&id.replace(['_', '-'], " "))
}

fn capitalised(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(chars).collect()
    })
}

/// A text as a YAML scalar that is read as this text: as it is where that is so, else in quotes.
pub fn yaml(text: &str) -> String {
    // Words that YAML takes for something else, now or in its older version.
    const MEANT: &[&str] = &["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let is_plain_char = |char: char| char.is_alphanumeric() || " _-.,()/".contains(char);
    let is_plain = text.starts_with(char::is_alphabetic)
        && !text.ends_with(' ')
        && text.chars().all(is_plain_char)
        && !MEANT.contains(&text.to_lowercase().as_str())
        // In a list in brackets a comma ends an item.
        && !text.contains(',');
    if is_plain {
        text.to_owned()
    } else {
        // A JSON string is a YAML scalar in double quotes.
        serde_json::Value::from(text).to_string()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::source::{SourceFile, yaml as source_yaml};

    fn rendered(template: &str) -> Result<String, RenderError> {
        let mut values = Values::default();
        values.set("id", "rms_norm-2");
        Renderer::default().render(template, &values)
    }

    #[test]
    fn ids_become_names_of_all_kinds() {
        for (template, text) in [
            ("{{ id | snake }}", "rms_norm_2"),
            ("{{ id | pascal }}", "RmsNorm2"),
            ("{{ id | camel }}", "rmsNorm2"),
            ("{{ id | words }}\n", "Rms norm 2\n"),
            ("{% if id %}\n  <b>\n{% endif %}\n", "  <b>\n"),
        ] {
            assert_eq!(rendered(template).unwrap(), text);
        }
    }

    #[test]
    fn what_is_not_there_or_never_ends_is_an_error() {
        let missing = rendered("\n{{ idd }}").unwrap_err();
        assert_eq!(missing.line, Some(2));
        assert_eq!(missing.message, "undefined value: `idd` is undefined");
        assert!(rendered("{% if id %}").is_err());
        assert!(rendered("{{ id | nothing }}").is_err());
        let endless =
            "{% for a in range(9999) %}{% for b in range(9999) %}{{ a }}{% endfor %}{% endfor %}";
        assert!(
            rendered(endless)
                .unwrap_err()
                .message
                .contains("too many steps")
        );
    }

    proptest! {
        #[test]
        fn yaml_scalar_is_read_as_the_text(text in "[ -~ä]{1,20}") {
            for (before, behind) in [("a: ", "\n"), ("a: [", "]\n")] {
                let file = Arc::new(SourceFile::new("a.yaml", format!("{before}{}{behind}", yaml(&text))));
                let document = source_yaml::parse(&file).0.unwrap();
                let value = document.value.pointer("/a/0").or(document.value.pointer("/a")).unwrap();
                prop_assert_eq!(value.as_str(), Some(text.as_str()), "{}", file.text());
            }
        }
    }
}
