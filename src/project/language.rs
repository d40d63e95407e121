//! What the builder knows of a language: its comments, its default stub, and where functions are.

use std::ops::Range;

use crate::source::python;

/// A language whose marks are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Language {
    Python,
    Shell,
    Rust,
    JavaScript,
    C,
    Go,
    Java,
}

/// What a part of a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Part {
    Code,
    Comment,
    Literal,
}

impl Language {
    /// Returns the language of a file by its name, or by its first line where the name has no ending.
    pub fn of(path: &str, text: &str) -> Option<Self> {
        let name = path.rsplit('/').next().unwrap_or(path);
        let Some((_, ending)) = name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()) else {
            let first = text.lines().next().filter(|line| line.starts_with("#!"))?;
            return if first.contains("python") {
                Some(Self::Python)
            } else {
                first.ends_with("sh").then_some(Self::Shell)
            };
        };
        Some(match ending {
            "py" | "pyi" => Self::Python,
            "sh" | "bash" | "zsh" => Self::Shell,
            "rs" => Self::Rust,
            "js" | "mjs" | "cjs" | "jsx" | "ts" | "mts" | "cts" | "tsx" => Self::JavaScript,
            "c" | "h" | "cc" | "cpp" | "cxx" | "hh" | "hpp" | "hxx" | "cu" => Self::C,
            "go" => Self::Go,
            "java" => Self::Java,
            _ => return None,
        })
    }

    /// Returns what is in a line that is one whole comment, without the comment signs.
    pub fn comment(self, line: &str) -> Option<&str> {
        let line = line.trim();
        match self {
            Self::Python | Self::Shell => line.strip_prefix('#'),
            Self::Rust | Self::JavaScript | Self::C | Self::Go | Self::Java => {
                line.strip_prefix("//").or_else(|| {
                    let inner = line.strip_prefix("/*")?.strip_suffix("*/")?;
                    (!inner.contains("*/")).then_some(inner)
                })
            }
        }
    }

    /// Takes a line apart. A line from the middle of a literal or comment counts as code.
    pub fn parts(self, line: &str) -> Vec<(Part, Range<usize>)> {
        let mut parts = Vec::new();
        let (mut at, mut code_from) = (0, 0);
        while let Some(char) = line[at..].chars().next() {
            let before = line[..at].chars().next_back();
            let Some(length) = self.comment_or_literal(&line[at..], before) else {
                at += char.len_utf8();
                continue;
            };
            if code_from < at {
                parts.push((Part::Code, code_from..at));
            }
            let kind = match char {
                '#' | '/' => Part::Comment,
                _ => Part::Literal,
            };
            parts.push((kind, at..at + length));
            at += length;
            code_from = at;
        }
        if code_from < at {
            parts.push((Part::Code, code_from..at));
        }
        parts
    }

    /// What is left of a text without comments, blank lines, and blanks besides those that set a line in.
    ///
    /// Two texts of which the same is left do the same.
    pub fn bare(self, text: &str) -> String {
        let mut bare = String::with_capacity(text.len());
        for line in text.lines() {
            let content = line.trim_start();
            let start = bare.len();
            bare.push_str(&line[..line.len() - content.len()]);
            let indent = bare.len();
            for (part, range) in self.parts(content) {
                match part {
                    Part::Comment => {}
                    Part::Literal => bare.push_str(&content[range]),
                    Part::Code => bare.extend(content[range].split_whitespace()),
                }
            }
            if bare.len() == indent {
                bare.truncate(start);
            } else {
                bare.push('\n');
            }
        }
        bare
    }

    /// How a comment on a line of its own begins.
    pub fn comment_sign(self) -> &'static str {
        match self {
            Self::Python | Self::Shell => "#",
            Self::Rust | Self::JavaScript | Self::C | Self::Go | Self::Java => "//",
        }
    }

    /// The statement that stands for missing code in a function.
    pub fn default_stub(self) -> &'static str {
        match self {
            Self::Python => "raise NotImplementedError",
            Self::Shell => "echo \"not implemented\" >&2; return 1",
            Self::Rust => "todo!()",
            Self::JavaScript => "throw new Error(\"not implemented\");",
            Self::C => "__builtin_trap();",
            Self::Go => "panic(\"not implemented\")",
            Self::Java => "throw new UnsupportedOperationException(\"not implemented\");",
        }
    }

    /// Whether the code at a byte offset is in the body of a function.
    ///
    /// Python is parsed. In the other languages the braces around the place are looked at: one that
    /// follows a parameter list opens a function. Where that guess is wrong an author writes a stub.
    pub fn is_in_function(self, text: &str, offset: usize) -> bool {
        match self {
            Self::Python => python::Module::parse(text).is_in_function(offset),
            _ => self
                .braces_around(&text[..offset])
                .iter()
                .any(|header| is_function(header)),
        }
    }

    /// What stands before each brace that is still open at the end of `text`.
    fn braces_around(self, text: &str) -> Vec<String> {
        let mut open = Vec::new();
        let mut header = String::new();
        let mut rest = text;
        while let Some(char) = rest.chars().next() {
            let before = text[..text.len() - rest.len()].chars().next_back();
            if let Some(length) = self.comment_or_literal(rest, before) {
                rest = &rest[length..];
                header.push(' ');
                continue;
            }
            match char {
                '{' => open.push(std::mem::take(&mut header)),
                '}' => {
                    open.pop();
                    header.clear();
                }
                ';' if !header.contains('(') || header.ends_with(')') => header.clear(),
                _ => header.push(char),
            }
            rest = &rest[char.len_utf8()..];
        }
        open
    }

    /// The length of the comment, string or character literal that `text` begins with. `before` is
    /// the character in front of it.
    fn comment_or_literal(self, text: &str, before: Option<char>) -> Option<usize> {
        let line_end = || text.find('\n').unwrap_or(text.len());
        let quoted = |quote: char| {
            // A backslash means nothing between the apostrophes of a shell.
            let has_escapes = self != Self::Shell || quote == '"';
            let mut chars = text.char_indices().skip(1);
            while let Some((at, char)) = chars.next() {
                match char {
                    '\\' if has_escapes => {
                        chars.next();
                    }
                    _ if char == quote => return at + 1,
                    _ => {}
                }
            }
            text.len()
        };
        if self == Self::Shell {
            // In the middle of a word, as in `$#` and `${x#y}`, it begins no comment.
            let begins_word = before.is_none_or(char::is_whitespace);
            return match text.chars().next()? {
                '#' if begins_word => Some(line_end()),
                '\\' => Some(1 + text.chars().nth(1).map_or(0, char::len_utf8)),
                quote @ ('"' | '\'') => Some(quoted(quote)),
                _ => None,
            };
        }
        if self == Self::Python {
            return match text.chars().next()? {
                '#' => Some(line_end()),
                quote @ ('"' | '\'') => Some(quoted(quote)),
                _ => None,
            };
        }
        if text.starts_with("//") {
            return Some(line_end());
        }
        if text.starts_with("/*") {
            return Some(text.find("*/").map_or(text.len(), |at| at + 2));
        }
        match (text.chars().next()?, self) {
            ('"', _) => Some(quoted('"')),
            ('`', Self::JavaScript | Self::Go) => Some(quoted('`')),
            // In Rust an apostrophe may be a lifetime.
            ('\'', Self::Rust) => {
                let is_char = text[1..].starts_with('\\') || text.chars().nth(2) == Some('\'');
                is_char.then(|| quoted('\''))
            }
            ('\'', _) => Some(quoted('\'')),
            _ => None,
        }
    }
}

/// Whether what stands before a brace is the head of a function.
fn is_function(header: &str) -> bool {
    let has_word = |words: &[&str]| {
        header
            .split(|char: char| !char.is_alphanumeric() && char != '_')
            .any(|word| words.contains(&word))
    };
    if has_word(&["fn", "func", "function"]) || header.trim_end().ends_with("=>") {
        return true;
    }
    let types = [
        "class",
        "struct",
        "enum",
        "union",
        "interface",
        "trait",
        "impl",
        "mod",
        "namespace",
        "record",
        "extern",
    ];
    header.contains('(') && !has_word(&types)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn language_is_told_by_name_or_first_line() {
        let cases = [
            ("a/b.py", "", Some(Language::Python)),
            ("a.tsx", "", Some(Language::JavaScript)),
            ("lib.hpp", "", Some(Language::C)),
            ("bin/tool", "#!/bin/sh\n", Some(Language::Shell)),
            (
                "bin/tool",
                "#!/usr/bin/env python3\n",
                Some(Language::Python),
            ),
            ("bin/tool", "x", None),
            (".py", "", None),
            ("a.txt", "", None),
        ];
        for (path, text, language) in cases {
            assert_eq!(Language::of(path, text), language, "{path}");
        }
    }

    #[test]
    fn comments_are_whole_lines() {
        assert_eq!(Language::Python.comment("  # a"), Some(" a"));
        assert_eq!(Language::Python.comment("x # a"), None);
        assert_eq!(Language::C.comment("\t/* a */\r"), Some(" a "));
        assert_eq!(Language::C.comment("/* a */ x = 1; /* b */"), None);
        assert_eq!(Language::Go.comment("//a"), Some("a"));
    }

    #[test]
    fn lines_are_taken_apart() {
        let parts = |language: Language, line: &str| -> Vec<(Part, String)> {
            let parts = language.parts(line).into_iter();
            parts
                .map(|(part, range)| (part, line[range].to_owned()))
                .collect()
        };
        let of = |kind, text: &str| (kind, text.to_owned());
        assert_eq!(
            parts(Language::Python, "x = 'a # b'  # \"c\""),
            [
                of(Part::Code, "x = "),
                of(Part::Literal, "'a # b'"),
                of(Part::Code, "  "),
                of(Part::Comment, "# \"c\""),
            ]
        );
        assert_eq!(
            parts(Language::C, "f(/* ä */ 'x', 1 / 2); // y"),
            [
                of(Part::Code, "f("),
                of(Part::Comment, "/* ä */"),
                of(Part::Code, " "),
                of(Part::Literal, "'x'"),
                of(Part::Code, ", 1 / 2); "),
                of(Part::Comment, "// y"),
            ]
        );
        assert_eq!(
            parts(Language::Shell, "echo $# 'x' # y"),
            [
                of(Part::Code, "echo $# "),
                of(Part::Literal, "'x'"),
                of(Part::Code, " "),
                of(Part::Comment, "# y"),
            ]
        );
        assert_eq!(parts(Language::Python, ""), []);
        assert_eq!(parts(Language::Python, "'ä"), [of(Part::Literal, "'ä")]);
    }

    /// Each text has `HERE` where the question is asked.
    #[test]
    fn function_bodies_are_told_from_other_braces() {
        let cases = [
            (Language::Rust, "fn f<'a>(x: &'a str) -> u8 {\n  HERE", true),
            (Language::Rust, "impl Foo for (A, B) {\n  HERE", false),
            (
                Language::Rust,
                "impl Foo {\n fn f() { let c = '{'; }\n  HERE",
                false,
            ),
            (Language::Rust, "#[derive(Debug)]\nstruct S {\n HERE", false),
            (Language::Rust, "use a::{b, c};\nHERE", false),
            (Language::Rust, "fn f() { if x { y } HERE", true),
            (Language::JavaScript, "const f = (x) => {\n HERE", true),
            (Language::JavaScript, "class A {\n  HERE", false),
            (Language::JavaScript, "class A {\n  m(x) {\n HERE", true),
            (Language::JavaScript, "const o = {\n HERE", false),
            (
                Language::JavaScript,
                "const s = `{(`; /* ( */\n HERE",
                false,
            ),
            (
                Language::Java,
                "public class A extends B {\n  int x = f(1);\n HERE",
                false,
            ),
            (
                Language::Java,
                "public class A {\n  int f(int x) throws E {\n HERE",
                true,
            ),
            (Language::C, "int f(void)\n{\n HERE", true),
            (Language::C, "namespace a {\n HERE", false),
            (Language::C, "struct a {\n HERE", false),
            (Language::C, "int f(void) { return \"}\"[0]; HERE", true),
            (Language::Go, "func (a *A) f(x int) error {\n HERE", true),
            (Language::Go, "import (\n \"fmt\"\n)\n\nHERE", false),
            (Language::Shell, "f() {\n  HERE", true),
            (Language::Shell, "# f() {\necho '{ ('\nHERE", false),
            (
                Language::Shell,
                "echo $# '\\' \\' ${x#y}\nf() {\n HERE",
                true,
            ),
            (Language::Shell, "f() { :; }\necho $#\nHERE", false),
            (Language::Python, "def f():\n    HERE", true),
            (Language::Python, "class A:\n    HERE = 1", false),
        ];
        for (language, text, expected) in cases {
            let offset = text.find("HERE").unwrap();
            assert_eq!(language.is_in_function(text, offset), expected, "{text}");
        }
    }

    #[test]
    fn comments_and_blanks_are_nothing_that_runs() {
        let bare = |text: &str| Language::Python.bare(text);
        assert_eq!(
            bare("def f(x):\n    # why\n\n    return x  *2 # twice\n"),
            bare("def f( x ):\n    return x * 2\n")
        );
        assert_ne!(bare("    a = 1\n"), bare("a = 1\n"));
        assert_ne!(bare("a = 'x y'\n"), bare("a = 'xy'\n"));
        assert_ne!(bare("a = '#1'\n"), bare("a = '#2'\n"));
    }
}
