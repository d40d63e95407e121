//! A report in one line: whether what it is about can be merged, and why not.

use super::human::{ended_as_expected, findings};
use super::{Counts, Report};
use crate::diagnostic::Severity;
use crate::exit_code::ExitCode;
use crate::plural::count;
use crate::verify::event::CaseReport;
use crate::verify::verdict::{Verdict, VerdictSeverity};

/// How a report ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    /// Nothing stands in the way.
    Good,
    /// Something does.
    Bad,
    /// It is not known.
    Unknown,
}

/// The line.
#[derive(Debug)]
pub(super) struct Headline {
    /// How the report ends.
    pub(super) tone: Tone,
    /// The same in words.
    pub(super) answer: &'static str,
    /// What there is how much of.
    pub(super) facts: String,
}

impl Headline {
    /// The line of a report.
    pub(super) fn of(report: &Report) -> Self {
        let (tone, answer) = match report.exit_code() {
            ExitCode::Success => (Tone::Good, "Can be merged"),
            ExitCode::Interrupted => (Tone::Unknown, "Can't tell: the run was stopped"),
            ExitCode::CouldNotRun => (
                Tone::Unknown,
                "Can't tell: mastery could not find out about some cases",
            ),
            ExitCode::Findings | ExitCode::NothingSelected | ExitCode::Internal => {
                (Tone::Bad, "Not to be merged yet")
            }
        };
        Self {
            tone,
            answer,
            facts: facts(report),
        }
    }
}

fn facts(report: &Report) -> String {
    let counts = report.counts();
    let mut parts = cases_in_words(&counts);
    if counts.cases == 0 && report.changed_since.is_some() {
        parts.push("no case differs".to_owned());
    }
    parts.push(findings(counts.errors, counts.warnings));
    parts.join(", ")
}

/// How many cases ended how, in words; nothing where there are no cases.
pub(super) fn cases_in_words(counts: &Counts) -> Vec<String> {
    let mut parts = Vec::new();
    if counts.cases == 0 {
        return parts;
    }
    parts.push(ended_as_expected(counts.as_expected, counts.cases));
    if counts.unexpected > counts.skipped {
        parts.push(format!("{} not", counts.unexpected - counts.skipped));
    }
    if counts.skipped > 0 {
        parts.push(format!("{} skipped", counts.skipped));
    }
    if counts.warned > 0 {
        parts.push(count(counts.warned, "doubtful case"));
    }
    parts
}

/// What has to be known to read the report right: what of all there is it is about, and what its gate demands.
/// The first of each pair is a sentence that a text stands behind, where there is one.
pub(super) fn notes(report: &Report) -> Vec<(String, Option<&str>)> {
    let mut notes = Vec::new();
    if let Some(changed) = &report.changed_since {
        let run = report.cases.len();
        let of = changed.plan_cases;
        let told = format!(
            "{run} of {} were looked at: those that differ from",
            count(of, "case")
        );
        notes.push((told, Some(short(&changed.revision))));
    }
    if let Some(info) = &report.shard {
        let (run, of) = (report.cases.len(), info.plan_cases);
        let shard = info.shard;
        notes.push((
            format!(
                "This is shard {shard} alone: {run} of {}.",
                count(of, "case")
            ),
            None,
        ));
    }
    if let Some(known @ 1..) = report.known {
        let known = count(known, "finding");
        notes.push((format!("A baseline knows {known} that are not told."), None));
    }
    let drafts = report.cases.iter().filter(|it| is_of_draft(it)).count();
    if drafts > 0 {
        let drafts = count(drafts, "case");
        notes.push((
            format!("{drafts} of drafts would fail the gate once their modules are ready."),
            None,
        ));
    }
    let is_warning = |it: &&crate::diagnostic::Diagnostic| it.severity == Severity::Warning;
    let warned = report.counts().warned + report.diagnostics.iter().filter(is_warning).count();
    if report.deny_warnings && warned > 0 {
        notes.push(("Warnings fail this gate.".to_owned(), None));
    }
    let skipped = report
        .cases
        .iter()
        .find(|it| it.verdict == Verdict::Skipped);
    if let Some(why) = skipped.and_then(|it| it.seen.as_deref()) {
        notes.push(("Nothing more was begun, because".to_owned(), Some(why)));
    }
    notes
}

/// A revision as people tell it: the digest of a commit by its beginning.
fn short(revision: &str) -> &str {
    let is_digest = revision.len() >= 40 && revision.bytes().all(|it| it.is_ascii_hexdigit());
    if is_digest { &revision[..12] } else { revision }
}

/// Whether a case is of a draft, and would be an error otherwise.
pub(super) fn is_of_draft(case: &CaseReport) -> bool {
    case.severity == VerdictSeverity::Warning && case.verdict.severity() == VerdictSeverity::Error
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{ChangedSince, sample};

    fn line(report: &Report) -> String {
        let headline = Headline::of(report);
        format!("{}: {}", headline.answer, headline.facts)
    }

    #[test]
    fn line_says_whether_it_can_be_merged() {
        let mut report = sample::report();
        assert_eq!(
            line(&report),
            "Not to be merged yet: 5 of 10 cases as expected, 5 not, 1 error, 1 warning"
        );
        report.is_interrupted = true;
        assert!(line(&report).starts_with("Can't tell: the run was stopped: "));
        let good = Report {
            cases: vec![sample::good_case("c/m/reference")],
            ..Report::default()
        };
        assert_eq!(
            line(&good),
            "Can be merged: the 1 case as expected, no findings"
        );
    }

    #[test]
    fn what_was_left_out_is_told() {
        let mut draft = sample::bad_case("c/m/bug/a", Verdict::SilentBug, Vec::new());
        draft.severity = VerdictSeverity::Warning;
        let report = Report {
            cases: vec![draft],
            changed_since: Some(ChangedSince {
                revision: "e986db4aa31889b71447c7172964c3f11490ddaa".to_owned(),
                plan_cases: 45,
            }),
            deny_warnings: true,
            ..Report::default()
        };
        assert_eq!(notes(&report)[0].1, Some("e986db4aa318"));
        let told: Vec<_> = notes(&report).into_iter().map(|it| it.0).collect();
        assert_eq!(
            told,
            [
                "1 of 45 cases were looked at: those that differ from",
                "1 case of drafts would fail the gate once their modules are ready.",
                "Warnings fail this gate."
            ]
        );
    }
}
