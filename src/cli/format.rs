//! What results are printed as.

use clap::ValueEnum;

use super::error::Error;

/// A format of results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Excerpts, explanations and a table
    #[default]
    Human,
    /// One line for each finding and each unexpected case
    Concise,
    /// One JSON document; see `mastery schema report`
    Json,
    /// What `human` shows, with annotations for GitHub Actions
    Github,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// JUnit XML: a suite a module, a test a case
    Junit,
    /// Code quality of GitLab
    Gitlab,
    /// A summary in Markdown, for the page of a run
    Markdown,
    /// The same, short enough for a comment
    Comment,
    /// One page that stands on its own
    Html,
}

impl Format {
    /// Refuses what is not for people, for `grep` or for programs in general.
    pub(super) fn expect_basic(self) -> Result<(), Error> {
        match self {
            Self::Human | Self::Concise | Self::Json => Ok(()),
            _ => Err(Error::user("this command has no such format")
                .hinted("`mastery lint`, `verify`, `check` and `report` have; here there are human, concise and json")),
        }
    }
}
