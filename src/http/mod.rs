//! Sends JSON to a server, within limits, and says in plain words what went wrong.
//!
//! This folder is the only place that names `reqwest` and `rustls`. Certificates are those that the system trusts
//! (`SSL_CERT_FILE` is honoured), proxies those of the environment (`HTTPS_PROXY`, `NO_PROXY`, …). Servers are not
//! trusted: what they send is bounded in size and time, and their redirects are followed only within their own origin.

mod endpoint;
mod error;
mod retry;

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::io::Read as _;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use reqwest::blocking::Client as Inner;
use reqwest::header::{self, HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::{Attempt, Policy};
use serde_json::Value;

pub use endpoint::{Endpoint, Secret};
pub use error::HttpError;
pub use retry::Retries;

use self::endpoint::server;
use self::error::detail;
use crate::run::interrupt::Interrupt;

/// How many redirects are followed.
const REDIRECTS: usize = 3;

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
    fn jitter_is_between_nothing_and_all() {
        assert!((0..100).all(|_| (0.0..=1.0).contains(&jitter())));
    }
}
