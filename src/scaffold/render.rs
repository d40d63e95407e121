//! Turning the texts of a template into those of a file.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::curriculum::id::{capitalised, title_of};
use crate::source::yaml_text::flow_scalar;
use crate::template::{Engine, TemplateError};

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

/// A renderer: nothing is escaped, and there are filters for names.
#[derive(Debug)]
pub struct Renderer(Engine);

impl Default for Renderer {
    fn default() -> Self {
        let mut engine = Engine::default();
        engine.add_filter("snake", snake);
        engine.add_filter("pascal", pascal);
        engine.add_filter("camel", camel);
        engine.add_filter("words", title_of);
        engine.add_filter("yaml", flow_scalar);
        Self(engine)
    }
}

impl Renderer {
    /// Fills a text in.
    ///
    /// # Errors
    ///
    /// A mistake in the template, or a value that it wants and that is not there.
    pub fn render(&self, template: &str, values: &Values) -> Result<String, TemplateError> {
        self.0.render("template", template, &values.0)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(template: &str) -> Result<String, TemplateError> {
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
}
