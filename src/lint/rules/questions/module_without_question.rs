//! `module-without-question`.

use crate::curriculum::document::Status;
use crate::diagnostic::Sink;
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A module has nothing to justify.
    ///
    /// ## What it does
    /// Reports modules that are not drafts and have no `questions.yaml`, unless they stand in a group whose
    /// `theory` they share.
    ///
    /// ## Why it matters
    /// The Justify stage is left out: a learner may pass with code that they can't explain.
    ///
    /// ## Example
    /// ```text
    /// modules/softmax/module.yaml
    /// modules/softmax/prompt.md
    /// modules/softmax/bugs/no_shift.yaml
    /// ```
    ///
    /// ## Use instead
    /// Write `questions.yaml`, or set `status: draft`. A curriculum without questions says so once:
    /// ```yaml
    /// severity: {module-without-question: off}
    /// ```
    pub(crate) struct ModuleWithoutQuestion {
        name: "module-without-question",
        group: Questions,
        severity: Warning,
        blocks_running: false,
    }
}

impl Rule for ModuleWithoutQuestion {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        // Whether the curriculum wants questions at all can't be told without its manifest.
        let Some(curriculum) = &context.curriculum.manifest else {
            return;
        };
        for module in &context.curriculum.modules {
            let Some(manifest) = &module.manifest else {
                continue;
            };
            let has_theory = curriculum
                .value
                .groups()
                .any(|(group, _)| group.theory.is_some() && group.modules.contains(&module.id));
            let is_ready = manifest.value.status == Status::Ready;
            if is_ready && !module.has_questions && !has_theory {
                let message = format!("`{}` has no questions", module.id);
                sink.push(self.finding(manifest.at("/id"), message));
            }
        }
    }
}
