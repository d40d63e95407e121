//! `invalid-suppression`.

use crate::lint::policy::INVALID_SUPPRESSION;
use crate::lint::rule::{Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A suppression can't be read.
    ///
    /// ## What it does
    /// Reports comments that begin with `mastery: allow` and do not name a rule and a reason, and globs
    /// under `allow` that are none.
    ///
    /// ## Why it matters
    /// The author believes that a finding is accepted. Without a reason nobody can tell later whether it
    /// still should be.
    ///
    /// ## Example
    /// ```yaml
    /// # mastery: allow module-without-bug
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// # mastery: allow module-without-bug reason="an introduction has nothing to break"
    /// ```
    pub(crate) struct InvalidSuppression {
        name: INVALID_SUPPRESSION,
        group: Policy,
        severity: Error,
        blocks_running: false,
    }
}

impl Rule for InvalidSuppression {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }
}
