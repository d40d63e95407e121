//! What a learner is told besides the judgement of an answer.

use super::Disclosure;

/// Something that a learner should know. It is shown as it is, on a line of its own.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Notice {
    /// An answer has been sent to a language model.
    #[error("{0}")]
    Sent(Disclosure),
    /// The language model could not be used for this answer.
    #[error("the language model could not judge this answer, so the question's own rubric has: {why}{}", hint.as_ref().map(|it| format!(" ({it})")).unwrap_or_default())]
    ModelFailed {
        /// What went wrong.
        why: String,
        /// What the learner can do about it.
        hint: Option<String>,
    },
    /// A setting can't be used.
    #[error("`{name}` is not used: {why}")]
    Setting {
        /// The variable.
        name: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// A setting is bad enough that no language model is asked.
    #[error("no language model is asked, because of `{name}`: {why}")]
    SettingForbids {
        /// The variable.
        name: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// `.env` names a server and the key stands elsewhere.
    #[error(
        "`OPENAI_BASE_URL` in `.env` is not used: the key in your environment is not sent to a server that a file of the \
         project names; set both in the same place"
    )]
    AddressOfFile,
    /// `.env` can't be read, in part or at all.
    #[error("`.env` can't be read{}", line.map(|it| format!(" from about line {it} on")).unwrap_or_default())]
    EnvFileUnreadable {
        /// The first line that can't be read; `None` when the whole file can't.
        line: Option<usize>,
    },
    /// `.env` holds a key and is in the history of the project.
    #[error(
        "`.env` holds a key and is tracked by git: whoever gets the repository gets the key; `git rm --cached .env`, list it \
         in `.gitignore`, and get a new key if it was ever pushed"
    )]
    EnvFileTracked,
    /// `.env` holds a key that other users of the machine can read.
    #[error("`.env` holds a key and other users of this machine can read it: `chmod 600 .env`")]
    EnvFileOpen,
    /// What is sent can be read on the way.
    #[error(
        "the connection to `{server}` is not encrypted: key and answers can be read on the way"
    )]
    NotEncrypted {
        /// The server.
        server: String,
    },
}

impl Notice {
    /// A name under which it is remembered that a learner has been told; `None` for what is told each time.
    pub fn once(&self) -> Option<String> {
        match self {
            Self::Sent(disclosure) => {
                Some(format!("sent:{}:{}", disclosure.server, disclosure.model))
            }
            Self::EnvFileTracked => Some("env-file-tracked".to_owned()),
            Self::EnvFileOpen => Some("env-file-open".to_owned()),
            Self::NotEncrypted { server } => Some(format!("not-encrypted:{server}")),
            Self::ModelFailed { .. }
            | Self::Setting { .. }
            | Self::SettingForbids { .. }
            | Self::AddressOfFile
            | Self::EnvFileUnreadable { .. } => None,
        }
    }
}
