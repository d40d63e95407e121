//! Comments that accept findings: `mastery: allow RULE reason="…" until=YYYY-MM-DD`.
//!
//! Behind something, the comment is about its line; on a line of its own, about the next line that
//! holds something; at the head of the file, about all of it. What it does is left to `policy`.

use std::sync::Arc;

use crate::curriculum::Curriculum;
use crate::curriculum::id::{Date, RuleId};
use crate::source::{SourceFile, Span};

/// What a suppression begins with, behind the comment sign.
const SIGN: &str = "mastery: allow";

/// A comment that accepts findings.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Suppression {
    /// The rule, known or not.
    pub(super) rule: String,
    pub(super) rule_span: Span,
    /// The last day on which it counts, and where that stands.
    pub(super) until: Option<(String, Span)>,
    /// The line that it is about; `None` for the whole file.
    pub(super) line: Option<usize>,
    /// The comment from its sign on.
    pub(super) span: Span,
    /// What has to go to take it out: the comment, and the line where it has one of its own.
    pub(super) removal: Span,
}

/// Why a comment that is meant as a suppression is none.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) message: String,
    pub(super) span: Span,
}

/// The files of a curriculum that hold suppressions.
pub(super) fn files(curriculum: &Curriculum) -> Vec<Arc<SourceFile>> {
    let documents = curriculum
        .yaml_files()
        .map(|(_, document)| &document.file)
        .filter(|file| file.text().contains(SIGN))
        .map(Arc::clone);
    let project = curriculum.project.iter().filter_map(|(path, entry)| {
        let text = entry.text().filter(|text| text.contains(SIGN))?;
        let shown = curriculum.shown_path(&format!("project/{path}"));
        Some(Arc::new(SourceFile::new(shown, text)))
    });
    documents.chain(project).collect()
}

/// Finds the suppressions of a file, and what looks like one and is none.
pub(super) fn find(file: &SourceFile) -> (Vec<Suppression>, Vec<Problem>) {
    let (mut suppressions, mut problems) = (Vec::new(), Vec::new());
    let lines: Vec<Span> = (1..=file.position(file.text().len()).line)
        .map(|line| file.line_span(line))
        .collect();
    let text_of = |span: Span| &file.text()[span.start..span.end];
    let holds_something = |span: &Span| {
        let text = text_of(*span).trim_start();
        !text.is_empty() && !text.starts_with('#') && !text.starts_with("//")
    };
    let first = lines.iter().position(holds_something);
    for (index, &line) in lines.iter().enumerate() {
        let Some((start, is_alone)) = comment(text_of(line)) else {
            continue;
        };
        let span = Span::new(
            line.start + start,
            line.start + text_of(line).trim_end().len(),
        );
        let about = match (is_alone, first) {
            (false, _) => Some(index),
            (true, Some(first)) if index > first => lines[index..]
                .iter()
                .position(holds_something)
                .map(|ahead| index + ahead),
            _ => None,
        };
        let line = about.map(|index| index + 1);
        match parse(file.text(), span) {
            Ok((rule_span, until)) => suppressions.push(Suppression {
                rule: text_of(rule_span).to_owned(),
                rule_span,
                until: until.map(|span| (text_of(span).to_owned(), span)),
                line,
                span,
                removal: removal(file.text(), span, is_alone),
            }),
            Err(problem) => problems.push(problem),
        }
    }
    (suppressions, problems)
}

/// Where in a line a suppression's comment sign is, and whether nothing stands before it.
fn comment(line: &str) -> Option<(usize, bool)> {
    let before = line[..line.find(SIGN)?].trim_end();
    let sign = ["#", "//"]
        .into_iter()
        .find(|sign| before.ends_with(sign))?;
    let start = before.len() - sign.len();
    let is_alone = line[..start].trim().is_empty();
    (is_alone || line[..start].ends_with([' ', '\t'])).then_some((start, is_alone))
}

fn removal(text: &str, comment: Span, is_alone: bool) -> Span {
    let before = &text[..comment.start];
    let kept = before.trim_end_matches([' ', '\t']).len();
    if !is_alone {
        return Span::new(kept, comment.end);
    }
    let rest = &text[comment.end..];
    let line_break = rest.find('\n').map_or(rest.len(), |at| at + 1);
    Span::new(kept, comment.end + line_break)
}

/// Reads what stands behind the sign: the places of the rule and of the last day.
fn parse(text: &str, comment: Span) -> Result<(Span, Option<Span>), Problem> {
    let problem = |span: Span, message: &str| Problem {
        message: message.to_owned(),
        span,
    };
    let sign = text[comment.start..comment.end]
        .find(SIGN)
        .map_or(comment.end, |at| comment.start + at + SIGN.len());
    let mut words = Words {
        text,
        at: sign,
        end: comment.end,
    };
    let rule = words
        .next()
        .filter(|span| !text[span.start..span.end].contains('='))
        .ok_or_else(|| problem(comment, "the suppression names no rule"))?;
    if RuleId::try_from(&text[rule.start..rule.end]).is_err() {
        return Err(problem(rule, "this is no name of a rule"));
    }
    let (mut reason, mut until) = (false, None);
    for word in words {
        match text[word.start..word.end].split_once('=') {
            Some(("reason", value)) => {
                reason = value.len() > 2 && value.starts_with('"') && value.ends_with('"');
                if !reason {
                    return Err(problem(word, "the reason must stand in quotation marks"));
                }
            }
            Some(("until", value)) if Date::try_from(value).is_ok() => {
                until = Some(Span::new(word.start + "until=".len(), word.end));
            }
            Some(("until", _)) => return Err(problem(word, "this is no day such as 2027-03-31")),
            _ => {
                return Err(problem(
                    word,
                    "a suppression knows `reason` and `until` only",
                ));
            }
        }
    }
    if reason {
        Ok((rule, until))
    } else {
        Err(problem(comment, "the suppression gives no reason"))
    }
}

/// Words of a text, apart by blanks that are in no quotation marks.
struct Words<'a> {
    text: &'a str,
    at: usize,
    end: usize,
}

impl Iterator for Words<'_> {
    type Item = Span;

    fn next(&mut self) -> Option<Span> {
        let rest = &self.text[self.at..self.end];
        let start = self.at + rest.find(|c: char| !c.is_whitespace())?;
        let mut is_quoted = false;
        let length = self.text[start..self.end].find(|c: char| {
            is_quoted ^= c == '"';
            c.is_whitespace() && !is_quoted
        });
        self.at = length.map_or(self.end, |length| start + length);
        Some(Span::new(start, self.at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(text: &str) -> Vec<String> {
        let file = SourceFile::new("a.yaml", text);
        let (suppressions, problems) = find(&file);
        let of = |span: Span| &text[span.start..span.end];
        suppressions
            .iter()
            .map(|it| {
                let until = it.until.as_ref().map_or("", |(day, _)| day);
                format!("{:?} {} {until}", it.line, it.rule)
                    .trim()
                    .to_owned()
            })
            .chain(
                problems
                    .iter()
                    .map(|it| format!("{}: {}", it.message, of(it.span))),
            )
            .collect()
    }

    #[test]
    fn scope_is_told_by_where_the_comment_stands() {
        let text = "\
# yaml-language-server: x
# mastery: allow head-rule reason=\"all of it\"

id: a # mastery: allow same-line reason=\"here\" until=2030-01-31
# mastery: allow next-line reason=\"below\"

# another comment
title: b
";
        assert_eq!(
            found(text),
            [
                "None head-rule",
                "Some(4) same-line 2030-01-31",
                "Some(8) next-line"
            ]
        );
        assert_eq!(
            found("x = 1  // mastery: allow a-rule reason=\"c d\"\n"),
            ["Some(1) a-rule"]
        );
    }

    #[test]
    fn what_is_no_suppression_is_told() {
        for (comment, problem) in [
            ("", "the suppression names no rule: # mastery: allow"),
            (
                " reason=\"x\"",
                "the suppression names no rule: # mastery: allow reason=\"x\"",
            ),
            (" Rule reason=\"x\"", "this is no name of a rule: Rule"),
            (
                " a-rule",
                "the suppression gives no reason: # mastery: allow a-rule",
            ),
            (
                " a-rule reason=x",
                "the reason must stand in quotation marks: reason=x",
            ),
            (
                " a-rule reason=\"\"",
                "the reason must stand in quotation marks: reason=\"\"",
            ),
            (
                " a-rule reason=\"x\" until=soon",
                "this is no day such as 2027-03-31: until=soon",
            ),
            (
                " a-rule reason=\"x\" b",
                "a suppression knows `reason` and `until` only: b",
            ),
        ] {
            let text = format!("a: 1 # mastery: allow{comment}\n");
            assert_eq!(found(&text), [problem], "{comment}");
        }
    }

    #[test]
    fn prose_is_no_suppression() {
        assert_eq!(found("text: see mastery: allow\n"), Vec::<String>::new());
        assert_eq!(found("text: C# mastery: allow a\n"), Vec::<String>::new());
    }

    #[test]
    fn removal_takes_the_comment_and_its_own_line() {
        let removed = |text: &str| {
            let (suppressions, _) = find(&SourceFile::new("a.yaml", text));
            let span = suppressions[0].removal;
            format!("{}{}", &text[..span.start], &text[span.end..])
        };
        let comment = "# mastery: allow a-rule reason=\"x\"";
        assert_eq!(removed(&format!("a: 1  {comment}\nb: 2\n")), "a: 1\nb: 2\n");
        assert_eq!(
            removed(&format!("a: 1\n  {comment}\r\nb: 2\n")),
            "a: 1\nb: 2\n"
        );
        assert_eq!(removed(&format!("a: 1\n{comment}")), "a: 1\n");
    }

    proptest! {
        #[test]
        fn any_text_is_searched_without_panic(text in "(# ?mastery: allow|[a-z=\" #ö]|until=2030-01-01|\r?\n){0,30}") {
            let file = SourceFile::new("a.yaml", text.clone());
            for suppression in find(&file).0 {
                prop_assert!(text.is_char_boundary(suppression.removal.start));
                prop_assert!(text.is_char_boundary(suppression.removal.end));
            }
        }
    }
}
