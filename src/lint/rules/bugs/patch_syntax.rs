//! `patch-syntax`. Found by the check of injections.

use crate::lint::rule::{Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A patch can't be read.
    ///
    /// ## What it does
    /// Reports files that hold no unified diff, wrong hunk counts, missing `---` and `+++` lines, paths that
    /// leave the project, and patches that rename, copy or are binary.
    ///
    /// ## Why it matters
    /// Most hand-edited patches are broken in their hunk headers, and tools differ in what they let pass.
    ///
    /// ## Example
    /// ```diff
    /// @@ -1,3 +1,3 @@     # followed by four old lines
    /// ```
    ///
    /// ## Use instead
    /// Make the patch with `git diff`, and never edit its hunks by hand.
    pub(crate) struct PatchSyntax {
        name: crate::inject::patch::PATCH_SYNTAX,
        group: Bugs,
        severity: Error,
        blocks_running: false,
    }
}

impl Rule for PatchSyntax {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }
}
