//! Changes that put findings right: edits of text as data, and what a file becomes by them.

use std::sync::Arc;

use crate::source::{SourceFile, Span};

/// A change to one file that puts a finding right.
#[derive(Clone, Debug)]
pub struct Fix {
    /// The file.
    pub file: Arc<SourceFile>,
    /// What is replaced, and by what; no two overlap.
    pub edits: Vec<Edit>,
}

/// A piece of text that takes the place of another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Edit {
    /// The bytes that go.
    pub span: Span,
    /// What comes.
    pub text: String,
}

impl Fix {
    /// Returns a fix of one edit.
    pub fn replace(file: &Arc<SourceFile>, span: Span, text: impl Into<String>) -> Self {
        let text = text.into();
        Self {
            file: Arc::clone(file),
            edits: vec![Edit { span, text }],
        }
    }
}

/// Applies fixes of one file to its text, and returns the text and how many were applied.
///
/// A fix that touches what another one has changed is left out whole: once the others are applied
/// it can be made anew.
pub fn apply<'a>(text: &str, fixes: impl IntoIterator<Item = &'a Fix>) -> (String, usize) {
    let mut accepted: Vec<&Edit> = Vec::new();
    let mut count = 0;
    for fix in fixes {
        let is_free = |edit: &Edit| !accepted.iter().any(|other| touches(edit.span, other.span));
        if fix.edits.iter().all(is_free) {
            accepted.extend(&fix.edits);
            count += 1;
        }
    }
    accepted.sort();
    let mut result = String::with_capacity(text.len());
    let mut at = 0;
    for edit in accepted {
        result.push_str(&text[at..edit.span.start]);
        result.push_str(&edit.text);
        at = edit.span.end;
    }
    result.push_str(&text[at..]);
    (result, count)
}

/// Whether two edits can't both be made: they overlap, or insert at the same place.
fn touches(a: Span, b: Span) -> bool {
    (a.start < b.end && b.start < a.end) || a.start == b.start
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(text: &str, edits: &[(usize, usize, &str)]) -> (String, usize) {
        let file = Arc::new(SourceFile::new("a.yaml", text));
        let fixes: Vec<_> = edits
            .iter()
            .map(|(start, end, new)| Fix::replace(&file, Span::new(*start, *end), *new))
            .collect();
        apply(text, &fixes)
    }

    #[test]
    fn fixes_are_applied_wherever_they_stand() {
        let (text, count) = applied(
            "one two three",
            &[(8, 13, "3"), (0, 3, "1"), (4, 4, "and ")],
        );
        assert_eq!((text.as_str(), count), ("1 and two 3", 3));
    }

    #[test]
    fn of_fixes_that_touch_each_other_the_first_is_applied() {
        for second in [(2, 6, "x"), (0, 0, "x"), (1, 2, "x")] {
            let (text, count) = applied("one two", &[(0, 3, "1"), second]);
            assert_eq!((text.as_str(), count), ("1 two", 1), "{second:?}");
        }
    }
}
