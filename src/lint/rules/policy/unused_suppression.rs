//! `unused-suppression`.

use crate::lint::policy::UNUSED_SUPPRESSION;
use crate::lint::rule::{Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A suppression hides nothing.
    ///
    /// ## What it does
    /// Reports suppressions, in comments and under `allow` in the manifest, that no finding needs.
    ///
    /// ## Why it matters
    /// It would hide the next finding of the rule, which may be a different one.
    ///
    /// ## Example
    /// ```yaml
    /// # mastery: allow module-without-bug reason="an introduction has nothing to break"
    /// # … in a module that has bugs
    /// ```
    ///
    /// ## Use instead
    /// Take it out; `mastery lint --fix` does where it is a comment.
    pub(crate) struct UnusedSuppression {
        name: UNUSED_SUPPRESSION,
        group: Policy,
        severity: Warning,
        blocks_running: false,
    }
}

impl Rule for UnusedSuppression {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }
}
