//! What is asked of the summary: what it says, that nobody's text gets out of code, and that it is short enough.

use proptest::prelude::*;

use super::*;
use crate::report::{ChangedSince, sample};
use crate::run::outcome::TestOutcome;
use crate::source::markdown::{Event, Tag, TagEnd, all_events};
use crate::verify::event::CaseReport;
use crate::verify::verdict::Verdict;

fn page(report: &Report) -> String {
    let text = summary(report, PAGE);
    assert!(text.len() <= 1 << 20);
    text
}

fn comment(report: &Report) -> String {
    let text = summary(report, COMMENT);
    assert!(text.len() <= 60_000, "{}", text.len());
    text
}

/// A report in which a text is wherever a stranger's may be.
fn full_of(text: &str) -> Report {
    let mut report = sample::report();
    for finding in &mut report.diagnostics {
        finding.message = text.to_owned();
        finding.help = Some(text.to_owned());
        for related in &mut finding.related {
            related.message = text.to_owned();
        }
    }
    report.diagnostics[1].location = crate::diagnostic::Location::path(text);
    for case in &mut report.cases {
        case.id = format!("{text}/{text}/{text}");
        case.module = text.to_owned();
        case.expected = text.to_owned();
        case.seen = Some(text.to_owned());
        case.location = crate::diagnostic::Location::path(text);
        for result in case
            .result
            .iter_mut()
            .chain(case.endings.iter_mut().map(|it| &mut it.result))
        {
            result.output = text.to_owned();
            for test in &mut result.tests {
                test.id = text.to_owned();
                test.traceback = Some(text.to_owned());
            }
        }
    }
    report.changed_since = Some(ChangedSince {
        revision: text.to_owned(),
        plan_cases: 99,
    });
    report.base = Some(Box::new(sample::report()));
    report
}

/// Asserts that a summary has no markup but that of its own.
fn assert_harmless(summary: &str) {
    let mut headings = 0;
    let mut outside = String::new();
    let mut is_in_code = false;
    for event in all_events(summary) {
        match event {
            Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::FootnoteDefinition(_)) => {
                panic!("a link or picture in {summary}")
            }
            Event::InlineHtml(html) => panic!("{html} in {summary}"),
            Event::Html(html) => assert!(is_own_html(&html), "{html} in {summary}"),
            Event::Start(Tag::Heading { .. }) => headings += 1,
            Event::Start(Tag::CodeBlock(_)) => is_in_code = true,
            Event::End(TagEnd::CodeBlock) => is_in_code = false,
            Event::Text(text) if !is_in_code => outside.push_str(&text),
            _ => {}
        }
    }
    let own = summary.lines().filter(|line| {
        line.starts_with("## ")
            || [
                "### What is wrong",
                "### Against the base",
                "### Time",
                "### What to do",
            ]
            .contains(line)
    });
    assert!(headings <= own.count(), "{summary}");
    for sign in ["@", "#", "http", "www.", "://", "<", "owned"] {
        assert!(!outside.contains(sign), "{sign} outside code in {summary}");
    }
    for line in summary.lines() {
        assert!(
            !line.trim_start().starts_with("::") && !line.contains("##["),
            "{line}"
        );
    }
}

fn is_own_html(html: &str) -> bool {
    let html = html.trim();
    let own = regex::Regex::new(r"^(<details>|</details>|<summary>[a-z0-9 ,:]+</summary>|)$");
    own.unwrap().is_match(html)
}

#[test]
fn summary_of_everything() {
    let mut report = sample::report();
    report.base = Some(Box::new(Report {
        cases: vec![
            sample::good_case("c/good/reference"),
            sample::good_case("c/bad/starter"),
            sample::good_case("c/gone/reference"),
            sample::bad_case("c/good/starter", Verdict::StarterPasses, Vec::new()),
        ],
        diagnostics: vec![sample::warning(), sample::warning()],
        ..Report::default()
    }));
    let summary = page(&report);
    assert_harmless(&summary);
    insta::assert_snapshot!(summary);
}

#[test]
fn summary_of_a_green_run_of_what_differs() {
    let report = Report {
        cases: vec![
            sample::good_case("c/m/reference"),
            sample::good_case("c/m/bug/a/patch"),
        ],
        changed_since: Some(ChangedSince {
            revision: "origin/main".to_owned(),
            plan_cases: 45,
        }),
        base: Some(Box::new(sample::report())),
        duration: Duration::from_millis(900),
        ..Report::default()
    };
    let summary = page(&report);
    assert!(!summary.contains("cases that are gone"), "{summary}");
    insta::assert_snapshot!(summary);
}

#[test]
fn hostile_texts_stay_texts() {
    let nasty = [
        sample::HOSTILE,
        "`",
        "``` \n```",
        "~~~",
        "</details>",
        "| a | b |",
        "\\| @all",
        "@all #1 owner/repo#2",
        "<!--",
        "]]>",
        "[a]: http://owned",
        "\n\n# owned",
        "\r\n## owned",
        "::error::x\n##[error]x",
        "&lt;",
        "    code",
        "1. a\n- b",
        "***",
        "$$x$$",
        "`\\`|`",
        "a\u{2028}b\u{85}c\u{c}d",
    ];
    for text in nasty {
        assert_harmless(&page(&full_of(text)));
        assert_harmless(&comment(&full_of(text)));
    }
}

#[test]
fn any_number_of_things_fits_at_whole_blocks() {
    let long = "`@x` ".repeat(4000);
    let tests = || vec![sample::test(&long, TestOutcome::Failed, 1)];
    let cases = (0..3000).map(|number| CaseReport {
        module: format!("m{number}{long}"),
        seen: Some(long.clone()),
        ..sample::bad_case(
            &format!("c/m{number}{long}/reference"),
            Verdict::ReferenceFails,
            tests(),
        )
    });
    let report = Report {
        cases: cases.collect(),
        diagnostics: vec![sample::warning(); 5000],
        base: Some(Box::new(sample::report())),
        ..Report::default()
    };
    for text in [page(&report), comment(&report)] {
        assert_harmless(&text);
        assert_eq!(
            text.matches("<details>").count(),
            text.matches("</details>").count()
        );
        let last = text.lines().last().unwrap();
        assert!(
            last.starts_with("**") && last.contains("errors and 5000 warnings more"),
            "{last}"
        );
    }
    assert!(page(&report).len() > 500_000);
    assert!(comment(&report).len() > 30_000);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_text_gets_out_of_code(
        text in "([`~@#<>|*_\\[\\]()!\\\\&:$ \n\t/-]|`{1,4}|\n\n|@a|#1|<b>|</details>|http://a|::error::|owned){0,24}"
    ) {
        let report = full_of(&text);
        let summary = page(&report);
        assert_harmless(&summary);
        prop_assert_eq!(&summary, &page(&report));
        assert_harmless(&comment(&report));
    }
}
