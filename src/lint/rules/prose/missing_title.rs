//! `missing-title`.

use crate::diagnostic::Sink;
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};
use crate::source::Span;

declare_rule! {
    /// A prompt does not have exactly one title, at its beginning.
    ///
    /// ## What it does
    /// Looks for a heading of the first level in front of everything else (but HTML comments), and
    /// for further headings of that level.
    ///
    /// ## Why it matters
    /// The title is what tells learners where they are, and what tables of contents are made from.
    ///
    /// ## Example
    /// ```markdown
    /// Write `softmax` in `nn_utils.py`.
    /// ```
    ///
    /// ## Use instead
    /// ```markdown
    /// # A softmax that survives large logits
    ///
    /// Write `softmax` in `nn_utils.py`.
    /// ```
    pub(crate) struct MissingTitle {
        name: "missing-title",
        group: Prose,
        severity: Warning,
        blocks_running: false,
    }
}

impl Rule for MissingTitle {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        for prompt in context.prompts() {
            let mut titles = prompt.markdown.headings.iter().filter(|it| it.level == 1);
            let first = titles.next();
            if !prompt.markdown.begins_with_title {
                let at = prompt.text.len() - prompt.text.trim_start().len();
                let line = prompt.text[at..].lines().next().unwrap_or_default();
                let location = prompt.at(Span::new(at, at + line.len()));
                let finding = self.finding(location, "the prompt does not begin with a title");
                sink.push(match first {
                    Some(title) => finding.with_related(prompt.at(title.span), "the first title"),
                    None => finding.with_help("begin with a line such as `# Title`"),
                });
            }
            for second in titles {
                let message = format!("the prompt has a second title, `{}`", second.text.trim());
                let finding = self.finding(prompt.at(second.span), message);
                sink.push(finding.with_help("use `##` for sections"));
            }
        }
    }
}
