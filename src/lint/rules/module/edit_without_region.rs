//! `edit-without-region`.

use crate::diagnostic::Sink;
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};
use crate::project::region::{MarkedFile, Region};

declare_rule! {
    /// A file under `build.edit` has no region of the module.
    ///
    /// ## What it does
    /// Looks for regions of the module in each file that the learner is said to edit.
    ///
    /// ## Why it matters
    /// Either the path is misspelt, or the marks are missing and the learner is given the solution.
    ///
    /// ## Example
    /// ```yaml
    /// build:
    ///   edit: [cs336_basics/nn_util.py]     # the file is nn_utils.py
    /// ```
    ///
    /// ## Use instead
    /// Correct the path, or mark the solution in the file.
    pub(crate) struct EditWithoutRegion {
        name: "edit-without-region",
        group: Module,
        severity: Error,
        blocks_running: false,
    }
}

impl Rule for EditWithoutRegion {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        for (module, manifest, build) in context.builds() {
            for (index, path) in build.edit.iter().enumerate() {
                let at = || manifest.at(&format!("/build/edit/{index}"));
                if !context.project.has_file(path.as_str()) {
                    let paths = context.curriculum.project.iter().map(|(path, _)| path);
                    let message = format!("the project has no file `{path}`");
                    let mut finding = self.finding(at(), message);
                    finding.help = crate::suggest::did_you_mean(path.as_str(), paths);
                    sink.push(finding);
                    continue;
                }
                let regions = context
                    .project
                    .marked_file(path.as_str())
                    .map(MarkedFile::regions);
                let is_own = |region: &Region| region.owners.contains(&module.id);
                // Wrong marks, and a module without any region, have findings of their own.
                if context.project.is_sound()
                    && context.project.has_region_of(&module.id)
                    && !regions.unwrap_or_default().iter().any(is_own)
                {
                    let message = format!("`{path}` has no region of `{}`", module.id);
                    sink.push(self.finding(at(), message));
                }
            }
        }
    }
}
