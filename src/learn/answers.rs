//! Between the Justify stage and what is kept of it: answers from before, and answers to be kept.

use semver::Version;

use super::judge::{Judged, ResponseCache, Usage};
use super::justify::{Earlier, JudgedBy, Verdict};
use super::state::{Answer, Judge, ModelUse, NewAnswer, QuestionKey, Responses, Time};
use crate::answer::Judgement;
use crate::curriculum::id::{ModuleId, Slug};

/// The category of answers that a model has caught and no failure mode names.
const UNNAMED: &str = "shallow";

/// An answer that was given before.
pub fn earlier(answer: &Answer) -> Earlier {
    let answer = &answer.content;
    Earlier {
        text: answer.text.clone(),
        judged: match &answer.judgement {
            Judgement::Passed => Judged::Passed,
            Judgement::Caught { category } => Judged::Caught {
                category: Some(category.clone()),
            },
            Judgement::Unclear { missing } => Judged::Unclear {
                missing: missing.clone(),
            },
        },
        is_by_rubric: answer.judge == Judge::Rubric,
    }
}

/// What is kept of an answer, but for when and with which course it was given.
pub fn kept(
    module: &ModuleId,
    question: &QuestionKey,
    text: &str,
    verdict: &Verdict,
    course_version: &Version,
) -> NewAnswer {
    NewAnswer {
        module: module.clone(),
        question: question.clone(),
        text: text.to_owned(),
        judgement: match &verdict.judged {
            Judged::Passed => Judgement::Passed,
            Judged::Caught { category } => Judgement::Caught {
                category: category
                    .clone()
                    .unwrap_or_else(|| Slug::try_from(UNNAMED).expect("it is a slug")),
            },
            Judged::Unclear { missing } => Judgement::Unclear {
                missing: missing.clone(),
            },
        },
        judge: match &verdict.by {
            JudgedBy::Rubric => Judge::Rubric,
            JudgedBy::Model { name, usage } => Judge::Model(model_use(name, usage)),
        },
        feedback: verdict.feedback.clone().unwrap_or_default(),
        answered: Time::now(),
        course_version: course_version.clone(),
    }
}

fn model_use(name: &str, usage: &Usage) -> ModelUse {
    ModelUse {
        model: name.to_owned(),
        tokens_in: usage.input_tokens,
        tokens_out: usage.output_tokens,
        cost: usage.dollars,
        is_cached: usage.is_cached,
    }
}

impl ResponseCache for Responses {
    fn get(&self, key: &str) -> Option<String> {
        Self::get(self, key)
    }

    fn put(&self, key: &str, response: &str) {
        Self::put(self, key, response);
    }
}

/// Whether the learner has been told something of a name before; from now on they have.
pub fn is_told(responses: &Responses, name: &str) -> bool {
    let key = format!("told:{name}");
    let is_told = responses.get(&key).is_some();
    if !is_told {
        responses.put(&key, "yes");
    }
    is_told
}
