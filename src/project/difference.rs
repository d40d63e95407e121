//! What an author has changed in a file with regions, region by region.

use crate::diagnostic::Location;
use crate::source::Span;
use crate::source::changed::changed_lines;

use super::region::{MarkedFile, Region};

/// A place at which two states of a marked file differ.
#[derive(Clone, Debug)]
pub enum Difference<'a> {
    /// In the solution of a region, which is that of the later file.
    Solution(&'a Region, Location),
    /// In what is given: code outside of the regions, marks or stubs.
    Given(Location),
}

/// Returns where `after` differs from `before`, in its order. Where the regions themselves differ, only the first
/// difference can be told.
pub fn differences<'a>(before: &MarkedFile, after: &'a MarkedFile) -> Vec<Difference<'a>> {
    let (old, new) = (before.source().text(), after.source().text());
    if old == new {
        return Vec::new();
    }
    let place = |span: Span| Location::span(after.source(), span);
    let first_change = |from: Span, to: Span| {
        let (_, changed) = changed_lines(&old[from.start..from.end], &new[to.start..to.end]);
        // What was taken out leaves no line: the place is where it was.
        place(Span::new(to.start + changed.start, to.start + changed.end))
    };
    let owners = |file: &MarkedFile| -> Vec<String> {
        file.regions().iter().map(Region::owners_text).collect()
    };
    if owners(before) != owners(after) {
        let all = |text: &str| Span::new(0, text.len());
        return vec![Difference::Given(first_change(all(old), all(new)))];
    }
    let mut found = Vec::new();
    let (mut from, mut to) = (0, 0);
    for (was, is) in before.regions().iter().zip(after.regions()) {
        let given = (
            Span::new(from, was.body().start),
            Span::new(to, is.body().start),
        );
        if old[given.0.start..given.0.end] != new[given.1.start..given.1.end] {
            found.push(Difference::Given(first_change(given.0, given.1)));
        }
        if before.body_of(was) != after.body_of(is) {
            found.push(Difference::Solution(
                is,
                first_change(was.body(), is.body()),
            ));
        }
        (from, to) = (was.body().end, is.body().end);
    }
    if old[from..] != new[to..] {
        let rest = (Span::new(from, old.len()), Span::new(to, new.len()));
        found.push(Difference::Given(first_change(rest.0, rest.1)));
    }
    found
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::project::language::Language;
    use crate::project::region;
    use crate::source::SourceFile;

    const TEXT: &str = "\
import math
# mastery:begin one
a = 1
# mastery:end one
b = 2
# mastery:begin two
c = 3
# mastery:stub two
# c = None
# mastery:end two
d = 4
";

    fn marked(text: &str) -> MarkedFile {
        let source = Arc::new(SourceFile::new("a.py", text));
        region::parse(&source, Language::of("a.py", text))
            .0
            .unwrap()
    }

    /// The lines of the differences, with the owners of solutions.
    fn told(from: &str, to: &str) -> Vec<String> {
        let after = marked(&TEXT.replace(from, to));
        differences(&marked(TEXT), &after)
            .into_iter()
            .map(|difference| match difference {
                Difference::Solution(region, at) => {
                    format!("{} {}", at.position().unwrap().line, region.owners_text())
                }
                Difference::Given(at) => format!("{} given", at.position().unwrap().line),
            })
            .collect()
    }

    #[test]
    fn solutions_are_told_from_what_is_given() {
        assert_eq!(told("a = 1", "a = 1"), Vec::<String>::new());
        assert_eq!(told("a = 1", "a = 2"), ["3 one"]);
        assert_eq!(told("c = 3\n", "x = 0\nc = x\n"), ["7 two"]);
        assert_eq!(told("c = 3\n", ""), ["7 two"]);
        assert_eq!(told("b = 2", "b = 3"), ["5 given"]);
        assert_eq!(told("c = None", "c = 0"), ["9 given"]);
        assert_eq!(told("d = 4", "d = 5"), ["11 given"]);
        assert_eq!(told(" two", " one two"), ["6 given"]);
    }
}
