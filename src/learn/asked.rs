//! From the name of a question to the question, open and sealed.

use crate::bundle::course::{Course, OpenQuestion};
use crate::bundle::sealed::Sealed;
use crate::curriculum::document::Question;

use super::state::{Asker, QuestionKey};

/// The question as a learner sees it; `None` where the course does not have it any more.
pub fn open<'c>(course: &'c Course, key: &QuestionKey) -> Option<&'c OpenQuestion> {
    match &key.asker {
        Asker::Module(module) => course
            .module(module.as_str())?
            .question(key.question.as_str()),
        Asker::Group(group) => {
            let mut shared = course.theory.get(group)?.iter();
            shared.find(|question| question.id == key.question)
        }
    }
}

/// The question with what judges its answers.
pub fn sealed<'s>(sealed: &'s Sealed, key: &QuestionKey) -> Option<&'s Question> {
    let questions = match &key.asker {
        Asker::Module(module) => &sealed.modules.get(module)?.questions,
        Asker::Group(group) => sealed.theory.get(group)?,
    };
    questions
        .iter()
        .find(|question| question.id == key.question)
}
