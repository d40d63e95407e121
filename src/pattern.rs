//! Regular expressions that authors write: compiled with bounds, errors in one line.
//!
//! The only file that names `regex`. Its engine takes time linear in the text, so that no pattern
//! can hang a check.

use regex::bytes::{Regex, RegexBuilder};

use crate::diagnostic::RuleName;

/// The pattern that a bug's exception text must match does not compile, or says nothing.
pub const INVALID_MESSAGE_PATTERN: RuleName = "invalid-message-pattern";

/// Bytes that a compiled pattern may take; far above any that a person writes.
const MAX_COMPILED_BYTES: usize = 1 << 20;

/// A compiled pattern.
#[derive(Clone, Debug)]
pub struct Pattern(Regex);

impl Pattern {
    /// Compiles a pattern that tells upper from lower case.
    ///
    /// # Errors
    ///
    /// Why it does not compile, on one line.
    pub fn compile(pattern: &str) -> Result<Self, String> {
        Self::build(pattern, false)
    }

    /// Compiles a pattern that does not tell upper from lower case.
    ///
    /// # Errors
    ///
    /// Why it does not compile, on one line.
    pub fn compile_case_insensitive(pattern: &str) -> Result<Self, String> {
        Self::build(pattern, true)
    }

    fn build(pattern: &str, case_insensitive: bool) -> Result<Self, String> {
        RegexBuilder::new(pattern)
            .case_insensitive(case_insensitive)
            // Word characters and cases of all scripts take ten times as long to compile. Where a
            // pattern has none but ASCII letters, `\w`, `\d` and `\b` are about those.
            .unicode(!pattern.is_ascii())
            .size_limit(MAX_COMPILED_BYTES)
            .build()
            .map(Self)
            .map_err(|error| match error {
                regex::Error::CompiledTooBig(_) => "the pattern is too large".to_owned(),
                // The crate draws the pattern with a caret over several lines; the last says why.
                other => {
                    let text = other.to_string();
                    let last = text.lines().last().unwrap_or_default();
                    last.trim_start_matches("error: ").to_owned()
                }
            })
    }

    /// Whether the pattern matches somewhere in `text`.
    pub fn is_match(&self, text: &str) -> bool {
        self.0.is_match(text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_one_line_that_says_why() {
        assert_eq!(Pattern::compile("(").unwrap_err(), "unclosed group");
        let large = Pattern::compile("a{1000}{1000}{1000}").unwrap_err();
        assert_eq!(large, "the pattern is too large");
    }

    #[test]
    fn letters_of_other_scripts_can_be_asked_for_and_passed_over() {
        let folded = |pattern| Pattern::compile_case_insensitive(pattern).unwrap();
        assert!(folded("größe|é").is_match("GRÖSSE, GRÖßE"));
        assert!(folded("[äö]l").is_match("ÖL"));
        assert!(folded("a[^.]{1,4}b").is_match("aéb"));
        assert!(folded("a.?b").is_match("ab"));
    }

    #[test]
    fn case_counts_only_where_it_is_asked_to() {
        assert!(!Pattern::compile("nan").unwrap().is_match("NaN"));
        assert!(
            Pattern::compile_case_insensitive("nan")
                .unwrap()
                .is_match("NaN")
        );
    }
}
