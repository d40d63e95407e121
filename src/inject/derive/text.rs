//! Writes a part of a file as a pattern or template: some parts as metavariables, no comments, each
//! expression on one line.

use std::ops::Range;

use crate::source::python::Syntax;

/// A part of a file that is written otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mask {
    /// Its bytes.
    pub range: Range<usize>,
    /// What is written.
    pub text: String,
}

/// Returns the text of nodes side by side, statements on lines of their own without their indentation.
///
/// The masks do not overlap. All of them are sorted by where they begin.
pub(super) fn written(
    nodes: &[Syntax],
    file: &str,
    comments: &[Range<usize>],
    masks: &[Mask],
) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut at = 0;
    for node in nodes {
        // A mask may stand for several statements.
        if node.range.end <= at {
            continue;
        }
        let whole = masks
            .iter()
            .find(|mask| mask.range.start == node.range.start && mask.range.end > node.range.end);
        match whole {
            Some(mask) => {
                lines.push(mask.text.clone());
                at = mask.range.end;
            }
            None => {
                lines.push(node_written(node, file, comments, masks));
                at = node.range.end;
            }
        }
    }
    lines.join("\n")
}

fn node_written(node: &Syntax, file: &str, comments: &[Range<usize>], masks: &[Mask]) -> String {
    let mut parts: Vec<(Range<usize>, &str)> = Vec::new();
    let is_in =
        |range: &Range<usize>| node.range.start <= range.start && range.end <= node.range.end;
    for mask in masks.iter().filter(|mask| is_in(&mask.range)) {
        parts.push((mask.range.clone(), &mask.text));
    }
    for comment in comments.iter().filter(|comment| is_in(comment)) {
        parts.push((comment.clone(), ""));
    }
    node.walk(&mut |node| {
        if matches!(
            &*node.kind,
            "string_start" | "string_content" | "string_end"
        ) {
            parts.push((node.range.clone(), node.text(file)));
        }
        true
    });
    parts.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
    let mut writer = Writer::new(indentation(file, node.range.start));
    let mut at = node.range.start;
    for (range, text) in parts {
        if range.start < at {
            continue;
        }
        writer.code(&file[at..range.start]);
        writer.verbatim(text);
        at = range.end;
    }
    writer.code(&file[at..node.range.end]);
    writer.finish()
}

/// The blanks that the line of a place begins with.
fn indentation(file: &str, at: usize) -> &str {
    let line = &file[file[..at].rfind('\n').map_or(0, |end| end + 1)..];
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

/// Puts code together, with line breaks only between statements.
struct Writer<'a> {
    indentation: &'a str,
    text: String,
    /// How many brackets are open.
    depth: usize,
    /// What stands at the beginning of a line, until it is known whether the line has anything else.
    line_break: Option<String>,
    /// Blanks within brackets, until it is known what follows.
    is_space_due: bool,
}

impl<'a> Writer<'a> {
    fn new(indentation: &'a str) -> Self {
        Self {
            indentation,
            text: String::new(),
            depth: 0,
            line_break: None,
            is_space_due: false,
        }
    }

    fn verbatim(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        self.before_text(text.chars().next().unwrap_or(' '));
        self.text.push_str(text);
    }

    /// Writes what is due before a character.
    fn before_text(&mut self, next: char) {
        if let Some(indentation) = self.line_break.take() {
            let kept = self.text.trim_end().len();
            self.text.truncate(kept);
            if !self.text.is_empty() {
                self.text.push('\n');
                self.text.push_str(
                    indentation
                        .strip_prefix(self.indentation)
                        .unwrap_or(&indentation),
                );
            }
        }
        if self.is_space_due {
            self.is_space_due = false;
            if ")]}".contains(next) {
                // The comma of the only element makes a tuple.
                let is_tuple = self.text.ends_with(',') && self.is_only_comma();
                let kept = self.text.trim_end_matches([' ', ',']).len();
                self.text.truncate(kept);
                if is_tuple {
                    self.text.push(',');
                }
            } else if !self.text.ends_with([' ', '(', '[', '{']) {
                self.text.push(' ');
            }
        }
    }

    /// Whether the last comma is the only one since its bracket was opened.
    fn is_only_comma(&self) -> bool {
        let mut depth = 0;
        for c in self.text.chars().rev().skip(1) {
            match c {
                ')' | ']' | '}' => depth += 1,
                '(' | '[' | '{' if depth == 0 => return c == '(',
                '(' | '[' | '{' => depth -= 1,
                ',' if depth == 0 => return false,
                _ => {}
            }
        }
        false
    }

    fn code(&mut self, code: &str) {
        let mut chars = code.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '\\' if matches!(chars.peek(), Some('\n' | '\r')) => {
                    while chars.next_if(|c| c.is_whitespace()).is_some() {}
                    self.is_space_due = true;
                }
                '\r' => {}
                '\n' if self.depth > 0 => {
                    while chars.next_if(|c| c.is_whitespace()).is_some() {}
                    self.is_space_due = true;
                }
                '\n' => {
                    let mut indentation = String::new();
                    while let Some(blank) = chars.next_if(|c| matches!(c, ' ' | '\t')) {
                        indentation.push(blank);
                    }
                    self.line_break = Some(indentation);
                }
                ' ' | '\t' if self.depth > 0 && self.is_space_due => {}
                ' ' | '\t' if self.line_break.is_some() => {}
                _ => {
                    self.before_text(c);
                    match c {
                        '(' | '[' | '{' => self.depth += 1,
                        ')' | ']' | '}' => self.depth = self.depth.saturating_sub(1),
                        _ => {}
                    }
                    self.text.push(c);
                }
            }
        }
    }

    fn finish(mut self) -> String {
        let kept = self.text.trim_end().len();
        self.text.truncate(kept);
        self.text
    }
}
