//! What is asked of the page that needs no browser.

use super::*;
use crate::report::sample;
use crate::run::outcome::TestOutcome;
use crate::verify::event::CaseReport;
use crate::verify::verdict::Verdict;

#[test]
fn page_of_everything() {
    let page = page(&sample::report());
    // Styles and script are read in their files.
    let escaped = |hash: &str| hash.replace('/', "&#x2f;");
    let page = page
        .replace(STYLE, "[STYLE]")
        .replace(SCRIPT, "[SCRIPT]")
        .replace(&escaped(STYLE_HASH), "[STYLE_HASH]")
        .replace(&escaped(SCRIPT_HASH), "[SCRIPT_HASH]")
        .replace(env!("CARGO_PKG_VERSION"), "[VERSION]");
    insta::assert_snapshot!(page);
}

#[test]
fn hostile_texts_are_escaped() {
    let page = page(&sample::report());
    assert!(!page.contains("<img"));
    assert_eq!(page.matches("</script>").count(), 1);
    assert!(page.contains("&lt;&#x2f;script&gt;&lt;img src=x onerror=alert(1)&gt;"));
}

#[test]
fn page_without_anything() {
    let page = page(&Report::default());
    assert!(page.contains("Can be merged"));
    assert!(page.contains("No case was looked at."));
}

#[test]
fn size_is_bounded() {
    let long = "<long> ".repeat(3000);
    let cases = (0..400).map(|number| {
        let tests = (0..4).map(|test| {
            let mut test = sample::test(&format!("test_{test}"), TestOutcome::Failed, 1);
            test.traceback = Some(long.clone());
            test
        });
        CaseReport {
            module: format!("m{}", number / 4),
            seen: Some(long.clone()),
            ..sample::bad_case(
                &format!("c/m{}/bug/b{number}/patch", number / 4),
                Verdict::WrongReason,
                tests.collect(),
            )
        }
    });
    let report = Report {
        cases: cases.collect(),
        ..Report::default()
    };
    let page = page(&report);
    assert!(page.len() < MODULES_BYTES + (4 << 20), "{}", page.len());
    assert!(page.contains("the page would be too large"));
}

#[test]
fn very_wide_matrix_is_cut() {
    let cases = (0..300).map(|number| {
        let tests =
            (0..300).map(|test| sample::test(&format!("test_{test}"), TestOutcome::Failed, 1));
        sample::bad_case(
            &format!("c/m/bug/b{number}/patch"),
            Verdict::WrongReason,
            tests.collect(),
        )
    });
    let report = Report {
        cases: cases.collect(),
        ..Report::default()
    };
    let page = page(&report);
    assert!(page.contains("… and 150 more tests … and 240 more bugs"));
}
