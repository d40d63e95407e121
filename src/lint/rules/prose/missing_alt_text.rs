//! `missing-alt-text`.

use crate::diagnostic::Sink;
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};

declare_rule! {
    /// An image in a prompt says nothing to those who can't see it.
    ///
    /// ## What it does
    /// Looks for images without a text between their brackets.
    ///
    /// ## Why it matters
    /// In a terminal, and to a screen reader, that text is all there is of the image.
    ///
    /// ## Example
    /// ```markdown
    /// ![](images/window.png)
    /// ```
    ///
    /// ## Use instead
    /// ```markdown
    /// ![The window moves from left to right over the values](images/window.png)
    /// ```
    pub(crate) struct MissingAltText {
        name: "missing-alt-text",
        group: Prose,
        severity: Warning,
        blocks_running: false,
    }
}

impl Rule for MissingAltText {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        for prompt in context.prompts() {
            let images = prompt.markdown.links.iter().filter(|link| link.is_image);
            for image in images.filter(|image| image.text.trim().is_empty()) {
                let message = format!("the image `{}` has no text", image.destination);
                let finding = self.finding(prompt.at(image.span), message);
                sink.push(finding.with_help("say between the brackets what it shows"));
            }
        }
    }
}
