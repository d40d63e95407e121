//! JUnit XML: a suite for each module, a test for each case, and a suite of what lint found. The only file that
//! writes with `quick-junit`; `run::junit` reads with it.

use std::io::{self, Write};

use anstream::StripStream;
use quick_junit::{
    NonSuccessKind, Property, Report as Document, TestCase, TestCaseStatus, TestSuite,
};

use super::finding::{Reasons, cut, line, severity_of};
use super::{Report, human};
use crate::diagnostic::render::{self, Look};
use crate::diagnostic::{Diagnostic, Severity};
use crate::verify::event::CaseReport;
use crate::verify::verdict::Verdict;

/// The suite of what lint found.
const LINT: &str = "lint";

/// Characters of what is told of one test.
const LONGEST_TEXT: usize = 32 * 1024;

/// Columns that excerpts may have.
const WIDTH: usize = 1000;

/// Prints the report.
///
/// # Errors
///
/// When `out` can't be written.
pub fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut document = Document::new("mastery");
    document.set_time(report.duration);
    if !report.diagnostics.is_empty() || report.cases.is_empty() {
        document.add_test_suite(lint(report)?);
    }
    let reasons = Reasons::of(report);
    let is_of_one_module = |one: &CaseReport, other: &CaseReport| {
        (&one.curriculum, &one.module) == (&other.curriculum, &other.module)
    };
    for cases in report.cases.chunk_by(is_of_one_module) {
        document.add_test_suite(module(cases, report, &reasons)?);
    }
    let text = document.to_string().map_err(io::Error::other)?;
    let skipped = format!(" skipped=\"{}\"", document.skipped);
    // The schema that most readers go by knows this count for suites alone.
    out.write_all(text.replacen(&skipped, "", 1).as_bytes())
}

/// What lint found: a test for each file, or one that says that there is nothing, as an empty report is an error
/// to most readers.
fn lint(report: &Report) -> io::Result<TestSuite> {
    let mut suite = TestSuite::new(LINT);
    suite.add_properties(properties(report));
    let is_of_one_file = |one: &Diagnostic, other: &Diagnostic| {
        one.location.shown_path() == other.location.shown_path()
    };
    for findings in report.diagnostics.chunk_by(is_of_one_file) {
        let fails = |it: &&Diagnostic| it.severity == Severity::Error || report.deny_warnings;
        let text = plain(|out| render::human(findings, Look { width: WIDTH }, out))?;
        let status = match findings.iter().find(fails) {
            None => TestCaseStatus::success(),
            Some(first) => {
                let failed = findings.iter().filter(fails);
                let (errors, warnings): (Vec<_>, Vec<_>) =
                    failed.partition(|it| it.severity == Severity::Error);
                let message = human::findings(errors.len(), warnings.len());
                non_success(NonSuccessKind::Failure, &message, first.rule, &text)
            }
        };
        let is_success = matches!(status, TestCaseStatus::Success { .. });
        let path = line(findings[0].location.shown_path());
        let mut test = TestCase::new(xml(&path), status);
        test.set_classname(LINT);
        if is_success {
            test.set_system_out(text);
        }
        suite.add_test_case(test);
    }
    if report.diagnostics.is_empty() {
        let mut test = TestCase::new("findings", TestCaseStatus::success());
        test.set_classname(LINT);
        suite.add_test_case(test);
    }
    Ok(suite)
}

/// The cases of a module.
fn module(cases: &[CaseReport], report: &Report, reasons: &Reasons<'_>) -> io::Result<TestSuite> {
    let (curriculum, module) = (line(&cases[0].curriculum), line(&cases[0].module));
    let mut suite = TestSuite::new(xml(&format!("{curriculum}/{module}")));
    suite.add_properties(properties(report));
    let walls = cases
        .iter()
        .filter_map(|case| Some(case.result.as_ref()?.wall));
    suite.set_time(walls.sum());
    for case in cases {
        let mut test = TestCase::new(xml(&line(&case.case)), status(case, report, reasons)?);
        // Readers take what is before the last point for a package.
        test.set_classname(xml(&format!("{curriculum}.{module}")));
        if let Some(result) = &case.result {
            test.set_time(result.wall);
        }
        if matches!(test.status, TestCaseStatus::Success { .. }) && severity_of(case).is_some() {
            test.set_system_out(told(case)?);
        }
        suite.add_test_case(test);
    }
    Ok(suite)
}

fn status(case: &CaseReport, report: &Report, reasons: &Reasons<'_>) -> io::Result<TestCaseStatus> {
    let fails = match severity_of(case) {
        None => false,
        Some(Severity::Warning) => report.deny_warnings,
        Some(Severity::Error) => true,
    };
    if !fails {
        return Ok(TestCaseStatus::success());
    }
    let name = case.verdict.name();
    let explanation = case.verdict.explanation();
    if !reasons.leave(case) {
        // What made it so is a failure of its own.
        let mut status = TestCaseStatus::skipped();
        status.set_type(name).set_message(explanation);
        return Ok(status);
    }
    let kind = match case.verdict {
        Verdict::InfrastructureError => NonSuccessKind::Error,
        _ => NonSuccessKind::Failure,
    };
    let message = match &case.seen {
        Some(seen) => format!("{explanation} ({})", line(seen)),
        None => explanation.to_owned(),
    };
    Ok(non_success(kind, &message, name, &told(case)?))
}

fn non_success(kind: NonSuccessKind, message: &str, name: &str, text: &str) -> TestCaseStatus {
    let mut status = TestCaseStatus::non_success(kind);
    status
        .set_message(xml(&cut(message, LONGEST_TEXT)))
        .set_type(name)
        .set_description(text);
    status
}

/// What is told of a case that did not end as expected.
fn told(case: &CaseReport) -> io::Result<String> {
    plain(|out| human::case(case, out))
}

/// What is shown to people, without its colours.
fn plain(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<String> {
    let mut text = StripStream::new(Vec::new());
    write(&mut text)?;
    let text = String::from_utf8_lossy(&text.into_inner()).into_owned();
    Ok(xml(&cut(text.trim_end(), LONGEST_TEXT)))
}

fn properties(report: &Report) -> Vec<Property> {
    let mut properties = vec![Property::new("mastery.version", env!("CARGO_PKG_VERSION"))];
    if let Some(info) = &report.shard {
        properties.push(Property::new("mastery.shard", info.shard.to_string()));
    }
    if let Some(changed) = &report.changed_since {
        let revision = xml(&line(&changed.revision));
        properties.push(Property::new("mastery.changed-since", revision));
    }
    properties
}

/// A text without the characters that no XML document may have, besides those that the crate takes out.
fn xml(text: &str) -> String {
    text.replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;
    use crate::diagnostic::Location;
    use crate::report::sample;
    use crate::verify::verdict::VerdictSeverity;

    fn rendered(report: &Report) -> String {
        sample::rendered(render, report)
    }

    #[test]
    fn one_of_everything() {
        let text = rendered(&sample::report());
        insta::assert_snapshot!(text.replace(env!("CARGO_PKG_VERSION"), "[VERSION]"));
    }

    #[test]
    fn empty_report_has_a_test() {
        let text = rendered(&Report::default());
        assert!(
            text.contains("<testcase name=\"findings\" classname=\"lint\""),
            "{text}"
        );
        assert!(text.starts_with("<?xml"), "{text}");
    }

    #[test]
    fn warnings_fail_where_they_are_denied() {
        let mut doubtful = sample::bad_case("c/m/bug/b", Verdict::ExtraFailures, Vec::new());
        doubtful.severity = VerdictSeverity::Warning;
        let report = |deny_warnings| Report {
            diagnostics: vec![sample::warning()],
            cases: vec![doubtful.clone()],
            deny_warnings,
            ..Report::default()
        };
        let count = |text: &str| text.matches("<failure").count();
        let text = rendered(&report(false));
        assert_eq!((count(&text), text.matches("<system-out>").count()), (0, 2));
        assert_eq!(count(&rendered(&report(true))), 2);
    }

    #[test]
    fn what_was_not_begun_is_skipped_and_what_could_not_be_run_is_an_error() {
        let case = |verdict| sample::bad_case("c/m/starter", verdict, Vec::new());
        let report = Report {
            cases: [
                Verdict::Skipped,
                Verdict::Interrupted,
                Verdict::InfrastructureError,
            ]
            .map(case)
            .into(),
            duration: Duration::from_secs(1),
            ..Report::default()
        };
        let text = rendered(&report);
        assert!(
            text.contains("tests=\"3\" failures=\"0\" errors=\"1\" time="),
            "{text}"
        );
        assert_eq!(text.matches("<skipped").count(), 2);
        assert_eq!(text.matches("<error").count(), 1);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_invalid(text in "(.|[\u{0}-\u{1f}\u{7f}-\u{9f}\u{fffe}\u{ffff}]|]]>|<a>|&x;){0,60}") {
            let mut case = sample::bad_case(&format!("c/m/{text}"), Verdict::WrongReason, Vec::new());
            case.seen = Some(text.clone());
            if let Some(result) = &mut case.result {
                result.output = text.clone();
            }
            let location = Location::path(text.clone());
            let report = Report {
                diagnostics: vec![Diagnostic::error("missing-file", location, text)],
                cases: vec![case],
                ..Report::default()
            };
            let text = rendered(&report);
            let forbidden = |c: char| matches!(c, '\0'..='\x08' | '\x0b'..='\x0c' | '\x0e'..='\x1f' | '\u{fffe}' | '\u{ffff}');
            prop_assert!(!text.contains(forbidden));
            let read = Document::deserialize_from_str(&text);
            prop_assert_eq!(read.map(|it| it.failures).unwrap_or_default(), 2);
        }
    }
}
