//! Puts a bug into code: a strict patch against the reference, or a rewrite of any solution.

pub mod patch;
pub mod rewrite;

use crate::project::language::Language;

/// Whether a change of a file can do anything: it is about more than comments and blanks.
fn has_effect(path: &str, before: &str, after: &str) -> bool {
    before != after
        && Language::of(path, before)
            .is_none_or(|language| language.bare(before) != language.bare(after))
}
