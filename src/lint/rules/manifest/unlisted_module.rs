//! `unlisted-module`.

use crate::diagnostic::{Location, Sink};
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A module's folder is not listed.
    ///
    /// ## What it does
    /// Reports folders under `modules/` that the manifest does not name.
    ///
    /// ## Why it matters
    /// Learners never see the module, and its cases are never run.
    ///
    /// ## Example
    /// ```text
    /// modules/softmax_draft/ with no entry in curriculum.yaml
    /// ```
    ///
    /// ## Use instead
    /// List it, with `status: draft` while it is not ready.
    pub(crate) struct UnlistedModule {
        name: "unlisted-module",
        group: Manifest,
        severity: Error,
        blocks_running: false,
    }
}

impl Rule for UnlistedModule {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        let curriculum = context.curriculum;
        if curriculum.manifest.is_none() {
            return;
        }
        for folder in &curriculum.module_folders {
            if curriculum.position(folder).is_none() {
                let path = curriculum.shown_path(&format!("modules/{folder}"));
                let message = format!("the module `{folder}` is not listed in `curriculum.yaml`");
                sink.push(self.finding(Location::path(path), message));
            }
        }
    }
}
