//! `rewrite-breaks-syntax`. Found by the check of injections.

use crate::lint::rule::{Rule, RuleMeta, declare_rule};

declare_rule! {
    /// The result of a rewrite is not Python.
    ///
    /// ## What it does
    /// Parses the file again after every step.
    ///
    /// ## Why it matters
    /// The learner would meet a syntax error in place of the bug.
    ///
    /// ## Example
    /// ```yaml
    /// - rule: {pattern: "f($A, $B)"}
    ///   fix: f($A,, $B)
    /// ```
    ///
    /// ## Use instead
    /// Correct the fix. To take a whole statement out, match it with `kind: expression_statement` and put
    /// `pass` in its place.
    pub(crate) struct RewriteBreaksSyntax {
        name: crate::inject::rewrite::REWRITE_BREAKS_SYNTAX,
        group: Bugs,
        severity: Error,
        blocks_running: false,
    }
}

impl Rule for RewriteBreaksSyntax {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }
}
