//! Windows line endings that git has put into a checkout.

use super::notice::named;
use crate::source::tree::{Entry, Tree};

/// Files of the learner that have CRLF where those that were given out have none, sorted. Looked for in the starter's
/// files, and in `edited`.
pub fn with_crlf<'a>(
    starter: &'a Tree,
    learner: &Tree,
    edited: impl IntoIterator<Item = &'a str>,
) -> Vec<String> {
    let given = starter.iter().map(|(path, _)| path);
    let mut paths: Vec<_> = given
        .chain(edited)
        .filter(|path| has_crlf(learner.get(path)) && !has_crlf(starter.get(path)))
        .map(str::to_owned)
        .collect();
    paths.sort();
    paths.dedup();
    paths
}

/// What a learner is told of such files, in one line; `None` when there are none.
pub fn advice(files: &[String]) -> Option<String> {
    if files.is_empty() {
        return None;
    }
    Some(format!(
        "{}: Windows line endings (CRLF), which git puts in where `core.autocrlf` is set; to have them as given, commit \
         and run `git config core.autocrlf false && git rm -rq --cached . && git reset -q --hard`",
        named(files)
    ))
}

/// Whether a file is the one that was given out but for its line endings.
pub(super) fn differs_in_line_endings_alone(given: &Entry, theirs: &Entry) -> bool {
    let (Some(given), Some(theirs)) = (given.text(), theirs.text()) else {
        return false;
    };
    given.replace("\r\n", "\n") == theirs.replace("\r\n", "\n")
}

fn has_crlf(entry: Option<&Entry>) -> bool {
    entry
        .and_then(Entry::text)
        .is_some_and(|text| text.contains("\r\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_endings_that_were_not_given_out_are_found() {
        let tree = |files: &[(&str, &str)]| -> Tree {
            let files = files.iter();
            files
                .map(|(path, text)| ((*path).to_owned(), Entry::file(text.as_bytes())))
                .collect()
        };
        let starter = tree(&[("a", "1\n2\n"), ("b", "1\r\n"), ("c", "1\n")]);
        let learner = tree(&[
            ("a", "1\r\n3\r\n"),
            ("b", "1\r\n"),
            ("c", "1\n"),
            ("new", "1\r\n"),
            ("other", "1\r\n"),
        ]);
        let found = with_crlf(&starter, &learner, ["new", "a", "none"]);
        assert_eq!(found, ["a", "new"]);
        assert!(advice(&found).unwrap().starts_with("`a`, `new`: "));
        assert_eq!(advice(&[]), None);
    }

    #[test]
    fn only_line_endings_are_passed_over() {
        let file = |text: &str| Entry::file(text.as_bytes());
        assert!(differs_in_line_endings_alone(
            &file("a\nb\n"),
            &file("a\r\nb\n")
        ));
        assert!(!differs_in_line_endings_alone(
            &file("a\n"),
            &file("a\r\n\r\n")
        ));
        assert!(!differs_in_line_endings_alone(&file("a"), &file("a ")));
    }
}
