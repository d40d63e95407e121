//! Solution regions: marks in, spans out, and the text that each state of a file has.
//!
//! Which regions are solved in which state is left to `state`.

use std::fmt::Write as _;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use super::language::Language;
use super::outline::Outline;
use super::rules::{
    MALFORMED_MARK, MISMATCHED_REGION, NESTED_REGION, OVERLAPPING_REGIONS, UNCLOSED_REGION,
    UNOPENED_REGION,
};
use crate::curriculum::id::ModuleId;
use crate::diagnostic::{Diagnostic, Location};
use crate::source::python::Module;
use crate::source::{SourceFile, Span};

/// What every mark begins with.
const SIGN: &str = "mastery:";

/// A file with solution regions.
#[derive(Clone, Debug)]
pub struct MarkedFile {
    source: Arc<SourceFile>,
    language: Language,
    regions: Vec<Region>,
    /// What is asked of the code around the regions, once it was.
    outline: OnceLock<Outline>,
}

/// Lines that the learner has to write.
#[derive(Clone, Debug)]
pub struct Region {
    /// The modules that own it; it is solved once any of them is.
    pub owners: Vec<ModuleId>,
    /// The line of the begin mark, line break included.
    begin: Span,
    /// The solution's lines.
    body: Span,
    /// What the learner finds in place of the solution, comment signs taken off; `None` asks for the
    /// default.
    stub: Option<String>,
    /// The line of the end mark, line break included.
    end: Span,
}

impl Region {
    /// The owners as they stand behind a mark.
    pub fn owners_text(&self) -> String {
        self.owners
            .iter()
            .map(ModuleId::as_str)
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// The place of the solution.
    pub(super) fn body(&self) -> Span {
        self.body
    }

    /// What the author wrote for the learner to find in place of the solution.
    pub(super) fn written_stub(&self) -> Option<&str> {
        self.stub.as_deref()
    }
}

/// Whether a text can hold marks at all.
pub fn may_have_marks(text: &str) -> bool {
    text.contains(SIGN)
}

impl MarkedFile {
    /// The file with its marks.
    pub fn source(&self) -> &Arc<SourceFile> {
        &self.source
    }

    /// The language of its marks.
    pub fn language(&self) -> Language {
        self.language
    }

    /// The regions in order.
    pub fn regions(&self) -> &[Region] {
        &self.regions
    }

    /// The region in whose solution a byte offset is.
    pub fn region_at(&self, offset: usize) -> Option<&Region> {
        let mut regions = self.regions.iter();
        regions.find(|region| (region.body.start..region.body.end).contains(&offset))
    }

    /// The place of a region's begin mark.
    pub fn begin_of(&self, region: &Region) -> Location {
        let line = &self.source.text()[region.begin.start..region.begin.end];
        let indent = line.len() - line.trim_start().len();
        let length = line.trim().len();
        let start = region.begin.start + indent;
        Location::span(&self.source, Span::new(start, start + length))
    }

    /// The solution's text.
    pub fn body_of(&self, region: &Region) -> &str {
        &self.source.text()[region.body.start..region.body.end]
    }

    /// The text with everything solved.
    pub(super) fn complete(&self) -> String {
        self.text(|_, region| self.body_of(region))
    }

    /// For each region where its solution is in [`MarkedFile::complete`].
    pub(super) fn complete_bodies(&self) -> Vec<Range<usize>> {
        let mut taken_out = 0;
        let body = |region: &Region| {
            let start = region.begin.start - taken_out;
            let length = region.body.end - region.body.start;
            taken_out += region.end.end - region.begin.start - length;
            start..start + length
        };
        self.regions.iter().map(body).collect()
    }

    /// Looks at the file, if what was parsed is its text with everything solved: what is asked of the code
    /// around the regions needs no parse of its own then.
    pub fn look_at(&self, parsed: &Module) {
        if self.language == Language::Python && self.complete() == parsed.text() {
            self.outline.get_or_init(|| Outline::of(self, Some(parsed)));
        }
    }

    /// The line of the begin mark, line break included.
    pub(super) fn begin_line(&self, region: &Region) -> &str {
        &self.source.text()[region.begin.start..region.begin.end]
    }

    /// Whether the file is known to be Python in every state. Where it is not, it may be all the same.
    pub fn is_always_python(&self) -> bool {
        self.outline().is_always_python
    }

    /// The text outside of all regions, marks taken out.
    pub fn outside(&self) -> String {
        self.text(|_, _| "")
    }

    /// Returns the file's text in a state; `None` when the learner starts without the file.
    pub fn build(&self, is_solved: impl Fn(&Region) -> bool) -> Option<String> {
        let mut nothing_given = true;
        let text = self.text(|index, region| {
            let replacement = if is_solved(region) {
                nothing_given = false;
                self.body_of(region)
            } else {
                self.stub_text(index)
            };
            nothing_given &= replacement.is_empty();
            replacement
        });
        let is_blank = |line: &str| line.trim().is_empty() || self.language.comment(line).is_some();
        (!nothing_given || self.regions.is_empty() || !text.lines().all(is_blank)).then_some(text)
    }

    /// Returns the marked text with the bodies of some regions replaced.
    pub(super) fn with_bodies(&self, body: impl Fn(usize) -> Option<String>) -> String {
        let text = self.source.text();
        let mut result = String::with_capacity(text.len());
        let mut at = 0;
        for (index, region) in self.regions.iter().enumerate() {
            if let Some(body) = body(index) {
                result.push_str(&text[at..region.body.start]);
                result.push_str(&body);
                at = region.body.end;
            }
        }
        result.push_str(&text[at..]);
        result
    }

    /// Returns the file's text in a state, even if nothing is left of it, together with where each
    /// part of it comes from.
    pub fn trace(&self, is_solved: impl Fn(&Region) -> bool) -> TracedText<'_> {
        let text = self.source.text();
        let mut traced = TracedText {
            file: self,
            text: String::with_capacity(text.len()),
            parts: Vec::new(),
        };
        let mut at = 0;
        for (index, region) in self.regions.iter().enumerate() {
            traced.push_source(Span::new(at, region.begin.start));
            if is_solved(region) {
                traced.push_source(region.body);
            } else {
                traced
                    .parts
                    .push((traced.text.len(), Origin::StubOf(index)));
                traced.text.push_str(self.stub_text(index));
            }
            at = region.end.end;
        }
        traced.push_source(Span::new(at, text.len()));
        traced
    }

    /// The file's text with each region's lines, marks and all, replaced.
    fn text<'a>(&'a self, mut replacement: impl FnMut(usize, &'a Region) -> &'a str) -> String {
        let text = self.source.text();
        let mut result = String::with_capacity(text.len());
        let mut at = 0;
        for (index, region) in self.regions.iter().enumerate() {
            result.push_str(&text[at..region.begin.start]);
            result.push_str(replacement(index, region));
            at = region.end.end;
        }
        result.push_str(&text[at..]);
        result
    }

    /// What the learner finds in place of the solution of the region with this index.
    fn stub_text(&self, index: usize) -> &str {
        match &self.regions[index].stub {
            Some(stub) => stub,
            None => &self.outline().default_stubs[index],
        }
    }

    fn outline(&self) -> &Outline {
        self.outline.get_or_init(|| Outline::of(self, None))
    }
}

/// The text of a file in a state, with where it comes from.
#[derive(Clone, Debug)]
pub struct TracedText<'a> {
    file: &'a MarkedFile,
    /// The text.
    pub text: String,
    /// Where each part begins, and what it is. The first begins at 0.
    parts: Vec<(usize, Origin)>,
}

/// Where a part of a state's text comes from.
#[derive(Clone, Copy, Debug)]
enum Origin {
    /// From this place in the marked file on.
    Source(Span),
    /// The stub of the region with this index.
    StubOf(usize),
}

impl<'a> TracedText<'a> {
    fn push_source(&mut self, span: Span) {
        self.parts.push((self.text.len(), Origin::Source(span)));
        let text = &self.file.source.text()[span.start..span.end];
        self.text.push_str(text);
    }

    /// The place in the marked file that a place in the text comes from: the same text where it
    /// stands there, and the begin mark of a region for its stub. What goes on behind its part is cut.
    pub fn location(&self, span: Span) -> Location {
        match self.part(span.start) {
            (_, Origin::StubOf(index)) => self.file.begin_of(&self.file.regions[index]),
            (at, Origin::Source(source)) => {
                let start = (source.start + (span.start - at)).min(source.end);
                let end = (source.start + (span.end.max(span.start) - at)).min(source.end);
                Location::span(&self.file.source, Span::new(start, end))
            }
        }
    }

    /// The region whose stub a place is in.
    pub fn stub_at(&self, offset: usize) -> Option<&'a Region> {
        match self.part(offset).1 {
            Origin::StubOf(index) => Some(&self.file.regions[index]),
            Origin::Source(_) => None,
        }
    }

    /// The last part that begins at or before an offset.
    fn part(&self, offset: usize) -> (usize, Origin) {
        let behind = self.parts.partition_point(|(at, _)| *at <= offset);
        // Parts may be empty; the last of those that begin at a place is the one that has text there.
        self.parts[behind.saturating_sub(1)]
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Begin,
    Stub,
    End,
}

/// A mark as it was read.
struct Mark {
    word: Word,
    owners: Vec<ModuleId>,
    /// The whole line, line break included.
    line: Span,
    /// The comment on it.
    comment: Span,
}

/// A region whose end has not come yet.
struct Open {
    mark: Mark,
    stub: Option<Mark>,
}

/// Finds the regions of a file, and tells what is wrong with its marks.
///
/// Without a known `language` the file can't have regions, and a mark in it is a finding.
pub fn parse(
    source: &Arc<SourceFile>,
    language: Option<Language>,
) -> (Option<MarkedFile>, Vec<Diagnostic>) {
    let mut parser = Parser {
        source,
        diagnostics: Vec::new(),
        open: Vec::new(),
        regions: Vec::new(),
    };
    for line in lines(source.text()) {
        let text = &source.text()[line.clone()];
        if let Some(at) = text.find(SIGN).filter(|&at| is_sign(text, at)) {
            let span = Span::new(line.start, line.end);
            match language {
                Some(language) => parser.line(span, language),
                None => parser.report_malformed(
                    Span::new(line.start + at, line.start + at + SIGN.len()),
                    "marks are not known in this kind of file",
                ),
            }
        }
    }
    for open in std::mem::take(&mut parser.open) {
        parser.report(
            UNCLOSED_REGION,
            open.mark.comment,
            format!("the region `{}` is not ended", names(&open.mark.owners)),
        );
    }
    let Parser {
        diagnostics,
        mut regions,
        ..
    } = parser;
    regions.sort_by_key(|region| region.begin.start);
    let marked = language
        .filter(|_| diagnostics.is_empty())
        .map(|language| MarkedFile {
            source: Arc::clone(source),
            language,
            regions,
            outline: OnceLock::new(),
        });
    (marked, diagnostics)
}

/// Whether the sign at `at` begins a mark: a word follows at once, so that prose and suppressions
/// (`mastery: allow …`) are none.
fn is_sign(text: &str, at: usize) -> bool {
    let before = text[..at].chars().next_back();
    let after = text[at + SIGN.len()..].chars().next();
    before.is_none_or(|char| !char.is_alphanumeric() && !matches!(char, '`' | '"' | '\''))
        && after.is_some_and(|char| char.is_ascii_alphabetic())
}

fn names(owners: &[ModuleId]) -> String {
    owners
        .iter()
        .map(ModuleId::as_str)
        .collect::<Vec<_>>()
        .join(" ")
}

/// The lines of a text as byte ranges, line breaks included.
fn lines(text: &str) -> impl Iterator<Item = Range<usize>> {
    text.split_inclusive('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        Some(start..*at)
    })
}

struct Parser<'a> {
    source: &'a Arc<SourceFile>,
    diagnostics: Vec<Diagnostic>,
    open: Vec<Open>,
    regions: Vec<Region>,
}

impl Parser<'_> {
    fn line(&mut self, line: Span, language: Language) {
        let Some(mark) = self.mark(line, language) else {
            return;
        };
        match mark.word {
            Word::Begin => self.open.push(Open { mark, stub: None }),
            Word::Stub => self.stub(mark),
            Word::End => self.end(&mark, language),
        }
    }

    fn mark(&mut self, line: Span, language: Language) -> Option<Mark> {
        let text = &self.source.text()[line.start..line.end];
        let indent = text.len() - text.trim_start().len();
        let span = Span::new(line.start + indent, line.start + indent + text.trim().len());
        let Some(content) = language.comment(text).map(str::trim) else {
            let message = "a mark stands in a comment on a line of its own";
            return self.malformed(span, message);
        };
        let Some(content) = content.strip_prefix(SIGN) else {
            let message = "a mark stands in a comment on a line of its own";
            return self.malformed(span, message);
        };
        let mut words = content.split_whitespace();
        let word = match words.next() {
            Some("begin") => Word::Begin,
            Some("stub") => Word::Stub,
            Some("end") => Word::End,
            other => {
                let word = other.unwrap_or_default();
                let message = format!("`{word}` is no mark; there are `begin`, `stub` and `end`");
                return self.malformed(span, message);
            }
        };
        let mut owners = Vec::new();
        for name in words {
            match ModuleId::try_from(name) {
                Ok(owner) if owners.contains(&owner) => {
                    return self.malformed(span, format!("`{owner}` is named twice"));
                }
                Ok(owner) => owners.push(owner),
                Err(error) => return self.malformed(span, error.to_string()),
            }
        }
        if owners.is_empty() {
            return self.malformed(span, "the mark names no module");
        }
        Some(Mark {
            word,
            owners,
            line,
            comment: span,
        })
    }

    fn stub(&mut self, mark: Mark) {
        let Some(open) = self.open.last_mut() else {
            let message = format!(
                "there is no region `{}` to put a stub in",
                names(&mark.owners)
            );
            return self.report(UNOPENED_REGION, mark.comment, message);
        };
        let begin = open.mark.comment;
        if open.mark.owners != mark.owners {
            let message = format!(
                "the stub is of `{}` and the region of `{}`",
                names(&mark.owners),
                names(&open.mark.owners)
            );
            return self.report_with(
                MISMATCHED_REGION,
                mark.comment,
                message,
                begin,
                "begun here",
            );
        }
        if let Some(first) = &open.stub {
            let first = first.comment;
            let message = "the region has a second stub";
            return self.report_with(MALFORMED_MARK, mark.comment, message, first, "first stub");
        }
        open.stub = Some(mark);
    }

    fn end(&mut self, mark: &Mark, language: Language) {
        let position = self
            .open
            .iter()
            .rposition(|open| open.mark.owners == mark.owners);
        match (position, self.open.len()) {
            (_, 0) => {
                let message = format!("there is no region `{}` to end", names(&mark.owners));
                self.report(UNOPENED_REGION, mark.comment, message);
            }
            (Some(at), open) if at + 1 == open => {
                let region = self.open.pop().expect("one is open");
                if let Some(outer) = self.open.last() {
                    let message = format!(
                        "the region `{}` is inside the region `{}`",
                        names(&region.mark.owners),
                        names(&outer.mark.owners)
                    );
                    let outer = outer.mark.comment;
                    let inner = region.mark.comment;
                    self.report_with(NESTED_REGION, inner, message, outer, "outer region");
                } else {
                    self.close(&region, mark, language);
                }
            }
            (Some(at), _) => {
                let region = self.open.remove(at);
                let later = &self.open[at];
                let message = format!(
                    "the regions `{}` and `{}` overlap",
                    names(&region.mark.owners),
                    names(&later.mark.owners)
                );
                let (first, second) = (region.mark.comment, later.mark.comment);
                self.report_with(OVERLAPPING_REGIONS, second, message, first, "begun here");
            }
            (None, _) => {
                let region = self.open.pop().expect("one is open");
                let message = format!(
                    "the end is of `{}` and the region of `{}`",
                    names(&mark.owners),
                    names(&region.mark.owners)
                );
                let begin = region.mark.comment;
                self.report_with(
                    MISMATCHED_REGION,
                    mark.comment,
                    message,
                    begin,
                    "begun here",
                );
            }
        }
    }

    fn close(&mut self, open: &Open, end: &Mark, language: Language) {
        let body_end = open
            .stub
            .as_ref()
            .map_or(end.line.start, |stub| stub.line.start);
        let stub = open
            .stub
            .as_ref()
            .map(|stub| self.uncomment(Span::new(stub.line.end, end.line.start), language));
        self.regions.push(Region {
            owners: open.mark.owners.clone(),
            begin: open.mark.line,
            body: Span::new(open.mark.line.end, body_end),
            stub,
            end: end.line,
        });
    }

    /// Takes the comment signs off the lines of a stub.
    fn uncomment(&mut self, span: Span, language: Language) -> String {
        let mut result = String::new();
        let block = &self.source.text()[span.start..span.end];
        for range in lines(block) {
            let line = &block[range.clone()];
            let line_break = &line[line.trim_end_matches(['\r', '\n']).len()..];
            if line.trim().is_empty() {
                result.push_str(line_break);
                continue;
            }
            let Some(content) = language.comment(line) else {
                let span = Span::new(span.start + range.start, span.start + range.end);
                let message = format!(
                    "a line of a stub is a comment, so that the solved project runs: `{} …`",
                    language.comment_sign()
                );
                self.report_malformed(span, message);
                continue;
            };
            let content = content.strip_prefix(' ').unwrap_or(content).trim_end();
            if !content.is_empty() {
                let indent = &line[..line.len() - line.trim_start().len()];
                write!(result, "{indent}{content}").expect("writing to a string can't fail");
            }
            result.push_str(line_break);
        }
        result
    }

    fn malformed(&mut self, span: Span, message: impl Into<String>) -> Option<Mark> {
        self.report_malformed(span, message);
        None
    }

    fn report_malformed(&mut self, span: Span, message: impl Into<String>) {
        self.report(MALFORMED_MARK, span, message);
    }

    fn report(&mut self, rule: &'static str, span: Span, message: impl Into<String>) {
        let location = Location::span(self.source, span);
        self.diagnostics
            .push(Diagnostic::error(rule, location, message));
    }

    fn report_with(
        &mut self,
        rule: &'static str,
        span: Span,
        message: impl Into<String>,
        related: Span,
        note: &str,
    ) {
        let location = Location::span(self.source, span);
        let related = Location::span(self.source, related);
        self.diagnostics
            .push(Diagnostic::error(rule, location, message).with_related(related, note));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn solutions_are_found_in_the_complete_text() {
        let file = marked(
            "a.py",
            "x = 1\n# mastery:begin m\ny = 2\n# mastery:end m\n\n\ndef f():\n    # mastery:begin n\n    \
             return 1\n    # mastery:stub n\n    # pass\n    # mastery:end n\n\n\n# mastery:begin m\nz = 3\n# mastery:end m\n",
        );
        let complete = file.complete();
        let bodies = file.complete_bodies().into_iter().map(|it| &complete[it]);
        assert_eq!(
            bodies.collect::<Vec<_>>(),
            ["y = 2\n", "    return 1\n", "z = 3\n"]
        );
    }

    fn marked(path: &str, text: &str) -> MarkedFile {
        let source = Arc::new(SourceFile::new(path, text));
        let (marked, diagnostics) = parse(&source, Language::of(path, text));
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        marked.unwrap()
    }

    fn problems(path: &str, text: &str) -> Vec<String> {
        let source = Arc::new(SourceFile::new(path, text));
        let (marked, diagnostics) = parse(&source, Language::of(path, text));
        assert_eq!(marked.is_none(), !diagnostics.is_empty());
        diagnostics
            .iter()
            .map(|finding| {
                let line = |location: &Location| location.position().unwrap().line;
                let related: String = finding
                    .related
                    .iter()
                    .map(|r| format!(" +{}", line(&r.location)))
                    .collect();
                format!("{}{related} {}", line(&finding.location), finding.rule)
            })
            .collect()
    }

    const SOFTMAX: &str = "\
def softmax(x):
    # mastery:begin softmax
    shifted = x - x.max()
    return shifted.exp() / shifted.exp().sum()
    # mastery:stub softmax
    # if x is None:
    #     return None
    #
    # raise NotImplementedError(\"softmax\")
    # mastery:end softmax
";

    #[test]
    fn solved_text_has_the_body_and_no_marks() {
        let solved = marked("a.py", SOFTMAX).build(|_| true).unwrap();
        assert_eq!(
            solved,
            "def softmax(x):\n    shifted = x - x.max()\n    return shifted.exp() / shifted.exp().sum()\n"
        );
    }

    #[test]
    fn unsolved_text_has_the_stub_without_comment_signs() {
        let starter = marked("a.py", SOFTMAX).build(|_| false).unwrap();
        assert_eq!(
            starter,
            "def softmax(x):\n    if x is None:\n        return None\n\n    raise NotImplementedError(\"softmax\")\n"
        );
    }

    #[test]
    fn places_in_a_state_lead_back_to_the_marked_file() {
        let file = marked("a.py", &format!("{SOFTMAX}\nx = 1\n"));
        let place = |state: &TracedText<'_>, needle: &str| {
            let start = state.text.find(needle).unwrap();
            let location = state.location(Span::new(start, start + needle.len()));
            let (source, span) = location.place().unwrap();
            source.text()[span.start..span.end].to_owned()
        };
        let starter = file.trace(|_| false);
        assert_eq!(Some(&starter.text), file.build(|_| false).as_ref());
        assert_eq!(place(&starter, "def softmax"), "def softmax");
        assert_eq!(place(&starter, "x = 1"), "x = 1");
        assert_eq!(place(&starter, "return None"), "# mastery:begin softmax");
        let stub = starter.stub_at(starter.text.find("return None").unwrap());
        assert_eq!(stub.unwrap().owners_text(), "softmax");
        assert!(starter.stub_at(0).is_none());
        let solved = file.trace(|_| true);
        assert_eq!(Some(&solved.text), file.build(|_| true).as_ref());
        assert_eq!(place(&solved, "shifted = x"), "shifted = x");
        assert_eq!(place(&solved, "x = 1"), "x = 1");
        let (_, end) = solved.location(Span::new(9_999, 9_999)).place().unwrap();
        assert_eq!(end.end, file.source().text().len());
    }

    #[test]
    fn region_in_a_function_without_stub_gets_the_default_one() {
        let text = "def f(\r\n    x,\r\n):\r\n    # mastery:begin a\r\n\r\n    return 1\r\n    # mastery:end a\r\n";
        let starter = marked("a.py", text).build(|_| false).unwrap();
        assert_eq!(
            starter,
            "def f(\r\n    x,\r\n):\r\n    raise NotImplementedError\r\n"
        );
    }

    #[test]
    fn region_outside_of_functions_becomes_nothing() {
        let text = "# mastery:begin a\nimport math\n# mastery:end a\nX = 1\n";
        assert_eq!(marked("a.py", text).build(|_| false).unwrap(), "X = 1\n");
    }

    #[test]
    fn file_with_nothing_given_is_left_out() {
        let text = "# comment\n\n# mastery:begin a b\nimport math\n# mastery:end a b\n# mastery:begin a\ndef f():\n    return 1\n# mastery:end a\n";
        let file = marked("a.py", text);
        assert_eq!(file.build(|_| false), None);
        let half = file.build(|region| region.owners.len() == 2).unwrap();
        assert_eq!(half, "# comment\n\nimport math\n");
        let stubbed = text.replace(
            "# mastery:end a\n",
            "# mastery:stub a\n# X = 1\n# mastery:end a\n",
        );
        assert_eq!(
            marked("a.py", &stubbed).build(|_| false).unwrap(),
            "# comment\n\nX = 1\n"
        );
    }

    #[test]
    fn file_whose_solution_is_empty_is_kept_when_it_is_solved() {
        let text = "# mastery:begin a\n# mastery:end a\n";
        assert_eq!(marked("a.py", text).build(|_| true).as_deref(), Some(""));
    }

    #[test]
    fn comments_of_all_languages_carry_marks() {
        for (path, sign) in [
            ("a.rs", "//"),
            ("a.ts", "//"),
            ("a.cpp", "//"),
            ("a.go", "//"),
            ("a.java", "//"),
            ("a.sh", "#"),
            ("a.py", "#"),
        ] {
            let text = format!(
                "a\n{sign} mastery:begin m\nb\n{sign}mastery:stub m\n{sign} c\n{sign} mastery:end m\nd\n"
            );
            let file = marked(path, &text);
            assert_eq!(file.build(|_| true).unwrap(), "a\nb\nd\n", "{path}");
            assert_eq!(file.build(|_| false).unwrap(), "a\nc\nd\n", "{path}");
        }
        let c = "/* mastery:begin m */\nint x;\n/* mastery:stub m */\n/* int x = 0; */\n/* mastery:end m */\n";
        assert_eq!(marked("a.c", c).build(|_| false).unwrap(), "int x = 0;\n");
    }

    #[test]
    fn default_stub_keeps_the_indentation_of_other_languages() {
        let text = "fn f() -> u8 {\n    // mastery:begin m\n    1\n    // mastery:end m\n}\n";
        let starter = marked("a.rs", text).build(|_| false).unwrap();
        assert_eq!(starter, "fn f() -> u8 {\n    todo!()\n}\n");
    }

    #[test]
    fn wrong_marks_are_findings_with_both_places() {
        let py = |marks: &str| {
            let text: String = marks
                .split_whitespace()
                .map(|mark| match mark.split_once(':') {
                    Some((word, owners)) => {
                        format!("# mastery:{word} {}\n", owners.replace('+', " "))
                    }
                    None => format!("{mark}\n"),
                })
                .collect();
            problems("a.py", &text)
        };
        assert_eq!(py("begin:a x"), ["1 unclosed-region"]);
        assert_eq!(py("x end:a"), ["2 unopened-region"]);
        assert_eq!(py("stub:a x"), ["1 unopened-region"]);
        assert_eq!(py("begin:a x end:b"), ["3 +1 mismatched-region"]);
        assert_eq!(py("begin:a stub:b end:a"), ["2 +1 mismatched-region"]);
        assert_eq!(py("begin:a begin:b end:b end:a"), ["2 +1 nested-region"]);
        assert_eq!(
            py("begin:a begin:b end:a end:b"),
            ["2 +1 overlapping-regions"]
        );
        assert_eq!(
            py("begin:a stub:a stub:a end:a"),
            ["3 +2 malformed-region-mark"]
        );
        assert_eq!(py("begin:a stub:a x end:a"), ["3 malformed-region-mark"]);
        assert_eq!(py("begin:a+a"), ["1 malformed-region-mark"]);
        assert_eq!(
            py("begin: begn:a begin:A"),
            [
                "1 malformed-region-mark",
                "2 malformed-region-mark",
                "3 malformed-region-mark"
            ]
        );
        assert_eq!(
            problems("a.py", "x = 1  # mastery:begin a\n"),
            ["1 malformed-region-mark"]
        );
        assert_eq!(
            problems("a.txt", "# mastery:begin a\n"),
            ["1 malformed-region-mark"]
        );
    }

    #[test]
    fn prose_and_suppressions_are_no_marks() {
        let text =
            "# see `mastery:begin` in the docs\n# mastery: allow a-rule reason=\"x\"\n# mastery:\n";
        assert_eq!(problems("a.py", text), Vec::<String>::new());
    }

    /// Files of any number of regions, with and without stubs and text around them.
    fn any_file() -> impl Strategy<Value = String> {
        let line = "[a-z =]{0,6}";
        let lines = prop::collection::vec(line, 0..3);
        let region = (
            prop::sample::select(vec!["a", "b", "a b"]),
            lines.clone(),
            // Blanks at the end of a stub's lines are not kept.
            prop::option::of(prop::collection::vec("[a-z=]{0,6}", 0..3)),
        );
        let pieces = prop::collection::vec((lines, region), 0..4);
        (
            pieces,
            prop::sample::select(vec!["\n", "\r\n"]),
            any::<bool>(),
        )
            .prop_map(|(pieces, line_break, ends)| {
                let mut all: Vec<String> = Vec::new();
                for (before, (owners, body, stub)) in pieces {
                    all.extend(before);
                    all.push(format!("  # mastery:begin {owners}"));
                    all.extend(body);
                    if let Some(stub) = stub {
                        all.push(format!("# mastery:stub {owners}"));
                        all.extend(stub.iter().map(|line| format!("# {line}")));
                    }
                    all.push(format!("# mastery:end {owners}"));
                }
                let mut text = all.join(line_break);
                if ends {
                    text.push_str(line_break);
                }
                text
            })
    }

    /// What a state must be, told the simple way: without the parser, line by line. Text around
    /// regions as it is, and of each region its body or its stub.
    fn expected(text: &str, is_solved: impl Fn(&str) -> bool) -> String {
        let (mut solved, mut in_region, mut in_stub) = (false, false, false);
        let mut result = String::new();
        for line in text.split_inclusive('\n') {
            if let Some((_, owners)) = line.trim_end().split_once("mastery:begin ") {
                (solved, in_region) = (owners.split(' ').any(&is_solved), true);
            } else if line.contains("mastery:stub") {
                in_stub = true;
            } else if line.contains("mastery:end") {
                (in_region, in_stub) = (false, false);
            } else if !in_region || (solved && !in_stub) {
                result.push_str(line);
            } else if in_stub && !solved {
                result.push_str(line.strip_prefix("# ").unwrap());
            }
        }
        result
    }

    proptest! {
        #[test]
        fn solved_file_is_the_file_with_its_marks_stripped(text in any_file()) {
            let file = marked("a.py", &text);
            prop_assert_eq!(file.build(|_| true).unwrap(), expected(&text, |_| true));
        }

        #[test]
        fn states_differ_only_inside_regions(text in any_file(), solved in "[ab]{0,2}") {
            let file = marked("a.py", &text);
            let is_solved = |owner: &str| solved.contains(owner);
            let state = || file.build(|region| region.owners.iter().any(|id| is_solved(id.as_str())));
            // A file of which nothing is left is left out.
            if let Some(state) = state() {
                prop_assert_eq!(state, expected(&text, is_solved));
            } else {
                let nothing = expected(&text, is_solved);
                prop_assert_eq!(nothing.trim(), "");
            }
            prop_assert_eq!(state(), state());
        }

        #[test]
        fn replacing_bodies_by_themselves_changes_nothing(text in any_file()) {
            let file = marked("a.py", &text);
            let same = file.with_bodies(|index| Some(file.body_of(&file.regions()[index]).to_owned()));
            prop_assert_eq!(same, text);
        }

        #[test]
        fn any_text_parses_without_panic(text in "(# ?mastery:(begin|stub|end|x)? ?[ab]?|[a-z {}]|\\r?\\n){0,20}") {
            for path in ["a.py", "a.rs", "a.txt"] {
                let source = Arc::new(SourceFile::new(path, text.clone()));
                let (marked, _) = parse(&source, Language::of(path, &text));
                if let Some(marked) = marked {
                    marked.build(|_| false);
                }
            }
        }
    }
}
