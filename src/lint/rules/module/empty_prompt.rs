//! `empty-prompt`.

use crate::diagnostic::{Location, Sink};
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A prompt says nothing.
    ///
    /// ## What it does
    /// Reports a `prompt.md` without any text besides headings.
    ///
    /// ## Why it matters
    /// The prompt is all that a learner is told to do.
    ///
    /// ## Example
    /// ```text
    /// # Softmax
    /// ```
    ///
    /// ## Use instead
    /// A precise ticket: what to write, where, with which inputs, results and constraints.
    pub(crate) struct EmptyPrompt {
        name: "empty-prompt",
        group: Module,
        severity: Error,
        blocks_running: false,
    }
}

impl Rule for EmptyPrompt {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        for module in &context.curriculum.modules {
            let Some(prompt) = &module.prompt else {
                continue;
            };
            let says_something = |line: &str| !line.starts_with('#') && !line.trim().is_empty();
            if !prompt.text().lines().any(says_something) {
                let at = Location::path(prompt.path());
                sink.push(self.finding(at, "the prompt says nothing"));
            }
        }
    }
}
