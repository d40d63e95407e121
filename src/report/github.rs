//! Annotations for GitHub Actions: workflow commands that put findings beside the lines they are about.
//!
//! GitHub shows ten errors, ten warnings and ten notices of a step and hides the others in silence. Therefore
//! findings are drawn together where there are more, and the last annotation says what is left out.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::finding::{self, Finding, cut, line};
use super::{Report, human};
use crate::diagnostic::Severity;
use crate::exit_code::ExitCode;
use crate::plural::count;

/// How many annotations of a kind GitHub shows.
const MOST: usize = 10;

/// Characters of a title: GitHub takes 255 bytes.
const LONGEST_TITLE: usize = 120;

/// Characters of an annotation: GitHub takes 64 KiB.
const LONGEST_TEXT: usize = 8000;

/// Files that are named as places of what is left out.
const NAMED_FILES: usize = 5;

/// Prints the annotations of a report.
///
/// # Errors
///
/// When `out` can't be written.
pub fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let findings = finding::all(report);
    for severity in [Severity::Error, Severity::Warning] {
        let findings = findings.iter().filter(|it| it.severity == severity);
        for annotation in annotations(findings.collect(), severity) {
            annotation.write(severity.word(), out)?;
        }
    }
    if report.exit_code() == ExitCode::Success {
        return Ok(());
    }
    let (_, word) = human::colour_of(report);
    let verdict = Annotation {
        title: format!("mastery: {word}"),
        text: human::summary(report),
        place: None,
    };
    verdict.write("notice", out)
}

/// Makes the runner take nothing that follows for a command, until [`resume`].
///
/// # Errors
///
/// When `out` can't be written.
pub fn stop(token: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "::stop-commands::{token}")
}

/// Makes the runner take commands again. It knows its token, which nobody else may.
///
/// # Errors
///
/// When `out` can't be written.
pub fn resume(token: &str, out: &mut dyn Write) -> io::Result<()> {
    // Whatever was printed before may have ended in the middle of a line.
    writeln!(out, "\n::{token}::")
}

/// What is shown beside a line, or where there is no room for more above all files.
struct Annotation<'a> {
    title: String,
    text: String,
    place: Option<&'a Finding<'a>>,
}

impl Annotation<'_> {
    fn write(&self, command: &str, out: &mut dyn Write) -> io::Result<()> {
        let mut properties = Vec::new();
        if let Some(finding) = self.place {
            let path = line(finding.location.shown_path());
            properties.push(("file", path));
            properties.extend(lines_of(finding));
        }
        let title = line(&self.title);
        properties.push(("title", cut(&title, LONGEST_TITLE).into_owned()));
        let properties: Vec<_> = properties
            .iter()
            .map(|(name, value)| format!("{name}={}", property(value)))
            .collect();
        let text = data(&cut(&self.text, LONGEST_TEXT));
        writeln!(out, "::{command} {}::{text}", properties.join(","))
    }
}

/// Where a finding is in its file. Columns are for places within one line alone.
fn lines_of(finding: &Finding<'_>) -> Vec<(&'static str, String)> {
    let Some(region) = finding.location.to_region() else {
        return vec![("line", "1".to_owned())];
    };
    let (start, end) = (region.start, region.end);
    let mut properties = vec![("line", start.line.to_string())];
    if end.line > start.line {
        // What ends at the beginning of a line has nothing of it.
        let last = if end.column > 1 {
            end.line
        } else {
            end.line - 1
        };
        properties.push(("endLine", last.to_string()));
    } else {
        properties.push(("endLine", end.line.to_string()));
        properties.push(("col", start.column.to_string()));
        if end.column > start.column {
            properties.push(("endColumn", end.column.to_string()));
        }
    }
    properties
}

/// Findings that are shown together.
type Group<'a> = Vec<&'a Finding<'a>>;

/// At most [`MOST`] annotations for findings of one severity.
fn annotations<'a>(findings: Vec<&'a Finding<'a>>, severity: Severity) -> Vec<Annotation<'a>> {
    let mut groups: Vec<Group<'a>> = findings.into_iter().map(|it| vec![it]).collect();
    if groups.len() > MOST {
        let position = |it: &Finding<'_>| it.location.position().map(|it| it.line);
        groups = together(groups, |it| (it.location.shown_path(), position(it)));
    }
    if groups.len() > MOST {
        groups = together(groups, |it| (it.location.shown_path(), it.rule()));
    }
    let mut rest = Vec::new();
    if groups.len() > MOST {
        rest = groups.split_off(MOST - 1).concat();
    }
    let mut annotations: Vec<_> = groups.iter().map(|group| shown(group)).collect();
    if !rest.is_empty() {
        annotations.push(left_out(&rest, severity));
    }
    annotations
}

/// Draws groups together of which the first findings are alike.
fn together<'a, K: Ord>(
    groups: Vec<Group<'a>>,
    key: impl Fn(&'a Finding<'a>) -> K,
) -> Vec<Group<'a>> {
    let mut places: BTreeMap<K, usize> = BTreeMap::new();
    let mut result: Vec<Group<'a>> = Vec::new();
    for group in groups {
        let place = *places.entry(key(group[0])).or_insert(result.len());
        match result.get_mut(place) {
            Some(known) => known.extend(group),
            None => result.push(group),
        }
    }
    result
}

fn shown<'a>(group: &[&'a Finding<'a>]) -> Annotation<'a> {
    let first = group[0];
    if group.len() == 1 {
        return Annotation {
            title: first.title(),
            text: first.text(),
            place: Some(first),
        };
    }
    let rule = first.rule();
    let findings = count(group.len() as u64, "finding");
    let title = if group.iter().all(|it| it.rule() == rule) {
        format!("{rule}: {findings}")
    } else {
        findings
    };
    let line = |it: &Finding<'_>| it.location.position().map(|it| it.line);
    let texts = group.iter().map(|finding| match line(finding) {
        Some(number) if line(first) != Some(number) => {
            format!("line {number}: {}: {}", finding.title(), finding.text())
        }
        _ => format!("{}: {}", finding.title(), finding.text()),
    });
    Annotation {
        title,
        text: texts.collect::<Vec<_>>().join("\n\n"),
        place: Some(first),
    }
}

/// How many findings are not shown, and where they are.
fn left_out<'a>(findings: &[&'a Finding<'a>], severity: Severity) -> Annotation<'a> {
    let mut files: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in findings {
        *files.entry(finding.location.shown_path()).or_default() += 1;
    }
    let mut files: Vec<_> = files.into_iter().collect();
    files.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let mut places: Vec<_> = files
        .iter()
        .take(NAMED_FILES)
        .map(|(path, count)| format!("{} ({count})", line(path)))
        .collect();
    let others = files.len().saturating_sub(NAMED_FILES);
    if others > 0 {
        places.push(format!("and {}", count(others as u64, "other file")));
    }
    let word = format!("more {}", severity.word());
    Annotation {
        title: format!("mastery: {}", count(findings.len() as u64, &word)),
        text: format!(
            "in {}\nAll of them are in the log of this step, and in the summary of the run.",
            places.join(", ")
        ),
        place: None,
    }
}

/// A text as the data of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A text as the value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::diagnostic::{Diagnostic, Location};
    use crate::report::sample;
    use crate::run::outcome::TestOutcome;
    use crate::source::SourceFile;
    use crate::verify::verdict::Verdict;

    fn rendered(report: &Report) -> String {
        sample::rendered(render, report)
    }

    #[test]
    fn one_of_everything() {
        insta::assert_snapshot!(rendered(&sample::report()));
    }

    #[test]
    fn green_is_silent() {
        let report = Report {
            cases: vec![sample::good_case("c/m/reference")],
            ..Report::default()
        };
        assert_eq!(rendered(&report), "");
    }

    fn findings(places: &[(&str, usize, &'static str)]) -> Report {
        let diagnostics = places.iter().map(|(path, line, rule)| {
            let text = "text\n".repeat(line + 1);
            let file = Arc::new(SourceFile::new(*path, text));
            let location = Location::span(&file, file.line_span(*line));
            Diagnostic::error(rule, location, format!("wrong in {line}"))
        });
        Report {
            diagnostics: diagnostics.collect(),
            ..Report::default()
        }
    }

    #[test]
    fn more_than_are_shown_are_drawn_together_and_the_rest_is_counted() {
        let files: Vec<_> = (1..=14)
            .map(|number| format!("f{number:02}.yaml"))
            .collect();
        let mut places = vec![("a.yaml", 1, "yaml-limit"), ("a.yaml", 1, "yaml-syntax")];
        places.extend((2..9).map(|line| ("a.yaml", line, "missing-file")));
        let few = rendered(&findings(&places));
        assert_eq!(few.matches("::error ").count(), 9);
        places.extend((2..4).map(|line| ("b.yaml", line, "missing-file")));
        let some = rendered(&findings(&places));
        assert_eq!(some.matches("::error ").count(), 10, "{some}");
        places.extend(files.iter().map(|file| (file.as_str(), 1, "missing-file")));
        insta::assert_snapshot!(rendered(&findings(&places)));
    }

    #[test]
    fn case_that_was_not_run_because_of_a_finding_is_not_told_twice() {
        let mut case = sample::bad_case("c/m/bug/b", Verdict::NotRun, Vec::new());
        case.rule = Some("schema-violation");
        case.seen = Some("not run (lint: schema-violation): unknown key `tittle`".to_owned());
        let mut report = Report {
            cases: vec![case],
            ..Report::default()
        };
        assert_eq!(rendered(&report).matches("::error ").count(), 1);
        report.diagnostics.push(sample::finding());
        let both = rendered(&report);
        assert_eq!(both.matches("::error ").count(), 1, "{both}");
        assert!(!both.contains("not-run"), "{both}");
    }

    /// What the runner makes of a line.
    struct Command<'a> {
        kind: &'a str,
        properties: Vec<(&'a str, String)>,
        data: String,
    }

    fn parsed(line: &str) -> Option<Command<'_>> {
        let plain = |text: &str| {
            let text = text.replace("%0D", "\r").replace("%0A", "\n");
            text.replace("%3A", ":")
                .replace("%2C", ",")
                .replace("%25", "%")
        };
        let (head, data) = line.strip_prefix("::")?.split_once("::")?;
        let (kind, properties) = head.split_once(' ')?;
        let properties = properties
            .split(',')
            .map(|property| {
                let (name, value) = property.split_once('=')?;
                Some((name, plain(value)))
            })
            .collect::<Option<Vec<_>>>()?;
        Some(Command {
            kind,
            properties,
            data: plain(data),
        })
    }

    proptest! {
        #[test]
        fn whatever_texts_there_are_every_line_is_a_command_of_ours(
            texts in prop::collection::vec(("(.|[\n\r%:,]|::error ::){0,40}", "(.|[\n\r%:,])(.|[\n\r%:,]){0,20}"), 0..30),
        ) {
            let mut report = Report::default();
            for (index, (text, path)) in texts.iter().enumerate() {
                if index % 2 == 0 {
                    let location = Location::path(path.clone());
                    report.diagnostics.push(Diagnostic::error("missing-file", location, text.clone()));
                } else {
                    let mut case = sample::bad_case(
                        &format!("c/m/{path}"),
                        Verdict::WrongReason,
                        vec![sample::test("t", TestOutcome::Failed, 1)],
                    );
                    case.seen = Some(text.clone());
                    case.location = Location::path(path.clone());
                    report.cases.push(case);
                }
            }
            let findings = finding::all(&report);
            let whole: Vec<_> = findings.iter().map(Finding::text).collect();
            let text = rendered(&report);
            prop_assert_eq!(text.split(['\n', '\r']).count(), text.lines().count() + 1);
            let commands: Option<Vec<_>> = text.lines().map(parsed).collect();
            let commands = commands.expect("every line is a command");
            for kind in ["error", "warning", "notice"] {
                prop_assert!(commands.iter().filter(|it| it.kind == kind).count() <= MOST);
            }
            for Command { kind, properties, data } in &commands {
                prop_assert!(["error", "warning", "notice"].contains(kind));
                let names = ["file", "line", "endLine", "col", "endColumn", "title"];
                prop_assert!(properties.iter().all(|(name, _)| names.contains(name)));
                if texts.len() <= MOST && *kind == "error" {
                    prop_assert!(whole.contains(data), "{data:?} {whole:?}");
                }
            }
        }
    }
}
