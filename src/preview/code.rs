//! Code in colours, where they can be had: Python's.

use std::ops::Range;

use crate::source::python::{Module, Token};

/// Bytes of code that are coloured; what is longer is shown plain.
const MAX_BYTES: usize = 256 * 1024;

/// Returns the parts of a text in order, those that have a colour with what they are. A text in another
/// language, named by a fence or by the ending of a file, is one part.
pub(super) fn parts<'t>(text: &'t str, language: &str) -> Vec<(Option<Token>, &'t str)> {
    let is_python = matches!(language, "python" | "py" | "python3" | "pyi");
    if !is_python || text.len() > MAX_BYTES {
        return vec![(None, text)];
    }
    let mut parts = Vec::new();
    let mut end = 0;
    let mut add = |range: Range<usize>, token| {
        if !range.is_empty() {
            parts.push((token, &text[range]));
        }
    };
    for (range, token) in Module::parse(text).tokens() {
        add(end..range.start, None);
        end = range.end;
        add(range, Some(token));
    }
    add(end..text.len(), None);
    parts
}

/// The name of the language that the ending of a path tells.
pub(super) fn language_of(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(_, ending)| ending)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parts_are_the_whole_text(text in "([a-z_()'\"#:=ä {}\n\t\\\\-]|def |f'|\"\"\"){0,40}") {
            for language in ["python", "sh", ""] {
                let parts = parts(&text, language);
                let joined: String = parts.iter().map(|(_, part)| *part).collect();
                prop_assert_eq!(&joined, &text);
            }
        }
    }
}
