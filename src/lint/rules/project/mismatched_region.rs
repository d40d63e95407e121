//! `mismatched-region`. Found while the marks of the project are read.

use crate::lint::rule::{Rule, RuleMeta, declare_rule};

declare_rule! {
    /// The owners at the end or stub of a region differ from those at its begin.
    ///
    /// ## What it does
    /// Reports a stub or end whose module ids are not those of the open region.
    ///
    /// ## Why it matters
    /// One of the two is a typing error, and decides when learners see the solution.
    ///
    /// ## Example
    /// ```python
    /// # mastery:begin softmax
    /// # mastery:end sofmtax
    /// ```
    ///
    /// ## Use instead
    /// Write the same ids at begin, stub and end.
    pub(crate) struct MismatchedRegion {
        name: crate::project::rules::MISMATCHED_REGION,
        group: Project,
        severity: Error,
        blocks_running: true,
    }
}

impl Rule for MismatchedRegion {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }
}
