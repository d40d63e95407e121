//! Adding a question to `questions.yaml`: as text, so that what the author wrote stays as it is.

use crate::curriculum::Loaded;
use crate::curriculum::document::Questions;

/// The key that questions stand under.
const KEY: &str = "questions:";

/// Returns the text of a questions file with a question behind the others. `addition` is a file of its own with that one
/// question.
///
/// `None` when the list is not written as lines that begin with `-`.
pub fn append(questions: &Loaded<Questions>, addition: &str) -> Option<String> {
    let document = &questions.document;
    let text = document.file.text();
    let first = document.span("/questions/0").start;
    let line = document.file.line_span(document.file.position(first).line);
    let before = text.get(line.start..first)?;
    if before.trim() != "-" {
        return None;
    }
    let indent = &before[..before.len() - before.trim_start().len()];
    let line_break = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut result = text.trim_end().to_owned();
    for item in item_lines(addition)? {
        result.push_str(line_break);
        if !item.is_empty() {
            result.push_str(indent);
            result.push_str(item);
        }
    }
    result.push_str(line_break);
    Some(result)
}

/// The lines of the list in a questions file, as far to the left as they go.
fn item_lines(text: &str) -> Option<Vec<&str>> {
    let lines = text.trim_end().lines();
    let lines: Vec<_> = lines.skip_while(|line| *line != KEY).skip(1).collect();
    let first = lines.first()?;
    let indent = first.len() - first.trim_start().len();
    first.trim_start().starts_with("- ").then_some(())?;
    lines
        .into_iter()
        .map(|line| match line.get(indent..) {
            Some(rest) => line[..indent].trim().is_empty().then_some(rest),
            None => line.trim().is_empty().then_some(""),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::curriculum::{read_document, schema};
    use crate::source::SourceFile;

    fn question(id: &str, indent: &str) -> String {
        let lines = [
            format!("- id: {id}"),
            "  question: Why?".to_owned(),
            "  model_answer: |".to_owned(),
            "    Because.".to_owned(),
            String::new(),
            "    So.".to_owned(),
            "  required_concepts: [{id: a, any_of: [because], ask: What?}]".to_owned(),
            "  failure_modes: []".to_owned(),
        ];
        let lines = lines.map(|line| {
            let indent = if line.is_empty() { "" } else { indent };
            format!("{indent}{line}\n")
        });
        lines.concat()
    }

    fn appended(text: &str) -> Option<String> {
        let file = Arc::new(SourceFile::new("questions.yaml", text));
        let (loaded, findings) = read_document::<Questions>(&file, schema::questions());
        assert!(findings.is_empty(), "{findings:?}");
        let addition = format!("# head\nquestions:\n{}", question("b", "  "));
        append(&loaded.unwrap(), &addition)
    }

    #[test]
    fn question_comes_behind_the_others_as_they_are_set_in() {
        for indent in ["", "  ", "    "] {
            let before = format!("# note\nquestions:\n{}", question("a", indent));
            let expected = format!("{before}{}", question("b", indent));
            assert_eq!(appended(&before).unwrap(), expected);
            let crlf = |text: &str| text.replace('\n', "\r\n");
            assert_eq!(appended(&crlf(&before)).unwrap(), crlf(&expected));
        }
    }

    #[test]
    fn list_in_brackets_is_left_alone() {
        let text = "questions: [{id: a, question: Why?, model_answer: because, required_concepts: [{id: a, any_of: [because], ask: What?}], failure_modes: []}]\n";
        assert_eq!(appended(text), None);
    }
}
