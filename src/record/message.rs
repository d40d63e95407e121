//! From the text of an exception to a pattern that is found in it again, on other machines too.

use crate::pattern::Pattern;

/// Letters that a pattern should have to say something.
const ENOUGH_LETTERS: usize = 8;

/// Characters after which a pattern ends.
const LONG_ENOUGH: usize = 60;

/// Lines of a text that are looked at: what comes behind are values and places.
const LINES: usize = 3;

/// Alternatives that a pattern has at most.
const MOST_ALTERNATIVES: usize = 3;

/// Returns a pattern for failures: `wanted` holds the texts of each test that has to be matched, one of them is
/// enough; nothing in `never` is matched. Tests for which there is none are returned by their place.
pub fn pattern_for(wanted: &[Vec<&str>], never: &[&str]) -> (Option<String>, Vec<usize>) {
    let mut alternatives: Vec<(String, Pattern)> = Vec::new();
    let mut left = Vec::new();
    for (index, texts) in wanted.iter().enumerate() {
        let is_matched = |pattern: &Pattern| texts.iter().any(|text| pattern.is_match(text));
        if alternatives.iter().any(|(_, pattern)| is_matched(pattern)) {
            continue;
        }
        let found = texts.iter().flat_map(|text| candidates(text));
        let found = found
            .filter_map(|text| Pattern::compile(&text).ok().map(|pattern| (text, pattern)))
            .find(|(_, pattern)| {
                is_matched(pattern) && !never.iter().any(|text| pattern.is_match(text))
            });
        match found {
            Some(found) if alternatives.len() < MOST_ALTERNATIVES => alternatives.push(found),
            _ => left.push(index),
        }
    }
    let texts: Vec<_> = alternatives.into_iter().map(|(text, _)| text).collect();
    ((!texts.is_empty()).then(|| texts.join("|")), left)
}

/// Patterns for one text, the best first.
fn candidates(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|it| !it.is_empty())
        .collect();
    let Some(first) = lines.first() else {
        return Vec::new();
    };
    let (kind, rest) = without_kind(first);
    let of_lines = std::iter::once(rest).chain(lines.iter().copied().skip(1).take(LINES - 1));
    let mut patterns: Vec<String> = of_lines.filter_map(of_line).collect();
    let letters = |pattern: &String| pattern.chars().filter(|it| it.is_alphabetic()).count();
    // Those that say something first, in the order of the text.
    patterns.sort_by_key(|pattern| letters(pattern) < ENOUGH_LETTERS);
    patterns.extend(kind.map(|kind| format!("^{}", escaped(kind))));
    patterns
}

/// The name of the exception, and what stands behind it.
fn without_kind(line: &str) -> (Option<&str>, &str) {
    let is_name = |text: &str| {
        text.starts_with(|first: char| first.is_ascii_uppercase() || first == '_')
            || text.contains('.')
    };
    let is_word = |text: &str| {
        !text.is_empty()
            && text
                .chars()
                .all(|it| it.is_alphanumeric() || matches!(it, '_' | '.'))
    };
    match line.split_once(':') {
        Some((kind, rest)) if is_word(kind) && is_name(kind) => (Some(kind), rest.trim()),
        None if is_word(line) && is_name(line) => (Some(line), ""),
        _ => (None, line),
    }
}

/// The words of a line that are the same for other numbers, with `.*` for what is between them.
fn of_line(line: &str) -> Option<String> {
    let says_something = |word: &&str| !is_value(word) && word.chars().any(char::is_alphabetic);
    let words: Vec<_> = line.split_whitespace().collect();
    let first = words.iter().position(&says_something)?;
    let last = words.iter().rposition(says_something)?;
    let mut pattern = String::new();
    let mut is_gap = false;
    for word in &words[first..=last] {
        if pattern.len() >= LONG_ENOUGH {
            break;
        }
        if is_value(word) {
            is_gap = true;
            continue;
        }
        if !pattern.is_empty() {
            pattern.push_str(if is_gap { " .*" } else { " " });
        }
        pattern.push_str(&escaped(word));
        is_gap = false;
    }
    Some(pattern)
}

/// Whether a word may be another one on the next run or machine.
fn is_value(word: &str) -> bool {
    let bare = word.trim_matches(|it: char| !it.is_alphanumeric());
    bare.chars().any(|it| it.is_ascii_digit())
        || matches!(bare, "nan" | "inf" | "NaN" | "None" | "True" | "False")
        // Brackets without an end, of a list with a number in it.
        || word.chars().all(|it| matches!(it, '(' | ')' | '[' | ']' | '{' | '}' | ','))
}

fn escaped(text: &str) -> String {
    let mut result = String::new();
    for char in text.chars() {
        if matches!(
            char,
            '\\' | '.' | '+' | '*' | '?' | '(' | ')' | '|' | '[' | ']' | '{' | '}' | '^' | '$'
        ) {
            result.push('\\');
        }
        result.push(char);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(texts: &[&str], never: &[&str]) -> Option<String> {
        let wanted: Vec<_> = texts.iter().map(|text| vec![*text]).collect();
        pattern_for(&wanted, never).0
    }

    #[test]
    fn words_stay_and_values_go() {
        for (text, expected) in [
            (
                "AssertionError: sums over dim 0 of shape (4, 4) are not 1\nTensor-likes are not close!",
                "sums over dim .*of shape .*are not",
            ),
            ("AssertionError: too many roundings", "too many roundings"),
            (
                "ValueError: index 3 is out of bounds (size 2)",
                "index .*is out of bounds \\(size",
            ),
            ("assert 3 == 4\n +  where 3 = length([1])", "assert"),
            ("AssertionError", "^AssertionError"),
            ("KeyError: 3", "^KeyError"),
        ] {
            let found = pattern(&[text], &[]).unwrap();
            assert!(Pattern::compile(&found).unwrap().is_match(text), "{found}");
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn nothing_of_the_starter_is_matched() {
        let starter = "NotImplementedError: softmax over many classes";
        let text = "AssertionError: softmax over many classes\nthe rows differ from each other";
        assert_eq!(
            pattern(&[text], &[starter]).as_deref(),
            Some("the rows differ from each other")
        );
        assert_eq!(
            pattern(&["NotImplementedError"], &["NotImplementedError"]),
            None
        );
    }

    #[test]
    fn several_tests_share_a_pattern_or_have_one_each() {
        let texts = [
            "AssertionError: row 1 is no distribution",
            "AssertionError: row 2 is no distribution",
            "AssertionError: gradients are far off",
        ];
        assert_eq!(
            pattern(&texts, &[]).as_deref(),
            Some("row .*is no distribution|gradients are far off")
        );
        let many: Vec<String> = ["one", "two", "three", "four"]
            .map(|it| format!("AssertionError: number {it} failed"))
            .into();
        let wanted: Vec<_> = many.iter().map(|text| vec![text.as_str()]).collect();
        assert_eq!(pattern_for(&wanted, &[]).1, [3]);
    }
}
