//! `schema-violation`. Found while the curriculum is loaded.

use crate::lint::rule::{Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A file does not match its JSON Schema.
    ///
    /// ## What it does
    /// Reports unknown and missing keys, values of the wrong kind, ids with other characters than allowed.
    /// `mastery schema NAME` prints the schema.
    ///
    /// ## Why it matters
    /// An unknown key is most often a known one misspelt, and silently without effect.
    ///
    /// ## Example
    /// ```yaml
    /// tittle: Softmax
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// title: Softmax
    /// ```
    pub(crate) struct SchemaViolation {
        name: crate::curriculum::rules::SCHEMA_VIOLATION,
        group: Loading,
        severity: Error,
        blocks_running: false,
    }
}

impl Rule for SchemaViolation {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }
}
