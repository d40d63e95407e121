//! `module-without-region`.

use crate::diagnostic::Sink;
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A module with a Build stage has no solution region.
    ///
    /// ## What it does
    /// Looks for regions of each module in the whole project.
    ///
    /// ## Why it matters
    /// Starter and reference of the module are the same: there is nothing to build.
    ///
    /// ## Example
    /// ```python
    /// def softmax(x, dim):     # the solution, without marks around it
    ///     ...
    /// ```
    ///
    /// ## Use instead
    /// Put marks around the solution, or make the module `justify_only`.
    pub(crate) struct ModuleWithoutRegion {
        name: "module-without-region",
        group: Module,
        severity: Error,
        blocks_running: true,
    }
}

impl Rule for ModuleWithoutRegion {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        if !context.project.is_sound() {
            return;
        }
        for (module, manifest, build) in context.builds() {
            // A path that does not exist is told by `edit-without-region`.
            let has_files = build
                .edit
                .iter()
                .all(|path| context.project.has_file(path.as_str()));
            if has_files && !context.project.has_region_of(&module.id) {
                let message = format!("the project has no region of `{}`", module.id);
                sink.push(self.finding(manifest.at_key("/build"), message));
            }
        }
    }
}
