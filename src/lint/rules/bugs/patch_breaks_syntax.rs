//! `patch-breaks-syntax`. Found by the check of injections.

use crate::lint::rule::{Rule, RuleMeta, declare_rule};

declare_rule! {
    /// With a patch, a file is not Python.
    ///
    /// ## What it does
    /// Parses each Python file that a patch has changed.
    ///
    /// ## Why it matters
    /// The learner would meet a syntax error in place of the bug.
    ///
    /// ## Example
    /// ```diff
    /// -    return x * 2
    /// +    return (x * 2
    /// ```
    ///
    /// ## Use instead
    /// A change that runs, and does something else.
    pub(crate) struct PatchBreaksSyntax {
        name: crate::inject::patch::PATCH_BREAKS_SYNTAX,
        group: Bugs,
        severity: Error,
        blocks_running: false,
    }
}

impl Rule for PatchBreaksSyntax {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }
}
