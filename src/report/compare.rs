//! What is different from the report of a base branch.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Report;
use crate::diagnostic::Diagnostic;
use crate::verify::event::CaseReport;
use crate::verify::verdict::VerdictSeverity;

/// A case is noticeably slower from so many times its former duration on,
const SLOWER_TIMES: u32 = 2;

/// and if it takes so much longer: machines differ, and small numbers differ most.
const SLOWER_BY: Duration = Duration::from_secs(1);

/// What is different. Cases and findings are in the order of the report that they are in.
#[derive(Debug, Default)]
pub(super) struct Changes<'a> {
    /// Cases that ended as expected, or better than now, in the base.
    pub(super) newly_failing: Vec<&'a CaseReport>,
    /// Cases that end as expected, and did not.
    pub(super) repaired: Vec<&'a CaseReport>,
    /// Cases that the base does not have.
    pub(super) added: Vec<&'a CaseReport>,
    /// Cases that only the base has; none where it is not known which there are.
    pub(super) removed: Vec<&'a CaseReport>,
    /// Findings that the base does not have.
    pub(super) new_findings: Vec<&'a Diagnostic>,
    /// Findings that only the base has.
    pub(super) gone_findings: Vec<&'a Diagnostic>,
    /// Cases that end as expected and take noticeably longer, with both durations.
    pub(super) slower: Vec<(&'a CaseReport, Duration, Duration)>,
}

impl Changes<'_> {
    /// Whether nothing is different.
    pub(super) fn is_empty(&self) -> bool {
        self.newly_failing.is_empty()
            && self.repaired.is_empty()
            && self.added.is_empty()
            && self.removed.is_empty()
            && self.new_findings.is_empty()
            && self.gone_findings.is_empty()
            && self.slower.is_empty()
    }
}

/// Returns what is different in a report from that of the base.
pub(super) fn changes<'a>(report: &'a Report, base: &'a Report) -> Changes<'a> {
    let before: BTreeMap<&str, &CaseReport> =
        base.cases.iter().map(|it| (it.id.as_str(), it)).collect();
    let now: BTreeMap<&str, &CaseReport> =
        report.cases.iter().map(|it| (it.id.as_str(), it)).collect();
    let mut changes = Changes::default();
    for case in &report.cases {
        let Some(former) = before.get(case.id.as_str()) else {
            changes.added.push(case);
            continue;
        };
        // One that was stopped or lost in one of them says nothing of what has changed.
        if !case.verdict.is_about_content() || !former.verdict.is_about_content() {
            continue;
        }
        let is_good = case.severity == VerdictSeverity::Ok;
        if rank(case.severity) > rank(former.severity) {
            changes.newly_failing.push(case);
        } else if is_good && former.severity != VerdictSeverity::Ok {
            changes.repaired.push(case);
        }
        // How long it takes to fail says nothing of the speed.
        if is_good
            && let (Some(after), Some(before)) = (own_time(case), own_time(former))
            && after >= before * SLOWER_TIMES
            && after >= before + SLOWER_BY
        {
            changes.slower.push((case, before, after));
        }
    }
    let is_whole =
        report.changed_since.is_none() && report.shard.is_none() && !report.is_interrupted;
    if is_whole {
        let gone = base
            .cases
            .iter()
            .filter(|it| !now.contains_key(it.id.as_str()));
        changes.removed = gone.collect();
    }
    changes.new_findings = without(&report.diagnostics, &base.diagnostics);
    changes.gone_findings = without(&base.diagnostics, &report.diagnostics);
    changes
}

const fn rank(severity: VerdictSeverity) -> u8 {
    match severity {
        VerdictSeverity::Ok => 0,
        VerdictSeverity::Warning => 1,
        VerdictSeverity::Error => 2,
    }
}

fn own_time(case: &CaseReport) -> Option<Duration> {
    let result = case.result.as_ref().filter(|_| case.was_run())?;
    Some(result.wall)
}

/// The findings of one report that another does not have, or not as often. Lines move, so that they are no
/// part of what a finding is known by.
fn without<'a>(findings: &'a [Diagnostic], others: &'a [Diagnostic]) -> Vec<&'a Diagnostic> {
    fn key(finding: &Diagnostic) -> (&str, &str, &str) {
        (
            finding.rule,
            finding.location.shown_path(),
            &finding.message,
        )
    }
    let mut known: BTreeMap<_, usize> = BTreeMap::new();
    for other in others {
        *known.entry(key(other)).or_default() += 1;
    }
    let is_new = |finding: &'a Diagnostic| match known.get_mut(&key(finding)) {
        Some(left @ 1..) => {
            *left -= 1;
            None
        }
        _ => Some(finding),
    };
    findings.iter().filter_map(is_new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::{ChangedSince, sample};
    use crate::verify::verdict::Verdict;

    fn report(cases: Vec<CaseReport>) -> Report {
        Report {
            cases,
            ..Report::default()
        }
    }

    fn bad(id: &str) -> CaseReport {
        sample::bad_case(id, Verdict::SilentBug, Vec::new())
    }

    fn ids<'a>(cases: &[&'a CaseReport]) -> Vec<&'a str> {
        cases.iter().map(|it| it.id.as_str()).collect()
    }

    #[test]
    fn cases_are_told_by_what_became_of_them() {
        let good = sample::good_case;
        let mut slow = good("c/m/slow");
        slow.result.as_mut().unwrap().wall = Duration::from_secs(3);
        let mut cached = slow.clone();
        cached.id = "c/m/cached".to_owned();
        cached.result.as_mut().unwrap().is_cached = true;
        let stopped = sample::bad_case("c/m/stopped", Verdict::Interrupted, Vec::new());
        let base = report(vec![
            good("c/m/same"),
            good("c/m/breaks"),
            bad("c/m/mended"),
            good("c/m/gone"),
            good("c/m/slow"),
            good("c/m/cached"),
            good("c/m/stopped"),
        ]);
        let mut now = report(vec![
            good("c/m/same"),
            bad("c/m/breaks"),
            good("c/m/mended"),
            bad("c/m/new"),
            slow,
            cached,
            stopped,
        ]);
        let found = changes(&now, &base);
        assert_eq!(ids(&found.newly_failing), ["c/m/breaks"]);
        assert_eq!(ids(&found.repaired), ["c/m/mended"]);
        assert_eq!(ids(&found.added), ["c/m/new"]);
        assert_eq!(ids(&found.removed), ["c/m/gone"]);
        let slower: Vec<_> = found.slower.iter().map(|it| it.0.id.as_str()).collect();
        assert_eq!(slower, ["c/m/slow"]);
        // What did not differ was not run, and is still there.
        now.changed_since = Some(ChangedSince {
            revision: "main".to_owned(),
            plan_cases: 9,
        });
        assert!(changes(&now, &base).removed.is_empty());
    }

    #[test]
    fn findings_are_the_same_on_other_lines_and_counted() {
        let finding = sample::finding;
        let of = |diagnostics| Report {
            diagnostics,
            ..Report::default()
        };
        let mut moved = finding();
        moved.location = sample::warning().location;
        let (one, two) = (of(vec![finding()]), of(vec![finding(), finding(), moved]));
        assert_eq!(changes(&two, &one).new_findings.len(), 2);
        assert_eq!(changes(&one, &two).gone_findings.len(), 2);
        assert!(changes(&two, &two).is_empty());
    }
}
