//! `accepted-answer-rejected`.

use crate::diagnostic::Sink;
use crate::lint::rule::{AskedQuestion, Rule, RuleMeta, declare_rule};

declare_rule! {
    /// The rubric rejects an answer under `accept`.
    ///
    /// ## What it does
    /// Judges each answer under `accept` as a learner's.
    ///
    /// ## Why it matters
    /// The author has said that the answer is right.
    ///
    /// ## Example
    /// ```yaml
    /// accept: [Numerator and denominator shrink alike.]
    /// required_concepts:
    ///   - {id: cancels, any_of: [cancel], ask: What becomes of the factor?}
    /// ```
    ///
    /// ## Use instead
    /// Add a pattern that the answer matches.
    pub(crate) struct AcceptedAnswerRejected {
        name: "accepted-answer-rejected",
        group: Questions,
        severity: Error,
        blocks_running: false,
    }
}

impl Rule for AcceptedAnswerRejected {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check_question(&self, asked: &AskedQuestion<'_>, sink: &Sink) {
        let Some(rubric) = asked.rubric() else { return };
        for (index, answer) in asked.question.accept.iter().enumerate() {
            if let Some(why) = super::rejection(&rubric.judge(answer.as_str())) {
                let message = format!(
                    "an accepted answer of `{}` does not pass: {why}",
                    asked.question.id
                );
                sink.push(self.finding(asked.at(&format!("/accept/{index}")), message));
            }
        }
    }
}
