//! What a learner has written, looked at before anything is made of it.

use crate::answer::fold;
use crate::curriculum::document::Question;

/// How many bytes an answer may have.
pub const LONGEST_ANSWER: usize = 20 * 1024;

/// An answer that can be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub(super) text: String,
    /// Without the question, if it was copied along.
    pub(super) own: String,
}

/// Why something is no answer. It is told and not recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is nothing in it.
    #[error("the answer is empty")]
    Empty,
    /// It is longer than anybody would write.
    #[error("the answer has more than {LONGEST_ANSWER} bytes")]
    TooLong,
    /// It is no text.
    #[error("the answer is no text")]
    Binary,
    /// It repeats the question.
    #[error("the answer is the question again")]
    Question,
}

impl Answer {
    /// Looks at what somebody has written.
    ///
    /// # Errors
    ///
    /// Why it is no answer.
    pub fn read(bytes: &[u8], question: &Question) -> Result<Self, Refused> {
        if bytes.len() > LONGEST_ANSWER {
            return Err(Refused::TooLong);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| Refused::Binary)?;
        let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
        let text = text.trim();
        if text
            .chars()
            .any(|char| char.is_control() && !matches!(char, '\n' | '\t' | '\r'))
        {
            return Err(Refused::Binary);
        }
        let folded = fold(text);
        if !folded.contains(char::is_alphanumeric) {
            return Err(Refused::Empty);
        }
        let own = without(&folded, &fold(question.question.as_str()));
        if !own.contains(char::is_alphanumeric) || is_excerpt(&folded, question) {
            return Err(Refused::Question);
        }
        Ok(Self {
            text: text.to_owned(),
            own,
        })
    }

    /// What the learner has written.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// A folded text without another one, in whatever case both are.
fn without(text: &str, part: &str) -> String {
    let (lower, part) = (text.to_lowercase(), part.to_lowercase());
    // A few letters change their length with their case; there the text is left as it is.
    if part.is_empty() || lower.len() != text.len() {
        return text.to_owned();
    }
    let mut own = String::new();
    let mut end = 0;
    for (start, part) in lower.match_indices(&part) {
        let Some(between) = text.get(end..start) else {
            return text.to_owned();
        };
        own.push_str(between);
        end = start + part.len();
    }
    own.push_str(text.get(end..).unwrap_or_default());
    own.trim().to_owned()
}

/// Whether an answer is a longer piece of the question and nothing else. Single words of it can be an answer.
fn is_excerpt(folded: &str, question: &Question) -> bool {
    const LONG: usize = 6;
    let question = fold(question.question.as_str()).to_lowercase();
    folded.split(' ').count() >= LONG && question.contains(&folded.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::tests::question;

    fn refused(bytes: &[u8]) -> Refused {
        Answer::read(bytes, &question()).unwrap_err()
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for nothing in [&b""[..], b" \n\t", b"...", b"\xef\xbb\xbf", b"?!"] {
            assert_eq!(refused(nothing), Refused::Empty);
        }
        let bytes = LONGEST_ANSWER + 1;
        assert_eq!(refused(&vec![b'a'; bytes]), Refused::TooLong);
        for binary in [&b"a\0b"[..], b"\xff\xfe", b"\x7fELF", b"a\x1b[2Jb"] {
            assert_eq!(refused(binary), Refused::Binary);
        }
    }

    #[test]
    fn question_is_no_answer_to_itself() {
        assert_eq!(
            refused(b"why is THE\nmaximum subtracted?"),
            Refused::Question
        );
        let twice = b"Why is the maximum subtracted? Why is the maximum subtracted?!";
        assert_eq!(refused(twice), Refused::Question);
        let mut long = question();
        let text = "What happens to the overflow when the maximum is subtracted in the exponent?";
        long.question = text.try_into().unwrap();
        let part = b"the overflow when the maximum is subtracted";
        assert_eq!(Answer::read(part, &long), Err(Refused::Question));
        assert!(Answer::read(b"the overflow", &long).is_ok());
        // Words of the question are not the learner's.
        let quoted = format!("{text} Nothing.");
        let answer = Answer::read(quoted.as_bytes(), &long).unwrap();
        assert_eq!(
            (answer.own.as_str(), answer.text()),
            ("Nothing.", quoted.as_str())
        );
    }

    #[test]
    fn letters_that_change_their_length_do_no_harm() {
        assert_eq!(without("İ why?", "why?"), "İ why?");
        assert_eq!(without("ẞ Why? ß", "why?"), "ẞ Why? ß");
        assert_eq!(without("ÄWHY?ä", "why?"), "Ää");
    }
}
