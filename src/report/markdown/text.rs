//! Texts of strangers in Markdown: all of them stand in code, and nothing in them ends it.
//!
//! In code there are no links, pictures, headings and HTML, and a forge looks there neither for names to notify nor for
//! numbers of issues. What is printed may go through the log of a job as well: a runner's commands are broken.

use crate::diagnostic::escape;
use crate::source::part;

/// Bytes of a text in a line.
const LINE_BYTES: usize = 1200;

/// Bytes of a name: of a case, a file, a test.
const NAME_BYTES: usize = 200;

/// Bytes of one line of a block.
const BLOCK_LINE_BYTES: usize = 400;

/// Returns a text as code in a line.
pub(super) fn code(text: &str) -> String {
    span(&harmless(text, LINE_BYTES))
}

/// Returns a name as code in a line.
pub(super) fn name(text: &str) -> String {
    span(&harmless(text, NAME_BYTES))
}

/// Returns a name as code in the cell of a table, which a bar would end even there.
pub(super) fn cell(text: &str) -> String {
    span(&harmless(text, NAME_BYTES).replace('|', "¦"))
}

fn span(text: &str) -> String {
    let text = text.replace(['\n', '\t'], " ");
    let text = text.trim();
    if text.is_empty() {
        return "`(nothing)`".to_owned();
    }
    let ticks = "`".repeat(longest_run(text) + 1);
    // Spaces that are taken off again keep ticks apart.
    let gap = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{ticks}{gap}{text}{gap}{ticks}")
}

/// Returns lines as a block of code, with a line break at its end.
pub(super) fn block(language: &str, lines: &[impl AsRef<str>]) -> String {
    let lines: Vec<_> = lines
        .iter()
        .map(|line| harmless(line.as_ref(), BLOCK_LINE_BYTES).replace('\n', " "))
        .collect();
    let longest = lines.iter().map(|line| longest_run(line)).max();
    let fence = "`".repeat((longest.unwrap_or(0) + 1).max(3));
    let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
    format!("{fence}{language}\n{lines}{fence}\n")
}

/// Takes out what acts on a terminal or on the runner of a job. Of a long text the beginning is left, with a
/// sign that it is one.
fn harmless(text: &str, most: usize) -> String {
    let beginning = part::head(text, most);
    let shown = escape::text(beginning).replace("##[", "## [");
    let lines: Vec<_> = shown
        .split('\n')
        .map(|line| {
            let indent = line.len() - line.trim_start().len();
            match line[indent..].strip_prefix("::") {
                Some(rest) => format!("{}: :{rest}", &line[..indent]),
                None => line.to_owned(),
            }
        })
        .collect();
    let shown = lines.join("\n");
    let sign = if shown.len() > most || beginning.len() < text.len() {
        "…"
    } else {
        ""
    };
    format!("{}{sign}", part::head(&shown, most))
}

/// The length of the longest run of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|char| char != '`')
        .map(str::len)
        .max()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_in_a_text_do_not_end_its_code() {
        assert_eq!(code("unknown key `a`"), "`` unknown key `a` ``");
        assert_eq!(code("a `` b"), "```a `` b```");
        assert_eq!(code(" \n "), "`(nothing)`");
        assert_eq!(cell("a|b"), "`a¦b`");
        assert_eq!(block("text", &["```", "x"]), "````text\n```\nx\n````\n");
    }

    #[test]
    fn runners_see_no_command() {
        let lines = ["::error::x", "  ::warning::y", "a ##[error]z", "a::b"];
        let block = block("text", &lines);
        let expected = "```text\n: :error::x\n  : :warning::y\na ## [error]z\na::b\n```\n";
        assert_eq!(block, expected);
    }

    #[test]
    fn long_texts_are_cut() {
        let text = code(&"ä".repeat(10_000));
        assert!(
            text.len() < LINE_BYTES + 10 && text.ends_with("…`"),
            "{text}"
        );
    }
}
