//! Why an author has to write a rule by hand, or do without one.

use crate::curriculum::id::VariantName;

/// Why there is no rule that makes a change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Underivable {
    /// Both trees are the same.
    #[error("nothing was changed")]
    NoDifference,
    /// More than one file changed.
    #[error("a rewrite changes one file, and {0} files differ")]
    SeveralFiles(usize),
    /// A file was added or removed, or is no text.
    #[error("`{0}` is not a text file in both states: a rewrite changes what is there")]
    NotInBoth(String),
    /// A file in another language.
    #[error("`{0}` is not Python: rewrites work on Python files only")]
    OtherLanguage(String),
    /// A file that is no Python, before the change or after it.
    #[error("`{path}` is not Python {state} the change, on line {line}")]
    Broken {
        /// The file.
        path: String,
        /// `before` or `after`.
        state: &'static str,
        /// The line, from 1.
        line: usize,
    },
    /// A file that is too long or too deeply nested.
    #[error("`{0}` is too long or nested too deeply")]
    TooLarge(String),
    /// Only comments and formatting changed.
    #[error("only comments and formatting of `{0}` were changed")]
    NoEffect(String),
    /// A difference in too many places.
    #[error(
        "`{path}` differs in {count} places: that is more than a rule with a few steps can say"
    )]
    TooManyPlaces {
        /// The file.
        path: String,
        /// How many.
        count: usize,
    },
    /// A place that no rule tells from all others.
    #[error("no rule was found that makes the change on line {line} of `{path}` and no other")]
    NoRule {
        /// The file.
        path: String,
        /// The line before the change, from 1.
        line: usize,
    },
    /// A variant that all rules match as well.
    #[error("no rule was found that makes the change and leaves the variant `{0}` alone")]
    NotApart(VariantName),
}
