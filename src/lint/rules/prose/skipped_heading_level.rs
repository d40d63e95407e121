//! `skipped-heading-level`.

use crate::diagnostic::Sink;
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A heading in a prompt is more than one level below the one before it.
    ///
    /// ## What it does
    /// Compares the level of each heading with that of the heading in front of it. Going back up by
    /// any number of levels is fine.
    ///
    /// ## Why it matters
    /// Readers, screen readers and tables of contents take levels for structure: something seems
    /// to be missing.
    ///
    /// ## Example
    /// ```markdown
    /// # Mean of a stream
    /// ### Constraints
    /// ```
    ///
    /// ## Use instead
    /// ```markdown
    /// # Mean of a stream
    /// ## Constraints
    /// ```
    pub(crate) struct SkippedHeadingLevel {
        name: "skipped-heading-level",
        group: Prose,
        severity: Warning,
        blocks_running: false,
    }
}

impl Rule for SkippedHeadingLevel {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        for prompt in context.prompts() {
            for pair in prompt.markdown.headings.windows(2) {
                let (before, heading) = (&pair[0], &pair[1]);
                if heading.level > before.level + 1 {
                    let message = format!(
                        "`{}` has level {} below one of level {}",
                        heading.text.trim(),
                        heading.level,
                        before.level
                    );
                    let finding = self.finding(prompt.at(heading.span), message);
                    sink.push(finding.with_related(prompt.at(before.span), "heading before it"));
                }
            }
        }
    }
}
