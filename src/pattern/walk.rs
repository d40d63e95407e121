//! Follows a parsed pattern through a text, and back again where that leads nowhere.
//!
//! Nearly all patterns are held against a few short texts: making an automaton takes several times as long
//! as going there on foot. Going back can take exponentially long, so that steps are counted; what takes too many,
//! and what is about letters of other scripts, is left to the automaton.

use regex_syntax::hir::{Class, Hir, HirKind, Look, Repetition};

/// Steps that a walk may take: a few times what making an automaton costs.
const MAX_STEPS: usize = 10_000;

/// Parts of a pattern that may wait for what comes before them; it bounds the stack.
const MAX_DEPTH: usize = 200;

/// The walk did not come to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct GaveUp;

/// Whether a pattern matches somewhere in a text.
///
/// # Errors
///
/// That this can't be told in so many steps, or by going from byte to byte.
pub(super) fn is_match(hir: &Hir, text: &[u8]) -> Result<bool, GaveUp> {
    let mut walk = Walk {
        text,
        steps: 0,
        depth: 0,
    };
    let mut first = [false; 256];
    let is_never_empty = add_first(hir, &mut first);
    for start in 0..=text.len() {
        let may_begin = text
            .get(start)
            .is_some_and(|byte| first[usize::from(*byte)]);
        if (may_begin || !is_never_empty) && walk.part(hir, start, None)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Notes the bytes that a match can begin with, and returns whether it has to begin with one of them: it is
/// never empty.
fn add_first(hir: &Hir, first: &mut [bool; 256]) -> bool {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => false,
        HirKind::Literal(literal) => {
            first[usize::from(literal.0[0])] = true;
            true
        }
        HirKind::Class(Class::Bytes(class)) => {
            for range in class.ranges() {
                first[usize::from(range.start())..=usize::from(range.end())].fill(true);
            }
            true
        }
        HirKind::Class(Class::Unicode(_)) => {
            first.fill(true);
            true
        }
        HirKind::Repetition(repetition) => add_first(&repetition.sub, first) && repetition.min > 0,
        HirKind::Capture(capture) => add_first(&capture.sub, first),
        // A part that may be empty is followed by what does begin the match.
        HirKind::Concat(parts) => parts.iter().any(|part| add_first(part, first)),
        // No branch is left out, whatever the others are.
        HirKind::Alternation(branches) => {
            let may_be_empty = branches.iter().filter(|it| !add_first(it, first));
            may_be_empty.count() == 0
        }
    }
}

/// What has to match behind a part.
#[derive(Clone, Copy)]
struct Rest<'a> {
    next: Next<'a>,
    then: Option<&'a Rest<'a>>,
}

#[derive(Clone, Copy)]
enum Next<'a> {
    /// These parts.
    Parts(&'a [Hir]),
    /// A repetition that was gone through so many times, the last time from this offset on.
    Again(&'a Repetition, u32, usize),
}

struct Walk<'t> {
    text: &'t [u8],
    steps: usize,
    depth: usize,
}

impl Walk<'_> {
    /// Whether a part and then the rest match from an offset on.
    fn part(&mut self, hir: &Hir, at: usize, rest: Option<&Rest<'_>>) -> Result<bool, GaveUp> {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return Err(GaveUp);
        }
        match hir.kind() {
            HirKind::Empty => self.rest(at, rest),
            HirKind::Literal(literal) => {
                let is_here = self.text[at..].starts_with(&literal.0);
                Ok(is_here && self.rest(at + literal.0.len(), rest)?)
            }
            HirKind::Class(class) => Ok(self.is_of(class, at)? && self.rest(at + 1, rest)?),
            HirKind::Look(look) => Ok(self.is_at(*look, at)? && self.rest(at, rest)?),
            HirKind::Capture(capture) => self.part(&capture.sub, at, rest),
            HirKind::Concat(parts) => self.parts(parts, at, rest),
            HirKind::Alternation(branches) => {
                for branch in branches {
                    if self.part(branch, at, rest)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            HirKind::Repetition(repetition) => match repetition.sub.kind() {
                HirKind::Class(class) => self.run(class, repetition, at, rest),
                _ => self.again(repetition, 0, at, rest),
            },
        }
    }

    /// Whether parts and then the rest match from an offset on.
    fn parts(&mut self, parts: &[Hir], at: usize, rest: Option<&Rest<'_>>) -> Result<bool, GaveUp> {
        match parts {
            [] => self.rest(at, rest),
            [last] => self.part(last, at, rest),
            [first, others @ ..] => self.part_and(first, at, Next::Parts(others), rest),
        }
    }

    /// Whether a part, what is next and then the rest match from an offset on.
    fn part_and(
        &mut self,
        part: &Hir,
        at: usize,
        next: Next<'_>,
        then: Option<&Rest<'_>>,
    ) -> Result<bool, GaveUp> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(GaveUp);
        }
        let is_match = self.part(part, at, Some(&Rest { next, then }));
        self.depth -= 1;
        is_match
    }

    /// Whether the rest matches from an offset on.
    fn rest(&mut self, at: usize, rest: Option<&Rest<'_>>) -> Result<bool, GaveUp> {
        match rest {
            None => Ok(true),
            Some(Rest { next, then }) => match *next {
                Next::Parts(parts) => self.parts(parts, at, *then),
                // Another time through nothing would be the same again.
                Next::Again(repetition, times, from) if at == from && times >= repetition.min => {
                    self.rest(at, *then)
                }
                Next::Again(repetition, times, _) => self.again(repetition, times, at, *then),
            },
        }
    }

    /// Whether a repetition that was gone through so many times goes on from an offset, or ends there.
    fn again(
        &mut self,
        repetition: &Repetition,
        times: u32,
        at: usize,
        rest: Option<&Rest<'_>>,
    ) -> Result<bool, GaveUp> {
        let may_go_on = repetition.max.is_none_or(|max| times < max);
        let next = Next::Again(repetition, times + 1, at);
        if may_go_on && self.part_and(&repetition.sub, at, next, rest)? {
            return Ok(true);
        }
        Ok(times >= repetition.min && self.rest(at, rest)?)
    }

    /// As [`Walk::again`], of single bytes: how many there are is seen at once.
    fn run(
        &mut self,
        class: &Class,
        repetition: &Repetition,
        start: usize,
        rest: Option<&Rest<'_>>,
    ) -> Result<bool, GaveUp> {
        let most = repetition.max.map_or(usize::MAX, |max| max as usize);
        let mut count = 0;
        while count < most && self.is_of(class, start + count)? {
            count += 1;
        }
        self.steps += count;
        for count in (repetition.min as usize..=count).rev() {
            if self.rest(start + count, rest)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether the byte at an offset is of a class.
    fn is_of(&self, class: &Class, at: usize) -> Result<bool, GaveUp> {
        let Class::Bytes(class) = class else {
            return Err(GaveUp);
        };
        let is_in = |byte: u8| {
            let mut ranges = class.ranges().iter();
            ranges.any(|range| (range.start()..=range.end()).contains(&byte))
        };
        Ok(self.text.get(at).is_some_and(|byte| is_in(*byte)))
    }

    /// Whether what is asked of an offset itself holds.
    fn is_at(&self, look: Look, at: usize) -> Result<bool, GaveUp> {
        let is_word =
            |byte: Option<&u8>| byte.is_some_and(|it| *it == b'_' || it.is_ascii_alphanumeric());
        let (before, after) = (self.text[..at].last(), self.text.get(at));
        Ok(match look {
            Look::Start => before.is_none(),
            Look::End => after.is_none(),
            Look::WordAscii => is_word(before) != is_word(after),
            Look::WordAsciiNegate => is_word(before) == is_word(after),
            _ => return Err(GaveUp),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walked(pattern: &str, text: &str) -> Result<bool, GaveUp> {
        let hir = super::super::parse(pattern, false).unwrap();
        is_match(&hir, text.as_bytes())
    }

    #[test]
    fn short_texts_are_walked_to_the_end() {
        assert_eq!(
            walked(r"\bkeys?\b[^.]{0,20}\bsorted\b", "the keys are sorted"),
            Ok(true)
        );
        assert_eq!(
            walked(r"\bkeys?\b[^.]{0,20}\bsorted\b", "keys. sorted"),
            Ok(false)
        );
        assert_eq!(walked("(a|b?)*c$", "abbac"), Ok(true));
        assert_eq!(walked("(|a){2,}b", "b"), Ok(true));
        assert_eq!(walked("(^|a)b", "xab"), Ok(true));
        assert_eq!(walked("^$", ""), Ok(true));
        assert_eq!(walked("a?", ""), Ok(true));
    }

    #[test]
    fn what_takes_long_is_given_up() {
        let text = "a".repeat(50);
        assert_eq!(walked("(a|a)*(a|a)*b", &text), Err(GaveUp));
        assert_eq!(walked("(ab?)*c", &"a".repeat(100_000)), Err(GaveUp));
        assert_eq!(walked("[a-z]*c", &"a".repeat(100_000)), Err(GaveUp));
        assert_eq!(walked("(ä|[öü])b", "üb"), Err(GaveUp));
    }
}
