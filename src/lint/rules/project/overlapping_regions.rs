//! `overlapping-regions`. Found while the marks of the project are read.

use crate::lint::rule::{Rule, RuleMeta, declare_rule};

declare_rule! {
    /// Two solution regions overlap.
    ///
    /// ## What it does
    /// Reports a region that begins within another one and ends behind it.
    ///
    /// ## Why it matters
    /// The lines between would belong to both, and be solved and unsolved at once.
    ///
    /// ## Example
    /// ```python
    /// # mastery:begin a
    /// # mastery:begin b
    /// # mastery:end a
    /// # mastery:end b
    /// ```
    ///
    /// ## Use instead
    /// End the first region before the second begins.
    pub(crate) struct OverlappingRegions {
        name: crate::project::rules::OVERLAPPING_REGIONS,
        group: Project,
        severity: Error,
        blocks_running: true,
    }
}

impl Rule for OverlappingRegions {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }
}
