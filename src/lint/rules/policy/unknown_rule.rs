//! `unknown-rule`.

use crate::lint::policy::UNKNOWN_RULE;
use crate::lint::rule::{Rule, RuleMeta, declare_rule};

declare_rule! {
    /// There is no rule of that name.
    ///
    /// ## What it does
    /// Looks up the names of rules in suppressions, and under `allow` and `severity` in the manifest.
    ///
    /// ## Why it matters
    /// A misspelt name changes nothing, and looks as if it did.
    ///
    /// ## Example
    /// ```yaml
    /// severity: {modul-without-bug: off}
    /// ```
    ///
    /// ## Use instead
    /// A name that `mastery explain` lists.
    pub(crate) struct UnknownRule {
        name: UNKNOWN_RULE,
        group: Policy,
        severity: Error,
        blocks_running: false,
    }
}

impl Rule for UnknownRule {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }
}
