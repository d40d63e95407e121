//! The fields of a JSON object, read one by one: what is missing is `None`, what is of another kind is told,
//! and what nobody has asked for is told in the end.

use std::collections::BTreeSet;

use super::json::{Node, Value};
use super::ledger::{Ledger, Place};

/// An object whose fields are being read.
#[derive(Debug)]
pub(super) struct Fields<'n> {
    file: Place,
    /// What the object is, in words: "the module `softmax`".
    pub(super) what: String,
    line: usize,
    entries: &'n [(String, Node)],
    read: BTreeSet<&'static str>,
}

impl<'n> Fields<'n> {
    /// Returns the fields of an object; `None`, told, when it is none.
    pub(super) fn of(
        node: &'n Node,
        file: &Place,
        what: impl Into<String>,
        ledger: &mut Ledger<'_>,
    ) -> Option<Self> {
        let what = what.into();
        match &node.value {
            Value::Object(entries) => Some(Self {
                file: file.clone(),
                what,
                line: node.line,
                entries,
                read: BTreeSet::new(),
            }),
            other => {
                let why = format!("{what} is {} and no object", other.kind());
                ledger.aside(&file.at(node.line), why);
                None
            }
        }
    }

    /// The line that the object begins in.
    pub(super) fn place(&self) -> Place {
        self.file.at(self.line)
    }

    /// The place of a field, or of the object where it lacks it.
    pub(super) fn place_of(&self, name: &str) -> Place {
        self.file
            .at(self.find(name).map_or(self.line, |node| node.line))
    }

    fn find(&self, name: &str) -> Option<&'n Node> {
        let entry = self.entries.iter().find(|(key, _)| key == name);
        entry.map(|(_, node)| node)
    }

    /// The value of a field; `None` where it is missing or null.
    pub(super) fn get(&mut self, name: &'static str) -> Option<&'n Node> {
        self.read.insert(name);
        self.find(name).filter(|node| node.value != Value::Null)
    }

    /// A text; one that is blank counts as missing, and a number as the text that it is.
    pub(super) fn text(&mut self, name: &'static str, ledger: &mut Ledger<'_>) -> Option<String> {
        let node = self.get(name)?;
        match &node.value {
            Value::Text(text) if text.trim().is_empty() => None,
            Value::Text(text) => Some(text.clone()),
            Value::Number(number) => {
                let why = format!(
                    "`{name}` of {} is a number and taken for the text `{number}`",
                    self.what
                );
                ledger.changed(&self.file.at(node.line), why);
                Some(number.to_string())
            }
            other => self.refuse(name, node, other, "a text", ledger),
        }
    }

    /// A number, also one that stands in quotes.
    pub(super) fn number(&mut self, name: &'static str, ledger: &mut Ledger<'_>) -> Option<f64> {
        let node = self.get(name)?;
        match &node.value {
            Value::Number(number) => Some(*number),
            Value::Text(text) if text.trim().parse::<f64>().is_ok_and(f64::is_finite) => {
                let why = format!(
                    "`{name}` of {} is a text and taken for the number in it",
                    self.what
                );
                ledger.changed(&self.file.at(node.line), why);
                text.trim().parse().ok()
            }
            other => self.refuse(name, node, other, "a number", ledger),
        }
    }

    /// The items of a list; a single item may stand without one.
    pub(super) fn items(&mut self, name: &'static str, ledger: &mut Ledger<'_>) -> &'n [Node] {
        let Some(node) = self.get(name) else {
            return &[];
        };
        match &node.value {
            Value::List(items) => items,
            Value::Text(_) => {
                let why = format!(
                    "`{name}` of {} is a text and taken for a list with one item",
                    self.what
                );
                ledger.changed(&self.file.at(node.line), why);
                std::slice::from_ref(node)
            }
            other => {
                self.refuse::<()>(name, node, other, "a list", ledger);
                &[]
            }
        }
    }

    /// A list of texts, each with its line; items of other kinds are told and left out.
    pub(super) fn texts(
        &mut self,
        name: &'static str,
        ledger: &mut Ledger<'_>,
    ) -> Vec<(String, usize)> {
        let mut texts = Vec::new();
        for node in self.items(name, ledger) {
            match &node.value {
                Value::Text(text) if !text.trim().is_empty() => {
                    texts.push((text.clone(), node.line));
                }
                other => {
                    let why = format!(
                        "an item of `{name}` of {} is {} and no text",
                        self.what,
                        other.kind()
                    );
                    ledger.aside(&self.file.at(node.line), why);
                }
            }
        }
        texts
    }

    /// Tells of the fields that nobody has asked for.
    pub(super) fn close(self, ledger: &mut Ledger<'_>) {
        for (name, node) in self.entries {
            if !self.read.contains(name.as_str()) {
                let why = format!("there is no place for `{name}` of {}", self.what);
                ledger.aside(&self.file.at(node.line), why);
            }
        }
    }

    fn refuse<T>(
        &self,
        name: &str,
        node: &Node,
        found: &Value,
        wanted: &str,
        ledger: &mut Ledger<'_>,
    ) -> Option<T> {
        let why = format!(
            "`{name}` of {} is {} and not {wanted}",
            self.what,
            found.kind()
        );
        ledger.aside(&self.file.at(node.line), why);
        None
    }
}

/// Reads a JSON file, and tells what is wrong with it; `None` when it is not there or can't be read.
pub(super) fn read(file: &Place, ledger: &mut Ledger<'_>) -> Option<Node> {
    let text = ledger.text(file)?;
    let text = match text.strip_prefix('\u{feff}') {
        Some(rest) => {
            ledger.changed(&file.at(1), "begins with a byte order mark");
            rest
        }
        None => text,
    };
    match super::json::parse(text) {
        Ok((node, damages)) => {
            for damage in damages {
                ledger.changed(&file.at(damage.line), damage.what);
            }
            Some(node)
        }
        Err(damage) => {
            ledger.aside(&file.at(damage.line), format!("no JSON: {}", damage.what));
            None
        }
    }
}
