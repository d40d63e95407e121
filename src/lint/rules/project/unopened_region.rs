//! `unopened-region`. Found while the marks of the project are read.

use crate::lint::rule::{Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A stub or an end without a begin.
    ///
    /// ## What it does
    /// Reports a `mastery:stub` or `mastery:end` where no region is open.
    ///
    /// ## Why it matters
    /// The lines above it were most likely meant to be a solution, and would be shown to learners.
    ///
    /// ## Example
    /// ```python
    /// return exp / exp.sum()
    /// # mastery:end softmax
    /// ```
    ///
    /// ## Use instead
    /// Put `# mastery:begin softmax` above the solution.
    pub(crate) struct UnopenedRegion {
        name: crate::project::rules::UNOPENED_REGION,
        group: Project,
        severity: Error,
        blocks_running: true,
    }
}

impl Rule for UnopenedRegion {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }
}
