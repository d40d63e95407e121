//! Windows line endings that git has put into a checkout.

use crate::source::tree::Tree;

/// Files of the learner that have CRLF where those that were given out have none, sorted. Looked for in the starter's
/// files, and in `edited`.
pub fn with_crlf<'a>(
    starter: &Tree,
    learner: &Tree,
    edited: impl IntoIterator<Item = &'a str>,
) -> Vec<String> {
    let _ = (starter, learner, edited.into_iter().count());
    unimplemented!()
}

/// What a learner is told of such files; `None` when there are none.
pub fn advice(files: &[String]) -> Option<String> {
    let _ = files;
    unimplemented!()
}
