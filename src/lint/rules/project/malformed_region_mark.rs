//! `malformed-region-mark`. Found while the marks of the project are read.

use crate::lint::rule::{Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A region mark can't be read.
    ///
    /// ## What it does
    /// Reports marks with an unknown word, without an owner or with one that is no id, with code on the same
    /// line, a second stub in a region, and stub lines that are no comments.
    ///
    /// ## Why it matters
    /// What the learner has to write would not be taken out of the starter.
    ///
    /// ## Example
    /// ```python
    /// x = 1  # mastery:begin softmax
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// # mastery:begin softmax
    /// x = 1
    /// # mastery:end softmax
    /// ```
    pub(crate) struct MalformedRegionMark {
        name: crate::project::rules::MALFORMED_MARK,
        group: Project,
        severity: Error,
        blocks_running: true,
    }
}

impl Rule for MalformedRegionMark {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }
}
