//! JUnit XML reports that command validators write. The only file that reads with `quick-junit`; `report::junit` writes
//! with it.
//!
//! A report is written by untrusted code: its size is bounded, and what can't be read is broken,
//! never passed.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use quick_junit::{NonSuccessKind, Report, TestCaseStatus};

use super::outcome::{TestOutcome, TestResult};
use crate::diagnostic::escape;

/// Bytes that a report may have.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Characters that are told of what is wrong with a report.
const MAX_ERROR: usize = 300;

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
    // What is wrong may hold text of the report.
    let invalid = |error: String| {
        let error: String = error.chars().take(MAX_ERROR).collect();
        format!("the JUnit report is not valid: {}", escape::text(&error))
    };
    let cases = test_cases(text).map_err(invalid)?;
    // Suites may be nested, or be the root; the reader knows neither, and leaves out what it does not
    // know. It gets one suite of all test cases.
    let flat = format!(
        "<testsuites><testsuite name=\"all\">{}</testsuite></testsuites>",
        cases.concat()
    );
    let report = Report::deserialize_from_str(&flat).map_err(|error| invalid(error.to_string()))?;
    let count: usize = report
        .test_suites
        .iter()
        .map(|suite| suite.test_cases.len())
        .sum();
    if count != cases.len() {
        return Err(invalid("it has test cases that can't be read".to_owned()));
    }
    let cases = report
        .test_suites
        .iter()
        .flat_map(|suite| &suite.test_cases);
    let mut seen = HashMap::new();
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
                id: unused(escape::text(&id), &mut seen),
                outcome,
                message: failed.then(|| text.clone()),
                traceback: failed.then_some(text),
                duration: case.time.unwrap_or_default(),
            }
        })
        .collect())
}

/// Returns an id that no other test has: that of a second test of the same name ends in `#2`.
///
/// `seen` holds the ids that are taken, each with the number that was last tried for it.
fn unused(id: String, seen: &mut HashMap<String, u32>) -> String {
    let mut number = seen.get(&id).copied().unwrap_or(0);
    let mut candidate = id.clone();
    while seen.contains_key(&candidate) {
        number = number.max(1) + 1;
        candidate = format!("{id}#{number}");
    }
    seen.insert(id, number);
    seen.entry(candidate.clone()).or_default();
    candidate
}

/// The elements of all test cases in a report, as they stand there.
fn test_cases(text: &str) -> Result<Vec<&str>, String> {
    let is_suite = |name: &str| matches!(name, "testsuites" | "testsuite");
    let mut cases = Vec::new();
    let mut open: Vec<&str> = Vec::new();
    let (mut at, mut case_start, mut has_root) = (0, 0, false);
    while let Some(offset) = text[at..].find('<') {
        let start = at + offset;
        let rest = &text[start..];
        at = start + length_of_markup(rest).ok_or("it ends in the middle")?;
        let tag = &text[start..at];
        if tag.starts_with("<?") || tag.starts_with("<!--") || tag.starts_with("<![CDATA[") {
            continue;
        }
        if tag.starts_with("<!") {
            if has_root || tag.contains('[') {
                return Err("it has declarations of its own".to_owned());
            }
            continue;
        }
        if let Some(name) = tag.strip_prefix("</") {
            let name = name.trim_end_matches('>').trim_end();
            if open.pop() != Some(name) {
                return Err(format!("`{name}` is closed where it is not open"));
            }
            if name == "testcase" {
                cases.push(&text[case_start..at]);
            }
            continue;
        }
        let mut words = tag[1..].split(|c: char| c.is_ascii_whitespace() || c == '/' || c == '>');
        let name = words.next().unwrap_or_default();
        match open.last() {
            None if has_root || !is_suite(name) => {
                return Err(format!(
                    "`{name}` stands where the one root, `testsuites`, should"
                ));
            }
            Some(parent) if !is_suite(parent) && (is_suite(name) || name == "testcase") => {
                return Err(format!("a `{parent}` holds a `{name}`"));
            }
            _ => {}
        }
        has_root = true;
        let is_empty = tag.ends_with("/>");
        if !is_empty {
            open.push(name);
        }
        if name == "testcase" {
            case_start = start;
            if is_empty {
                cases.push(tag);
            }
        }
    }
    match open.last() {
        Some(name) => Err(format!("`{name}` is not closed")),
        None if !has_root => Err("it has no `testsuites`".to_owned()),
        None => Ok(cases),
    }
}

/// How long the tag, comment or other markup is that a text begins with; `None` if it does not end.
fn length_of_markup(text: &str) -> Option<usize> {
    for (start, end) in [("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")] {
        if let Some(rest) = text.strip_prefix(start) {
            return Some(start.len() + rest.find(end)? + end.len());
        }
    }
    let mut quote = None;
    for (at, char) in text.char_indices() {
        match (quote, char) {
            (Some(open), _) if open == char => quote = None,
            (None, '"' | '\'') => quote = Some(char),
            (None, '>') => return Some(at + 1),
            _ => {}
        }
    }
    None
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

    fn ids(text: &str) -> Vec<String> {
        let tests = parse(text).unwrap();
        tests.into_iter().map(|test| test.id).collect()
    }

    #[test]
    fn suites_may_be_nested_or_stand_alone() {
        let nested = r#"<?xml version="1.0"?>
<!DOCTYPE testsuites>
<!-- <testcase name="no"/> -->
<testsuites>
  <testcase name="first"/>
  <testsuite name="outer">
    <properties><property name="a" value="a > b"/></properties>
    <testsuite name="inner"><testcase name="deep"><failure message="it's"><![CDATA[<testcase name="no"/>]]></failure></testcase></testsuite>
    <testcase name="behind" />
    <system-out>text</system-out>
  </testsuite>
</testsuites>"#;
        assert_eq!(ids(nested), ["first", "deep", "behind"]);
        assert_eq!(parse(nested).unwrap()[1].outcome, TestOutcome::Failed);
        assert_eq!(ids("<testsuite><testcase name='a'/></testsuite>\n"), ["a"]);
        assert_eq!(ids("<testsuite/>"), Vec::<String>::new());
    }

    #[test]
    fn second_test_of_a_name_gets_a_number() {
        let text = r#"<testsuite>
<testcase name="a"/><testcase name="a"/><testcase name="a#2"/><testcase name="a"/><testcase name="b"/>
</testsuite>"#;
        assert_eq!(ids(text), ["a", "a#2", "a#2#2", "a#3", "b"]);
    }

    #[test]
    fn what_would_be_left_out_is_refused() {
        for text in [
            "<testcase name='a'/>",
            "<html><testsuites/></html>",
            "<testsuites/><testsuites/>",
            "<testsuites><testsuite name='s'><testcase name='a'></testsuite></testsuites>",
            "<testsuites><testcase name='a'><testcase name='b'/></testcase></testsuites>",
            "<testsuites><properties><testsuite name='s'/></properties></testsuites>",
            "<testsuites><testcase name='a'/>",
            "<testsuites><testcase name='a'",
            "<testsuites><testcase/></testsuites>",
            "<!DOCTYPE a [<!ENTITY b 'c'>]><testsuites/>",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        let name = format!("\u{1b}{}", "x".repeat(1000));
        let error = parse(&format!("<{name}/>")).unwrap_err();
        assert!(error.len() < 400 && !error.contains('\u{1b}'), "{error}");
        for text in ["<testsuites></testsuites", "<testsuites>\"</testsuites>"] {
            let _ = parse(text);
        }
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
