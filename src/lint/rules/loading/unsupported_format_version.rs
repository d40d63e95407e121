//! `unsupported-format-version`.

use crate::lint::rule::{Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A curriculum is written in another version of the formats.
    ///
    /// ## What it does
    /// Compares `schema` in `curriculum.yaml` with the version that this version of mastery reads.
    ///
    /// ## Why it matters
    /// The same keys can mean something else, so that nothing else of the file is looked at.
    ///
    /// ## Example
    /// ```yaml
    /// schema: 2
    /// ```
    ///
    /// ## Use instead
    /// The version of mastery that reads it, or the version of the formats that this one reads.
    pub(crate) struct UnsupportedFormatVersion {
        name: crate::curriculum::rules::UNSUPPORTED_VERSION,
        group: Loading,
        severity: Error,
        blocks_running: true,
    }
}

impl Rule for UnsupportedFormatVersion {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }
}
