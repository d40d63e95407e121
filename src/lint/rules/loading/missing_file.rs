//! `missing-file`. Found while the curriculum is loaded.

use crate::lint::rule::{Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A file that has to be there is not.
    ///
    /// ## What it does
    /// Reports a curriculum without `curriculum.yaml`, a module without `module.yaml` or `prompt.md`,
    /// a patch or theory file that is named and not there.
    ///
    /// ## Why it matters
    /// The module can't be shown, built or checked without it.
    ///
    /// ## Example
    /// ```yaml
    /// inject:
    ///   patch: no_shift.patch     # bugs/no_shift.patch does not exist
    /// ```
    ///
    /// ## Use instead
    /// Add the file, or correct the name.
    pub(crate) struct MissingFile {
        name: crate::curriculum::rules::MISSING_FILE,
        group: Loading,
        severity: Error,
        blocks_running: false,
    }
}

impl Rule for MissingFile {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }
}
