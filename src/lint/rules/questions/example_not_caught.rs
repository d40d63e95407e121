//! `example-not-caught`.

use crate::answer::Judgement;
use crate::diagnostic::Sink;
use crate::lint::rule::{AskedQuestion, Context, Rule, RuleMeta, declare_rule};

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

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        for (
            AskedQuestion {
                file,
                question,
                pointer,
                ..
            },
            rubric,
        ) in super::rubrics(context)
        {
            for (index, mode) in question.failure_modes.iter().enumerate() {
                let seen = match rubric.judge(mode.example.as_str()) {
                    Judgement::Caught { category } if category == mode.category => continue,
                    Judgement::Caught { category } => format!("`{category}` catches it first"),
                    Judgement::Passed => "it passes".to_owned(),
                    Judgement::Unclear { .. } => "nothing catches it".to_owned(),
                };
                let at = file.at(&format!("{pointer}/failure_modes/{index}/example"));
                let message = format!(
                    "the example of `{}` in `{}` is not caught by it: {seen}",
                    mode.category, question.id
                );
                sink.push(self.finding(at, message));
            }
        }
    }
}
