//! `rewrite-invalid`. Found by the check of injections.

use crate::lint::rule::{Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A rewrite can't be read.
    ///
    /// ## What it does
    /// Reports steps that are no valid ast-grep rules, and a `path` that is no Python file of the solved
    /// project.
    ///
    /// ## Why it matters
    /// The bug could not be put into a learner's code.
    ///
    /// ## Example
    /// ```yaml
    /// steps:
    ///   - rule: {patern: $X - $M}
    ///     fix: $X
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// steps:
    ///   - rule: {pattern: $X - $M}
    ///     fix: $X
    /// ```
    /// Put a pattern that holds `,`, `{` or `:` in quotes.
    pub(crate) struct RewriteInvalid {
        name: crate::inject::rewrite::REWRITE_INVALID,
        group: Bugs,
        severity: Error,
        blocks_running: false,
    }
}

impl Rule for RewriteInvalid {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }
}
