//! `requires-later-module`.

use crate::curriculum::document::CurriculumKind;
use crate::curriculum::id::ModuleId;
use crate::diagnostic::Sink;
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A module of a linear curriculum requires a later one.
    ///
    /// ## What it does
    /// Compares `requires` with the order of `modules` in a linear curriculum.
    ///
    /// ## Why it matters
    /// Learners go through the modules in order and do not have the later one's code yet.
    ///
    /// ## Example
    /// ```yaml
    /// modules: [attention, softmax]     # and attention requires softmax
    /// ```
    ///
    /// ## Use instead
    /// Put the required module first.
    pub(crate) struct RequiresLaterModule {
        name: "requires-later-module",
        group: Manifest,
        severity: Error,
        blocks_running: false,
    }
}

impl Rule for RequiresLaterModule {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        let Some(manifest) = &context.curriculum.manifest else {
            return;
        };
        if manifest.value.kind != CurriculumKind::Linear {
            return;
        }
        let position = |id: &ModuleId| context.curriculum.position(id.as_str());
        for module in &context.curriculum.modules {
            let Some(document) = &module.manifest else {
                continue;
            };
            for (index, required) in document.value.requires.iter().enumerate() {
                if let (Some(own), Some(other)) = (position(&module.id), position(required))
                    && other > own
                {
                    let at = document.at(&format!("/requires/{index}"));
                    let message = format!("`{required}` comes after `{}`", module.id);
                    sink.push(self.finding(at, message));
                }
            }
        }
    }
}
