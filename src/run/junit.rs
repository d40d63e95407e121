//! JUnit XML reports that command validators write. The only file that names `quick-junit`.
//!
//! A report is written by untrusted code: its size is bounded, and what can't be read is broken,
//! never passed.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use quick_junit::{NonSuccessKind, Report, TestCaseStatus};

use super::outcome::{TestOutcome, TestResult};
use crate::diagnostic::escape;

/// Bytes that a report may have.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Reads the report at `path`, which is in a working copy.
///
/// # Errors
///
/// Why there is no report to read, in a line.
pub(super) fn read(path: &Path) -> Result<Vec<TestResult>, String> {
    // A link in place of the report could lead to any file that the tool may read, and a pipe would
    // wait for somebody to write.
    let file = File::options()
        .read(true)
        .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
        .open(path)
        .map_err(|error| format!("the JUnit report can't be opened: {error}"))?;
    if !file.metadata().is_ok_and(|metadata| metadata.is_file()) {
        return Err("the JUnit report is not a regular file".to_owned());
    }
    let mut text = String::new();
    file.take(MAX_BYTES + 1)
        .read_to_string(&mut text)
        .map_err(|error| format!("the JUnit report can't be read: {error}"))?;
    if text.len() as u64 > MAX_BYTES {
        return Err(format!("the JUnit report is larger than {MAX_BYTES} bytes"));
    }
    parse(&text)
}

fn parse(text: &str) -> Result<Vec<TestResult>, String> {
    let report = Report::deserialize_from_str(text)
        .map_err(|error| format!("the JUnit report is not valid: {error}"))?;
    let cases = report
        .test_suites
        .iter()
        .flat_map(|suite| &suite.test_cases);
    Ok(cases
        .map(|case| {
            let (outcome, message, description) = match &case.status {
                TestCaseStatus::Success { .. } => (TestOutcome::Passed, None, None),
                TestCaseStatus::Skipped { .. } => (TestOutcome::Skipped, None, None),
                TestCaseStatus::NonSuccess {
                    kind,
                    message,
                    description,
                    ..
                } => {
                    let outcome = match kind {
                        NonSuccessKind::Failure => TestOutcome::Failed,
                        NonSuccessKind::Error => TestOutcome::Error,
                    };
                    (outcome, message.as_ref(), description.as_ref())
                }
            };
            let name = case.name.as_str();
            let id = match &case.classname {
                Some(class) if !class.as_str().is_empty() => format!("{}::{name}", class.as_str()),
                _ => name.to_owned(),
            };
            let texts = [message, description]
                .into_iter()
                .flatten()
                .map(quick_junit::XmlString::as_str);
            let text = escape::text(&texts.collect::<Vec<_>>().join("\n"));
            let failed = outcome.is_failure();
            TestResult {
                id: escape::text(&id),
                outcome,
                message: failed.then(|| text.clone()),
                traceback: failed.then_some(text),
                duration: case.time.unwrap_or_default(),
            }
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_all_kinds_are_read() {
        let tests = parse(
            r#"<?xml version="1.0"?>
<testsuites><testsuite name="s">
<testcase name="adds" classname="math" time="0.5"/>
<testcase name="lone"/>
<testcase name="fails"><failure message="1 is not 2">at line 3</failure></testcase>
<testcase name="errs"><error message="boom"/></testcase>
<testcase name="skips"><skipped/></testcase>
</testsuite></testsuites>"#,
        )
        .unwrap();
        let seen: Vec<_> = tests
            .iter()
            .map(|test| (test.id.as_str(), test.outcome))
            .collect();
        assert_eq!(
            seen,
            [
                ("math::adds", TestOutcome::Passed),
                ("lone", TestOutcome::Passed),
                ("fails", TestOutcome::Failed),
                ("errs", TestOutcome::Error),
                ("skips", TestOutcome::Skipped),
            ]
        );
        assert_eq!(tests[0].duration.as_millis(), 500);
        assert_eq!(tests[2].message.as_deref(), Some("1 is not 2\nat line 3"));
    }

    #[test]
    fn what_is_no_report_is_told() {
        assert!(parse("").is_err());
        assert!(parse("hello").is_err());
        assert!(parse("<testsuites><testsuite").is_err());
    }

    #[test]
    fn links_and_pipes_are_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let link = dir.path().join("link.xml");
        std::os::unix::fs::symlink("/etc/passwd", &link).unwrap();
        assert!(read(&link).is_err());
        let pipe = dir.path().join("pipe.xml");
        let name = std::ffi::CString::new(pipe.to_str().unwrap()).unwrap();
        // SAFETY: the path is a valid C string.
        assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
        assert_eq!(
            read(&pipe).unwrap_err(),
            "the JUnit report is not a regular file"
        );
        assert!(read(&dir.path().join("none.xml")).is_err());
    }
}
