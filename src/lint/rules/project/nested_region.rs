//! `nested-region`. Found while the marks of the project are read.

use crate::lint::rule::{Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A solution region is inside another.
    ///
    /// ## What it does
    /// Reports a region that begins and ends within another one.
    ///
    /// ## Why it matters
    /// Regions do not nest: one function that grows over several modules is not supported.
    ///
    /// ## Example
    /// ```python
    /// # mastery:begin a
    /// # mastery:begin b
    /// # mastery:end b
    /// # mastery:end a
    /// ```
    ///
    /// ## Use instead
    /// End the first region before the second begins, or give one region both owners.
    pub(crate) struct NestedRegion {
        name: crate::project::rules::NESTED_REGION,
        group: Project,
        severity: Error,
        blocks_running: true,
    }
}

impl Rule for NestedRegion {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }
}
