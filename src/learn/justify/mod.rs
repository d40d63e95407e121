//! The Justify stage: an answer in, a judgement and a question back out. Knows neither a terminal nor where answers are kept.
//!
//! The rubric comes first. Only what it can't decide about goes to a language model, if the learner has one; where that
//! fails, the rubric's judgement stands. Nothing passes by itself: who compares their answer with the model answer has
//! assessed themselves, and that is kept as such.

mod answer;

use std::collections::HashSet;

pub use answer::{Answer, LONGEST_ANSWER, Refused};

use super::judge::notice::Notice;
use super::judge::{Judge, JudgeError, Progress, Usage};
use crate::answer::explain::Explanation;
use crate::answer::{Judgement, PatternError, Rubric, fold};
use crate::curriculum::document::Question;
use crate::curriculum::id::{Slug, Text};
use crate::diagnostic::escape;
use crate::http::HttpError;
use crate::run::interrupt::Interrupt;

/// After so many different tries a learner may compare.
const TRIES: usize = 2;

/// What is said when nothing better may be.
const LOOK_AGAIN: &str = "Something in the answer is not right yet, or not to the point. Read the question again: what exactly does it ask for?";

/// An answer that was given before, as far as the next one depends on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// What was written.
    pub text: String,
    /// What it was judged to be.
    pub judgement: Judgement,
    /// Whether that was the rubric's judgement, no language model having had a say.
    pub is_by_rubric: bool,
}

/// Who has judged.
#[derive(Clone, Debug, PartialEq)]
pub enum JudgedBy {
    /// The question's own rubric.
    Rubric,
    /// A language model.
    Model {
        /// Its name.
        name: String,
        /// What it took.
        usage: Usage,
    },
}

/// What comes of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    /// What it is.
    pub judgement: Judgement,
    /// Who says so.
    pub by: JudgedBy,
    /// What the learner is asked back; `None` for an answer that passes.
    pub feedback: Option<String>,
    /// Whether they may now compare with the model answer.
    pub may_self_assess: bool,
    /// What else they are told.
    pub notices: Vec<Notice>,
    /// What a language model took that gave no usable judgement.
    pub wasted: Option<Usage>,
}

/// Why there is no verdict. Nothing is to be recorded then.
#[derive(Debug, thiserror::Error)]
pub enum JustifyError {
    /// The learner has stopped it.
    #[error("interrupted")]
    Interrupted,
    /// The question can't judge; no bundle that was checked has one of these.
    #[error("the rubric of this question can't judge: {}", .0.first().map(ToString::to_string).unwrap_or_default())]
    Rubric(Vec<PatternError>),
}

/// Judges an answer. `earlier` are those to the same question, oldest first; `tell` hears of what takes time.
///
/// # Errors
///
/// When the learner stops it, or the question is broken.
pub fn judge(
    question: &Question,
    answer: &Answer,
    earlier: &[Earlier],
    model: Option<&Judge<'_>>,
    interrupt: &Interrupt,
    tell: &mut dyn FnMut(&Progress),
) -> Result<Verdict, JustifyError> {
    let rubric = Rubric::compile(question).map_err(JustifyError::Rubric)?;
    let explanation = rubric.explain(&answer.own);
    let mut verdict = by_rubric(question, &explanation, earlier);
    if let (Judgement::Unclear { .. }, Some(model)) = (&verdict.judgement, model) {
        ask(model, question, answer, &mut verdict, interrupt, tell)?;
    }
    verdict.may_self_assess = may_compare_with(earlier, answer, &verdict);
    Ok(verdict)
}

fn by_rubric(question: &Question, explanation: &Explanation, earlier: &[Earlier]) -> Verdict {
    let judgement = explanation.judgement.clone();
    let feedback = match &judgement {
        Judgement::Unclear { missing } => ask_for(question, missing, earlier),
        Judgement::Passed | Judgement::Caught { .. } => {
            explanation.feedback(question).map(str::to_owned)
        }
    };
    Verdict {
        judgement,
        by: JudgedBy::Rubric,
        feedback,
        may_self_assess: false,
        notices: Vec::new(),
        wasted: None,
    }
}

/// Replaces the rubric's verdict by that of a model, if it has one.
fn ask(
    model: &Judge<'_>,
    question: &Question,
    answer: &Answer,
    verdict: &mut Verdict,
    interrupt: &Interrupt,
    tell: &mut dyn FnMut(&Progress),
) -> Result<(), JustifyError> {
    let mut notices = Vec::new();
    let mut tell = |progress: &Progress| {
        if let Progress::Sending(disclosure) = progress {
            notices.push(Notice::Sent(disclosure.clone()));
        }
        tell(progress);
    };
    match model.ask(question, &answer.text, interrupt, &mut tell) {
        Ok(opinion) => {
            verdict.feedback = match &opinion.judgement {
                Judgement::Passed => None,
                Judgement::Caught { category } => {
                    let said = opinion.feedback;
                    let said = said.or_else(|| feedback_of(question, category));
                    Some(said.unwrap_or_else(|| LOOK_AGAIN.to_owned()))
                }
                Judgement::Unclear { missing } => {
                    let first = missing.first().and_then(|id| asked(question, id));
                    let said = opinion.feedback.or(first).or(verdict.feedback.take());
                    Some(said.unwrap_or_else(|| LOOK_AGAIN.to_owned()))
                }
            };
            verdict.judgement = match opinion.judgement {
                // It has found all, and is not content: what the rubric has missed stays the best guess.
                Judgement::Unclear { missing } if missing.is_empty() => verdict.judgement.clone(),
                other => other,
            };
            verdict.by = JudgedBy::Model {
                name: model.disclosure().model,
                usage: opinion.usage,
            };
        }
        Err((JudgeError::Http(HttpError::Interrupted), _)) => {
            return Err(JustifyError::Interrupted);
        }
        Err((error, usage)) => {
            notices.push(Notice::ModelFailed {
                // Servers have a say in it.
                why: escape::text(&error.to_string()),
                hint: error.hint().map(str::to_owned),
            });
            verdict.wasted = (usage != Usage::default()).then_some(usage);
        }
    }
    verdict.notices.extend(notices);
    Ok(())
}

/// What is asked for a missing concept: for one that was not asked for before, else for the one that was longest ago.
fn ask_for(question: &Question, missing: &[Slug], earlier: &[Earlier]) -> Option<String> {
    fn pick<'m>(missing: &'m [Slug], before: &[&Slug]) -> Option<&'m Slug> {
        missing
            .iter()
            .min_by_key(|id| before.iter().rposition(|it| it == id).map(|at| at + 1))
    }
    let mut before: Vec<&Slug> = Vec::new();
    for answer in earlier {
        if let Judgement::Unclear { missing } = &answer.judgement {
            before.extend(pick(missing, &before));
        }
    }
    asked(question, pick(missing, &before)?)
}

/// What is asked for a concept.
fn asked(question: &Question, concept: &Slug) -> Option<String> {
    let mut concepts = question.required_concepts.iter();
    let concept = concepts.find(|it| it.id == *concept)?;
    Some(concept.ask.as_str().to_owned())
}

fn feedback_of(question: &Question, category: &Slug) -> Option<String> {
    let mut modes = question.failure_modes.iter();
    let mode = modes.find(|it| it.category == *category)?;
    Some(mode.feedback.as_str().to_owned())
}

/// Whether a learner may compare their answer with the model answer, going by those that they have given.
///
/// Two different answers that were unclear, with no language model to decide about them.
pub fn may_self_assess(earlier: &[Earlier]) -> bool {
    let unclear = earlier.iter().filter(|it| is_undecided(it));
    unclear
        .map(|it| fold(&it.text))
        .collect::<HashSet<_>>()
        .len()
        >= TRIES
}

fn is_undecided(earlier: &Earlier) -> bool {
    earlier.is_by_rubric && matches!(earlier.judgement, Judgement::Unclear { .. })
}

fn may_compare_with(earlier: &[Earlier], answer: &Answer, verdict: &Verdict) -> bool {
    let mut all = earlier.to_vec();
    all.push(Earlier {
        text: answer.text.clone(),
        judgement: verdict.judgement.clone(),
        is_by_rubric: verdict.by == JudgedBy::Rubric,
    });
    verdict.judgement != Judgement::Passed && may_self_assess(&all)
}

/// The model answer, for a learner who may see it: one whose question is settled, or who may assess themselves.
pub fn model_answer<'q>(
    question: &'q Question,
    earlier: &[Earlier],
    is_settled: bool,
) -> Option<&'q str> {
    let may_see = is_settled || may_self_assess(earlier);
    may_see.then(|| question.model_answer.as_str())
}

/// The hint number `n`, from 0.
pub fn hint(question: &Question, n: usize) -> Option<&str> {
    question.hints.get(n).map(Text::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::tests::question;

    fn slugs(ids: &[&str]) -> Vec<Slug> {
        ids.iter().map(|id| Slug::try_from(*id).unwrap()).collect()
    }

    fn unclear(text: &str, missing: &[&str]) -> Earlier {
        Earlier {
            text: text.to_owned(),
            judgement: Judgement::Unclear {
                missing: slugs(missing),
            },
            is_by_rubric: true,
        }
    }

    fn verdict(text: &str, earlier: &[Earlier]) -> Verdict {
        let question = question();
        let answer = Answer::read(text.as_bytes(), &question).unwrap();
        let interrupt = Interrupt::new();
        let mut tell = |_: &Progress| panic!("nothing is sent");
        judge(&question, &answer, earlier, None, &interrupt, &mut tell).unwrap()
    }

    #[test]
    fn rubric_decides_where_it_can() {
        let passed = verdict("The factor cancels, so there is no overflow.", &[]);
        assert_eq!(
            (passed.judgement, passed.feedback),
            (Judgement::Passed, None)
        );
        let caught = verdict("It is more stable.", &[]);
        let category = slugs(&["vague"]).remove(0);
        assert_eq!(caught.judgement, Judgement::Caught { category });
        assert_eq!(caught.feedback.as_deref(), Some("Which step?"));
        assert!(!caught.may_self_assess);
    }

    #[test]
    fn missing_concepts_are_asked_for_one_after_another() {
        let both = ["cancels", "overflow"];
        let mut earlier = Vec::new();
        let mut asked = Vec::new();
        for n in 0..4 {
            asked.push(verdict("Because.", &earlier).feedback.unwrap());
            earlier.push(unclear(&format!("no {n}"), &both));
        }
        let (first, second) = ("What becomes of it?", "What can go wrong?");
        assert_eq!(asked, [first, second, first, second]);
        // What is there by now is not asked for.
        let half = verdict("It cancels.", &[unclear("no", &["overflow"])]);
        assert_eq!(half.feedback.as_deref(), Some(second));
    }

    #[test]
    fn two_different_unclear_tries_allow_to_compare() {
        let one = unclear("Because.", &["cancels", "overflow"]);
        let twice = [one.clone()];
        assert!(!verdict("Because.", &[]).may_self_assess);
        assert!(!verdict(" because.".trim(), &[]).may_self_assess);
        assert!(!verdict("Because.\n", &twice).may_self_assess);
        assert!(verdict("Just so.", &twice).may_self_assess);
        let by_model = Earlier {
            is_by_rubric: false,
            ..one.clone()
        };
        assert!(!verdict("Just so.", &[by_model]).may_self_assess);
        assert!(!verdict("It is more stable.", &twice).may_self_assess);
        let passed = verdict("It cancels: no overflow.", &[one, unclear("b", &[])]);
        assert!(!passed.may_self_assess);
    }

    #[test]
    fn model_answer_is_shown_only_when_it_is_time() {
        let question = question();
        let tries = [unclear("a", &["overflow"]), unclear("b", &["overflow"])];
        assert_eq!(model_answer(&question, &tries[..1], false), None);
        let model = Some(question.model_answer.as_str());
        assert_eq!(model_answer(&question, &tries, false), model);
        assert_eq!(model_answer(&question, &[], true), model);
    }

    #[test]
    fn hints_come_in_order() {
        let mut question = question();
        question.hints = vec!["Look.".try_into().unwrap()];
        assert_eq!(hint(&question, 0), Some("Look."));
        assert_eq!(hint(&question, 1), None);
    }
}
