//! Why an answer is judged as it is: what each concept and each failure mode found in it.

use std::ops::Range;

use super::{Judgement, Mode, Rubric, fold};
use crate::curriculum::document::{FailureMode, Question};
use crate::curriculum::id::Slug;
use crate::pattern::{Pattern, Searched};

/// A judgement with everything that led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What the answer was found to be; the same as [`Rubric::judge`] says.
    pub judgement: Judgement,
    /// The answer as patterns see it, its white space folded. Places count in this text.
    pub answer: String,
    /// The required concepts in order.
    pub concepts: Vec<ConceptSeen>,
    /// The failure modes in order.
    pub modes: Vec<ModeSeen>,
}

/// What was seen of a required concept. It is missing when nothing was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConceptSeen {
    /// The concept.
    pub id: Slug,
    /// The patterns that match.
    pub matches: Vec<PatternMatch>,
}

/// What was seen of a failure mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModeSeen {
    /// The mode.
    pub category: Slug,
    /// The patterns that match.
    pub matches: Vec<PatternMatch>,
    /// The concepts that would excuse the answer.
    pub unless: Vec<Slug>,
    /// What came of it.
    pub effect: Effect,
}

/// What a failure mode does to an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It does not match.
    None,
    /// It matches, and all concepts under `unless` are there.
    Excused,
    /// It matches and nothing excuses the answer; an earlier mode has decided.
    Late,
    /// It catches the answer.
    Decides,
}

/// A pattern that matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PatternMatch {
    /// The place of the pattern under `any_of`.
    pub index: usize,
    /// The words that it matches first, in bytes of [`Explanation::answer`].
    pub place: Range<usize>,
}

impl Rubric {
    /// Judges an answer and tells why. Takes longer than [`Rubric::judge`].
    pub fn explain(&self, answer: &str) -> Explanation {
        let answer = fold(answer);
        let searched = Searched::new(&answer);
        let concepts: Vec<_> = self
            .concepts
            .iter()
            .map(|(id, patterns)| ConceptSeen {
                id: id.clone(),
                matches: matches(patterns, &searched),
            })
            .collect();
        let missing: Vec<&Slug> = concepts
            .iter()
            .filter(|concept| concept.matches.is_empty())
            .map(|concept| &concept.id)
            .collect();
        let mut fired: Option<&Mode> = None;
        let mut modes = Vec::new();
        for mode in &self.modes {
            let matches = matches(&mode.patterns, &searched);
            let effect = if matches.is_empty() {
                Effect::None
            } else if mode.is_excused(&missing) {
                Effect::Excused
            } else if fired.is_some() {
                Effect::Late
            } else {
                fired = Some(mode);
                Effect::Decides
            };
            modes.push(ModeSeen {
                category: mode.category.clone(),
                matches,
                unless: mode.unless.clone(),
                effect,
            });
        }
        Explanation {
            judgement: Judgement::of(missing, fired),
            answer,
            concepts,
            modes,
        }
    }
}

impl Explanation {
    /// What the learner is told: the feedback of the mode that fired, or what is asked for the first concept
    /// that is missing. `None` for an answer that passes.
    pub fn feedback<'q>(&self, question: &'q Question) -> Option<&'q str> {
        match &self.judgement {
            Judgement::Passed => None,
            Judgement::Caught { category } => {
                let is_it = |mode: &&FailureMode| mode.category == *category;
                let mode = question.failure_modes.iter().find(is_it)?;
                Some(mode.feedback.as_str())
            }
            Judgement::Unclear { missing } => {
                let mut concepts = question.required_concepts.iter();
                let concept = concepts.find(|concept| missing.first() == Some(&concept.id))?;
                Some(concept.ask.as_str())
            }
        }
    }

    /// Whether a concept was found.
    pub fn has(&self, concept: &Slug) -> bool {
        let mut concepts = self.concepts.iter();
        concepts.any(|seen| seen.id == *concept && !seen.matches.is_empty())
    }
}

fn matches(patterns: &[Pattern], answer: &Searched<'_>) -> Vec<PatternMatch> {
    let patterns = patterns.iter().enumerate();
    patterns
        .filter_map(|(index, pattern)| {
            let place = pattern.find_in(answer)?;
            Some(PatternMatch { index, place })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::question;
    use super::*;

    fn explained(answer: &str) -> Explanation {
        let rubric = Rubric::compile(&question()).unwrap();
        let explanation = rubric.explain(answer);
        assert_eq!(explanation.judgement, rubric.judge(answer), "{answer}");
        explanation
    }

    fn effects(explanation: &Explanation) -> Vec<Effect> {
        explanation.modes.iter().map(|mode| mode.effect).collect()
    }

    #[test]
    fn words_that_a_pattern_matches_are_told() {
        let explanation = explained("The SAME\n  factor drops out.");
        assert_eq!(explanation.answer, "The SAME factor drops out.");
        let found = &explanation.concepts[0].matches;
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].index, &explanation.answer[found[0].place.clone()]),
            (1, "SAME factor")
        );
        assert!(explanation.concepts[1].matches.is_empty());
        let cancels = &question().required_concepts[0].id;
        assert!(explanation.has(cancels));
        assert_eq!(
            explanation.feedback(&question()),
            Some("What can go wrong?")
        );
    }

    #[test]
    fn modes_are_told_apart_by_what_they_do() {
        use Effect::{Decides, Excused, Late, None};
        assert_eq!(effects(&explained("")), [None, None]);
        let shallow = explained("It is faster and more stable.");
        assert_eq!(effects(&shallow), [Decides, Late]);
        assert_eq!(shallow.feedback(&question()), Some("Which step?"));
        let deep = explained("More stable: the factor cancels, no overflow.");
        assert_eq!(effects(&deep), [Excused, None]);
        assert_eq!(deep.feedback(&question()), Option::None);
        let wrong = explained("More stable and faster: it cancels, no overflow.");
        assert_eq!(effects(&wrong), [Excused, Decides]);
    }
}
