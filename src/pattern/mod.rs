//! Regular expressions that authors write: compiled with bounds, errors in one line.
//!
//! The only folder that names the regular expression crates. Matching takes time linear in the text, so that
//! no pattern can hang a check.
//!
//! There are thousands of patterns and each is held against a few short texts. The `regex` crate spends
//! most of its time then on getting ready for long ones: prefilters, reverse automata, determinised
//! states. Here a pattern is parsed; a text that lacks what every match contains is passed over; one that
//! does not is walked through (`walk`); and where that takes too many steps, the automaton is made and followed.

mod walk;

use std::cell::RefCell;
use std::ops::Range;
use std::sync::OnceLock;

use regex_automata::nfa::thompson::backtrack::{self, BoundedBacktracker};
use regex_automata::nfa::thompson::pikevm::PikeVM;
use regex_automata::nfa::thompson::{Compiler, NFA, WhichCaptures};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind};

use crate::diagnostic::RuleName;

/// The pattern that a bug's exception text must match does not compile, or says nothing.
pub const INVALID_MESSAGE_PATTERN: RuleName = "invalid-message-pattern";

/// Bytes that a compiled pattern may take; far above any that a person writes.
const MAX_COMPILED_BYTES: usize = 1 << 20;

/// More bytes than a compiled pattern takes besides its parts.
const MAX_FIXED_BYTES: usize = 1 << 10;

/// More bytes than any part of a pattern takes when it is compiled; see [`parts`].
const MAX_PART_BYTES: usize = 256;

/// Texts of which a match must contain one; more are not worth looking for.
const MAX_NEEDED: usize = 16;

/// Returns the pattern that matches a text and nothing else, whatever its case.
pub(crate) fn literal(text: &str) -> String {
    regex_syntax::escape(text)
}

/// A text that several patterns are held against.
#[derive(Clone, Debug)]
pub struct Searched<'a> {
    text: &'a str,
    /// The text with its ASCII letters in lower case.
    lower: String,
}

impl<'a> Searched<'a> {
    /// Prepares a text for its patterns.
    pub fn new(text: &'a str) -> Self {
        let lower = text.to_ascii_lowercase();
        Self { text, lower }
    }
}

/// A compiled pattern.
#[derive(Clone, Debug)]
pub struct Pattern {
    hir: Hir,
    /// Whether it is held against the text in lower case, see [`is_lower_case`].
    is_lower: bool,
    /// Texts in lower case of which every match contains one, whatever its case; empty where none are
    /// known.
    needed: Vec<String>,
    matcher: OnceLock<BoundedBacktracker>,
}

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
        if case_insensitive && is_lower_case(pattern) {
            let hir = parse(pattern, false)?;
            // Letters in both cases take more; close to the bound those are what is counted.
            if bytes_counted_high(&hir) <= MAX_COMPILED_BYTES / 8 {
                return Ok(Self::new(hir, true));
            }
        }
        let compiled = Self::new(parse(pattern, case_insensitive)?, false);
        // Whether it is too large only its automaton tells, which is made when it is needed. That most
        // patterns are not can be seen before.
        let is_small = bytes_counted_high(&compiled.hir) <= MAX_COMPILED_BYTES;
        if !is_small && compiled.automaton().is_none() {
            return Err("the pattern is too large".to_owned());
        }
        Ok(compiled)
    }

    fn new(hir: Hir, is_lower: bool) -> Self {
        Self {
            needed: needed(&hir),
            matcher: OnceLock::new(),
            is_lower,
            hir,
        }
    }

    /// Whether the pattern matches somewhere in `text`.
    pub fn is_match(&self, text: &str) -> bool {
        self.is_match_in(&Searched::new(text))
    }

    /// As [`Pattern::is_match`], for one of several patterns that are held against the same text.
    pub fn is_match_in(&self, searched: &Searched<'_>) -> bool {
        let has = |needed: &String| searched.lower.contains(needed);
        if !self.needed.is_empty() && !self.needed.iter().any(has) {
            return false;
        }
        let text = if self.is_lower {
            &searched.lower
        } else {
            searched.text
        };
        walk::is_match(&self.hir, text.as_bytes())
            .unwrap_or_else(|_| self.is_match_by_automaton(text))
    }

    fn is_match_by_automaton(&self, text: &str) -> bool {
        let matcher = self.matcher.get_or_init(|| {
            self.automaton()
                .and_then(|automaton| backtrack::Builder::new().build_from_nfa(automaton).ok())
                .expect("a pattern that is too large is refused before")
        });
        CACHE.with_borrow_mut(|cache| {
            let cache = cache.get_or_insert_with(|| matcher.create_cache());
            cache.reset(matcher);
            matcher.try_is_match(cache, text).unwrap_or_else(|_| {
                // The text is too long to note where each state has been.
                let automaton = matcher.get_nfa().clone();
                let slower = PikeVM::new_from_nfa(automaton);
                slower.is_ok_and(|slower| slower.is_match(&mut slower.create_cache(), text))
            })
        })
    }

    /// The first place in a text where the pattern matches, widened to whole characters.
    ///
    /// Takes several times as long as [`Pattern::is_match_in`]: it is for showing, not for judging.
    pub fn find_in(&self, searched: &Searched<'_>) -> Option<Range<usize>> {
        if !self.is_match_in(searched) {
            return None;
        }
        let text = if self.is_lower {
            &searched.lower
        } else {
            searched.text
        };
        // The automata that judge know that there is a match and not where. One that does has two states more.
        let config = NFA::config()
            .utf8(false)
            .which_captures(WhichCaptures::Implicit);
        let automaton = NFA::compiler().configure(config).build_from_hir(&self.hir);
        let machine = automaton.ok().map(PikeVM::new_from_nfa);
        let machine = machine
            .and_then(Result::ok)
            .expect("a pattern that is too large is refused before");
        let found = machine.find(&mut machine.create_cache(), text)?;
        let (mut start, mut end) = (found.start(), found.end());
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        while !text.is_char_boundary(end) {
            end += 1;
        }
        Some(start..end)
    }

    /// The automaton; `None` when the pattern is too large for one.
    fn automaton(&self) -> Option<NFA> {
        COMPILER.with(|compiler| compiler.build_from_hir(&self.hir).ok())
    }
}

/// Parses a pattern.
fn parse(pattern: &str, case_insensitive: bool) -> Result<Hir, String> {
    ParserBuilder::new()
        .case_insensitive(case_insensitive)
        // Word characters and cases of all scripts take ten times as long to compile. Where a
        // pattern has none but ASCII letters, `\w`, `\d` and `\b` are about those.
        .unicode(!pattern.is_ascii())
        .utf8(false)
        .build()
        .parse(pattern)
        .map_err(|error| {
            // The crate draws the pattern with a caret over several lines; the last says why.
            let text = error.to_string();
            let last = text.lines().last().unwrap_or_default();
            last.trim_start_matches("error: ").to_owned()
        })
}

/// Whether a pattern matches a text in any case exactly where it matches the text in lower case: there is
/// nothing in it that tells letters in upper case from others. Letters of both cases take several times as
/// long to compile as those of one.
///
/// What this does not recognise is compiled for both cases.
fn is_lower_case(pattern: &str) -> bool {
    let bytes = pattern.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let next = bytes.get(at + 1);
        match byte {
            // Classes, line ends and word boundaries mean the same in any case, and so do escaped signs.
            b'\\' => match next {
                Some(next) if b"bBdDsSwWnrt".contains(next) || next.is_ascii_punctuation() => {
                    at += 1;
                }
                _ => return false,
            },
            // Flags, and names of groups.
            b'(' if next == Some(&b'?') && bytes.get(at + 2) != Some(&b':') => return false,
            // Named classes.
            b'[' if next == Some(&b':') => return false,
            // A range, where it is not one of letters or of digits, may hold one case alone.
            b'-' => {
                let before = at.checked_sub(1).and_then(|before| bytes.get(before));
                let is_plain = |is_one: fn(&u8) -> bool| {
                    before.is_some_and(is_one) && next.is_some_and(is_one)
                };
                if !is_plain(u8::is_ascii_lowercase) && !is_plain(u8::is_ascii_digit) {
                    return false;
                }
            }
            // What is common to classes, and what is not.
            b'&' | b'~' => return false,
            _ if byte.is_ascii_uppercase() || !byte.is_ascii() => return false,
            _ => {}
        }
        at += 1;
    }
    true
}

thread_local! {
    /// Makes automata, kept for the memory that it has.
    static COMPILER: Compiler = {
        let config = NFA::config()
            .utf8(false)
            .which_captures(WhichCaptures::None)
            .nfa_size_limit(Some(MAX_COMPILED_BYTES));
        let mut compiler = NFA::compiler();
        compiler.configure(config);
        compiler
    };

    /// What a search notes on its way, kept so that it is not made for each text.
    static CACHE: RefCell<Option<backtrack::Cache>> = const { RefCell::new(None) };
}

/// At least as many bytes as a pattern takes when it is compiled.
fn bytes_counted_high(hir: &Hir) -> usize {
    parts(hir)
        .saturating_mul(MAX_PART_BYTES)
        .saturating_add(MAX_FIXED_BYTES)
}

/// About how many states a pattern has when it is compiled, counted high.
fn parts(hir: &Hir) -> usize {
    let sum = |parts: &[Hir]| {
        parts
            .iter()
            .fold(1, |sum: usize, part| sum.saturating_add(self::parts(part)))
    };
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len(),
        HirKind::Class(Class::Bytes(class)) => 1 + class.ranges().len() / 8,
        // A range of characters is a few sequences of ranges of bytes.
        HirKind::Class(Class::Unicode(class)) => 1 + class.ranges().len() * 16,
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min).max(1) as usize;
            parts(&repetition.sub)
                .saturating_add(2)
                .saturating_mul(times)
        }
        HirKind::Capture(capture) => parts(&capture.sub),
        HirKind::Concat(inner) | HirKind::Alternation(inner) => sum(inner),
    }
}

/// Texts in lower case of which every match contains one, whatever its case; empty where none are known.
fn needed(hir: &Hir) -> Vec<String> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Vec::new(),
        HirKind::Literal(_) | HirKind::Class(_) => letters(hir).into_iter().collect(),
        HirKind::Repetition(repetition) if repetition.min == 0 => Vec::new(),
        HirKind::Repetition(repetition) => needed(&repetition.sub),
        HirKind::Capture(capture) => needed(&capture.sub),
        HirKind::Alternation(inner) => {
            let mut all = Vec::new();
            for branch in inner {
                let of_branch = needed(branch);
                if of_branch.is_empty() || all.len() + of_branch.len() > MAX_NEEDED {
                    return Vec::new();
                }
                all.extend(of_branch);
            }
            all
        }
        HirKind::Concat(inner) => {
            let mut best = Vec::new();
            let mut offer = |candidate: Vec<String>| {
                if rarity(&candidate) > rarity(&best) {
                    best = candidate;
                }
            };
            // Letters one behind the other are one text; a word boundary between them takes no place.
            let mut run = String::new();
            for part in inner {
                match letters(part) {
                    Some(letters) => run.push_str(&letters),
                    None if matches!(part.kind(), HirKind::Look(_)) => {}
                    None => {
                        offer(vec![std::mem::take(&mut run)]);
                        offer(needed(part));
                    }
                }
            }
            offer(vec![run]);
            best
        }
    }
}

/// How rarely a text contains one of these by chance: the length of the shortest.
fn rarity(needed: &[String]) -> usize {
    needed.iter().map(String::len).min().unwrap_or(0)
}

/// The ASCII letters that a part stands for, in lower case; `None` when it may be anything else.
fn letters(hir: &Hir) -> Option<String> {
    let one = |first: u8, last: u8| (first == last && first.is_ascii()).then_some(first);
    let bytes = match hir.kind() {
        HirKind::Literal(literal) => literal.0.to_vec(),
        HirKind::Class(Class::Bytes(class)) => {
            let ranges = class.ranges().iter();
            ranges
                .map(|range| one(range.start(), range.end()))
                .collect::<Option<_>>()?
        }
        HirKind::Class(Class::Unicode(class)) => {
            let ranges = class.ranges().iter();
            let letter = |char: char| u8::try_from(char).ok();
            ranges
                .map(|range| one(letter(range.start())?, letter(range.end())?))
                .collect::<Option<_>>()?
        }
        _ => return None,
    };
    let text = String::from_utf8(bytes.to_ascii_lowercase()).ok()?;
    if !text.is_ascii() || text.is_empty() {
        return None;
    }
    if matches!(hir.kind(), HirKind::Literal(_)) {
        return Some(text);
    }
    // A letter in both cases.
    let first = &text[..1];
    text.chars()
        .all(|other| first.starts_with(other))
        .then(|| first.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use regex::bytes::RegexBuilder;

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

    #[test]
    fn place_of_a_match_is_told_in_whole_characters() {
        let place = |pattern, text| {
            let pattern = Pattern::compile_case_insensitive(pattern).unwrap();
            pattern.find_in(&Searched::new(text))
        };
        assert_eq!(place("o+ver", "no OOVERflow"), Some(3..8));
        assert_eq!(place("Größe", "die GRÖßE"), Some(4..11));
        assert_eq!(place("a.", "aéb"), Some(0..3));
        assert_eq!(place("", "é"), Some(0..0));
        assert_eq!(place("none", "no one"), None);
    }

    #[test]
    fn what_every_match_contains_is_known() {
        let needed = |pattern| Pattern::compile_case_insensitive(pattern).unwrap().needed;
        assert_eq!(needed(r"\bPrefix\b[^.]{0,60}\bsum"), ["prefix"]);
        assert_eq!(needed("(every|each) (node|leaf)s? is"), ["every", "each"]);
        assert_eq!(needed("(cat|dog)s?"), ["cat", "dog"]);
        assert_eq!(needed("(cat)+ ?x"), ["cat"]);
        assert_eq!(needed("(cat)?|dog"), [""; 0]);
        assert_eq!(needed("[ab]c"), ["c"]);
        assert_eq!(needed("ä[ab]strasse"), ["tra"]);
    }

    #[test]
    fn patterns_that_tell_no_case_are_known() {
        for pattern in [
            r"\b(more|less) stable\b",
            "[^.a-z0-9]{1,4}",
            r"\W\S\$(?:a|b)",
            "low-level",
        ] {
            assert!(is_lower_case(pattern), "{pattern}");
        }
        for pattern in [
            "Stable",
            "[A-z]",
            "[@-`]",
            "(?-i)a",
            "(?<a>b)",
            r"\x41",
            r"\p{Lu}",
            "[[:upper:]]",
            "[a-z&&[^b]]",
            "größe",
            "\\",
        ] {
            assert!(!is_lower_case(pattern), "{pattern}");
        }
    }

    #[test]
    fn long_texts_are_searched_too() {
        let text = format!("{}needle", "x".repeat(200_000));
        let pattern = Pattern::compile(r"(x|y){3}[a-z]{0,40}needle$").unwrap();
        assert!(pattern.is_match(&text));
        assert!(!pattern.is_match(&text[..200_003]));
    }

    proptest! {
        /// Against the `regex` crate itself.
        #[test]
        fn patterns_match_what_they_should(
            pattern in r"(\\b|\^|\(\^\|a\)|\(\|b\*\)\{2,3\}|\(a\?k\)\*)?([aAbsSkK.äÄß]|[abs@-]|\[\^?[aB@!]-[bz]\]|\[\^?a[bs]\]|\(a\|[bkS]s?\)|\(Ab\)|\\[wdsB]){1,5}([?*+]|\{1,3\})?(x|[AbS]\|)?(\$|\\b)?",
            texts in prop::collection::vec("[abskABSKxäß ſK.]{0,8}", 1..20),
            case_insensitive in any::<bool>(),
        ) {
            let oracle = RegexBuilder::new(&pattern)
                .case_insensitive(case_insensitive)
                .unicode(!pattern.is_ascii())
                .build();
            let ours = Pattern::build(&pattern, case_insensitive);
            prop_assert_eq!(ours.is_ok(), oracle.is_ok(), "{}", pattern);
            if let (Ok(ours), Ok(oracle)) = (ours, oracle) {
                for text in texts {
                    let expected = oracle.is_match(text.as_bytes());
                    prop_assert_eq!(ours.is_match(&text), expected, "{} on {}", pattern, text);
                    let found = ours.find_in(&Searched::new(&text));
                    let place = oracle.find(text.as_bytes()).map(|found| found.range());
                    let covers = |(found, place): (&Range<usize>, &Range<usize>)| {
                        found.start <= place.start && place.end <= found.end && text.get(found.clone()).is_some()
                    };
                    prop_assert!(found.as_ref().zip(place.as_ref()).is_none_or(covers));
                    prop_assert_eq!(found.is_some(), expected);
                    // Short texts are hardly ever left to the automaton.
                    let searched = if ours.is_lower { text.to_ascii_lowercase() } else { text };
                    let found = ours.is_match_by_automaton(&searched);
                    prop_assert_eq!(found, expected, "{} on {} by the automaton", pattern, searched);
                }
            }
        }

        #[test]
        fn sizes_are_counted_high(inner in r"([ab.]|\[a-c\]|\\w|ä|\(a\|b[cd]\)){1,6}", times in 1..200_u32) {
            let pattern = format!("(?:{inner}){{{times}}}");
            let compiled = Pattern::compile_case_insensitive(&pattern);
            if let Ok(compiled) = compiled {
                let bytes = compiled.automaton().unwrap().memory_usage();
                let bound = bytes_counted_high(&compiled.hir);
                prop_assert!(bytes <= bound, "{bytes} > {bound}");
            }
        }
    }
}
