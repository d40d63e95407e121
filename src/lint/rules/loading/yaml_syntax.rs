//! `yaml-syntax`. Found while the curriculum is loaded.

use crate::lint::rule::{Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A file is not YAML.
    ///
    /// ## What it does
    /// Reports what the YAML parser can't read: wrong indentation, unclosed brackets, an empty file, merge
    /// keys, tags, more than one document.
    ///
    /// ## Why it matters
    /// Nothing in the file can be checked.
    ///
    /// ## Example
    /// ```yaml
    /// title: Softmax: the details      # a colon inside an unquoted text
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// title: "Softmax: the details"
    /// ```
    pub(crate) struct YamlSyntax {
        name: crate::curriculum::rules::YAML_SYNTAX,
        group: Loading,
        severity: Error,
        blocks_running: false,
    }
}

impl Rule for YamlSyntax {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }
}
