//! `module-without-bug`.

use crate::curriculum::document::{ModuleKind, Status};
use crate::diagnostic::Sink;
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A module has nothing to harden.
    ///
    /// ## What it does
    /// Reports modules with a Build stage that are not drafts and have no bugs.
    ///
    /// ## Why it matters
    /// The Harden stage is left out, and no bug has ever shown that the tests find anything.
    ///
    /// ## Example
    /// ```text
    /// modules/softmax/module.yaml
    /// modules/softmax/prompt.md
    /// modules/softmax/questions.yaml
    /// ```
    ///
    /// ## Use instead
    /// Add a bug under `bugs/`, or set `status: draft`. A curriculum without bugs says so once:
    /// ```yaml
    /// severity: {module-without-bug: off}
    /// ```
    pub(crate) struct ModuleWithoutBug {
        name: "module-without-bug",
        group: Bugs,
        severity: Warning,
        blocks_running: false,
    }
}

impl Rule for ModuleWithoutBug {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        // Whether the curriculum wants bugs at all can't be told without its manifest.
        if context.curriculum.manifest.is_none() {
            return;
        }
        for module in &context.curriculum.modules {
            let Some(manifest) = &module.manifest else {
                continue;
            };
            let has_stage = manifest.value.kind == ModuleKind::Standard;
            let is_ready = manifest.value.status == Status::Ready;
            if has_stage && is_ready && module.bugs.is_empty() {
                let message = format!("`{}` has no bugs", module.id);
                sink.push(self.finding(manifest.at("/id"), message));
            }
        }
    }
}
