//! `import-report.md`: what became of everything.

use std::fmt::Write as _;

use super::Counts;
use super::ledger::{ASIDE, Kind, Told};
use crate::diagnostic::escape;
use crate::plural::count;

/// The report's file.
pub(super) const FILE: &str = "import-report.md";

/// Returns the report.
pub(super) fn write(
    title: &str,
    counts: &Counts,
    used: &[(String, Vec<String>)],
    told: &[Told],
) -> String {
    let mut text = format!(
        "# Import of {}\n\nImported: {}, {}, {}.\nWhat was kept aside lies in `{ASIDE}/`, as it was.\n\
         Delete this file and that folder once nothing in them is needed any more.\n",
        inline(title),
        count(counts.modules as u64, "module"),
        count(counts.bugs as u64, "bug"),
        count(counts.questions as u64, "questions file"),
    );
    let sections = [
        (
            Kind::Decide,
            "To decide",
            "Missing or unclear. What stands there now is a stopgap or a guess, and `mastery check` judges it like everything else.",
        ),
        (
            Kind::Changed,
            "Put right",
            "Damaged or called otherwise, with one meaning.",
        ),
        (
            Kind::Aside,
            "Kept aside",
            "There is no place for it, or it can't be understood.",
        ),
        (Kind::Unread, "Not read", "Neither imported nor kept."),
    ];
    for (kind, heading, about) in sections {
        let mut entries = told.iter().filter(|told| told.kind == kind).peekable();
        if entries.peek().is_none() {
            continue;
        }
        write!(text, "\n## {heading}\n\n{about}\n\n").expect("writing to a string can't fail");
        for told in entries {
            let line = told
                .line
                .map_or_else(String::new, |line| format!(":{line}"));
            writeln!(
                text,
                "- `{}{line}`: {}",
                inline(&told.path),
                inline(&told.what)
            )
            .expect("writing to a string can't fail");
        }
    }
    text.push_str("\n## Files\n\n");
    for (path, dests) in used {
        let dests: Vec<_> = dests
            .iter()
            .map(|dest| format!("`{}`", inline(dest)))
            .collect();
        writeln!(text, "- `{}` → {}", inline(path), dests.join(", "))
            .expect("writing to a string can't fail");
    }
    text
}

/// A text on one line in which nothing acts on a terminal.
fn inline(text: &str) -> String {
    escape::text(text)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}
