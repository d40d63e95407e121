//! Words of prose and of code, with their places.

use std::borrow::Cow;
use std::cell::LazyCell;
use std::ops::Range;

/// The words of a text: letters, digits and `_`, so that an identifier is one word.
pub(crate) fn words(text: &str) -> impl Iterator<Item = (Range<usize>, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + length_while(&text[at..], |char| !is_word_part(char));
        let end = start + length_while(&text[start..], is_word_part);
        at = end;
        (start < end).then(|| (start..end, &text[start..end]))
    })
}

fn is_word_part(char: char) -> bool {
    char.is_alphanumeric() || char == '_'
}

/// How many bytes a text begins with whose characters are of a kind.
fn length_while(text: &str, is_kind: impl Fn(char) -> bool) -> usize {
    // Nearly all text is ASCII, which takes no decoding.
    let bytes = text.as_bytes();
    let is_ascii_kind = |byte: &&u8| byte.is_ascii() && is_kind(char::from(**byte));
    let ascii = bytes.iter().take_while(is_ascii_kind).count();
    match bytes.get(ascii) {
        Some(byte) if !byte.is_ascii() => {
            let rest = &text[ascii..];
            ascii + rest.find(|char| !is_kind(char)).unwrap_or(rest.len())
        }
        _ => ascii,
    }
}

/// The first place where one of `phrases` stands, word for word in any case. Phrases are lower-case, their
/// words parted by single spaces.
pub(crate) fn find_phrase(text: &str, phrases: &[&str]) -> Option<Range<usize>> {
    let words: Vec<_> = words(text)
        .map(|(range, word)| (range, lower_case(word)))
        .collect();
    let begins_at = |index: usize, phrase: &str| {
        let mut end = index;
        for wanted in phrase.split(' ') {
            if words.get(end)?.1 != wanted {
                return None;
            }
            end += 1;
        }
        Some(words[index].0.start..words[end - 1].0.end)
    };
    (0..words.len()).find_map(|index| phrases.iter().find_map(|&phrase| begins_at(index, phrase)))
}

/// The first run of `length` words of `text` that stands in `source` as well, in any case, and does not
/// stand in `known`. It is given to the end, where it is longer.
///
/// `source` is given as its words, see [`folded`].
pub(crate) fn shared_run(
    text: &str,
    source: &[Cow<'_, str>],
    known: &str,
    length: usize,
) -> Option<Range<usize>> {
    let stands_in =
        |run: &[Cow<'_, str>], words: &[Cow<'_, str>]| words.windows(run.len()).any(|it| it == run);
    let (places, text): (Vec<_>, Vec<_>) = words(text)
        .map(|(range, word)| (range, lower_case(word)))
        .unzip();
    if text.len() < length {
        return None;
    }
    // Nearly always nothing is shared, and what is known matters to nobody.
    let known = LazyCell::new(|| folded(known));
    let is_shared = |run: &[Cow<'_, str>]| stands_in(run, source) && !stands_in(run, &known);
    let start = text.windows(length).position(is_shared)?;
    let mut end = start + length;
    while end < text.len() && stands_in(&text[start..=end], source) {
        end += 1;
    }
    Some(places[start].start..places[end - 1].end)
}

/// The words of a text in lower case.
pub(crate) fn folded(text: &str) -> Vec<Cow<'_, str>> {
    words(text).map(|(_, word)| lower_case(word)).collect()
}

/// A word in lower case; most are already.
fn lower_case(word: &str) -> Cow<'_, str> {
    let is_lower = word.is_ascii() && !word.bytes().any(|byte| byte.is_ascii_uppercase());
    if is_lower {
        Cow::Borrowed(word)
    } else {
        Cow::Owned(word.to_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found<'a>(text: &'a str, phrases: &[&str]) -> Option<&'a str> {
        find_phrase(text, phrases).map(|range| &text[range])
    }

    #[test]
    fn words_are_whole_identifiers() {
        let all: Vec<_> = words("a_1(größe), --x").collect();
        assert_eq!(all, [(0..3, "a_1"), (4..11, "größe"), (16..17, "x")]);
        assert_eq!(words("").count() + words(" - ").count(), 0);
    }

    #[test]
    fn phrases_are_found_as_words_in_any_case() {
        assert_eq!(found("# A BUG: x", &["bug"]), Some("BUG"));
        assert_eq!(
            found("x  # Should\tBe y", &["should be"]),
            Some("Should\tBe")
        );
        assert_eq!(found("debug(wrong_ids, bugs)", &["bug", "wrong"]), None);
        assert_eq!(found("it should", &["should be"]), None);
        assert_eq!(found("", &["bug"]), None);
    }

    #[test]
    fn runs_are_found_to_their_end_unless_they_are_known() {
        let run = |text: &'static str, source, known| {
            shared_run(text, &folded(source), known, 3).map(|range| &text[range])
        };
        assert_eq!(run("x A b, c d y", "a b c d e", ""), Some("A b, c d"));
        assert_eq!(run("a b x c d", "a b c d", ""), None);
        assert_eq!(run("a b c", "a b c", "so a b c"), None);
        assert_eq!(run("a b c d", "a b c d", "a b c"), Some("b c d"));
        assert_eq!(run("a b", "a b", ""), None);
    }
}
