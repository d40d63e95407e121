//! Posts a report as an issue on GitHub.

use serde_json::{Value, json};

use super::Report;
use crate::curriculum::id::RepositoryUrl;
use crate::http::{Client, Endpoint, HttpError, Limits, Post, Secret, Wait};
use crate::run::interrupt::Interrupt;

/// Where GitHub takes requests.
const API: &str = "https://api.github.com";

/// Why a report was not posted, or may not have been.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PostError {
    /// Nothing came back, or a refusal.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// GitHub has taken it, and does not say where it is.
    #[error("GitHub does not say where the issue is")]
    NoAddress,
}

impl PostError {
    /// What the learner can do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Http(HttpError::Status {
                status: 401 | 403 | 404,
                ..
            }) => Some("`GITHUB_TOKEN` has to be allowed to write issues of the repository"),
            Self::Http(HttpError::Status { status: 410, .. }) => {
                Some("the repository takes no issues")
            }
            Self::Http(HttpError::TimedOut { .. } | HttpError::BrokenOff(_)) | Self::NoAddress => {
                Some("it may be there all the same: look before you send it again")
            }
            Self::Http(_) => None,
        }
    }
}

/// Posts reports to GitHub.
#[derive(Clone, Debug)]
pub struct Poster {
    api: Endpoint,
    token: Secret,
    limits: Limits,
}

impl Poster {
    /// Returns one that posts as whoever a token belongs to.
    pub fn new(token: Secret) -> Self {
        let api = Endpoint::parse(API).expect("the address is one");
        Self::with_limits(api, token, Limits::default())
    }

    /// Returns one for another server, with limits of its own.
    pub fn with_limits(api: Endpoint, token: Secret, limits: Limits) -> Self {
        Self { api, token, limits }
    }

    /// Posts a report and returns the address of the issue. It is not sent again where it may have arrived.
    ///
    /// # Errors
    ///
    /// When it was not posted, or may not have been.
    pub fn post(
        &self,
        report: &Report,
        repository: &RepositoryUrl,
        interrupt: &Interrupt,
        on_wait: &mut dyn FnMut(&Wait),
    ) -> Result<String, PostError> {
        let endpoint = self
            .api
            .below(&format!("repos/{}/issues", repository.slug()));
        let post = Post {
            endpoint: &endpoint,
            token: Some(&self.token),
            headers: &[
                ("accept", "application/vnd.github+json"),
                ("x-github-api-version", "2022-11-28"),
            ],
            body: &json!({ "title": report.title, "body": report.body }),
            is_repeatable: false,
        };
        let client = Client::new(&endpoint, self.limits)?;
        let response = client.post(&post, interrupt, on_wait)?;
        let created: Value = serde_json::from_slice(&response.body).unwrap_or_default();
        let address = created["html_url"].as_str().unwrap_or_default();
        // A repository may have moved; issues are on GitHub still.
        let is_there = address.starts_with("https://github.com/");
        if is_there && address.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(address.to_owned())
        } else {
            Err(PostError::NoAddress)
        }
    }
}
