//! What all parts of the page share: names to link to, long texts cut, shares of a time.

use std::time::Duration;

use serde::Serialize;

use crate::plural::count;
use crate::source::content::Content;
use crate::source::part;
use crate::template::escaped;
use crate::verify::verdict::VerdictSeverity;

/// Lines and bytes of one text of output.
const SHOWN_LINES: usize = 200;
const SHOWN_BYTES: usize = 16 * 1024;

/// Lines up to which a text is not folded.
const UNFOLDED_LINES: usize = 16;

/// Bytes of a text in a sentence, and of a name.
const SENTENCE_BYTES: usize = 2000;
const NAME_BYTES: usize = 200;

/// A text that a program printed, or that a framework says.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Output<'a> {
    /// What it is about.
    title: String,
    /// The part that is shown.
    text: &'a str,
    /// How much there is, and how much of it is not shown.
    size: String,
    is_open: bool,
}

impl<'a> Output<'a> {
    /// Returns a text, of which the beginning counts most.
    pub(super) fn new(title: &str, text: &'a str, is_first: bool) -> Self {
        Self::part(title, text, is_first, false)
    }

    /// Returns what was printed, of which the end counts most.
    pub(super) fn printed(title: &str, text: &'a str, is_first: bool) -> Self {
        Self::part(title, text, is_first, true)
    }

    fn part(title: &str, text: &'a str, is_first: bool, is_end: bool) -> Self {
        let text = text.trim_end();
        let lines = text.lines().count();
        let shown = if is_end { tail(text) } else { head(text) };
        let shown_lines = shown.lines().count();
        let mut size = count(lines, "line");
        if shown.len() < text.len() {
            let place = if is_end { "last" } else { "first" };
            size = match shown_lines {
                n if n < lines => format!("{size}, the {place} {n} are shown"),
                _ => format!("{size}, a part is shown"),
            };
        }
        Self {
            title: name(title),
            text: shown,
            size,
            is_open: is_first && shown_lines <= UNFOLDED_LINES,
        }
    }
}

fn head(text: &str) -> &str {
    let lines = text.match_indices('\n').nth(SHOWN_LINES - 1);
    let text = lines.map_or(text, |(at, _)| &text[..at]);
    part::head(text, SHOWN_BYTES)
}

fn tail(text: &str) -> &str {
    let lines = text.rmatch_indices('\n').nth(SHOWN_LINES - 1);
    let text = lines.map_or(text, |(at, _)| &text[at + 1..]);
    part::tail(text, SHOWN_BYTES)
}

/// A name of a case, a module, a test, a file: cut where none is so long.
pub(super) fn name(text: &str) -> String {
    cut(text, NAME_BYTES)
}

/// The markup of a name: a line may break in it where a word ends.
pub(super) fn name_html(text: &str) -> String {
    let name = escaped(&name(text));
    name.replace('/', "/<wbr>").replace('_', "_<wbr>")
}

/// The markup of a text in a sentence, cut where nobody reads on: what stands in ticks is code.
pub(super) fn sentence_html(text: &str) -> String {
    let text = escaped(&cut(text, SENTENCE_BYTES));
    let parts: Vec<_> = text.split('`').collect();
    if parts.len() % 2 == 0 || text.contains("``") {
        return text;
    }
    let parts = parts.iter().enumerate();
    parts
        .map(|(place, part)| match place % 2 {
            0 => (*part).to_owned(),
            _ => format!("<code>{part}</code>"),
        })
        .collect()
}

fn cut(text: &str, most: usize) -> String {
    let shown = part::head(text, most);
    let sign = if shown.len() < text.len() { "…" } else { "" };
    format!("{shown}{sign}")
}

/// The anchor of something: the same in every report that has it. What is no name that an address may hold
/// becomes a digest.
pub(super) fn anchor(kind: &str, name: &str) -> String {
    let is_plain = |char: char| char.is_ascii_alphanumeric() || "/_-.@".contains(char);
    if name.chars().all(is_plain) && name.len() <= 200 {
        format!("{kind}-{name}")
    } else {
        format!("{kind}-{}", digest(name))
    }
}

/// A short digest of a text.
pub(super) fn digest(text: &str) -> String {
    let content = Content::from(text.as_bytes().to_vec());
    let bytes = &content.digest()[..8];
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// How much of a time another is, in percent; at least 1, so that there is something to see.
pub(super) fn share(part: Duration, whole: Duration) -> u32 {
    let (part, whole) = (part.as_millis(), whole.as_millis().max(1));
    let share = (part * 100 / whole).clamp(1, 100);
    u32::try_from(share).unwrap_or(100)
}

/// The class, the sign and the word of a severity.
pub(super) const fn state(severity: VerdictSeverity) -> (&'static str, &'static str) {
    match severity {
        VerdictSeverity::Ok => ("ok", "✓"),
        VerdictSeverity::Warning => ("warning", "!"),
        VerdictSeverity::Error => ("error", "✗"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_where_they_say_least() {
        let lines: String = (1..=300).map(|line| format!("line {line}\n")).collect();
        let output = Output::new("test", &lines, true);
        assert!(output.text.ends_with("\nline 200"));
        assert_eq!(output.size, "300 lines, the first 200 are shown");
        assert!(!output.is_open);
        let output = Output::printed("output", &lines, true);
        assert!(output.text.starts_with("line 101\n") && output.text.ends_with("line 300"));
        let wide = "ä".repeat(20_000);
        assert_eq!(
            Output::new("test", &wide, true).size,
            "1 line, a part is shown"
        );
        assert!(Output::printed("test", &wide, true).text.len() <= SHOWN_BYTES);
        assert_eq!(Output::new("test", "a\nb\n", true).size, "2 lines");
    }

    #[test]
    fn code_in_sentences_is_marked_and_markup_is_none() {
        let html = sentence_html("unknown `<b>` in `a_b`");
        assert_eq!(html, "unknown <code>&lt;b&gt;</code> in <code>a_b</code>");
        assert_eq!(sentence_html("one ` alone"), "one ` alone");
        assert_eq!(name_html("a_b/<c>"), "a_<wbr>b/<wbr>&lt;c&gt;");
    }

    #[test]
    fn anchors_are_names_or_digests() {
        assert_eq!(
            anchor("case", "c/m/bug/x/rewrite@v"),
            "case-c/m/bug/x/rewrite@v"
        );
        let odd = anchor("case", "a b\"");
        assert_eq!(odd.len(), "case-".len() + 16);
        assert_eq!(odd, anchor("case", "a b\""));
    }
}
