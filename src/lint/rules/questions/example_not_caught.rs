//! `example-not-caught`.

use crate::answer::Judgement;
use crate::diagnostic::Sink;
use crate::lint::rule::{AskedQuestion, Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A failure mode does not catch its own example.
    ///
    /// ## What it does
    /// Judges the `example` of each failure mode as a learner's answer, and expects that mode to
    /// catch it.
    ///
    /// ## Why it matters
    /// A shallow answer would pass, or its author would get the feedback of another mode.
    ///
    /// ## Example
    /// ```yaml
    /// failure_modes:
    ///   - category: vague
    ///     any_of: [more stable]
    ///     feedback: Which step is unstable?
    ///     example: It improves stability.
    /// ```
    ///
    /// ## Use instead
    /// Add a pattern that the example matches. Where another mode comes first, make its patterns
    /// narrower or change the order.
    pub(crate) struct ExampleNotCaught {
        name: "example-not-caught",
        group: Questions,
        severity: Error,
        blocks_running: false,
    }
}

impl Rule for ExampleNotCaught {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check_question(&self, asked: &AskedQuestion<'_>, sink: &Sink) {
        let Some(rubric) = asked.rubric() else { return };
        for (index, mode) in asked.question.failure_modes.iter().enumerate() {
            let seen = match rubric.judge(mode.example.as_str()) {
                Judgement::Caught { category } if category == mode.category => continue,
                Judgement::Caught { category } => format!("`{category}` catches it first"),
                Judgement::Passed => "it passes".to_owned(),
                Judgement::Unclear { .. } => "nothing catches it".to_owned(),
            };
            let message = format!(
                "the example of `{}` in `{}` is not caught by it: {seen}",
                mode.category, asked.question.id
            );
            let at = asked.at(&format!("/failure_modes/{index}/example"));
            sink.push(self.finding(at, message));
        }
    }
}
