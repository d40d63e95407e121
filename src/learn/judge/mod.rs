//! A language model as a judge of answers that the rubric can't decide about.
//!
//! Any server will do that speaks the protocol of OpenAI's chat completions. Nothing is sent unless the learner has set
//! up a key ([`config`]). What is asked holds the learner's words as data (`prompt`), what comes back is read strictly
//! (`response`), and what it would tell the learner is looked at first (`feedback`).

pub mod config;
mod feedback;
pub mod notice;
mod prompt;
mod response;

use std::fmt;

use serde_json::{Value, json};

use self::config::{Prices, Settings};
use self::response::{Stance, Tokens};
use crate::answer::Judgement;
use crate::curriculum::document::Question;
use crate::http::{Client, HttpError, Limits, Post, Wait};
use crate::run::interrupt::Interrupt;

/// How many tokens a reply may have. Models that think aloud need most of them.
const REPLY_TOKENS: u32 = 4000;

/// The category of what a model catches and the rubric has no name for.
pub const OTHER: &str = "other";

/// Keeps what a model has said, so that nothing is asked and paid for twice.
///
/// Failing to keep or find something is no error: it is asked again.
pub trait ResponseCache {
    /// What was kept under a key: 64 hexadecimal digits.
    fn get(&self, key: &str) -> Option<String>;
    /// Keeps a text of a few hundred bytes.
    fn put(&self, key: &str, response: &str);
}

/// Keeps nothing.
#[derive(Clone, Copy, Debug)]
pub struct NoCache;

impl ResponseCache for NoCache {
    fn get(&self, _: &str) -> Option<String> {
        None
    }

    fn put(&self, _: &str, _: &str) {}
}

/// What leaves the machine, and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disclosure {
    /// The server.
    pub server: String,
    /// The model.
    pub model: String,
}

impl fmt::Display for Disclosure {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "answers that the rubric can't decide about go to the language model `{}` at `{}`: your answer, the question and its \
             rubric, and your API key; neither code nor name nor progress (`MASTERY_JUDGE=off` turns it off)",
            self.model, self.server
        )
    }
}

/// What happens while a learner waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Something is about to be sent. Told before it is, so that who shows it can still be stopped.
    Sending(Disclosure),
    /// The server is busy or can't be reached, and is tried again.
    Waiting(Wait),
}

/// What a judgement took.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// Tokens that were sent, as the server counts them; 0 when it does not.
    pub input_tokens: u64,
    /// Tokens that came back.
    pub output_tokens: u64,
    /// In US dollars; `None` when no prices are set.
    pub dollars: Option<f64>,
    /// Whether it was known from before, and took nothing.
    pub is_cached: bool,
}

impl Usage {
    fn add(&mut self, tokens: Tokens, prices: Option<Prices>) {
        self.input_tokens = self.input_tokens.saturating_add(tokens.input);
        self.output_tokens = self.output_tokens.saturating_add(tokens.output);
        self.dollars = prices.map(|prices| {
            let input = self.input_tokens as f64 * prices.input;
            let output = self.output_tokens as f64 * prices.output;
            (input + output) / 1e6
        });
    }
}

impl fmt::Display for Usage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_cached {
            return formatter.write_str("known from before, nothing was sent");
        }
        match (self.input_tokens, self.output_tokens) {
            (0, 0) => formatter.write_str("tokens unknown")?,
            (input, output) => write!(formatter, "{input} tokens sent, {output} received")?,
        }
        match self.dollars {
            Some(dollars) if self.input_tokens > 0 => write!(formatter, ", ${dollars:.4}"),
            _ => Ok(()),
        }
    }
}

/// What a language model thinks of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Opinion {
    /// What the answer is.
    pub judgement: Judgement,
    /// What the learner may be told; `None` when there is nothing that may.
    pub feedback: Option<String>,
    /// What it took.
    pub usage: Usage,
}

/// Why a language model has no opinion.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JudgeError {
    /// Nothing came back, or a refusal.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The server speaks another protocol.
    #[error("what the server sends is not the protocol of OpenAI's chat completions")]
    OtherProtocol,
    /// The model did not answer as it has to, not even when it was asked again.
    #[error("the reply of the model can't be used: {0}")]
    Unusable(String),
}

impl JudgeError {
    /// What the learner can do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Http(HttpError::Status {
                status: 401 | 403, ..
            }) => Some("is `OPENAI_API_KEY` right?"),
            Self::Http(HttpError::Status { status: 404, .. }) => {
                Some("are `MASTERY_MODEL` and `OPENAI_BASE_URL` right?")
            }
            Self::Http(HttpError::Status { status: 429, .. }) => {
                Some("try again later, or see whether your quota is used up")
            }
            Self::Http(HttpError::Redirected { .. }) | Self::OtherProtocol => {
                Some("is `OPENAI_BASE_URL` right? it mostly ends with `/v1`")
            }
            Self::Http(HttpError::TimedOut { .. }) => {
                Some("`MASTERY_MODEL_TIMEOUT` gives it more seconds")
            }
            Self::Unusable(_) => Some("another model may do better: `MASTERY_MODEL`"),
            Self::Http(_) => None,
        }
    }
}

/// Asks a language model.
pub struct Judge<'a> {
    settings: &'a Settings,
    limits: Limits,
    cache: &'a dyn ResponseCache,
}

impl<'a> Judge<'a> {
    /// Returns one for a model that a learner has set up.
    pub fn new(settings: &'a Settings, cache: &'a dyn ResponseCache) -> Self {
        let limits = Limits {
            total: settings.timeout,
            ..Limits::default()
        };
        Self::with_limits(settings, limits, cache)
    }

    /// Returns one with limits of its own.
    pub fn with_limits(
        settings: &'a Settings,
        limits: Limits,
        cache: &'a dyn ResponseCache,
    ) -> Self {
        Self {
            settings,
            limits,
            cache,
        }
    }

    /// What leaves the machine when it is asked.
    pub fn disclosure(&self) -> Disclosure {
        Disclosure {
            server: self.settings.endpoint.server(),
            model: self.settings.model.clone(),
        }
    }

    /// Asks what an answer is. `tell` hears before something is sent.
    ///
    /// # Errors
    ///
    /// Why there is no opinion, with what the attempt took all the same.
    pub fn ask(
        &self,
        question: &Question,
        answer: &str,
        interrupt: &Interrupt,
        tell: &mut dyn FnMut(&Progress),
    ) -> Result<Opinion, (JudgeError, Usage)> {
        let messages = prompt::messages(question, answer);
        let key = self.key(&messages);
        let opinion = |stance: Stance, usage| Opinion {
            feedback: feedback::checked(&stance.feedback, question, answer),
            judgement: stance.judgement,
            usage,
        };
        let kept = self.cache.get(&key);
        if let Some(Ok(stance)) = kept.map(|kept| response::stance(&kept, question)) {
            let usage = Usage {
                is_cached: true,
                ..Usage::default()
            };
            return Ok(opinion(stance, usage));
        }
        let mut usage = Usage::default();
        match self.stance(question, messages, interrupt, tell, &mut usage) {
            Ok(stance) => {
                let kept = response::to_json(&stance, question);
                self.cache.put(&key, &kept);
                Ok(opinion(stance, usage))
            }
            Err(error) => Err((error, usage)),
        }
    }

    /// Asks, and once more when what comes back can't be read.
    fn stance(
        &self,
        question: &Question,
        messages: Vec<Value>,
        interrupt: &Interrupt,
        tell: &mut dyn FnMut(&Progress),
        usage: &mut Usage,
    ) -> Result<Stance, JudgeError> {
        tell(&Progress::Sending(self.disclosure()));
        let client = Client::new(&self.settings.endpoint, self.limits)?;
        let mut send =
            |messages: &[Value]| -> Result<(String, Result<Stance, String>), JudgeError> {
                let reply = self.send(&client, messages, interrupt, tell)?;
                if let Some(tokens) = reply.tokens {
                    usage.add(tokens, self.settings.prices);
                }
                let stance = if reply.is_cut_off {
                    Err("it was cut off for its length".to_owned())
                } else {
                    response::stance(&reply.content, question)
                };
                Ok((reply.content, stance))
            };
        let (content, stance) = send(&messages)?;
        let why = match stance {
            Ok(stance) => return Ok(stance),
            Err(why) => why,
        };
        let (_, stance) = send(&prompt::repair(messages, &content, &why))?;
        stance.map_err(JudgeError::Unusable)
    }

    fn send(
        &self,
        client: &Client,
        messages: &[Value],
        interrupt: &Interrupt,
        tell: &mut dyn FnMut(&Progress),
    ) -> Result<response::Reply, JudgeError> {
        let endpoint = self.settings.endpoint.below("chat/completions");
        let mut post = |body: &Value| {
            let post = Post {
                endpoint: &endpoint,
                token: Some(&self.settings.key),
                headers: &[],
                body,
                is_repeatable: true,
            };
            client.post(&post, interrupt, &mut |wait| {
                tell(&Progress::Waiting(wait.clone()));
            })
        };
        let response = match post(&self.body(messages)) {
            // Models differ in which options they know. The messages alone say all that has to be said.
            Err(HttpError::Status {
                status: 400 | 422, ..
            }) => post(&json!({ "model": self.settings.model, "messages": messages })),
            other => other,
        }?;
        response::reply(&response.body).ok_or(JudgeError::OtherProtocol)
    }

    fn body(&self, messages: &[Value]) -> Value {
        json!({
            "model": self.settings.model,
            "messages": messages,
            "temperature": 0,
            "max_tokens": REPLY_TOKENS,
            "response_format": { "type": "json_object" },
        })
    }

    /// The digest of everything that matters to what comes back.
    fn key(&self, messages: &[Value]) -> String {
        let asked = json!([self.settings.endpoint.as_str(), self.body(messages)]);
        blake3::hash(asked.to_string().as_bytes())
            .to_hex()
            .to_string()
    }
}

impl fmt::Debug for Judge<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Judge")
            .field("settings", &self.settings)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curriculum::id::Slug;

    pub(super) use crate::answer::tests::question;

    pub(super) fn slug(text: &str) -> Slug {
        Slug::try_from(text).unwrap()
    }

    #[test]
    fn usage_tells_tokens_and_cost() {
        let mut usage = Usage::default();
        assert_eq!(usage.to_string(), "tokens unknown");
        let tokens = Tokens {
            input: 1000,
            output: 50,
        };
        usage.add(tokens, None);
        assert_eq!(usage.to_string(), "1000 tokens sent, 50 received");
        let prices = Prices {
            input: 1.0,
            output: 10.0,
        };
        usage.add(tokens, Some(prices));
        assert_eq!(usage.to_string(), "2000 tokens sent, 100 received, $0.0030");
        let absurd = Tokens {
            input: u64::MAX,
            output: u64::MAX,
        };
        usage.add(absurd, Some(prices));
        assert_eq!(usage.input_tokens, u64::MAX);
    }
}
