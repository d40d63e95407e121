//! Code quality of GitLab: a list of findings with fingerprints, which GitLab compares between branches.

use std::io::{self, Write};

use serde::Serialize;

use super::Report;
use super::finding::{self, Finding, Source, line};
use crate::diagnostic::Severity;

#[derive(Serialize)]
struct Issue {
    description: String,
    check_name: String,
    fingerprint: String,
    severity: &'static str,
    location: Place,
}

#[derive(Serialize)]
struct Place {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
}

/// Prints the report.
///
/// # Errors
///
/// When `out` can't be written.
pub fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut findings = finding::all(report);
    // What says nothing about the curriculum would be taken for something that a branch has made better or worse.
    findings.retain(|it| !it.is_about_run());
    let fingerprints = finding::fingerprints(&findings);
    let issues: Vec<_> = findings
        .iter()
        .zip(fingerprints)
        .map(|(finding, fingerprint)| issue(finding, fingerprint))
        .collect();
    serde_json::to_writer_pretty(&mut *out, &issues)?;
    writeln!(out)
}

fn issue(finding: &Finding<'_>, fingerprint: String) -> Issue {
    let position = finding.location.position();
    Issue {
        description: finding.headline(),
        check_name: finding.rule().into_owned(),
        fingerprint,
        severity: match (finding.severity, finding.source) {
            (Severity::Warning, _) => "minor",
            (Severity::Error, Source::Lint(_)) => "major",
            // It was seen, and not only thought.
            (Severity::Error, Source::Case(_)) => "critical",
        },
        location: Place {
            path: line(finding.location.shown_path()),
            lines: Lines {
                begin: position.map_or(1, |it| it.line),
            },
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn one_of_everything() {
        insta::assert_snapshot!(sample::rendered(render, &sample::report()));
    }

    #[test]
    fn green_is_an_empty_list() {
        assert_eq!(sample::rendered(render, &Report::default()), "[]\n");
    }
}
