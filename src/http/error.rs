//! Why a request came to nothing, in plain words without secrets.

use std::time::Duration;

use serde_json::Value;

use super::endpoint::Secret;

/// How many characters of what a server says about an error are kept.
const DETAIL: usize = 300;

/// Why there is no response. What it tells holds no secret; it may hold words of the server.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// The user has stopped it.
    #[error("interrupted")]
    Interrupted,
    /// Nothing could be sent at all.
    #[error("nothing could be sent: {0}")]
    Unusable(String),
    /// There is no connection.
    #[error("`{server}` can't be reached: {why}")]
    Unreachable {
        /// The server.
        server: String,
        /// What the system says.
        why: String,
    },
    /// It took too long.
    #[error("no answer within {} s", limit.as_secs_f64())]
    TimedOut {
        /// How long it may take.
        limit: Duration,
    },
    /// The connection ended before the answer did.
    #[error("the answer broke off: {0}")]
    BrokenOff(String),
    /// The answer is too large.
    #[error("the answer has more than {limit} bytes")]
    TooLarge {
        /// How many bytes it may have.
        limit: u64,
    },
    /// The server sends elsewhere.
    #[error("the server wants the request to go to `{to}`")]
    Redirected {
        /// Another server.
        to: String,
    },
    /// The server has refused or failed.
    #[error("the server says {status}{}", detail.as_ref().map(|it| format!(": {it}")).unwrap_or_default())]
    Status {
        /// The status of the response.
        status: u16,
        /// What the server says about it, cut to a sentence or two.
        detail: Option<String>,
        /// How long it wants to be left alone.
        retry_after: Option<Duration>,
    },
}

impl HttpError {
    /// Whether another attempt may go better, and does no harm.
    pub(super) fn is_passing(&self, is_repeatable: bool) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Status { status: 429, .. } => true,
            Self::BrokenOff(_) => is_repeatable,
            Self::Status { status, .. } => is_repeatable && *status >= 500 && *status != 501,
            // A server that took a minute would mostly take another one.
            Self::TimedOut { .. }
            | Self::Interrupted
            | Self::Unusable(_)
            | Self::TooLarge { .. }
            | Self::Redirected { .. } => false,
        }
    }

    /// How long the server wants to be left alone.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Removes a secret that a server or the system has repeated, and shortens what the server says.
    pub(super) fn scrubbed(self, secret: Option<&Secret>) -> Self {
        let scrub = |text: String| secret.map_or_else(|| text.clone(), |it| it.scrub(&text));
        match self {
            Self::Unusable(why) => Self::Unusable(scrub(why)),
            Self::Unreachable { server, why } => Self::Unreachable {
                why: scrub(why),
                server,
            },
            Self::BrokenOff(why) => Self::BrokenOff(scrub(why)),
            Self::Redirected { to } => Self::Redirected { to: scrub(to) },
            Self::Status {
                status,
                detail,
                retry_after,
            } => Self::Status {
                status,
                // Not before: half a secret would not be found.
                detail: detail.map(|it| shortened(&scrub(it))),
                retry_after,
            },
            Self::Interrupted | Self::TimedOut { .. } | Self::TooLarge { .. } => self,
        }
    }
}

/// What servers say in `error.message` (OpenAI and those like it) or `message` (GitHub).
pub(super) fn detail(body: &[u8]) -> Option<String> {
    let value: Value = serde_json::from_slice(body).ok()?;
    let error = &value["error"];
    let said = [&error["message"], error, &value["message"]];
    let said = said.into_iter().find_map(Value::as_str)?;
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    (!said.is_empty()).then_some(said)
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(DETAIL) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_told() {
        let secret = Secret::new("sk-123").unwrap();
        let error = HttpError::Status {
            status: 401,
            detail: Some("bad key sk-123".to_owned()),
            retry_after: None,
        };
        let told = error.scrubbed(Some(&secret)).to_string();
        assert_eq!(told, "the server says 401: bad key [secret]");
    }

    #[test]
    fn what_may_have_been_done_is_repeated_only_where_that_is_harmless() {
        let status = |status| HttpError::Status {
            status,
            detail: None,
            retry_after: None,
        };
        assert!(status(503).is_passing(true) && !status(503).is_passing(false));
        assert!(status(429).is_passing(false));
        assert!(!status(404).is_passing(true) && !status(501).is_passing(true));
        let broken_off = HttpError::BrokenOff(String::new());
        assert!(broken_off.is_passing(true) && !broken_off.is_passing(false));
    }

    #[test]
    fn servers_are_quoted_in_one_short_line() {
        let said = |text: &str| detail(text.as_bytes());
        assert_eq!(
            said(r#"{"error":{"message":"no\n such model"}}"#).as_deref(),
            Some("no such model")
        );
        assert_eq!(said(r#"{"error":"busy"}"#).as_deref(), Some("busy"));
        assert_eq!(
            said(r#"{"message":"Not Found"}"#).as_deref(),
            Some("Not Found")
        );
        for nothing in ["<html>", "{}", "[]", r#"{"error":{"message":7}}"#] {
            assert_eq!(said(nothing), None, "{nothing}");
        }
        assert_eq!(shortened(&"ä".repeat(400)).chars().count(), 301);
    }
}
