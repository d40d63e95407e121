//! `trailing-whitespace`.

use crate::diagnostic::{Fix, Location, Sink};
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};
use crate::source::Span;

declare_rule! {
    /// A line of a YAML file ends in blanks.
    ///
    /// ## What it does
    /// Reports blanks and tabs at the end of lines, outside of texts, where they could be meant.
    ///
    /// ## Why it matters
    /// They show up as changes in reviews and mean nothing.
    ///
    /// ## Example
    /// ```text
    /// id: softmax···
    /// ```
    ///
    /// ## Use instead
    /// Take them away; `mastery lint --fix` does.
    pub(crate) struct TrailingWhitespace {
        name: "trailing-whitespace",
        group: Style,
        severity: Warning,
        blocks_running: false,
    }
}

impl Rule for TrailingWhitespace {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        for (_, document) in context.curriculum.yaml_files() {
            let file = &document.file;
            let mut start = 0;
            for line in file.text().split_inclusive('\n') {
                let content = line.trim_end_matches(['\n', '\r']);
                let kept = content.trim_end_matches([' ', '\t']).len();
                let span = Span::new(start + kept, start + content.len());
                start += line.len();
                if kept < content.len() && !document.is_in_text(span.start) {
                    let finding =
                        self.finding(Location::span(file, span), "the line ends in blanks");
                    sink.push(finding.with_fix(Fix::replace(file, span, "")));
                }
            }
        }
    }
}
