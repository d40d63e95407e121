//! `unlisted-module`.

use crate::curriculum::document::Manifest;
use crate::curriculum::id::ModuleId;
use crate::curriculum::{Loaded, listing};
use crate::diagnostic::{Fix, Location, Sink};
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
    /// List it, with `status: draft` while it is not ready. `mastery lint --fix` puts it behind the last
    /// module.
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
        let Some(manifest) = &curriculum.manifest else {
            return;
        };
        for folder in &curriculum.module_folders {
            if curriculum.position(folder).is_none() {
                let path = curriculum.shown_path(&format!("modules/{folder}"));
                let message = format!("the module `{folder}` is not listed in `curriculum.yaml`");
                let finding = self.finding(Location::path(path), message);
                sink.push(finding.with_fix(entry_for(manifest, folder)));
            }
        }
    }
}

/// An entry for a module behind the last one that is listed.
fn entry_for(manifest: &Loaded<Manifest>, folder: &str) -> Option<Fix> {
    // A folder that can't be an id has to be renamed first.
    let id = ModuleId::try_from(folder).ok()?;
    let (_, pointer) = manifest.value.module_ids().last()?;
    Some(listing::entry_behind(manifest, &pointer, &id))
}
