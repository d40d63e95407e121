//! `template.yaml` as types, field for field as in its schema.

use std::collections::HashSet;

use serde::Deserialize;

use crate::curriculum::document::FileContent;
use crate::curriculum::id::{PatternText, ProgramName, Slug, Text};

/// Names of values that every template has, and that no variable may take.
pub const BUILT_IN: &[&str] = &[
    "id",
    "title",
    "curriculum",
    "module",
    "schemas",
    "needs",
    "python_package",
];

/// `template.yaml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateManifest {
    /// What the template makes.
    pub kind: TemplateKind,
    /// One line for a list.
    pub description: Text,
    /// Of a module: the template of the curriculum around it; `curriculum-plain` when `None`.
    pub curriculum: Option<Slug>,
    /// Of a module: what the environment must have.
    #[serde(default)]
    pub needs: Needs,
    /// Values besides the id and the title, in the order in which they are asked for.
    #[serde(default)]
    pub variables: Vec<Variable>,
    /// Files, by their paths as templates, that are left as they are where they are there.
    #[serde(default)]
    pub shared: Vec<Text>,
}

/// What a template makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words say it")]
pub enum TemplateKind {
    Curriculum,
    Module,
    Question,
}

impl TemplateKind {
    /// The kind in a word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Curriculum => "curriculum",
            Self::Module => "module",
            Self::Question => "question",
        }
    }
}

/// What a module needs of the environment of its curriculum.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Needs {
    /// Python packages that must be locked.
    #[serde(default)]
    pub packages: Vec<ProgramName>,
    /// Programs that must stand under `environment.tools`.
    #[serde(default)]
    pub tools: Vec<ProgramName>,
}

/// A value that the files of a template need.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variable {
    /// What templates and `--var` call it.
    pub name: VariableName,
    /// What is asked for, in a few words.
    pub description: Text,
    /// The value where none is given, as a template; `None` where one has to be given.
    pub default: Option<String>,
    /// What the whole value must match; `None` for anything.
    pub pattern: Option<PatternText>,
    /// Values that match and are of no use; a `*` at the end stands for anything.
    #[serde(default)]
    pub reserved: Vec<Text>,
}

/// The name of a variable: lower-case, none of [`BUILT_IN`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct VariableName(String);

impl VariableName {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for VariableName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let is_name = text.len() <= 64
            && text.starts_with(|first: char| first.is_ascii_lowercase())
            && text.bytes().all(is_part);
        if is_name && !BUILT_IN.contains(&text.as_str()) {
            Ok(Self(text))
        } else {
            Err(format!("`{text}` is not the name of a variable"))
        }
    }
}

impl FileContent for TemplateManifest {
    fn check(&self) -> Result<(), String> {
        let of_module = self.curriculum.is_some() || self.needs != Needs::default();
        if of_module && self.kind != TemplateKind::Module {
            return Err("`curriculum` and `needs` belong to modules".to_owned());
        }
        let mut seen = HashSet::new();
        match self.variables.iter().find(|it| !seen.insert(&it.name)) {
            Some(twin) => Err(format!("the variable `{}` is there twice", twin.name.0)),
            None => Ok(()),
        }
    }
}
