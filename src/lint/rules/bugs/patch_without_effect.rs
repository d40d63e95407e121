//! `patch-without-effect`. Found by the check of injections.

use crate::lint::rule::{Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A patch changes nothing.
    ///
    /// ## What it does
    /// Reports a patch after which the project does what it did: nothing is changed, or comments and
    /// blanks alone.
    ///
    /// ## Why it matters
    /// The learner would look for a bug that is not there.
    ///
    /// ## Example
    /// ```diff
    /// -return x
    /// +return x
    /// ```
    ///
    /// ## Use instead
    /// Record the bug again.
    pub(crate) struct PatchWithoutEffect {
        name: crate::inject::patch::PATCH_WITHOUT_EFFECT,
        group: Bugs,
        severity: Error,
        blocks_running: false,
    }
}

impl Rule for PatchWithoutEffect {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }
}
