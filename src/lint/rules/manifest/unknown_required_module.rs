//! `unknown-required-module`.

use crate::diagnostic::Sink;
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule, suggest};

declare_rule! {
    /// A module requires one that does not exist.
    ///
    /// ## What it does
    /// Reports ids under `requires` that the manifest does not list.
    ///
    /// ## Why it matters
    /// The code that the module builds on would be missing from its starter.
    ///
    /// ## Example
    /// ```yaml
    /// requires: [sofmtax]
    /// ```
    ///
    /// ## Use instead
    /// Name a module of the curriculum.
    pub(crate) struct UnknownRequiredModule {
        name: "unknown-required-module",
        group: Manifest,
        severity: Error,
        blocks_running: true,
    }
}

impl Rule for UnknownRequiredModule {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        let Some(manifest) = &context.curriculum.manifest else {
            return;
        };
        let known = || manifest.value.module_ids().map(|(id, _)| id.as_str());
        for module in &context.curriculum.modules {
            let Some(document) = &module.manifest else {
                continue;
            };
            for (index, required) in document.value.requires.iter().enumerate() {
                if context.curriculum.position(required.as_str()).is_none() {
                    let at = document.at(&format!("/requires/{index}"));
                    let finding = self.finding(at, format!("there is no module `{required}`"));
                    sink.push(suggest(finding, required.as_str(), known));
                }
            }
        }
    }
}
