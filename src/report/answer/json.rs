//! Judged answers as one JSON document.

use std::io::{self, Write};

use serde::Serialize;

use super::Tried;
use crate::answer::Judgement;
use crate::answer::explain::{Effect, Explanation, PatternMatch};
use crate::answer::trial::Role;
use crate::curriculum::id::PatternText;

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    module: &'a str,
    answers: Vec<JudgedAnswer<'a>>,
}

#[derive(Serialize)]
struct JudgedAnswer<'a> {
    question: &'a str,
    /// `answer`, `model_answer`, `accept` or `example`.
    role: &'static str,
    as_expected: bool,
    verdict: &'static str,
    category: Option<&'a str>,
    feedback: Option<&'a str>,
    answer: &'a str,
    concepts: Vec<Concept<'a>>,
    failure_modes: Vec<Mode<'a>>,
}

#[derive(Serialize)]
struct Concept<'a> {
    id: &'a str,
    found: bool,
    matches: Vec<Match<'a>>,
}

#[derive(Serialize)]
struct Mode<'a> {
    category: &'a str,
    effect: &'static str,
    matches: Vec<Match<'a>>,
}

#[derive(Serialize)]
struct Match<'a> {
    pattern: &'a str,
    text: &'a str,
    /// In characters of `answer`.
    start: usize,
    end: usize,
}

/// Prints one JSON document; its schema is `mastery schema answer`.
///
/// # Errors
///
/// When `out` can't be written.
pub fn render(module: &str, tried: &[Tried<'_>], out: &mut dyn Write) -> io::Result<()> {
    let document = Document {
        schema: 1,
        module,
        answers: tried.iter().map(answer).collect(),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

fn answer<'a>(tried: &'a Tried<'_>) -> JudgedAnswer<'a> {
    let Tried {
        question,
        explanation,
        ..
    } = tried;
    let concepts = explanation.concepts.iter().zip(&question.required_concepts);
    let modes = explanation.modes.iter().zip(&question.failure_modes);
    JudgedAnswer {
        question: question.id.as_str(),
        role: match tried.role {
            None => "answer",
            Some(Role::Model) => "model_answer",
            Some(Role::Accept(_)) => "accept",
            Some(Role::Example(_)) => "example",
        },
        as_expected: tried.is_good(),
        verdict: tried.verdict().1,
        category: match &explanation.judgement {
            Judgement::Caught { category } => Some(category.as_str()),
            _ => None,
        },
        feedback: explanation.feedback(question),
        answer: &explanation.answer,
        concepts: concepts
            .map(|(seen, concept)| Concept {
                id: seen.id.as_str(),
                found: !seen.matches.is_empty(),
                matches: hits(explanation, &seen.matches, &concept.any_of),
            })
            .collect(),
        failure_modes: modes
            .map(|(seen, mode)| Mode {
                category: seen.category.as_str(),
                effect: match seen.effect {
                    Effect::None => "none",
                    Effect::Excused => "excused",
                    Effect::Late => "late",
                    Effect::Decides => "decides",
                },
                matches: hits(explanation, &seen.matches, &mode.any_of),
            })
            .collect(),
    }
}

fn hits<'a>(
    explanation: &'a Explanation,
    matches: &[PatternMatch],
    patterns: &'a [PatternText],
) -> Vec<Match<'a>> {
    let answer = explanation.answer.as_str();
    let characters = |end: usize| answer[..end].chars().count();
    matches
        .iter()
        .map(|hit| Match {
            pattern: patterns[hit.index].as_str(),
            text: &answer[hit.place.clone()],
            start: characters(hit.place.start),
            end: characters(hit.place.end),
        })
        .collect()
}
