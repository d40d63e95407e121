//! `model-answer-rejected`.

use crate::diagnostic::Sink;
use crate::lint::rule::{AskedQuestion, Rule, RuleMeta, declare_rule};

declare_rule! {
    /// The rubric rejects the model answer.
    ///
    /// ## What it does
    /// Judges each model answer as a learner's: all required concepts must be found, and no failure
    /// mode may fire.
    ///
    /// ## Why it matters
    /// A learner who knows the answer could not pass.
    ///
    /// ## Example
    /// ```yaml
    /// model_answer: The common factor drops out.
    /// required_concepts:
    ///   - {id: cancels, any_of: [cancel], ask: What becomes of the factor?}
    /// ```
    ///
    /// ## Use instead
    /// Add the words of the answer to the concept's patterns, or complete the answer.
    pub(crate) struct ModelAnswerRejected {
        name: "model-answer-rejected",
        group: Questions,
        severity: Error,
        blocks_running: false,
    }
}

impl Rule for ModelAnswerRejected {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check_question(&self, asked: &AskedQuestion<'_>, sink: &Sink) {
        let Some(rubric) = asked.rubric() else { return };
        let question = asked.question;
        if let Some(why) = super::rejection(&rubric.judge(question.model_answer.as_str())) {
            let message = format!("the model answer of `{}` does not pass: {why}", question.id);
            sink.push(self.finding(asked.at("/model_answer"), message));
        }
    }
}
