//! What formats for programs tell of a report: findings of lint and cases alike, one by one, worst first.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::Report;
use crate::diagnostic::{Diagnostic, Location, Related, RuleName, Severity, escape};
use crate::run::outcome::{Outcome, TestResult};
use crate::source::content::Content;
use crate::verify::event::CaseReport;
use crate::verify::flake::Ending;
use crate::verify::verdict::{Verdict, VerdictSeverity};

/// What the rule of a case begins with; its verdict follows.
const VERDICT: &str = "verdict/";

/// Characters that a text about one finding has at most.
const LONGEST_TEXT: usize = 4000;

/// A finding of lint, or a case that did not end as expected.
#[derive(Debug)]
pub(super) struct Finding<'a> {
    /// What it means for the gate.
    pub(super) severity: Severity,
    /// Where it is.
    pub(super) location: &'a Location,
    /// Further places.
    pub(super) related: &'a [Related],
    /// Where it comes from.
    pub(super) source: Source<'a>,
}

/// Where a finding comes from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source<'a> {
    /// From lint.
    Lint(&'a Diagnostic),
    /// From running a case.
    Case(&'a CaseReport),
}

/// Returns what a report tells, errors before warnings, and otherwise in its order.
pub(super) fn all(report: &Report) -> Vec<Finding<'_>> {
    let lint = report.diagnostics.iter().map(|diagnostic| Finding {
        severity: diagnostic.severity,
        location: &diagnostic.location,
        related: &diagnostic.related,
        source: Source::Lint(diagnostic),
    });
    let reasons = Reasons::of(report);
    let cases = report.cases.iter().filter(|case| reasons.leave(case));
    let cases = cases.filter_map(|case| {
        Some(Finding {
            severity: severity_of(case)?,
            location: &case.location,
            related: &[],
            source: Source::Case(case),
        })
    });
    let mut findings: Vec<_> = lint.chain(cases).collect();
    findings.sort_by_key(|it| it.severity);
    findings
}

/// The findings of a report, as reasons why cases were not run.
pub(super) struct Reasons<'a>(HashSet<(RuleName, &'a str)>);

impl<'a> Reasons<'a> {
    pub(super) fn of(report: &'a Report) -> Self {
        let findings = report.diagnostics.iter();
        Self(findings.map(|it| (it.rule, it.message.as_str())).collect())
    }

    /// Whether something is left to be told of a case: it is not as expected, and that not because of a
    /// finding that is told itself.
    pub(super) fn leave(&self, case: &CaseReport) -> bool {
        case.tells_something_new() && !self.are_that_of(case)
    }

    /// Whether a case was not run because of one of the findings.
    pub(super) fn are_that_of(&self, case: &CaseReport) -> bool {
        let message = case.seen.as_deref().and_then(|it| it.split_once("): "));
        let reason = case.rule.zip(message.map(|(_, message)| message));
        case.verdict == Verdict::NotRun && reason.is_some_and(|it| self.0.contains(&it))
    }
}

/// What a case means for the gate; `None` if it is as expected.
pub(super) fn severity_of(case: &CaseReport) -> Option<Severity> {
    match case.severity {
        VerdictSeverity::Ok => None,
        VerdictSeverity::Warning => Some(Severity::Warning),
        VerdictSeverity::Error => Some(Severity::Error),
    }
}

impl Finding<'_> {
    /// The rule, or `verdict/` and the verdict.
    pub(super) fn rule(&self) -> Cow<'static, str> {
        match self.source {
            Source::Lint(diagnostic) => diagnostic.rule.into(),
            Source::Case(case) => verdict_rule(case.verdict).into(),
        }
    }

    /// Whether it says nothing about the curriculum, and would be something that comes and goes.
    pub(super) fn is_about_run(&self) -> bool {
        matches!(self.source, Source::Case(case) if !case.verdict.is_about_content())
    }

    /// A few words: the rule, or the verdict and the case.
    pub(super) fn title(&self) -> String {
        match self.source {
            Source::Lint(diagnostic) => diagnostic.rule.to_owned(),
            Source::Case(case) => format!("{}: {}", case.verdict.name(), line(&case.id)),
        }
    }

    /// What is wrong, in one line.
    pub(super) fn headline(&self) -> String {
        match self.source {
            Source::Lint(diagnostic) => line(&diagnostic.message),
            Source::Case(case) => {
                let seen = case.seen.as_deref();
                let seen = seen.map_or_else(String::new, |seen| format!(" ({})", line(seen)));
                format!("`{}`: {}{seen}", line(&case.id), case.verdict.explanation())
            }
        }
    }

    /// What is wrong, what was expected and seen, and what to do: a few lines, harmless and of bounded length.
    pub(super) fn text(&self) -> String {
        let mut lines = Vec::new();
        match self.source {
            Source::Lint(diagnostic) => {
                lines.push(diagnostic.message.clone());
                lines.extend(diagnostic.help.iter().map(|help| format!("help: {help}")));
            }
            Source::Case(case) => {
                lines.push(case.verdict.explanation().to_owned());
                if case.verdict != Verdict::NotRun {
                    lines.push(format!("expected: {}", case.expected));
                }
                lines.extend(case.seen.iter().map(|seen| format!("seen: {seen}")));
                if let Some(test) = telling_failure(case)
                    && let Some(message) = &test.message
                {
                    lines.push(format!("{}: {message}", test.id));
                }
                lines.extend(advice(case).map(|advice| format!("help: {advice}")));
            }
        }
        cut(&escape::text(&lines.join("\n")), LONGEST_TEXT).into_owned()
    }

    /// What makes it the same finding in another run, also where lines have moved.
    fn identity(&self) -> String {
        let rule = self.rule();
        match self.source {
            Source::Case(case) => format!("{rule}\0{}", case.id),
            Source::Lint(diagnostic) => {
                let path = self.location.shown_path();
                let message = without_numbers(&diagnostic.message);
                let line = line_of(self.location).unwrap_or_default();
                format!("{rule}\0{path}\0{message}\0{}", line.trim())
            }
        }
    }
}

/// The name of a verdict among rules.
pub(super) fn verdict_rule(verdict: Verdict) -> String {
    format!("{VERDICT}{}", verdict.name())
}

/// Returns a digest for each finding: another for each, and the same in a run in which only lines have moved.
pub(super) fn fingerprints(findings: &[Finding<'_>]) -> Vec<String> {
    let mut seen: HashMap<String, usize> = HashMap::new();
    findings
        .iter()
        .map(|finding| {
            let identity = finding.identity();
            let count = seen.entry(identity.clone()).or_default();
            *count += 1;
            let content = Content::from(format!("{identity}\0{count}").into_bytes());
            let digest = &content.digest()[..16];
            digest.iter().map(|byte| format!("{byte:02x}")).collect()
        })
        .collect()
}

/// Whether tests that failed, or what was printed, tell why there is such a verdict.
pub(super) fn is_about_failures(verdict: Verdict) -> bool {
    !matches!(
        verdict,
        Verdict::SilentBug | Verdict::StarterPasses | Verdict::MissingTests
    )
}

/// The failed test that says most about why a case is not as expected.
pub(super) fn telling_failure(case: &CaseReport) -> Option<&TestResult> {
    if !is_about_failures(case.verdict) {
        return None;
    }
    let failing = case
        .endings
        .iter()
        .find_map(|ending| ending.telling_failure(&case.endings));
    if failing.is_some() {
        return failing;
    }
    let failed = || {
        let tests = case.result.iter().flat_map(|result| &result.tests);
        tests.filter(|test| test.outcome.is_failure())
    };
    // Of a bug the failures that were not asked for say more than those that were.
    let named = |test: &&TestResult| case.seen.as_ref().is_some_and(|it| it.contains(&test.id));
    failed().find(named).or_else(|| failed().next())
}

/// What to do about a case that did not end as expected.
pub(super) fn advice(case: &CaseReport) -> impl Iterator<Item = String> {
    let fails = |ending: &&Ending| ending.result.outcome != Outcome::Passed;
    let again = case.endings.iter().find(fails).map(|ending| {
        let seed = ending.seeds[0];
        let command = format!("mastery verify --case '{}' --seed {seed}", case.id);
        format!("`{command}` runs it with seed {seed} alone")
    });
    let advice = case.verdict.advice().map(str::to_owned);
    advice.into_iter().chain(again)
}

/// The line that a place begins in, if it is known.
fn line_of(location: &Location) -> Option<String> {
    // Not from the file itself: a report that was read again has no more than the excerpt.
    let excerpt = location.excerpt()?;
    let span = excerpt.line_span(location.position()?.line);
    Some(excerpt.text()[span.start..span.end].to_owned())
}

/// A message in which numbers, which may be those of lines, are all alike.
fn without_numbers(message: &str) -> String {
    let mut result = String::with_capacity(message.len());
    for char in message.chars() {
        if !char.is_ascii_digit() {
            result.push(char);
        } else if !result.ends_with('#') {
            result.push('#');
        }
    }
    result
}

/// A text as one harmless line.
pub(super) fn line(text: &str) -> String {
    escape::text(text).replace(['\n', '\t'], " ")
}

/// A text of at most so many characters; what was cut off leaves `…`.
pub(super) fn cut(text: &str, characters: usize) -> Cow<'_, str> {
    match text.char_indices().nth(characters) {
        None => text.into(),
        Some(_) => {
            let last = text.char_indices().nth(characters.saturating_sub(1));
            let end = last.map_or(0, |(at, _)| at);
            format!("{}…", &text[..end]).into()
        }
    }
}
