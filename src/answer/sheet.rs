//! What an editor shows when an answer is written: the answer above a line, the question below it.
//!
//! The line is what git calls scissors. A sign before each line of the question would not do: answers are Markdown,
//! in which `#` begins a heading.

/// The line below which nothing is read.
const SCISSORS: &str = "------------------------ >8 ------------------------";

/// What stands right below it.
const INSTRUCTION: &str =
    "Write the answer above this line. An empty or unchanged one changes nothing.";

/// A text to be changed in an editor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    draft: String,
    text: String,
}

impl Sheet {
    /// Returns one for a question. `draft` is the answer so far, `remarks` are shown below the question, such as what
    /// was said about an earlier answer.
    pub fn new(question: &str, draft: &str, remarks: &[&str]) -> Self {
        let draft = tidy(draft);
        let mut text = format!("{draft}\n\n{SCISSORS}\n{INSTRUCTION}\n");
        for part in [question].iter().chain(remarks) {
            text.push('\n');
            text.push_str(part.trim_end());
            text.push('\n');
        }
        Self { draft, text }
    }

    /// The text that the editor begins with.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Reads the answer from what the editor has left; `None` when there is none, or the draft alone.
    pub fn read(&self, edited: &str) -> Option<String> {
        let edited = edited.replace("\r\n", "\n");
        let below = &self.text[self.draft.len()..];
        let lines = edited.split_inclusive('\n');
        let has_scissors = lines.clone().any(is_scissors);
        let answer: String = if has_scissors {
            lines.take_while(|line| !is_scissors(line)).collect()
        } else {
            // The line is gone; what stood below it may still be there.
            let question = below
                .split_once(INSTRUCTION)
                .map_or("", |(_, it)| it.trim());
            edited.replace(INSTRUCTION, "").replacen(question, "", 1)
        };
        let answer = tidy(&answer);
        (!answer.is_empty() && answer != self.draft).then_some(answer)
    }
}

fn is_scissors(line: &str) -> bool {
    line.trim() == SCISSORS
}

/// Without the blank lines around it, and with the line breaks of Unix.
fn tidy(answer: &str) -> String {
    answer.replace("\r\n", "\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet() -> Sheet {
        Sheet::new("Why is\nit so?\n", "", &["Said before: which step?"])
    }

    #[test]
    fn answer_stands_above_the_question() {
        let sheet = sheet();
        let instruction = INSTRUCTION;
        let expected = format!(
            "\n\n{SCISSORS}\n{instruction}\n\nWhy is\nit so?\n\nSaid before: which step?\n"
        );
        assert_eq!(sheet.text(), expected);
        let edited = format!("# Because\r\n\r\nof that.\r\n{}", sheet.text());
        assert_eq!(
            sheet.read(&edited).as_deref(),
            Some("# Because\n\nof that.")
        );
    }

    #[test]
    fn what_says_nothing_new_is_no_answer() {
        let sheet = Sheet::new("Why?", "Because.\n", &[]);
        assert_eq!(sheet.read(sheet.text()), None);
        assert_eq!(sheet.read(""), None);
        assert_eq!(sheet.read(SCISSORS), None);
        let edited = sheet.text().replace("Because.", "Because of that.");
        assert_eq!(sheet.read(&edited).as_deref(), Some("Because of that."));
    }

    #[test]
    fn question_is_no_answer_even_without_the_line() {
        let sheet = sheet();
        let edited = sheet.text().replace(SCISSORS, "");
        assert_eq!(sheet.read(&edited), None);
        let edited = format!("Because.{edited}");
        assert_eq!(sheet.read(&edited).as_deref(), Some("Because."));
    }

    #[test]
    fn line_inside_a_sentence_is_part_of_the_answer() {
        let edited = format!("It prints `{SCISSORS}` there.\n{SCISSORS}\nWhy?");
        let answer = sheet().read(&edited).unwrap();
        assert_eq!(answer, format!("It prints `{SCISSORS}` there."));
    }
}
