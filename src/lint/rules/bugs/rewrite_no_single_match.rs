//! `rewrite-no-single-match`. Found by the check of injections.

use crate::lint::rule::{Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A rewrite step does not match exactly once.
    ///
    /// ## What it does
    /// Tries each rewrite on the solved project and on each variant that is not listed under
    /// `not_applicable`, and reports steps that match no place or several.
    ///
    /// ## Why it matters
    /// A step that matches nothing injects nothing; one that matches twice injects something else than was
    /// tested.
    ///
    /// ## Example
    /// ```yaml
    /// within: softmax
    /// steps:
    ///   - rule: {pattern: $X.sum($$$ARGS)}     # softmax has two sums
    ///     fix: $X
    /// ```
    ///
    /// ## Use instead
    /// Narrow the rule with `inside`, `has` or `constraints`, or list the variant under `not_applicable`
    /// with the reason.
    pub(crate) struct RewriteNoSingleMatch {
        name: crate::inject::rewrite::REWRITE_NO_SINGLE_MATCH,
        group: Bugs,
        severity: Error,
        blocks_running: false,
    }
}

impl Rule for RewriteNoSingleMatch {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }
}
