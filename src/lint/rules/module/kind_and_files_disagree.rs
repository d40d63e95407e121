//! `kind-and-files-disagree`.

use crate::curriculum::Module;
use crate::curriculum::document::ModuleKind;
use crate::diagnostic::{Location, Sink};
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A module has files that its kind has no use for, or lacks those that it needs.
    ///
    /// ## What it does
    /// Reports bugs, variants and regions of a module of kind `justify_only`, and such a module without
    /// questions.
    ///
    /// ## Why it matters
    /// Nothing of it would ever be shown or run.
    ///
    /// ## Example
    /// ```yaml
    /// kind: justify_only   # and there is bugs/off_by_one.yaml
    /// ```
    ///
    /// ## Use instead
    /// Kind `standard`, or no such files.
    pub(crate) struct KindAndFilesDisagree {
        name: "kind-and-files-disagree",
        group: Module,
        severity: Error,
        blocks_running: false,
    }
}

impl Rule for KindAndFilesDisagree {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        for module in context
            .curriculum
            .modules
            .iter()
            .filter(|module| is_justify_only(module))
        {
            for bug in &module.bugs {
                let message = "a module of kind `justify_only` has no bugs";
                sink.push(self.finding(Location::path(&bug.shown), message));
            }
            for variant in &module.variants {
                let message = "a module of kind `justify_only` has no variants";
                sink.push(self.finding(Location::path(&variant.shown), message));
            }
            for (_, file) in context.project.marked_files() {
                for region in file.regions() {
                    if region.owners.contains(&module.id) {
                        let message = "a module of kind `justify_only` has no regions";
                        sink.push(self.finding(file.begin_of(region), message));
                    }
                }
            }
            if module.questions.is_none() && !module.dir.join("questions.yaml").exists() {
                let message = "a module of kind `justify_only` needs questions";
                sink.push(self.finding(module.at("/kind"), message));
            }
        }
    }
}

fn is_justify_only(module: &Module) -> bool {
    let manifest = module.manifest.as_ref();
    manifest.is_some_and(|manifest| manifest.value.kind == ModuleKind::JustifyOnly)
}
