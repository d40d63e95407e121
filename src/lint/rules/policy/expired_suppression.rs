//! `expired-suppression`.

use crate::lint::policy::EXPIRED_SUPPRESSION;
use crate::lint::rule::{Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A suppression has run out.
    ///
    /// ## What it does
    /// Reports suppressions whose `until` is before today. They no longer hide anything.
    ///
    /// ## Why it matters
    /// The day was set so that somebody looks again.
    ///
    /// ## Example
    /// ```yaml
    /// # mastery: allow module-without-bug reason="comes with the next release" until=2024-06-30
    /// ```
    ///
    /// ## Use instead
    /// Put right what was suppressed, or set another day.
    pub(crate) struct ExpiredSuppression {
        name: EXPIRED_SUPPRESSION,
        group: Policy,
        severity: Warning,
        blocks_running: false,
    }
}

impl Rule for ExpiredSuppression {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }
}
