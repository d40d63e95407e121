//! `feedback-gives-answer-away`.

use crate::diagnostic::Sink;
use crate::lint::rule::{AskedQuestion, Rule, RuleMeta, declare_rule};
use crate::lint::words::{folded, shared_run};

declare_rule! {
    /// What a learner is told before they know the answer is the answer.
    ///
    /// ## What it does
    /// Judges each question, the feedback of its failure modes and the `ask` of its concepts as if a learner
    /// had given them as an answer: none may pass. Feedback and `ask` may not repeat eight words of
    /// the model answer in a row either, unless the question has them too.
    ///
    /// ## Why it matters
    /// A learner who answers anything, and then copies what came back, would pass.
    ///
    /// ## Example
    /// ```yaml
    /// model_answer: The factor cancels, and the largest exponent is zero.
    /// failure_modes:
    ///   - category: vague
    ///     any_of: [stable]
    ///     feedback: It is stable because the factor cancels and the largest exponent is zero.
    ///     example: It is more stable.
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// feedback: Stable in which step? Follow one large logit through.
    /// ```
    pub(crate) struct FeedbackGivesAnswerAway {
        name: "feedback-gives-answer-away",
        group: Questions,
        severity: Error,
        blocks_running: false,
    }
}

/// Words in a row that are no chance.
const RUN: usize = 8;

impl Rule for FeedbackGivesAnswerAway {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check_question(&self, asked: &AskedQuestion<'_>, sink: &Sink) {
        let Some(rubric) = asked.rubric() else { return };
        let question = asked.question;
        let text_asked = question.question.as_str();
        let report = |at: &str, message: String| {
            sink.push(self.finding(asked.at(at), message));
        };
        if rubric.passes(text_asked) {
            let message = format!("the text of `{}` passes as its answer", question.id);
            report("/question", message);
        }
        let modes = question.failure_modes.iter().enumerate().map(|(at, mode)| {
            let pointer = format!("/failure_modes/{at}/feedback");
            let what = format!("the feedback of `{}`", mode.category);
            (pointer, what, mode.feedback.as_str())
        });
        let concepts = question.required_concepts.iter().enumerate();
        let asks = concepts.map(|(at, concept)| {
            let pointer = format!("/required_concepts/{at}/ask");
            let what = format!("what is asked for `{}`", concept.id);
            (pointer, what, concept.ask.as_str())
        });
        let answer = folded(question.model_answer.as_str());
        for (at, what, text) in modes.chain(asks) {
            if rubric.passes(text) {
                report(
                    &at,
                    format!("{what} passes as an answer to `{}`", question.id),
                );
            } else if let Some(run) = shared_run(text, &answer, text_asked, RUN) {
                let run: Vec<_> = text[run].split_whitespace().collect();
                let message = format!("{what} repeats the model answer: `{}`", run.join(" "));
                report(&at, message);
            }
        }
    }
}
