//! The file of a bug that was recorded, as its author finds it.

use std::fmt::Write as _;

use super::expectation::Expectation;
use crate::curriculum::document::ExpectedOutcome;
use crate::diagnostic::escape;
use crate::source::yaml_text::{is_printable, scalar};

/// What stands where only the author knows what to write; lint reports each.
const SYMPTOM: &str = "TODO: what a user of this code sees, with numbers: what they called, what came back, what should have. No cause and no line.";
const HINT: &str = "TODO: a first hint, as vague as can be.";
const LESSON: &str = "TODO: what the learner takes away from it.";

/// Characters of a line of what was seen.
const SEEN_WIDTH: usize = 110;

/// Lines of what was seen.
const SEEN_LINES: usize = 4;

/// What is known of a bug when its file is written.
#[derive(Clone, Debug)]
pub struct Draft<'a> {
    /// The comment that says the schema, where the module's own file has one.
    pub schema_line: Option<String>,
    /// The bug's id.
    pub id: &'a str,
    /// The bug's title.
    pub title: &'a str,
    /// Lines behind the patch, with an indentation of two: a rewrite, or a comment about one.
    pub rewrite: Option<&'a str>,
    /// What learners are told, if that is known already.
    pub symptom: Option<&'a str>,
    /// How the validator fails.
    pub expect: &'a Expectation,
    /// What failing tests said: their names and the first lines.
    pub seen: &'a [(String, String)],
}

impl Draft<'_> {
    /// The text of the file.
    pub fn text(&self) -> String {
        let mut text = String::new();
        if let Some(line) = &self.schema_line {
            push(&mut text, format_args!("{line}\n"));
        }
        push(
            &mut text,
            format_args!(
                "id: {}\ntitle: {}\ninject:\n  patch: {}.patch\n",
                self.id,
                scalar(self.title),
                self.id
            ),
        );
        if let Some(rewrite) = self.rewrite {
            text.push_str(rewrite);
        }
        self.push_symptom(&mut text);
        push(
            &mut text,
            format_args!("hints:\n  - {}\nlesson: |\n  {LESSON}\n", scalar(HINT)),
        );
        self.push_expect(&mut text);
        text
    }

    fn push_symptom(&self, text: &mut String) {
        if let Some(symptom) = self.symptom {
            let lines = symptom.trim().lines().map(str::trim_end);
            let symptom = lines.collect::<Vec<_>>().join("\n") + "\n";
            if !symptom.chars().all(|it| it == '\n' || is_printable(it)) {
                push(text, format_args!("symptom: {}\n", scalar(&symptom)));
                return;
            }
            push(text, format_args!("symptom: |\n"));
            for line in symptom.lines() {
                push(text, format_args!("{}\n", format!("  {line}").trim_end()));
            }
            return;
        }
        if !self.seen.is_empty() {
            push(
                text,
                format_args!("# What the tests said, as a help with the report:\n"),
            );
        }
        for (test, line) in self.seen.iter().take(SEEN_LINES) {
            let line = escape::text(&format!("{test}: {line}")).replace(['\n', '\t'], " ");
            let line: String = line.chars().take(SEEN_WIDTH).collect();
            push(text, format_args!("#   {}\n", line.trim_end()));
        }
        push(text, format_args!("symptom: |\n  {SYMPTOM}\n"));
    }

    fn push_expect(&self, text: &mut String) {
        push(text, format_args!("expect:\n"));
        if self.expect.outcome == ExpectedOutcome::TimedOut {
            push(text, format_args!("  outcome: timed_out\n"));
        }
        push(text, format_args!("  fail:\n"));
        for test in &self.expect.fail {
            push(text, format_args!("    - {}\n", scalar(test)));
        }
        if !self.expect.may_fail.is_empty() {
            push(text, format_args!("  may_fail:\n"));
        }
        for test in &self.expect.may_fail {
            push(text, format_args!("    - {}\n", scalar(test)));
        }
        if let Some(message) = &self.expect.message {
            push(text, format_args!("  message: {}\n", scalar(message)));
        }
    }
}

fn push(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments)
        .expect("writing to a string can't fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draft_says_what_is_known_and_marks_what_is_not() {
        let expect = Expectation {
            outcome: ExpectedOutcome::Failed,
            fail: vec!["tests/test_a.py::test_b".to_owned()],
            may_fail: vec!["tests/test_a.py::test_c".to_owned()],
            message: Some("rows are too long".to_owned()),
        };
        let draft = Draft {
            schema_line: Some("# yaml-language-server: $schema=../bug.schema.json".to_owned()),
            id: "long_rows",
            title: "Long rows",
            rewrite: None,
            symptom: None,
            expect: &expect,
            seen: &[(
                "test_b".to_owned(),
                "AssertionError: rows are\u{1b}[31m too long".to_owned(),
            )],
        };
        insta::assert_snapshot!(draft.text());
    }
}
