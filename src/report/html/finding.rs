//! Findings on the page, each with the lines that it is about.

use std::collections::HashMap;

use serde::Serialize;

use super::Problem;
use super::texts::{digest, name, sentence_html};
use crate::diagnostic::{Diagnostic, Location, Severity};
use crate::report::evidence::check_command;
use crate::report::modules::Module;

/// Further places of a finding that are shown.
const SHOWN_PLACES: usize = 10;

/// One finding.
#[derive(Debug, Serialize)]
pub(super) struct FindingView<'a> {
    anchor: String,
    state: &'static str,
    mark: &'static str,
    word: &'static str,
    rule: &'static str,
    /// The module that it is in, as far as its path says so.
    module: String,
    message_html: String,
    place: String,
    excerpt: Vec<Line>,
    help_html: Option<String>,
    related: Vec<RelatedView>,
    command: Option<String>,
    #[serde(skip)]
    path: &'a str,
}

/// A line of source in three parts: what comes before the place that is meant, that place, and what comes behind.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Line {
    number: usize,
    before: String,
    meant: String,
    behind: String,
}

#[derive(Debug, Serialize)]
struct RelatedView {
    place: String,
    message_html: String,
}

impl<'a> FindingView<'a> {
    /// Returns the first findings of a report.
    pub(super) fn all(
        findings: &'a [Diagnostic],
        modules: &[Module<'_>],
        most: usize,
    ) -> Vec<Self> {
        // Of the module `m` of any curriculum: the name that the page's list has for it.
        let names: HashMap<&str, &str> = modules
            .iter()
            .rev()
            .filter_map(|it| Some((it.cases.first()?.module.as_str(), it.name.as_str())))
            .collect();
        let mut seen: HashMap<String, usize> = HashMap::new();
        findings
            .iter()
            .take(most)
            .map(|finding| {
                let path = finding.location.shown_path();
                let of = digest(&format!("{path}\n{}", finding.message));
                let mut anchor = format!("finding-{}-{of}", finding.rule);
                let times = seen.entry(anchor.clone()).or_default();
                *times += 1;
                if *times > 1 {
                    anchor.push_str(&format!("-{times}"));
                }
                let mut parts = path.split('/').skip_while(|it| *it != "modules");
                let module = parts.nth(1).and_then(|it| names.get(it).copied());
                Self::of(finding, anchor, module.unwrap_or_default())
            })
            .collect()
    }

    fn of(finding: &'a Diagnostic, anchor: String, module: &str) -> Self {
        let (state, mark) = match finding.severity {
            Severity::Error => ("error", "✗"),
            Severity::Warning => ("warning", "!"),
        };
        let related = finding.related.iter().take(SHOWN_PLACES);
        Self {
            anchor,
            state,
            mark,
            word: finding.severity.word(),
            rule: finding.rule,
            module: name(module),
            message_html: sentence_html(&finding.message),
            place: place(&finding.location),
            excerpt: excerpt(&finding.location).unwrap_or_default(),
            help_html: finding.help.as_deref().map(sentence_html),
            related: related
                .map(|it| RelatedView {
                    place: place(&it.location),
                    message_html: sentence_html(&it.message),
                })
                .collect(),
            command: check_command(finding.location.shown_path()),
            path: finding.location.shown_path(),
        }
    }

    /// What the list on top says of it.
    pub(super) fn problem(&self) -> Problem {
        Problem {
            anchor: self.anchor.clone(),
            state: self.state,
            mark: self.mark,
            word: self.rule,
            about: name(self.path),
        }
    }
}

/// A file, and where it is known the line and column in it.
pub(super) fn place(location: &Location) -> String {
    let position = location
        .position()
        .map_or_else(String::new, |it| format!(":{}:{}", it.line, it.column));
    format!("{}{position}", name(location.shown_path()))
}

fn excerpt(location: &Location) -> Option<Vec<Line>> {
    let (region, file) = (location.to_region()?, location.excerpt()?);
    let lines = (file.first_line()..=file.last_line()).map(|number| {
        let span = file.line_span(number);
        let text = &file.text()[span.start..span.end];
        let column = |column: usize| {
            let place = text.char_indices().nth(column.saturating_sub(1));
            place.map_or(text.len(), |(at, _)| at)
        };
        let start = match number.cmp(&region.start.line) {
            std::cmp::Ordering::Less => text.len(),
            std::cmp::Ordering::Equal => column(region.start.column),
            std::cmp::Ordering::Greater => 0,
        };
        let end = match number.cmp(&region.end.line) {
            std::cmp::Ordering::Less => text.len(),
            std::cmp::Ordering::Equal => column(region.end.column).max(start),
            std::cmp::Ordering::Greater => start,
        };
        let (start, end) = if number > region.end.line {
            (text.len(), text.len())
        } else {
            (start, end)
        };
        Line {
            number,
            before: text[..start].to_owned(),
            meant: text[start..end].to_owned(),
            behind: text[end..].to_owned(),
        }
    });
    Some(lines.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn excerpt_marks_the_place() {
        let lines = excerpt(&sample::finding().location).unwrap();
        assert_eq!(lines.len(), 5);
        assert_eq!(
            (lines[1].before.as_str(), lines[1].meant.as_str()),
            ("id: m", "")
        );
        assert_eq!(
            (lines[2].number, lines[2].meant.as_str()),
            (3, "tittle: A module")
        );
        assert_eq!(
            (lines[3].before.as_str(), lines[3].meant.as_str()),
            ("build:", "")
        );
    }

    #[test]
    fn anchors_do_not_depend_on_lines_and_are_told_apart() {
        let mut moved = sample::finding();
        moved.location = Location::path(moved.location.shown_path());
        let findings = [sample::finding(), moved, sample::finding()];
        let views = FindingView::all(&findings, &[], 9);
        assert!(views[0].anchor.starts_with("finding-schema-violation-"));
        assert_eq!(views[1].anchor, format!("{}-2", views[0].anchor));
        assert_eq!(views[2].anchor, format!("{}-3", views[0].anchor));
    }
}
