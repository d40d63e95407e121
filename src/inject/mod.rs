//! Puts a bug into code: a strict patch against the reference, or a rewrite of any solution, which can be
//! derived from the difference that a patch makes.

pub mod derive;
pub mod parsed;
pub mod patch;
pub mod rewrite;

use crate::project::language::Language;
use crate::source::changed::changed_lines;

/// Whether a change of a file can do anything: it is about more than comments and blanks.
fn has_effect(path: &str, before: &str, after: &str) -> bool {
    let (old, new) = changed_lines(before, after);
    before != after
        && Language::of(path, before)
            .is_none_or(|language| language.bare(&before[old]) != language.bare(&after[new]))
}
