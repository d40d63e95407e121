//! `fence-without-language`.

use crate::diagnostic::Sink;
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A code block in a prompt does not say what language it is in.
    ///
    /// ## What it does
    /// Looks for fences (three backticks or tildes) with nothing behind them. Indented blocks have no
    /// place for a language and are left alone.
    ///
    /// ## Why it matters
    /// Without it the code is shown without colours, or in those of a language that was guessed.
    ///
    /// ## Example
    /// ````markdown
    /// ```
    /// python -m pytest tests/test_softmax.py
    /// ```
    /// ````
    ///
    /// ## Use instead
    /// ````markdown
    /// ```sh
    /// python -m pytest tests/test_softmax.py
    /// ```
    /// ````
    pub(crate) struct FenceWithoutLanguage {
        name: "fence-without-language",
        group: Prose,
        severity: Warning,
        blocks_running: false,
    }
}

impl Rule for FenceWithoutLanguage {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        for prompt in context.prompts() {
            let fences = prompt.markdown.fences.iter();
            for fence in fences.filter(|fence| fence.language.is_empty()) {
                let message = "the code block names no language";
                let finding = self.finding(prompt.at(fence.span), message);
                sink.push(finding.with_help("write one behind the fence; `text` is for none"));
            }
        }
    }
}
