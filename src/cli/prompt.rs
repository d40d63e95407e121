//! Asking for values on a terminal: one plain line each.

use std::io::{self, BufRead, IsTerminal as _, Write};

use crate::diagnostic::escape;
use crate::scaffold::values::{Ask, NoAnswer, Nobody, Question};

/// Who is asked: somebody at the terminal, where there is one and they want to be asked.
pub(super) fn asker(wants_defaults: bool) -> Box<dyn Ask> {
    let is_terminal = io::stdin().is_terminal() && io::stderr().is_terminal();
    if is_terminal && !wants_defaults {
        Box::new(Prompt {
            input: io::stdin().lock(),
            output: io::stderr(),
        })
    } else {
        Box::new(Nobody)
    }
}

/// Questions on lines of their own, each with its default in brackets.
struct Prompt<R, W> {
    input: R,
    output: W,
}

impl<R: BufRead, W: Write> Ask for Prompt<R, W> {
    fn ask(&mut self, question: &Question<'_>) -> Result<Option<String>, NoAnswer> {
        let complaint = question.complaint.map(|it| format!("{it}\n"));
        let default = question.default.map(|it| format!(" [{it}]"));
        let text = format!(
            "{}{}{}: ",
            complaint.unwrap_or_default(),
            question.description,
            default.unwrap_or_default()
        );
        let shown = write!(self.output, "{}", escape::text(&text));
        shown
            .and_then(|()| self.output.flush())
            .map_err(|_| NoAnswer)?;
        let mut line = String::new();
        match self.input.read_line(&mut line) {
            Ok(length) if length > 0 => Ok(Some(line)),
            _ => Err(NoAnswer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn question_is_a_line_with_its_default() {
        let mut output = Vec::new();
        let mut prompt = Prompt {
            input: &b"RMSNorm\n"[..],
            output: &mut output,
        };
        let mut question = Question {
            description: "Name of the class",
            default: Some("Rmsnorm"),
            complaint: None,
        };
        assert_eq!(prompt.ask(&question), Ok(Some("RMSNorm\n".to_owned())));
        question.complaint = Some("`x`: no");
        assert_eq!(prompt.ask(&question), Err(NoAnswer));
        assert_eq!(
            String::from_utf8(output).unwrap(),
            "Name of the class [Rmsnorm]: `x`: no\nName of the class [Rmsnorm]: "
        );
    }
}
