//! Sends JSON to a server, within limits, and says in plain words what went wrong.
//!
//! The only file that names `reqwest` and `rustls`. Certificates are those that the system trusts (`SSL_CERT_FILE` is
//! honoured), proxies those of the environment (`HTTPS_PROXY`, `NO_PROXY`, …). Servers are not trusted: what they
//! send is bounded in size and time, and their redirects are followed only within their own origin.

mod retry;

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher as _, Hasher as _};
use std::io::Read as _;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use reqwest::Url;
use reqwest::blocking::Client as Inner;
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::{Attempt, Policy};
use serde_json::Value;

pub use retry::Retries;

use crate::run::interrupt::Interrupt;

/// How many redirects are followed.
const REDIRECTS: usize = 3;

/// How many characters of what a server says about an error are kept.
const DETAIL: usize = 300;

/// A text that is never shown: `Debug` tells nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Returns one; white space around it, as copying leaves it, is dropped. `None` when nothing is left.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    /// The text itself, for what has to be compared or sent.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// Removes it from a text.
    pub fn scrub(&self, text: &str) -> String {
        text.replace(&self.0, "[secret]")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret")
    }
}

/// The address of a server, or of something that it offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint(Url);

impl Endpoint {
    /// Reads an address.
    ///
    /// # Errors
    ///
    /// What is wrong with it, for anything but an `http` or `https` address without user, query and fragment.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let url = Url::parse(text.trim()).map_err(|_| "it is no address")?;
        if !matches!(url.scheme(), "http" | "https") {
            Err("it has to begin with `https://` or `http://`")
        } else if !url.username().is_empty() || url.password().is_some() {
            // It would show up wherever the address does.
            Err("it holds a user name or password")
        } else if url.query().is_some() || url.fragment().is_some() {
            Err("it holds a query or fragment")
        } else {
            Ok(Self(url))
        }
    }

    /// The address of something below this one.
    #[must_use]
    pub fn below(&self, path: &str) -> Self {
        let mut url = self.0.clone();
        url.set_path(&format!("{}/{path}", url.path().trim_end_matches('/')));
        Self(url)
    }

    /// The server, as people are told of it: the host, and its port if it is an unusual one.
    pub fn server(&self) -> String {
        server(&self.0)
    }

    /// The whole address.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Whether what is sent there could be read on the way.
    pub fn is_readable_on_the_way(&self) -> bool {
        self.0.scheme() == "http" && !self.is_this_machine()
    }

    /// Whether it is on this machine.
    pub fn is_this_machine(&self) -> bool {
        let host = self.0.host_str().unwrap_or_default();
        let address = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost"
            || address
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.is_loopback())
    }
}

/// Bounds on one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long a connection may take.
    pub connect: Duration,
    /// How long one attempt may take, from connecting to the last byte of the response.
    pub total: Duration,
    /// How many bytes the response may have.
    pub response_bytes: u64,
    /// How often it is tried.
    pub retries: Retries,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            total: Duration::from_secs(60),
            response_bytes: 1024 * 1024,
            retries: Retries::default(),
        }
    }
}

/// What is sent.
#[derive(Clone, Copy, Debug)]
pub struct Post<'a> {
    /// Where to.
    pub endpoint: &'a Endpoint,
    /// Sent as a bearer token.
    pub token: Option<&'a Secret>,
    /// Further headers.
    pub headers: &'a [(&'static str, &'static str)],
    /// The content.
    pub body: &'a Value,
    /// Whether it does no harm to send it again although the server may have acted on it.
    pub is_repeatable: bool,
}

/// What a server has answered to a request that went well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The status, from 200 to 299.
    pub status: u16,
    /// The content.
    pub body: Vec<u8>,
}

/// A wait before a request is sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wait {
    /// Why it has to be.
    pub why: String,
    /// How long it is.
    pub duration: Duration,
}

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
    fn is_passing(&self, is_repeatable: bool) -> bool {
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

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Removes a secret that a server or the system has repeated, and shortens what the server says.
    fn scrubbed(self, secret: Option<&Secret>) -> Self {
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

/// Sends requests to one server. Its making reads the certificates of the system, which takes some milliseconds.
#[derive(Clone, Debug)]
pub struct Client {
    inner: Inner,
    limits: Limits,
}

impl Client {
    /// Returns one for a server, with limits. What is on this machine is reached without a proxy.
    ///
    /// # Errors
    ///
    /// When certificates or proxies are set up in a way that can't be used.
    pub fn new(server: &Endpoint, limits: Limits) -> Result<Self, HttpError> {
        // An error says that there is a provider already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = Inner::builder()
            .user_agent(concat!("mastery/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(limits.connect)
            // Ours is a deadline and comes first; this one begins anew with each read.
            .timeout(limits.total + Duration::from_secs(5))
            .redirect(Policy::custom(|attempt| {
                if is_followed(&attempt) {
                    attempt.follow()
                } else {
                    attempt.stop()
                }
            }));
        let builder = if server.is_this_machine() {
            builder.no_proxy()
        } else {
            builder
        };
        let inner = builder
            .build()
            .map_err(|error| HttpError::Unusable(root_cause(&error)))?;
        Ok(Self { inner, limits })
    }

    /// Sends something and returns what comes back. A stop of the run ends it at once.
    ///
    /// # Errors
    ///
    /// When nothing good comes back, also after further attempts. Each wait for one is told by `on_wait`.
    pub fn post(
        &self,
        post: &Post<'_>,
        interrupt: &Interrupt,
        on_wait: &mut dyn FnMut(&Wait),
    ) -> Result<Response, HttpError> {
        let mut attempts = 0;
        loop {
            let error = match self.attempt(post, interrupt) {
                Ok(response) => return Ok(response),
                Err(error) => error.scrubbed(post.token),
            };
            attempts += 1;
            let wait = self
                .limits
                .retries
                .wait(attempts, error.retry_after(), jitter());
            let Some(duration) = wait.filter(|_| error.is_passing(post.is_repeatable)) else {
                return Err(error);
            };
            on_wait(&Wait {
                why: error.to_string(),
                duration,
            });
            match stoppable(interrupt, duration, |_| ()) {
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
                Ok(_) => return Err(HttpError::Interrupted),
            }
        }
    }

    /// One attempt, in a thread of its own: nothing else could leave it when the user wants to.
    fn attempt(&self, post: &Post<'_>, interrupt: &Interrupt) -> Result<Response, HttpError> {
        let limits = self.limits;
        let request = self
            .inner
            .post(post.endpoint.0.clone())
            .headers(headers(post)?)
            .json(post.body);
        let deadline = Instant::now() + limits.total;
        let done = stoppable(interrupt, limits.total, move |sender| {
            std::thread::spawn(move || {
                let result = exchange(request, &limits, deadline);
                // Nobody may be waiting any more.
                let _ = sender.send(Some(result));
            });
        });
        match done {
            Ok(Some(result)) => result,
            Ok(None) => Err(HttpError::Interrupted),
            Err(RecvTimeoutError::Timeout) => Err(HttpError::TimedOut {
                limit: limits.total,
            }),
            Err(RecvTimeoutError::Disconnected) => {
                Err(HttpError::Unusable("the request was lost".to_owned()))
            }
        }
    }
}

/// A result, or `None` for a stop of the run.
type Done = Option<Result<Response, HttpError>>;

/// Begins something and waits for what it sends, for a stop of the run, or for the end of the time.
fn stoppable(
    interrupt: &Interrupt,
    time: Duration,
    begin: impl FnOnce(mpsc::Sender<Done>),
) -> Result<Done, RecvTimeoutError> {
    let (sender, receiver) = mpsc::channel();
    let stop = sender.clone();
    let _guard = interrupt.on_stop(move || {
        let _ = stop.send(None);
    });
    if interrupt.is_set() {
        return Ok(None);
    }
    begin(sender);
    receiver.recv_timeout(time)
}

fn exchange(
    request: reqwest::blocking::RequestBuilder,
    limits: &Limits,
    deadline: Instant,
) -> Result<Response, HttpError> {
    let timed_out = || HttpError::TimedOut {
        limit: limits.total,
    };
    let mut response = request.send().map_err(|error| {
        let server = error.url().map(server).unwrap_or_default();
        let why = root_cause(&error);
        if error.is_connect() {
            // A connection that takes too long is one of these, too.
            HttpError::Unreachable { server, why }
        } else if error.is_timeout() {
            timed_out()
        } else if error.is_builder() {
            HttpError::Unusable(why)
        } else {
            HttpError::BrokenOff(why)
        }
    })?;
    let status = response.status().as_u16();
    if response.status().is_redirection() {
        return Err(HttpError::Redirected {
            to: redirected_to(&response),
        });
    }
    let retry_after = response
        .headers()
        .get(header::RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| retry::retry_after(value, now()));
    let mut body = Vec::new();
    let mut buffer = [0; 16 * 1024];
    let read = loop {
        if Instant::now() >= deadline {
            break Err(timed_out());
        }
        match response.read(&mut buffer) {
            Ok(0) => break Ok(()),
            Ok(length) => body.extend_from_slice(&buffer[..length]),
            Err(error) => {
                let why = error.get_ref().and_then(|it| it.source());
                let why = why.map_or_else(|| error.to_string(), root_cause);
                break Err(HttpError::BrokenOff(why));
            }
        }
        if body.len() as u64 > limits.response_bytes {
            break Err(HttpError::TooLarge {
                limit: limits.response_bytes,
            });
        }
    };
    if (200..300).contains(&status) {
        return read.map(|()| Response { status, body });
    }
    Err(HttpError::Status {
        status,
        detail: detail(&body),
        retry_after,
    })
}

fn headers(post: &Post<'_>) -> Result<HeaderMap, HttpError> {
    let mut headers = HeaderMap::new();
    for (name, value) in post.headers {
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    if let Some(token) = post.token {
        let value = HeaderValue::try_from(format!("Bearer {}", token.reveal()));
        let mut value = value.map_err(|_| {
            HttpError::Unusable("the key holds characters that no key has".to_owned())
        })?;
        value.set_sensitive(true);
        headers.insert(header::AUTHORIZATION, value);
    }
    Ok(headers)
}

/// Only what stays with the server that was meant: key and content are for nobody else.
fn is_followed(attempt: &Attempt<'_>) -> bool {
    let first = attempt.previous().first();
    attempt.previous().len() <= REDIRECTS
        && first.is_some_and(|first| first.origin() == attempt.url().origin())
}

fn redirected_to(response: &reqwest::blocking::Response) -> String {
    let location = response.headers().get(header::LOCATION);
    let location = location.and_then(|value| value.to_str().ok());
    let url = location.and_then(|location| response.url().join(location).ok());
    url.map_or_else(
        || "nowhere".to_owned(),
        |url| format!("{}://{}", url.scheme(), server(&url)),
    )
}

fn server(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// What servers say in `error.message` (OpenAI and those like it) or `message` (GitHub).
fn detail(body: &[u8]) -> Option<String> {
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

/// The innermost error says what happened; those around it only where.
fn root_cause(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    causes.last().unwrap_or(error).to_string()
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |it| it.as_secs())
}

/// A random number from 0 to 1: the standard library seeds its hashers with some.
fn jitter() -> f64 {
    let random = RandomState::new().build_hasher().finish();
    (random >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_those_of_servers() {
        let endpoint = Endpoint::parse(" https://api.example.com/v1/ ").unwrap();
        assert_eq!(
            endpoint.below("chat/completions").as_str(),
            "https://api.example.com/v1/chat/completions"
        );
        assert_eq!(endpoint.server(), "api.example.com");
        for odd in [
            "",
            "api.example.com",
            "file:///etc/passwd",
            "https://user@example.com",
            "https://:word@example.com",
            "https://example.com/?key=1",
            "https://example.com/#a",
        ] {
            assert!(Endpoint::parse(odd).is_err(), "{odd}");
        }
    }

    #[test]
    fn only_other_machines_can_be_listened_to() {
        let readable = |text| Endpoint::parse(text).unwrap().is_readable_on_the_way();
        for safe in [
            "https://example.com",
            "http://localhost:11434/v1",
            "http://127.0.0.1",
            "http://[::1]:8080",
        ] {
            assert!(!readable(safe), "{safe}");
        }
        for open in [
            "http://example.com",
            "http://192.168.1.2",
            "http://127.0.0.1.example.com",
        ] {
            assert!(readable(open), "{open}");
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let secret = Secret::new(" sk-123\n").unwrap();
        assert_eq!(format!("{secret:?}"), "Secret");
        assert_eq!(secret.scrub("a sk-123 b"), "a [secret] b");
        let error = HttpError::Status {
            status: 401,
            detail: Some("bad key sk-123".to_owned()),
            retry_after: None,
        };
        let told = error.scrubbed(Some(&secret)).to_string();
        assert_eq!(told, "the server says 401: bad key [secret]");
        assert_eq!(Secret::new(" \n"), None);
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

    #[test]
    fn jitter_is_between_nothing_and_all() {
        assert!((0..100).all(|_| (0.0..=1.0).contains(&jitter())));
    }
}
