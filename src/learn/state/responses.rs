//! Responses of language models by the digest of what was asked. A cache: it can be deleted at any time, is no part of
//! the backup, and whatever is wrong with it costs no more than asking again.

use std::path::Path;

/// Keeps responses in `.mastery/responses.db`.
#[derive(Debug)]
pub struct Responses {}

impl Responses {
    /// Opens the cache of a folder `.mastery`. Where it can't be opened nothing is kept.
    pub fn open(_folder: &Path) -> Self {
        todo!()
    }

    /// Returns the response that was kept under a digest.
    pub fn get(&self, _digest: &str) -> Option<String> {
        todo!()
    }

    /// Keeps a response. The ones that were not used for longest make room for it.
    pub fn put(&self, _digest: &str, _response: &str) {
        todo!()
    }
}
