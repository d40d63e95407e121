//! `invalid-answer-pattern`.

use crate::diagnostic::Sink;
use crate::lint::rule::{AskedQuestion, Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A pattern of a rubric is no regular expression.
    ///
    /// ## What it does
    /// Compiles all patterns under `any_of`.
    ///
    /// ## Why it matters
    /// The question can't be judged.
    ///
    /// ## Example
    /// ```yaml
    /// any_of: ["exp(x"]
    /// ```
    ///
    /// ## Use instead
    /// Put `\` before signs that regular expressions use: `exp\(x`.
    pub(crate) struct InvalidAnswerPattern {
        name: "invalid-answer-pattern",
        group: Questions,
        severity: Error,
        blocks_running: false,
    }
}

impl Rule for InvalidAnswerPattern {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check_question(&self, asked: &AskedQuestion<'_>, sink: &Sink) {
        for error in asked.compiled.as_ref().err().into_iter().flatten() {
            let message = format!("the pattern is no regular expression: {}", error.message);
            sink.push(self.finding(asked.at(&error.pointer), message));
        }
    }
}
