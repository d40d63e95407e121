//! `unknown-region-owner`.

use crate::diagnostic::Sink;
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A region belongs to a module that does not exist.
    ///
    /// ## What it does
    /// Compares the owners in region marks with the modules of the manifest.
    ///
    /// ## Why it matters
    /// The region would be solved in no state, so that even the complete project lacks it.
    ///
    /// ## Example
    /// ```python
    /// # mastery:begin sofmtax
    /// ```
    ///
    /// ## Use instead
    /// Name a module that `curriculum.yaml` lists.
    pub(crate) struct UnknownRegionOwner {
        name: "unknown-region-owner",
        group: Project,
        severity: Error,
        blocks_running: true,
    }
}

impl Rule for UnknownRegionOwner {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        let Some(manifest) = &context.curriculum.manifest else {
            return;
        };
        let known = || manifest.value.module_ids().map(|(id, _)| id.as_str());
        for (_, file) in context.project.marked_files() {
            for region in file.regions() {
                for owner in &region.owners {
                    if context.curriculum.position(owner.as_str()).is_none() {
                        let message = format!("there is no module `{owner}`");
                        let mut finding = self.finding(file.begin_of(region), message);
                        finding.help = crate::suggest::did_you_mean(owner.as_str(), known());
                        sink.push(finding);
                    }
                }
            }
        }
    }
}
