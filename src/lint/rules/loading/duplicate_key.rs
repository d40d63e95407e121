//! `duplicate-key`. Found while the curriculum is loaded.

use crate::lint::rule::{Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A key stands twice in one mapping.
    ///
    /// ## What it does
    /// Reports the second of two equal keys.
    ///
    /// ## Why it matters
    /// Parsers disagree on which one counts, and the author sees the one that they look at.
    ///
    /// ## Example
    /// ```yaml
    /// minutes: 20
    /// title: Softmax
    /// minutes: 45
    /// ```
    ///
    /// ## Use instead
    /// Keep one of them.
    pub(crate) struct DuplicateKey {
        name: crate::curriculum::rules::DUPLICATE_KEY,
        group: Loading,
        severity: Error,
        blocks_running: false,
    }
}

impl Rule for DuplicateKey {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }
}
