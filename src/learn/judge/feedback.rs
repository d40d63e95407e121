//! Whether what a language model would tell a learner may be told: short, harmless on a terminal, and not the answer.

use crate::curriculum::document::Question;

/// How many characters are shown.
const LONGEST: usize = 600;

/// So many words in a row are no accident.
const RUN: usize = 6;

/// Returns feedback that may be shown; `None` for what is empty, acts on a terminal, or gives the answer away.
///
/// What the question says, or the learner, may be repeated.
pub(super) fn checked(feedback: &str, question: &Question, answer: &str) -> Option<String> {
    let lines = feedback.trim().replace("\r\n", "\n");
    let is_harmless = crate::diagnostic::escape::text(&lines) == lines;
    let is_short = lines.chars().count() <= LONGEST;
    if lines.is_empty() || !is_harmless || !is_short {
        return None;
    }
    let said = words(&lines);
    let known = [words(question.question.as_str()), words(answer)];
    let secret = std::iter::once(&question.model_answer).chain(&question.accept);
    let is_leak = secret
        .map(|text| words(text.as_str()))
        .any(|secret| shares_a_run(&said, &secret, &known));
    (!is_leak).then_some(lines)
}

/// Whether a text repeats another one for some words that are not known anyway.
fn shares_a_run(said: &[String], secret: &[String], known: &[Vec<String>]) -> bool {
    let length = RUN.min(secret.len());
    if length == 0 {
        return false;
    }
    let holds = |text: &[String], run: &[String]| text.windows(length).any(|it| it == run);
    secret
        .windows(length)
        .any(|run| holds(said, run) && !known.iter().any(|known| holds(known, run)))
}

/// The words of a text, in lower case and without what stands between them.
fn words(text: &str) -> Vec<String> {
    text.split(|char: char| !char.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::question;
    use super::*;

    fn check(feedback: &str) -> Option<String> {
        let mut question = question();
        let model = "The common factor cancels in the fraction, and exp can't overflow after it.";
        question.model_answer = model.try_into().unwrap();
        question.accept = vec!["It drops out.".try_into().unwrap()];
        checked(
            feedback,
            &question,
            "I think the common factor cancels in the fraction.",
        )
    }

    #[test]
    fn question_back_is_shown() {
        let feedback = " What becomes of the factor?\nAnd of exp? ";
        assert_eq!(check(feedback).as_deref(), Some(feedback.trim()));
    }

    #[test]
    fn model_answer_is_not_given_away() {
        for leak in [
            "Say: EXP can\u{2019}t *overflow* after it.",
            "The fraction\nand exp can't overflow, right?",
            "Well, it drops out.",
        ] {
            assert_eq!(check(leak), None, "{leak}");
        }
    }

    #[test]
    fn what_the_learner_said_may_be_repeated() {
        let quote = "You say that the common factor cancels in the fraction. Why?";
        assert!(check(quote).is_some());
        assert!(check("Why is the maximum subtracted?").is_some());
    }

    #[test]
    fn what_acts_on_a_terminal_is_not_shown() {
        for odd in [
            "",
            " \n",
            "\x1b[31mred",
            "a\u{202e}b",
            "a\rb",
            &"a ".repeat(400),
        ] {
            assert_eq!(check(odd), None, "{odd:?}");
        }
    }
}
