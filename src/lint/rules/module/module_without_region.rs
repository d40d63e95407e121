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
        blocks_running: true,
    }
}

impl Rule for ModuleWithoutRegion {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        let files: Vec<_> = context
            .project
            .marked_files()
            .map(|(_, file)| file)
            .collect();
        for module in &context.curriculum.modules {
            let Some(manifest) = &module.manifest else {
                continue;
            };
            let Some(build) = &manifest.value.build else {
                continue;
            };
            // A wrong path or broken marks in it have findings of their own.
            let is_told = build.edit.iter().any(|path| {
                !context.project.has_file(path.as_str())
                    || context.project.marked_file(path.as_str()).is_none()
            });
            let has_region = files
                .iter()
                .flat_map(|file| file.regions())
                .any(|region| region.owners.contains(&module.id));
            if !has_region && !is_told {
                let message = format!("the project has no region of `{}`", module.id);
                sink.push(self.finding(manifest.at("/build"), message));
            }
        }
    }
}
