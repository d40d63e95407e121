//! Between the Justify stage and what is kept of it: answers from before, and answers to be kept.

use semver::Version;

use super::judge::{ResponseCache, Usage};
use super::justify::{Earlier, JudgedBy, Verdict};
use super::state::{Answer, Judge, ModelUse, NewAnswer, QuestionKey, Responses, Time};
use crate::curriculum::id::ModuleId;

/// An answer that was given before.
pub fn earlier(answer: &Answer) -> Earlier {
    let answer = &answer.content;
    Earlier {
        text: answer.text.clone(),
        judgement: answer.judgement.clone(),
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
        judgement: verdict.judgement.clone(),
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
