//! `misspelt-region-mark`.

use std::sync::Arc;

use rayon::prelude::*;

use crate::diagnostic::{Location, Sink};
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};
use crate::project::language::Language;
use crate::source::{SourceFile, Span};
use crate::suggest;

declare_rule! {
    /// A comment looks like a region mark and is none.
    ///
    /// ## What it does
    /// Reports comments that begin with something like `mastery` and `begin`, `stub` or `end`, and are
    /// not written as a mark.
    ///
    /// ## Why it matters
    /// Nothing is taken out there: the learner gets the solution.
    ///
    /// ## Example
    /// ```python
    /// # mastery: begin softmax
    /// ```
    ///
    /// ## Use instead
    /// ```python
    /// # mastery:begin softmax
    /// ```
    pub(crate) struct MisspeltRegionMark {
        name: "misspelt-region-mark",
        group: Project,
        severity: Error,
        blocks_running: true,
    }
}

impl Rule for MisspeltRegionMark {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        let files: Vec<_> = context.curriculum.project.iter().collect();
        files.par_iter().for_each(|(path, entry)| {
            let Some(text) = entry.text() else { return };
            let Some(language) = Language::of(path, text) else {
                return;
            };
            let mut start = 0;
            for line in text.split_inclusive('\n') {
                if let Some(word) = language.comment(line).and_then(meant) {
                    let shown = context.curriculum.shown_path(&format!("project/{path}"));
                    let file = Arc::new(SourceFile::new(shown, text));
                    let content = line.trim();
                    let at = start + line.find(content).unwrap_or(0);
                    let place = Location::span(&file, Span::new(at, at + content.len()));
                    let finding = self.finding(place, "this is no mark");
                    sink.push(finding.with_help(format!("write `mastery:{word} MODULE`")));
                }
                start += line.len();
            }
        });
    }
}

/// The word of the mark that a comment is meant as, when it is none.
fn meant(comment: &str) -> Option<&'static str> {
    let comment = comment.trim_start();
    if comment.starts_with("mastery:") && !comment.starts_with("mastery: ") {
        return None;
    }
    let is_letter = |c: char| c.is_ascii_alphabetic();
    let name_end = comment.find(|c| !is_letter(c))?;
    let (name, rest) = comment.split_at(name_end);
    let rest = rest.trim_start_matches([':', '-', '_', ' ']);
    let word_end = rest.find(|c| !is_letter(c)).unwrap_or(rest.len());
    let (word, behind) = rest.split_at(word_end);
    let word = ["begin", "stub", "end"]
        .into_iter()
        .find(|known| word.eq_ignore_ascii_case(known))?;
    let is_apart = behind.is_empty() || behind.starts_with(char::is_whitespace);
    // Other words, such as `matrix`, are near to it as well; few begin or end as it does.
    let name = name.to_ascii_lowercase();
    let is_name = (name.starts_with("mast") || name.ends_with("tery"))
        && suggest::closest(&name, ["mastery"].into_iter()).is_some();
    (is_apart && is_name).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_seen_and_marks_and_prose_are_not() {
        for slip in [
            " mastery: begin m",
            " Mastery:begin m",
            " mastery-begin m",
            " mastery :begin m",
            " mastry:begin m",
            " MASTERY:END m",
            " mastery begin",
        ] {
            assert!(meant(slip).is_some(), "{slip}");
        }
        for other in [
            " mastery:begin m",
            " mastery: allow a-rule reason=\"x\"",
            " begin here",
            " the master begins",
            " matrix: end of the row",
            " mastery ends here",
        ] {
            assert_eq!(meant(other), None, "{other}");
        }
    }
}
