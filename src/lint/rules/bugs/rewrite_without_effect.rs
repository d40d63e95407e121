//! `rewrite-without-effect`. Found by the check of injections.

use crate::lint::rule::{Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A rewrite changes nothing.
    ///
    /// ## What it does
    /// Reports a rewrite after which the file does what it did: nothing is changed, or comments and blanks
    /// alone.
    ///
    /// ## Why it matters
    /// The learner would look for a bug that is not there.
    ///
    /// ## Example
    /// ```yaml
    /// - rule: {pattern: $X - $M}
    ///   fix: $X - $M
    /// ```
    ///
    /// ## Use instead
    /// Correct the fix.
    pub(crate) struct RewriteWithoutEffect {
        name: crate::inject::rewrite::REWRITE_WITHOUT_EFFECT,
        group: Bugs,
        severity: Error,
        blocks_running: false,
    }
}

impl Rule for RewriteWithoutEffect {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }
}
