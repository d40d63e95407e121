//! The answers that a question itself holds, each with how it has to be judged.

use super::Judgement;
use super::explain::Explanation;
use crate::curriculum::document::Question;
use crate::curriculum::id::Slug;

/// An answer that stands in a question.
#[derive(Clone, Copy, Debug)]
pub struct OwnAnswer<'q> {
    /// Where it stands.
    pub role: Role<'q>,
    /// The answer.
    pub text: &'q str,
}

/// Where an answer stands in its question, which says how it has to be judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role<'q> {
    /// Under `model_answer`: it has to pass.
    Model,
    /// Under `accept`, with its place there: it has to pass.
    Accept(usize),
    /// The example of a failure mode: that mode has to catch it.
    Example(&'q Slug),
}

impl Role<'_> {
    /// Whether an answer is judged as it has to be.
    pub fn is_met_by(self, explanation: &Explanation) -> bool {
        match (self, &explanation.judgement) {
            (Self::Model | Self::Accept(_), Judgement::Passed) => true,
            (Self::Example(mode), Judgement::Caught { category }) => category == mode,
            _ => false,
        }
    }
}

/// The answers that a question holds, those that have to pass first.
pub fn own_answers(question: &Question) -> impl Iterator<Item = OwnAnswer<'_>> {
    let model = OwnAnswer {
        role: Role::Model,
        text: question.model_answer.as_str(),
    };
    let accept = question.accept.iter().enumerate();
    let accept = accept.map(|(index, text)| OwnAnswer {
        role: Role::Accept(index),
        text: text.as_str(),
    });
    let examples = question.failure_modes.iter().map(|mode| OwnAnswer {
        role: Role::Example(&mode.category),
        text: mode.example.as_str(),
    });
    std::iter::once(model).chain(accept).chain(examples)
}

#[cfg(test)]
mod tests {
    use super::super::Rubric;
    use super::super::tests::question;
    use super::*;

    #[test]
    fn own_answers_are_judged_by_where_they_stand() {
        let mut question = question();
        question.failure_modes[1].example = "It is more stable.".try_into().unwrap();
        let rubric = Rubric::compile(&question).unwrap();
        let met: Vec<_> = own_answers(&question)
            .map(|own| own.role.is_met_by(&rubric.explain(own.text)))
            .collect();
        assert_eq!(met, [true, true, false], "the first mode catches the last");
    }
}
