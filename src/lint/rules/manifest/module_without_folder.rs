//! `module-without-folder`.

use crate::diagnostic::Sink;
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule, suggest};

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
        name: crate::curriculum::rules::MODULE_WITHOUT_FOLDER,
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
            let finding = self.finding(manifest.at(&pointer), message);
            // A folder that is listed already is not the one that is meant.
            let listed = |name: &str| {
                manifest
                    .value
                    .module_ids()
                    .any(|(id, _)| id.as_str() == name)
            };
            let free = || folders().filter(|name| !listed(name));
            sink.push(suggest(finding, id.as_str(), free));
        }
    }
}
