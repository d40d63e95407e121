//! `module-without-folder`.

use crate::diagnostic::Sink;
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A listed module has no folder.
    ///
    /// ## What it does
    /// Reports ids under `modules` for which there is no folder `modules/<id>`.
    ///
    /// ## Why it matters
    /// The curriculum promises a module that is not there.
    ///
    /// ## Example
    /// ```yaml
    /// modules: [sofmtax]     # the folder is modules/softmax
    /// ```
    ///
    /// ## Use instead
    /// Correct the id, or add the module.
    pub(crate) struct ModuleWithoutFolder {
        name: "module-without-folder",
        group: Manifest,
        severity: Error,
        blocks_running: false,
    }
}

impl Rule for ModuleWithoutFolder {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        let curriculum = context.curriculum;
        let Some(manifest) = &curriculum.manifest else {
            return;
        };
        let folders = || curriculum.module_folders.iter().map(String::as_str);
        for (id, pointer) in manifest.value.module_ids() {
            // A folder whose name can be an id is a module.
            if curriculum.module(id.as_str()).is_some() {
                continue;
            }
            let message = format!("there is no folder `modules/{id}`");
            let mut finding = self.finding(manifest.at(&pointer), message);
            finding.help = crate::suggest::did_you_mean(id.as_str(), folders());
            sink.push(finding);
        }
    }
}
