//! Judges answers: failure modes and required concepts.
//!
//! An answer is passed, caught or unclear. What a language model could add to an unclear one is for
//! the learner runtime; what stands here is the same for authors, CI and learners. Why an answer was
//! judged as it was is told by [`explain`].

pub mod explain;
pub mod sheet;
pub mod trial;

use crate::curriculum::document::{Concept, FailureMode, Question};
use crate::curriculum::id::{PatternText, Slug};
use crate::pattern::{Pattern, Searched};

/// What an answer was found to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// Every required concept is there and no failure mode fired.
    Passed,
    /// A failure mode fired; the first one in order.
    Caught {
        /// The mode's category.
        category: Slug,
    },
    /// No failure mode fired and concepts are missing.
    Unclear {
        /// The missing concepts in order.
        missing: Vec<Slug>,
    },
}

/// A pattern of a rubric that does not compile.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct PatternError {
    /// Where in the question: a JSON pointer below it.
    pub pointer: String,
    /// What is wrong.
    pub message: String,
}

/// A question's rubric, its patterns compiled.
#[derive(Debug)]
pub struct Rubric {
    concepts: Vec<(Slug, Vec<Pattern>)>,
    modes: Vec<Mode>,
}

#[derive(Debug)]
struct Mode {
    category: Slug,
    patterns: Vec<Pattern>,
    unless: Vec<Slug>,
}

impl Mode {
    /// Whether the concepts that an answer has excuse it, whatever shallow words it uses.
    fn is_excused(&self, missing: &[&Slug]) -> bool {
        !self.unless.is_empty() && self.unless.iter().all(|id| !missing.contains(&id))
    }
}

impl Judgement {
    /// What becomes of an answer that lacks some concepts, and upon which a failure mode fires or none does.
    fn of(missing: Vec<&Slug>, fired: Option<&Mode>) -> Self {
        match fired {
            Some(mode) => Self::Caught {
                category: mode.category.clone(),
            },
            None if missing.is_empty() => Self::Passed,
            None => Self::Unclear {
                missing: missing.into_iter().cloned().collect(),
            },
        }
    }
}

impl Rubric {
    /// Compiles the patterns of a question.
    ///
    /// # Errors
    ///
    /// All patterns that do not compile.
    pub fn compile(question: &Question) -> Result<Self, Vec<PatternError>> {
        let mut errors = Vec::new();
        let mut compile = |patterns: &[PatternText], pointer: String| -> Vec<Pattern> {
            let mut compiled = Vec::new();
            for (index, pattern) in patterns.iter().enumerate() {
                match Pattern::compile_case_insensitive(pattern.as_str()) {
                    Ok(pattern) => compiled.push(pattern),
                    Err(message) => errors.push(PatternError {
                        pointer: format!("{pointer}/any_of/{index}"),
                        message,
                    }),
                }
            }
            compiled
        };
        let concepts = question.required_concepts.iter().enumerate();
        let concepts = concepts
            .map(|(index, Concept { id, any_of, .. })| {
                (
                    id.clone(),
                    compile(any_of, format!("/required_concepts/{index}")),
                )
            })
            .collect();
        let modes = question.failure_modes.iter().enumerate();
        let modes = modes
            .map(
                |(
                    index,
                    FailureMode {
                        category,
                        any_of,
                        unless,
                        ..
                    },
                )| Mode {
                    category: category.clone(),
                    patterns: compile(any_of, format!("/failure_modes/{index}")),
                    unless: unless.clone().unwrap_or_default(),
                },
            )
            .collect();
        if errors.is_empty() {
            Ok(Self { concepts, modes })
        } else {
            Err(errors)
        }
    }

    /// Judges an answer.
    ///
    /// A failure mode fires when one of its patterns matches and at least one of its `unless`
    /// concepts is missing, so that a deep answer that uses a shallow word is not thrown out.
    pub fn judge(&self, answer: &str) -> Judgement {
        let answer = fold(answer);
        let answer = Searched::new(&answer);
        let missing: Vec<&Slug> = self
            .concepts
            .iter()
            .filter(|(_, patterns)| !any_matches(patterns, &answer))
            .map(|(id, _)| id)
            .collect();
        let fired = self.fired(&answer, &missing);
        Judgement::of(missing, fired)
    }

    /// Whether an answer passes. What lacks a concept is told without a look at the failure modes.
    pub fn passes(&self, answer: &str) -> bool {
        let answer = fold(answer);
        let answer = Searched::new(&answer);
        let mut concepts = self.concepts.iter();
        concepts.all(|(_, patterns)| any_matches(patterns, &answer))
            && self.fired(&answer, &[]).is_none()
    }

    /// The first failure mode that fires.
    fn fired(&self, answer: &Searched<'_>, missing: &[&Slug]) -> Option<&Mode> {
        self.modes
            .iter()
            .find(|mode| !mode.is_excused(missing) && any_matches(&mode.patterns, answer))
    }
}

fn any_matches(patterns: &[Pattern], answer: &Searched<'_>) -> bool {
    patterns.iter().any(|pattern| pattern.is_match_in(answer))
}

/// White space folded to single spaces, so that a pattern with a space matches over a line break.
pub(crate) fn fold(answer: &str) -> String {
    answer.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use serde_json::json;

    pub(crate) fn question() -> Question {
        serde_json::from_value(json!({
            "id": "why_shift",
            "question": "Why is the maximum subtracted?",
            "model_answer": "The factor cancels and exp can't overflow.",
            "required_concepts": [
                {"id": "cancels", "any_of": ["cancel", "same factor"], "ask": "What becomes of it?"},
                {"id": "overflow", "any_of": ["overflow", r"\binf"], "ask": "What can go wrong?"},
            ],
            "failure_modes": [
                {"category": "vague", "any_of": ["more stable"], "unless": ["cancels", "overflow"],
                 "feedback": "Which step?", "example": "It is more stable."},
                {"category": "wrong", "any_of": ["faster"], "feedback": "Is it?", "example": "It is faster."},
            ],
        }))
        .unwrap()
    }

    fn judged(answer: &str) -> Judgement {
        let rubric = Rubric::compile(&question()).unwrap();
        let judgement = rubric.judge(answer);
        assert_eq!(rubric.passes(answer), judgement == Judgement::Passed);
        judgement
    }

    fn caught(category: &str) -> Judgement {
        Judgement::Caught {
            category: Slug::try_from(category).unwrap(),
        }
    }

    #[test]
    fn answer_with_all_concepts_passes() {
        assert_eq!(
            judged("The SAME\n   factor drops out; no Overflow."),
            Judgement::Passed
        );
    }

    #[test]
    fn shallow_answer_is_caught() {
        assert_eq!(judged("It is more stable."), caught("vague"));
    }

    #[test]
    fn deep_answer_that_uses_a_shallow_word_passes() {
        assert_eq!(
            judged("More stable: the factor cancels, no overflow."),
            Judgement::Passed
        );
    }

    #[test]
    fn one_missing_concept_excuses_nothing() {
        assert_eq!(judged("More stable: the factor cancels."), caught("vague"));
    }

    #[test]
    fn mode_without_excuse_fires_on_any_answer() {
        assert_eq!(
            judged("It cancels, no overflow, and it is faster."),
            caught("wrong")
        );
    }

    #[test]
    fn answer_that_nothing_catches_is_unclear_and_tells_what_is_missing() {
        let missing = vec![Slug::try_from("overflow").unwrap()];
        assert_eq!(judged("It cancels."), Judgement::Unclear { missing });
        assert!(matches!(judged(""), Judgement::Unclear { missing } if missing.len() == 2));
    }

    #[test]
    fn every_pattern_that_does_not_compile_is_told() {
        let mut question = question();
        question.required_concepts[1].any_of[0] = PatternText::try_from("(").unwrap();
        question.failure_modes[0].any_of[0] = PatternText::try_from("a{1000}{1000}{1000}").unwrap();
        let errors = Rubric::compile(&question).unwrap_err();
        let pointers: Vec<_> = errors.iter().map(|error| error.pointer.as_str()).collect();
        assert_eq!(
            pointers,
            ["/required_concepts/1/any_of/0", "/failure_modes/0/any_of/0"]
        );
        assert_eq!(errors[0].message, "unclosed group");
    }
}
