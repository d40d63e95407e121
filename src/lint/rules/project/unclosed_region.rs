//! `unclosed-region`. Found while the marks of the project are read.

use crate::lint::rule::{Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A solution region is not ended.
    ///
    /// ## What it does
    /// Reports a `mastery:begin` without its `mastery:end`.
    ///
    /// ## Why it matters
    /// Where the solution ends can't be guessed.
    ///
    /// ## Example
    /// ```python
    /// # mastery:begin softmax
    /// return exp / exp.sum()
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// # mastery:begin softmax
    /// return exp / exp.sum()
    /// # mastery:end softmax
    /// ```
    pub(crate) struct UnclosedRegion {
        name: crate::project::rules::UNCLOSED_REGION,
        group: Project,
        severity: Error,
        blocks_running: true,
    }
}

impl Rule for UnclosedRegion {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }
}
