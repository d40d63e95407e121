//! `region-outside-edit`.

use crate::diagnostic::Sink;
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A module has a region in a file that it does not list under `build.edit`.
    ///
    /// ## What it does
    /// Compares the files that hold regions with the `build.edit` of their owners.
    ///
    /// ## Why it matters
    /// Learners are told which files to edit. In this one they would find a hole that no task
    /// mentions.
    ///
    /// ## Example
    /// ```yaml
    /// build:
    ///   edit: [nn_utils.py]     # and layers.py has a region of the module, too
    /// ```
    ///
    /// ## Use instead
    /// List the file, or give the region another owner.
    pub(crate) struct RegionOutsideEdit {
        name: "region-outside-edit",
        group: Module,
        severity: Error,
        blocks_running: false,
    }
}

impl Rule for RegionOutsideEdit {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        for (path, file) in context.project.marked_files() {
            for region in file.regions() {
                for owner in &region.owners {
                    let manifest = context
                        .curriculum
                        .module(owner.as_str())
                        .and_then(|module| module.manifest.as_ref());
                    let Some(manifest) = manifest else { continue };
                    // A module that builds nothing has a rule of its own.
                    let Some(build) = &manifest.value.build else {
                        continue;
                    };
                    if !build.edit.iter().any(|edit| edit.as_str() == path) {
                        let message =
                            format!("`{owner}` does not list `{path}` under `build.edit`");
                        let finding = self.finding(file.begin_of(region), message);
                        sink.push(finding.with_related(manifest.at("/build/edit"), "listed here"));
                    }
                }
            }
        }
    }
}
