//! Whether a text repeats a solution. One place decides it: for lint, and for whoever has to prove
//! that what learners can read holds no solution.
//!
//! A leak is three consecutive lines of one solution that are not trivial. Lines are compared without
//! blanks, comments, and the signs that quotes, lists, diffs and comments put before a line, so that
//! code is found in Markdown, in a docstring and behind comment signs.
//!
//! Trivial lines are looked through on both sides: blank ones, single words and brackets, imports,
//! comments, and what belongs to the interface rather than to the solution (heads of functions and
//! classes, decorators, docstrings), which a prompt may well tell. A solution of fewer than three
//! other lines can't leak by this measure.

use std::collections::{HashMap, HashSet};

use super::Project;
use super::language::Language;
use super::parse_file;
use crate::curriculum::Curriculum;
use crate::diagnostic::Location;
use crate::source::Span;

/// Consecutive lines that make a leak.
const WINDOW: usize = 3;

/// Comment signs in one line that are tried as the end of its code.
const MAX_CUTS: usize = 8;

/// Lines that the head of a function may go on for.
const MAX_HEAD_LINES: usize = 50;

/// What may stand before code that is quoted, listed, diffed or commented out.
const QUOTING: &[char] = &[
    '#', '/', '>', '*', '+', '-', '|', '.', ';', '!', '%', '$', '`', '"', '\'',
];

/// Where the code of a line may end: comments, and line breaks in the strings of JSON.
const CUTS: &[&str] = &["#", "//", "/*", "--", "\\n"];

/// The solved lines of one region.
#[derive(Clone, Debug)]
pub struct Solution {
    /// The modules that it belongs to, as they stand behind a mark.
    pub owners: String,
    /// The begin mark.
    pub location: Location,
    /// The lines.
    pub text: String,
    /// The language that they are in.
    pub language: Language,
}

/// A part of a text that repeats a solution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leak {
    /// From the first to the last of the lines, in the searched text.
    pub span: Span,
    /// How many lines are repeated, trivial ones not counted.
    pub lines: usize,
    /// Index of the solution that the first of them are of.
    solution: usize,
}

/// The lines of solutions, made to be searched for.
///
/// Making it and searching take time linear in the texts.
#[derive(Clone, Debug)]
pub struct LeakIndex {
    solutions: Vec<Solution>,
    /// Lines by what is compared of them.
    lines: HashMap<String, Line>,
    /// Runs of lines, each with the first solution that has it.
    windows: HashMap<[u32; WINDOW], usize>,
    /// How many lines of solutions have a number.
    count: u32,
    /// Length of the longest key of a line.
    longest: usize,
    /// What keys of lines begin with, see [`beginning`]: prose is told from code by it.
    beginnings: HashSet<[u8; 2]>,
}

/// What a line is to the solutions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Line {
    /// A line of an interface and of no solution.
    Interface,
    /// A line of a solution, with its number.
    Solution(u32),
}

impl LeakIndex {
    /// Returns an index of solutions.
    pub fn new(solutions: impl IntoIterator<Item = Solution>) -> Self {
        let mut index = Self {
            solutions: Vec::new(),
            lines: HashMap::new(),
            windows: HashMap::new(),
            count: 0,
            longest: 0,
            beginnings: HashSet::new(),
        };
        for solution in solutions {
            index.add(solution);
        }
        index
    }

    /// Returns an index of all solutions of a curriculum: the regions of its project and of all
    /// variants.
    pub fn of(curriculum: &Curriculum, project: &Project) -> Self {
        let mut solutions = Vec::new();
        let mut add = |file: &super::region::MarkedFile| {
            solutions.extend(file.regions().iter().map(|region| Solution {
                owners: region.owners_text(),
                location: file.begin_of(region),
                text: file.body_of(region).to_owned(),
                language: file.language(),
            }));
        };
        for (_, file) in project.marked_files() {
            add(file);
        }
        for variant in curriculum.modules.iter().flat_map(|it| &it.variants) {
            for (path, entry) in variant.files.iter() {
                let shown = format!("{}/{path}", variant.shown);
                // What is wrong with the marks is reported by `variant-mismatch`.
                if let Some(file) = parse_file(path, &shown, entry, &mut Vec::new()) {
                    add(&file);
                }
            }
        }
        Self::new(solutions)
    }

    /// The solution that a leak is of; the first one where several have the same lines.
    pub fn solution(&self, leak: &Leak) -> &Solution {
        &self.solutions[leak.solution]
    }

    /// Returns what a text repeats of the solutions, in order and without overlaps.
    pub fn find(&self, text: &str) -> Vec<Leak> {
        let mut leaks: Vec<Leak> = Vec::new();
        // Most texts are a line or two, too short for any leak.
        if lines(text).nth(WINDOW - 1).is_none() {
            return leaks;
        }
        // Known lines since the last one that is no part of any solution.
        let mut run: Vec<(u32, Span)> = Vec::new();
        // Index in the run behind the last line of the last leak.
        let mut told = 0;
        for span in lines(text) {
            let line = &text[span.start..span.end];
            match self.known(line) {
                Some(Line::Solution(id)) => run.push((id, span)),
                Some(Line::Interface) => continue,
                None if run.is_empty() || is_trivial(line) || is_comment(line) => continue,
                None => {
                    run.clear();
                    told = 0;
                    continue;
                }
            }
            let Some(window) = run.last_chunk::<WINDOW>() else {
                continue;
            };
            let Some(&solution) = self.windows.get(&window.map(|(id, _)| id)) else {
                continue;
            };
            let first = run.len() - WINDOW;
            match leaks.last_mut().filter(|_| first < told) {
                Some(leak) => {
                    leak.lines += run.len() - told;
                    leak.span.end = span.end;
                }
                None => leaks.push(Leak {
                    span: Span::new(window[0].1.start, span.end),
                    lines: WINDOW,
                    solution,
                }),
            }
            told = run.len();
        }
        leaks
    }

    fn add(&mut self, solution: Solution) {
        let mut ids = Vec::new();
        for line in code_lines(&solution.text, solution.language) {
            let key = key_of(line.code());
            self.longest = self.longest.max(key.len());
            self.beginnings.extend(beginning(&key));
            let entry = self.lines.entry(key).or_insert(Line::Interface);
            if let CodeLine::Solution(_) = line {
                if *entry == Line::Interface {
                    *entry = Line::Solution(self.count);
                    self.count += 1;
                }
                ids.extend(match entry {
                    Line::Solution(id) => Some(*id),
                    Line::Interface => None,
                });
            }
        }
        let number = self.solutions.len();
        for window in ids.windows(WINDOW) {
            let window = [window[0], window[1], window[2]];
            self.windows.entry(window).or_insert(number);
        }
        self.solutions.push(solution);
    }

    /// Looks a line up, whole and cut off at each of its comment signs.
    fn known(&self, line: &str) -> Option<Line> {
        let line = line.trim_start_matches(is_quoting);
        if beginning(line).is_some_and(|it| !self.beginnings.contains(&it)) {
            return None;
        }
        let mut key = String::new();
        let mut cuts = Vec::new();
        for (at, char) in line.char_indices() {
            if key.len() > self.longest {
                break;
            }
            let may_cut = matches!(char, '#' | '/' | '-' | '\\') && cuts.len() < MAX_CUTS;
            if may_cut && CUTS.iter().any(|sign| line[at..].starts_with(sign)) {
                cuts.push(key.len());
            }
            if !char.is_whitespace() {
                key.push(char);
            }
        }
        cuts.push(key.len());
        let found = cuts
            .into_iter()
            .rev()
            .filter_map(|cut| self.lines.get(&key[..cut]));
        // A line of a solution goes before one of an interface.
        found.copied().max()
    }
}

/// The lines of a text as they are compared, without their blanks at both ends.
fn lines(text: &str) -> impl Iterator<Item = Span> {
    text.split_inclusive(['\n', '\r']).scan(0, |at, line| {
        let start = *at + (line.len() - line.trim_start().len());
        let length = line.trim().len();
        *at += line.len();
        Some(Span::new(start, start + length))
    })
}

/// What is compared of a line of code.
fn key_of(code: &str) -> String {
    code.trim_start_matches(is_quoting)
        .chars()
        .filter(|char| !char.is_whitespace())
        .collect()
}

/// The first two bytes of what is compared of a line, be it cut off or not: a single character is trivial. `None`
/// where they are no ASCII.
fn beginning(line: &str) -> Option<[u8; 2]> {
    let is_blank = |byte: &u8| byte.is_ascii() && char::from(*byte).is_whitespace();
    let mut bytes = line.bytes().filter(|byte| !is_blank(byte));
    let two = [bytes.next()?, bytes.next()?];
    two.is_ascii().then_some(two)
}

fn is_quoting(char: char) -> bool {
    char.is_whitespace() || QUOTING.contains(&char)
}

/// A line of a solution that counts for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CodeLine<'a> {
    /// It belongs to the head of a function or to a docstring.
    Interface(&'a str),
    /// It is what the learner has to find out.
    Solution(&'a str),
}

impl<'a> CodeLine<'a> {
    fn code(self) -> &'a str {
        match self {
            Self::Interface(code) | Self::Solution(code) => code,
        }
    }
}

/// The lines of a solution but for trivial ones, without their comments.
fn code_lines(text: &str, language: Language) -> Vec<CodeLine<'_>> {
    let mut found = Vec::new();
    let mut docstring: Option<&str> = None;
    // Brackets that are open in the head of a function, and how many lines it has had.
    let (mut depth, mut head_lines) = (0_i32, 0);
    for span in lines(text) {
        let line = &text[span.start..span.end];
        if let Some(quotes) = docstring {
            docstring = (!line.contains(quotes)).then_some(quotes);
            found.push(CodeLine::Interface(line));
            continue;
        }
        if language.comment(line).is_some() {
            continue;
        }
        if let Some(quotes) = docstring_quotes(line, language) {
            let inner = &line[line.find(quotes).unwrap_or_default() + quotes.len()..];
            docstring = (!inner.contains(quotes)).then_some(quotes);
            found.push(CodeLine::Interface(line));
            continue;
        }
        let code = without_comment(line, language);
        if depth > 0 || is_head(code) {
            depth += brackets(code);
            head_lines += 1;
            if depth <= 0 || head_lines > MAX_HEAD_LINES {
                (depth, head_lines) = (0, 0);
            }
            found.push(CodeLine::Interface(code));
        } else if !is_trivial(code) {
            found.push(CodeLine::Solution(code));
        }
    }
    found.retain(|line| !is_trivial_word(line.code()));
    found
}

/// The quotes of a string that is a statement of its own in Python.
fn docstring_quotes(line: &str, language: Language) -> Option<&'static str> {
    let line = line.trim_start_matches(['r', 'R', 'u', 'U']);
    ["\"\"\"", "'''"]
        .into_iter()
        .find(|quotes| language == Language::Python && line.starts_with(quotes))
}

/// A line of code without the comment at its end.
fn without_comment(line: &str, language: Language) -> &str {
    let sign = language.comment_sign();
    let mut quote = None;
    let mut chars = line.char_indices();
    while let Some((at, char)) = chars.next() {
        match (quote, char) {
            (_, '\\') => {
                chars.next();
            }
            (Some(open), _) if char == open => quote = None,
            (None, '"' | '\'' | '`') => quote = Some(char),
            (None, _) if line[at..].starts_with(sign) => {
                let before = line[..at].chars().next_back();
                if before.is_none_or(char::is_whitespace) {
                    return line[..at].trim_end();
                }
            }
            _ => {}
        }
    }
    line
}

/// How many brackets a line opens, less those that it closes.
fn brackets(code: &str) -> i32 {
    code.chars()
        .map(|char| match char {
            '(' | '[' => 1,
            ')' | ']' => -1,
            _ => 0,
        })
        .sum()
}

/// Whether a line tells nothing: blank, a word or a bracket alone, an import, a decorator, the head
/// of a function or a class, a stub's statement, or the fence of a code block.
fn is_trivial(line: &str) -> bool {
    let line = line.trim_start_matches(is_quoting);
    let starts = |words: &[&str]| words.iter().any(|word| line.starts_with(word));
    is_trivial_word(line)
        || starts(&[
            "import ", "from ", "use ", "include ", "package ", "@", "~~~",
        ])
        || starts(&["raise NotImplementedError", "todo!", "unimplemented!"])
        || matches!(line, "return None" | "return True" | "return False")
        || is_head(line)
}

/// Whether a line is no more than one word between brackets and punctuation. A call is more.
fn is_trivial_word(line: &str) -> bool {
    let is_word = |char: char| char.is_alphanumeric() || char == '_';
    let line = line.trim_matches(|char: char| !is_word(char) && char != '(' && char != ')');
    let core = line.trim_matches(|char: char| !is_word(char));
    core.chars().all(is_word) && (core.is_empty() || !line.contains("()"))
}

/// Whether a line of a readable text is a whole comment in some language, or a heading of Markdown.
fn is_comment(line: &str) -> bool {
    ["#", "//", "/*", "<!--"]
        .iter()
        .any(|sign| line.starts_with(sign))
}

/// Whether a line begins the definition of a function or a type and does not hold its body.
fn is_head(code: &str) -> bool {
    const MODIFIERS: &[&str] = &[
        "async", "const", "default", "export", "extern", "public", "static", "unsafe",
    ];
    const KEYWORDS: &[&str] = &[
        "class",
        "def",
        "enum",
        "fn",
        "func",
        "function",
        "impl",
        "interface",
        "struct",
        "trait",
    ];
    let mut words = code
        .split_whitespace()
        .skip_while(|word| MODIFIERS.contains(word) || word.starts_with("pub"));
    let ends_open = [":", "...", "{", "(", "[", ","]
        .iter()
        .any(|end| code.trim_end().ends_with(end));
    ends_open && words.next().is_some_and(|word| KEYWORDS.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn index(texts: &[(&str, Language)]) -> LeakIndex {
        LeakIndex::new(texts.iter().map(|(text, language)| Solution {
            owners: "m".to_owned(),
            location: Location::path("a"),
            text: (*text).to_owned(),
            language: *language,
        }))
    }

    const SOFTMAX: &str = "\
    # The maximum drops out.
    shifted = x - x.amax(dim=dim, keepdim=True)  # at most 0
    exp = shifted.exp()

    return exp / exp.sum(dim=dim, keepdim=True)
";

    const LAYER: &str = "\
import math

class Linear(nn.Module):
    \"\"\"A linear map.

    It has no bias.
    It has a weight.
    \"\"\"

    def __init__(
        self,
        in_features: int,
        out_features: int,
        device: str | None = None,
    ):
        super().__init__()
        self.weight = empty(out_features, in_features)
        fill(self.weight)

    @property
    def count(self):
        return self.weight.numel()
";

    fn found(solution: &str, text: &str) -> Vec<String> {
        let index = index(&[(solution, Language::Python)]);
        let leaks = index.find(text);
        leaks
            .iter()
            .map(|leak| format!("{} {}", leak.lines, &text[leak.span.start..leak.span.end]))
            .collect()
    }

    #[test]
    fn solution_is_found_however_it_is_quoted() {
        let bare = "shifted = x - x.amax(dim=dim, keepdim=True)\nexp = shifted.exp()\nreturn exp / exp.sum(dim=dim, keepdim=True)";
        let with = |before: &str, after: &str| -> String {
            bare.lines()
                .map(|line| format!("{before}{line}{after}\n"))
                .collect()
        };
        for text in [
            bare.to_owned(),
            bare.replace('\n', "\r\n"),
            bare.replace('\n', "\n\n    # by the way\n"),
            bare.replace(' ', ""),
            with("    ", "  # note"),
            with("# ", ""),
            with("//   ", ""),
            with("> ", "   "),
            with("+", ""),
            with(">>> ", ""),
            with(" \"", "\\n\","),
            format!("Like this:\n\n```python\n{bare}\n```\nNow you.\n"),
            format!("def f(x):\n    \"\"\"Do it.\"\"\"\n{bare}"),
        ] {
            let found = found(SOFTMAX, &text);
            assert_eq!(found.len(), 1, "{text}");
            assert!(found[0].starts_with("3 "), "{found:?}");
        }
    }

    #[test]
    fn two_lines_or_lines_apart_are_no_leak() {
        for text in [
            "shifted = x - x.amax(dim=dim, keepdim=True)\nexp = shifted.exp()\n",
            "shifted = x - x.amax(dim=dim, keepdim=True)\nexp = shifted.exp()\nThen divide.\nreturn exp / exp.sum(dim=dim, keepdim=True)\n",
            "exp = shifted.exp()\nshifted = x - x.amax(dim=dim, keepdim=True)\nreturn exp / exp.sum(dim=dim, keepdim=True)\n",
            "",
            "\n\n\n",
        ] {
            assert_eq!(found(SOFTMAX, text), [""; 0], "{text}");
        }
    }

    #[test]
    fn leak_is_as_long_as_it_goes() {
        let solution = "a = 1\nb = 2\nc = 3\nd = 4\ne = 5\n";
        assert_eq!(
            found(
                solution,
                "x\n  a = 1\nb = 2\nc = 3\nd = 4\ny y\nc = 3\nd = 4\ne = 5\n"
            ),
            ["4 a = 1\nb = 2\nc = 3\nd = 4", "3 c = 3\nd = 4\ne = 5"]
        );
        assert_eq!(
            found(solution, "a = 1\nb = 2\nc = 3\na = 1\nb = 2\nc = 3\n"),
            ["3 a = 1\nb = 2\nc = 3", "3 a = 1\nb = 2\nc = 3"]
        );
    }

    #[test]
    fn interface_may_be_told() {
        let head = LAYER.find("        super()").unwrap();
        assert_eq!(found(LAYER, &LAYER[..head]), [""; 0]);
        assert_eq!(found(LAYER, LAYER).len(), 1);
        // The interface in between does not hide what comes before and after it.
        let tail = &LAYER[LAYER.find("        self.weight").unwrap()..];
        assert_eq!(found(LAYER, tail).len(), 1);
    }

    #[test]
    fn trivial_lines_do_not_count() {
        let trivial = "import a\nfrom a import b\n)\nelse:\npass\nreturn\n} else {\nx,\n0\n@wraps\nreturn None\n";
        assert_eq!(found(trivial, trivial), [""; 0]);
        assert_eq!(found("a()\nb()\nc()\n", "a()\nb()\nc()\n").len(), 1);
    }

    #[test]
    fn other_languages_have_other_comments() {
        let rust = "let a = b // c\n    .d();\n// why\nlet e = a / 2;\nf(e, a);\n";
        let index = index(&[(rust, Language::Rust)]);
        assert_eq!(
            index
                .find("let a = b\n.d();\nlet e = a / 2;\nf(e, a);")
                .len(),
            1
        );
        let leaks = index.find("let a = b // x\n.d(); // y\nlet e = a / 2; // z\n");
        assert_eq!(leaks.len(), 1);
        assert_eq!(index.solution(&leaks[0]).owners, "m");
    }

    #[test]
    fn floor_division_and_signs_in_strings_are_code() {
        let python = "a = b // 2\nc = '# no comment'\nd = \"it's\"  # one\n";
        assert_eq!(
            found(python, "a = b // 2\nc = '# no comment'\nd = \"it's\"\n").len(),
            1
        );
        assert_eq!(
            found(python, "a = b // 3\nc = '# no comment'\nd = \"it's\"\n"),
            [""; 0]
        );
        assert_eq!(found(python, "a = b\nc = '\nd = \"it's\"\n"), [""; 0]);
    }

    #[test]
    fn long_lines_are_searched_in_linear_time() {
        let hostile = "#/-\\n".repeat(200_000);
        assert_eq!(found(SOFTMAX, &hostile), [""; 0]);
        let open = "def f(".repeat(100_000);
        assert_eq!(found(&open, &open), [""; 0]);
    }

    /// Lines that tell something and are all different from lines of [`any_prose`].
    fn any_solution() -> impl Strategy<Value = Vec<String>> {
        prop::collection::vec("[a-d] = [e-h]\\([0-9]{1,3}\\)", 3..10)
    }

    fn any_prose() -> impl Strategy<Value = Vec<String>> {
        prop::collection::vec("[A-Z][a-z]{1,5} [a-zä]{1,8}[.,:]?", 0..6)
    }

    proptest! {
        #[test]
        fn three_planted_lines_are_always_found(
            solution in any_solution(),
            before in any_prose(),
            after in any_prose(),
            from in 0_usize..7,
            quote in prop::sample::select(vec!["", "    ", "\t", "# ", "// ", "> ", "* ", "+ "]),
            end in prop::sample::select(vec!["", " ", "  # x", " // y", "\r"]),
            between in prop::sample::select(vec!["", "\n", "    # note\n", "```\n", "    pass\n"]),
        ) {
            let from = from.min(solution.len() - WINDOW);
            let planted: String = solution[from..from + WINDOW]
                .iter()
                .map(|line| format!("{quote}{line}{end}\n{between}"))
                .collect();
            let text = format!("{}\n{planted}{}\n", before.join("\n"), after.join("\n"));
            let index = index(&[(&solution.join("\n"), Language::Python)]);
            let leaks = index.find(&text);
            prop_assert_eq!(leaks.len(), 1, "{}", text);
            prop_assert_eq!(leaks[0].lines, WINDOW);
            let shown = &text[leaks[0].span.start..leaks[0].span.end];
            prop_assert!(shown.contains(&solution[from]) && shown.contains(&solution[from + 2]));
        }

        #[test]
        fn text_that_shares_no_three_lines_is_clean(solution in any_solution(), prose in any_prose()) {
            let index = index(&[(&solution.join("\n"), Language::Python)]);
            prop_assert_eq!(index.find(&prose.join("\n")), []);
            let apart: String = solution.iter().map(|line| format!("{line}\nAnd then:\n")).collect();
            prop_assert_eq!(index.find(&apart), []);
        }

        #[test]
        fn any_text_is_searched_without_panic(
            solution in "([a-c]|[=#/(){}:.,'\"ä\\\\ \n\r]|def |class |\"\"\"|//){0,40}",
            text in "([a-c]|[=#/(){}:.,'\"ä\\\\ \n\r]|def |class |\"\"\"|//){0,40}",
        ) {
            for language in [Language::Python, Language::C, Language::Shell] {
                let index = index(&[(&solution, language)]);
                let mut end = 0;
                for leak in index.find(&text) {
                    prop_assert!(end <= leak.span.start && leak.span.start < leak.span.end);
                    prop_assert!(text.get(leak.span.start..leak.span.end).is_some());
                    prop_assert!(leak.lines >= WINDOW);
                    end = leak.span.end;
                }
            }
        }
    }
}
