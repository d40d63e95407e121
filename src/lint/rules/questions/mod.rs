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

use crate::answer::Judgement;

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
