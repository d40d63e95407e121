//! What a language model replies, read strictly. Its verdict counts only as far as what it says of the concepts bears it out.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::OTHER;
use crate::answer::Judgement;
use crate::curriculum::document::Question;
use crate::curriculum::id::Slug;

/// The reply of a server that speaks the protocol.
#[derive(Debug, Deserialize)]
struct Envelope {
    choices: Vec<Choice>,
    #[serde(default)]
    usage: Option<Tokens>,
}

#[derive(Debug, Deserialize)]
struct Choice {
    message: Message,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Message {
    #[serde(default)]
    content: Option<String>,
}

/// What a request has used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Tokens {
    /// Tokens that were sent.
    #[serde(default, rename = "prompt_tokens")]
    pub(super) input: u64,
    /// Tokens that came back.
    #[serde(default, rename = "completion_tokens")]
    pub(super) output: u64,
}

/// What the model says, and what that took.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reply {
    /// Empty when it says nothing.
    pub(super) content: String,
    /// Whether it was cut off by a limit.
    pub(super) is_cut_off: bool,
    /// `None` when the server does not say.
    pub(super) tokens: Option<Tokens>,
}

/// Reads what a server has sent; `None` when it does not speak the protocol.
pub(super) fn reply(body: &[u8]) -> Option<Reply> {
    let envelope: Envelope = serde_json::from_slice(body).ok()?;
    let choice = envelope.choices.into_iter().next()?;
    Some(Reply {
        content: choice.message.content.unwrap_or_default(),
        is_cut_off: choice.finish_reason.as_deref() == Some("length"),
        tokens: envelope.usage,
    })
}

/// A judgement as the model gives it. Keys that were not asked for are passed over: models like to explain themselves.
#[derive(Debug, Deserialize)]
struct Stated {
    verdict: StatedVerdict,
    concepts: Concepts,
    #[serde(default)]
    category: Option<String>,
    feedback: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StatedVerdict {
    Passed,
    Caught,
    Unclear,
}

/// Which concepts an answer has. One that is named twice is an error: which of the two would count?
#[derive(Debug)]
struct Concepts(BTreeMap<String, bool>);

impl<'de> Deserialize<'de> for Concepts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Concepts;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object of `true` and `false`")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Concepts, A::Error> {
                let mut concepts = BTreeMap::new();
                while let Some((id, has)) = map.next_entry::<String, bool>()? {
                    if concepts.insert(id, has).is_some() {
                        return Err(de::Error::custom("a concept is there twice"));
                    }
                }
                Ok(Concepts(concepts))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

/// A judgement that has been read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stance {
    /// What the answer is.
    pub(super) judgement: Judgement,
    /// What the model would tell the learner; not checked yet.
    pub(super) feedback: String,
}

/// Reads a judgement: one JSON object, alone or in a code fence.
///
/// An answer passes only if the model says so *and* says of every concept that it is there.
///
/// # Errors
///
/// What is wrong, in words that the model can be told.
pub(super) fn stance(content: &str, question: &Question) -> Result<Stance, String> {
    let content = unfenced(content.trim());
    if content.is_empty() {
        return Err("it is empty".to_owned());
    }
    let stated: Stated = serde_json::from_str(content).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => format!("{error}"),
        _ => format!("it is no JSON object alone ({error})"),
    })?;
    let Concepts(concepts) = stated.concepts;
    let mut missing = Vec::new();
    for concept in &question.required_concepts {
        match concepts.get(concept.id.as_str()) {
            Some(true) => {}
            Some(false) => missing.push(concept.id.clone()),
            None => return Err(format!("`concepts` lacks `{}`", concept.id)),
        }
    }
    let judgement = match stated.verdict {
        StatedVerdict::Caught => {
            let mut modes = question.failure_modes.iter().map(|mode| &mode.category);
            let stated = stated.category.as_deref();
            let known = modes.find(|it| Some(it.as_str()) == stated).cloned();
            let other = || Slug::try_from(OTHER).expect("the word is an id");
            Judgement::Caught {
                category: known.unwrap_or_else(other),
            }
        }
        StatedVerdict::Passed if missing.is_empty() => Judgement::Passed,
        StatedVerdict::Passed | StatedVerdict::Unclear => Judgement::Unclear { missing },
    };
    Ok(Stance {
        judgement,
        feedback: stated.feedback,
    })
}

/// What is inside of a code fence that is all there is.
fn unfenced(content: &str) -> &str {
    let inside = content
        .strip_prefix("```")
        .and_then(|rest| rest.strip_suffix("```"))
        .and_then(|rest| rest.split_once('\n'))
        .filter(|(language, _)| language.trim().chars().all(char::is_alphanumeric));
    inside.map_or(content, |(_, inside)| inside.trim())
}

/// A stance as it is kept, in the form in which models write it.
pub(super) fn to_json(stance: &Stance, question: &Question) -> String {
    let (verdict, missing, category) = match &stance.judgement {
        Judgement::Passed => ("passed", &[][..], None),
        Judgement::Caught { category } => ("caught", &[][..], Some(category)),
        Judgement::Unclear { missing } => ("unclear", &missing[..], None),
    };
    let concepts = question.required_concepts.iter();
    let concepts: serde_json::Map<String, Value> = concepts
        .map(|concept| {
            let has = !missing.contains(&concept.id);
            (concept.id.to_string(), has.into())
        })
        .collect();
    let category = category.map(Slug::as_str);
    let json = serde_json::json!({
        "verdict": verdict, "concepts": concepts, "category": category, "feedback": stance.feedback,
    });
    json.to_string()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{question, slug};
    use super::*;

    const GOOD: &str =
        r#"{"verdict":"passed","concepts":{"cancels":true,"overflow":true},"feedback":""}"#;

    fn judged(content: &str) -> Judgement {
        stance(content, &question()).unwrap().judgement
    }

    fn unclear(missing: &[&str]) -> Judgement {
        Judgement::Unclear {
            missing: missing.iter().map(|id| slug(id)).collect(),
        }
    }

    fn caught(category: &str) -> Judgement {
        let category = slug(category);
        Judgement::Caught { category }
    }

    #[test]
    fn verdict_counts_only_with_its_concepts() {
        assert_eq!(judged(GOOD), Judgement::Passed);
        let without = GOOD.replace("\"overflow\":true", "\"overflow\":false");
        assert_eq!(judged(&without), unclear(&["overflow"]));
        let unsure = GOOD.replace("passed", "unclear");
        assert_eq!(judged(&unsure), unclear(&[]));
        let wrong = GOOD.replace("passed", "caught");
        assert_eq!(judged(&wrong), caught(OTHER));
        let vague = wrong.replace("\"feedback\"", "\"category\":\"vague\",\"feedback\"");
        assert_eq!(judged(&vague), caught("vague"));
        let made_up = vague.replace("vague", "made_up");
        assert_eq!(judged(&made_up), caught(OTHER));
    }

    #[test]
    fn fences_and_further_keys_are_borne() {
        for fenced in [
            format!("```json\n{GOOD}\n```"),
            format!("\n```\n{GOOD}\n```\n"),
        ] {
            assert_eq!(judged(&fenced), Judgement::Passed, "{fenced}");
        }
        let more = GOOD.replace("{\"verdict\"", "{\"reason\":[1],\"verdict\"");
        assert_eq!(judged(&more), Judgement::Passed);
        let invented = GOOD.replace("\"cancels\"", "\"new\":false,\"cancels\"");
        assert_eq!(judged(&invented), Judgement::Passed);
    }

    #[test]
    fn anything_else_is_refused() {
        let cases = [
            "",
            "passed",
            "[]",
            "```json\n```",
            &GOOD[..40],
            &format!("Here it is: {GOOD}"),
            &format!("{GOOD}{GOOD}"),
            &GOOD.replace("passed", "great"),
            &GOOD.replace("\"overflow\":true", "\"overflow\":\"yes\""),
            &GOOD.replace("\"overflow\":true", "\"overflow\":1"),
            &GOOD.replace(",\"overflow\":true", ""),
            &GOOD.replace("\"cancels\"", "\"overflow\":false,\"cancels\""),
            &GOOD.replace("\"verdict\"", "\"verdict\":\"unclear\",\"verdict\""),
            &GOOD.replace("\"feedback\":\"\"", "\"feedback\":null"),
            &GOOD.replace(",\"feedback\":\"\"", ""),
            &"[".repeat(100_000),
        ];
        for case in cases {
            assert!(stance(case, &question()).is_err(), "{case}");
        }
    }

    #[test]
    fn kept_stance_reads_as_it_was() {
        for judgement in [
            Judgement::Passed,
            caught(OTHER),
            caught("vague"),
            unclear(&["cancels"]),
            unclear(&[]),
        ] {
            let feedback = "Which \"step\"?".to_owned();
            let kept = Stance {
                judgement,
                feedback,
            };
            let json = to_json(&kept, &question());
            assert_eq!(stance(&json, &question()).as_ref(), Ok(&kept));
        }
    }

    #[test]
    fn envelope_is_that_of_the_protocol() {
        let body = br#"{"id":"x","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},
            "finish_reason":"length"}],"usage":{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9}}"#;
        let tokens = Tokens {
            input: 7,
            output: 2,
        };
        let expected = Reply {
            content: "hi".to_owned(),
            is_cut_off: true,
            tokens: Some(tokens),
        };
        assert_eq!(reply(body), Some(expected));
        let bare = reply(br#"{"choices":[{"message":{"content":null}}]}"#).unwrap();
        assert_eq!((bare.content.as_str(), bare.tokens), ("", None));
        for odd in [&b"<html>"[..], b"{}", b"{\"choices\":[]}", b"\xff"] {
            assert_eq!(reply(odd), None);
        }
    }
}
