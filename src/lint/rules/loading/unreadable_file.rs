//! `unreadable-file`. Found while the curriculum is loaded.

use crate::lint::rule::{Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A file can't be read.
    ///
    /// ## What it does
    /// Reports files that are too large, not UTF-8 where text is needed, no regular files, or that the
    /// system refuses to open.
    ///
    /// ## Why it matters
    /// Nothing in such a file can be checked, and a learner would get it as it is.
    ///
    /// ## Example
    /// ```text
    /// prompt.md saved as UTF-16, or a device file in `project/`
    /// ```
    ///
    /// ## Use instead
    /// Save text as UTF-8 and keep large data out of the curriculum.
    pub(crate) struct UnreadableFile {
        name: crate::curriculum::rules::UNREADABLE_FILE,
        group: Loading,
        severity: Error,
        blocks_running: true,
    }
}

impl Rule for UnreadableFile {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }
}
