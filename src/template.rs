//! Filling templates in: Jinja in which a value that is not there is an error. Names `minijinja`.

use minijinja::syntax::SyntaxConfig;
use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, UndefinedBehavior, Value, value::Serde,
};
use serde::Serialize;

/// Steps that one template may take: a thousand times what any real one does, and no endless loop.
const MAX_STEPS: u64 = 10_000_000;

/// Why a template could not be filled in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{message}", line.map(|line| format!("line {line}: ")).unwrap_or_default())]
pub struct TemplateError {
    /// The line of the template, from 1, where it is known.
    pub line: Option<usize>,
    /// What is wrong.
    pub message: String,
}

/// Fills templates in.
#[derive(Debug)]
pub struct Engine(Environment<'static>);

impl Default for Engine {
    fn default() -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|name| {
            if name.ends_with(".html") {
                AutoEscape::Html
            } else {
                AutoEscape::None
            }
        });
        let syntax = SyntaxConfig::builder()
            .keep_trailing_newline(true)
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build();
        environment.set_syntax(syntax.expect("the delimiters are the usual ones"));
        environment.set_fuel(Some(MAX_STEPS));
        // What is undefined is told only then.
        environment.set_debug(true);
        Self(environment)
    }
}

impl Engine {
    /// Lets templates change texts by a function of that name.
    pub fn add_filter(&mut self, name: &'static str, filter: fn(&str) -> String) {
        self.0.add_filter(name, move |text: String| filter(&text));
    }

    /// Fills a template in. In one whose name ends in `.html` all values are escaped but those that go
    /// through the filter `safe`.
    ///
    /// # Errors
    ///
    /// What is wrong with the template, or with what it asks of the values.
    pub fn render(
        &self,
        name: &str,
        text: &str,
        context: impl Serialize,
    ) -> Result<String, TemplateError> {
        let values = Value::from(Serde(context));
        let rendered = self.0.render_named_str(name, text, values);
        rendered.map_err(|error| explain(&error))
    }
}

/// Text as it may stand in markup and in the values of attributes.
pub(crate) fn escaped(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '&' => result.push_str("&amp;"),
            '<' => result.push_str("&lt;"),
            '>' => result.push_str("&gt;"),
            '"' => result.push_str("&quot;"),
            '\'' => result.push_str("&#39;"),
            char => result.push(char),
        }
    }
    result
}

fn explain(error: &Error) -> TemplateError {
    let message = match (error.kind(), error.detail()) {
        (ErrorKind::OutOfFuel, _) => "it takes too many steps".to_owned(),
        (kind, Some(detail)) => format!("{kind}: {detail}"),
        (kind, None) => kind.to_string(),
    };
    let line = error.line();
    TemplateError { line, message }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn rendered(name: &str, text: &str) -> Result<String, TemplateError> {
        Engine::default().render(name, text, BTreeMap::from([("value", "<b>")]))
    }

    #[test]
    fn pages_are_escaped_and_other_texts_are_not() {
        let text = "{{ value }} {{ value | safe }}\n";
        assert_eq!(rendered("a.html", text).unwrap(), "&lt;b&gt; <b>\n");
        assert_eq!(rendered("a.yaml", text).unwrap(), "<b> <b>\n");
    }

    #[test]
    fn value_that_is_not_there_and_endless_loops_are_errors() {
        let missing = rendered("a.html", "{{ valeu }}").unwrap_err().to_string();
        assert!(missing.starts_with("line 1: undefined value"), "{missing}");
        let endless =
            "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}";
        assert!(rendered("a.html", endless).is_err());
    }
}
