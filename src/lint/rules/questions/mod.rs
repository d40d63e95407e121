//! Rules about questions and the rubrics that judge their answers.

pub(crate) mod accepted_answer_rejected;
pub(crate) mod duplicate_question_id;
pub(crate) mod example_not_caught;
pub(crate) mod feedback_gives_answer_away;
pub(crate) mod few_failure_modes;
pub(crate) mod invalid_answer_pattern;
pub(crate) mod model_answer_rejected;
pub(crate) mod module_without_question;
pub(crate) mod unknown_concept;

use crate::answer::{Judgement, Rubric};
use crate::curriculum::id::Slug;
use crate::lint::rule::{AskedQuestion, Context};

/// All questions whose rubric can judge, with it: its patterns compile and its concepts exist.
fn rubrics<'c, 'a>(
    context: &'c Context<'a>,
) -> impl Iterator<Item = (&'c AskedQuestion<'a>, &'c Rubric)> {
    context.questions().iter().filter_map(|asked| {
        let question = asked.question;
        let mut excuses = question
            .failure_modes
            .iter()
            .flat_map(|it| it.unless.iter().flatten());
        let is_known = |id: &Slug| question.required_concepts.iter().any(|it| it.id == *id);
        let rubric = asked.rubric.as_ref().ok()?;
        excuses.all(is_known).then_some((asked, rubric))
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
