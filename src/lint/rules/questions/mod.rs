//! Rules about questions and the rubrics that judge their answers.

pub(crate) mod accepted_answer_rejected;
pub(crate) mod duplicate_question_id;
pub(crate) mod example_not_caught;
pub(crate) mod invalid_answer_pattern;
pub(crate) mod model_answer_rejected;
pub(crate) mod unknown_concept;

use crate::answer::{Judgement, Rubric};
use crate::curriculum::Loaded;
use crate::curriculum::document::{Question, Questions};
use crate::curriculum::id::Slug;
use crate::lint::rule::Context;

/// All questions files of a curriculum.
fn files<'a>(context: &Context<'a>) -> impl Iterator<Item = &'a Loaded<Questions>> {
    let of_modules = context
        .curriculum
        .modules
        .iter()
        .filter_map(|module| module.questions.as_ref());
    of_modules.chain(context.curriculum.theory.values())
}

/// All questions, each with its file and its JSON pointer.
fn questions<'a>(
    context: &Context<'a>,
) -> impl Iterator<Item = (&'a Loaded<Questions>, &'a Question, String)> {
    files(context).flat_map(|file| {
        let questions = file.value.questions.iter().enumerate();
        questions.map(move |(index, question)| (file, question, format!("/questions/{index}")))
    })
}

/// All questions whose rubric can judge, with it: its patterns compile and its concepts exist.
fn rubrics<'a>(
    context: &Context<'a>,
) -> impl Iterator<Item = (&'a Loaded<Questions>, &'a Question, String, Rubric)> {
    questions(context).filter_map(|(file, question, pointer)| {
        let excuses = question
            .failure_modes
            .iter()
            .flat_map(|mode| mode.unless.iter().flatten());
        let is_known = |id: &Slug| question.required_concepts.iter().any(|it| it.id == *id);
        let rubric = Rubric::compile(question)
            .ok()
            .filter(|_| excuses.clone().all(is_known))?;
        Some((file, question, pointer, rubric))
    })
}

/// Why an answer that has to pass does not; `None` when it passes.
fn rejection(judgement: &Judgement) -> Option<String> {
    match judgement {
        Judgement::Passed => None,
        Judgement::Caught { category } => Some(format!("the failure mode `{category}` catches it")),
        Judgement::Unclear { missing } => {
            let names: Vec<_> = missing.iter().map(|id| format!("`{id}`")).collect();
            Some(format!("it lacks {}", names.join(", ")))
        }
    }
}
