//! SARIF 2.1.0, for code scanning. The only file that names `serde-sarif`.
//!
//! What is written stays within what GitHub takes: 25,000 results and 10 MB compressed. Of the size nothing is
//! assumed about how well texts compress.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde_json::Value;
use serde_sarif::sarif;

use super::finding::{self, Finding, Source, cut, line};
use super::{Report, human};
use crate::diagnostic::{Location, Severity};
use crate::exit_code::ExitCode;
use crate::lint::{self, rule::RuleMeta};
use crate::plural::count;

/// Results that are written at most.
const MOST_RESULTS: usize = 25_000;

/// Bytes of all results at most; compressed they are never noticeably more.
const MOST_BYTES: usize = 9_000_000;

/// Bytes of one result at most: a longer one has a path that nobody has.
const LARGEST_RESULT: usize = 64 * 1024;

/// Results that come with their source, the first ones: nobody reads so many, and the others are a third as large
/// without it.
const WITH_SOURCE: usize = 1000;

/// Characters of a message at most.
const LONGEST_MESSAGE: usize = 5000;

/// Further places of one result, and notifications about the run, at most.
const MOST_RELATED: usize = 50;

/// What relative paths count from: the folder that the tool was run in.
const BASE: &str = "%SRCROOT%";

/// The version of our fingerprints. GitHub's own `primaryLocationLineHash` is left to its upload action, which
/// warns about every one that differs from what it works out itself.
const FINGERPRINT: &str = "masteryFinding/v1";

/// Prints the report.
///
/// # Errors
///
/// When `out` can't be written.
pub fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, &log(report))?;
    writeln!(out)
}

fn log(report: &Report) -> sarif::Sarif {
    let (about_run, findings): (Vec<_>, Vec<_>) = finding::all(report)
        .into_iter()
        .partition(Finding::is_about_run);
    let rules = Rules::of(&findings);
    let results = results(&findings, &rules);
    let left_out = findings.len() - results.len();
    let rules: Vec<_> = rules.0.into_values().collect();
    let driver = sarif::ToolComponent::builder()
        .name("mastery")
        .semantic_version(env!("CARGO_PKG_VERSION"))
        .rules(rules)
        .build();
    let root = sarif::ArtifactLocation::builder()
        .description(message("the folder that mastery was run in"))
        .build();
    let run = sarif::Run::builder()
        .tool(sarif::Tool::builder().driver(driver).build())
        .invocations([invocation(report, &about_run, left_out)])
        .automation_details(
            sarif::RunAutomationDetails::builder()
                .id(category(report))
                .build(),
        )
        .original_uri_base_ids(BTreeMap::from([(BASE.to_owned(), root)]))
        .column_kind(Value::from("unicodeCodePoints"))
        .results(results)
        .build();
    sarif::Sarif::builder()
        .version(Value::from("2.1.0"))
        .schema(sarif::SCHEMA_URL)
        .runs([run])
        .build()
}

/// What GitHub tells runs apart by that are uploaded for one commit: the shard.
fn category(report: &Report) -> String {
    match report.shard.as_ref().map(|it| it.shard) {
        None => "mastery/".to_owned(),
        Some(shard) => format!("mastery/shard-{}-of-{}/", shard.index(), shard.of()),
    }
}

fn invocation(report: &Report, about_run: &[Finding<'_>], left_out: usize) -> sarif::Invocation {
    let exit_code = report.exit_code();
    let mut notifications: Vec<_> = about_run
        .iter()
        .take(MOST_RELATED)
        .map(|finding| notification(finding.severity.word(), &finding.headline()))
        .collect();
    if about_run.len() > MOST_RELATED {
        let more = count(about_run.len() - MOST_RELATED, "more case");
        notifications.push(notification("error", &format!("{more} could not be run")));
    }
    if report.is_interrupted {
        notifications.push(notification("error", "the run was stopped before its end"));
    }
    if left_out > 0 {
        let results = count(left_out, "result");
        let why = "code scanning takes no more, and those that are here are the most severe";
        let text = format!("{results} are left out, because {why}");
        notifications.push(notification("warning", &text));
    }
    let (_, word) = human::colour_of(report);
    sarif::Invocation::builder()
        .execution_successful(matches!(exit_code, ExitCode::Success | ExitCode::Findings))
        .exit_code(i64::from(exit_code.code()))
        .exit_code_description(format!("{word}: {}", human::summary(report)))
        .tool_execution_notifications(notifications)
        .build()
}

fn notification(level: &str, text: &str) -> sarif::Notification {
    sarif::Notification::builder()
        .level(Value::from(level))
        .message(message(text))
        .build()
}

/// The rules of some findings, by their ids.
struct Rules(BTreeMap<String, sarif::ReportingDescriptor>);

impl Rules {
    fn of(findings: &[Finding<'_>]) -> Self {
        let mut rules = BTreeMap::new();
        for finding in findings {
            let id = finding.rule().into_owned();
            let rule = rules.entry(id);
            rule.or_insert_with_key(|id| descriptor(id, finding));
        }
        Self(rules)
    }

    fn index_of(&self, id: &str) -> Option<i64> {
        let index = self.0.keys().position(|it| it == id)?;
        i64::try_from(index).ok()
    }
}

/// What is known of a rule.
struct About {
    short: String,
    full: String,
    /// In Markdown.
    help: String,
    tag: String,
    severity: Severity,
}

impl About {
    fn of(finding: &Finding<'_>) -> Self {
        match finding.source {
            Source::Lint(diagnostic) => match lint::meta_of(diagnostic.rule) {
                Some(meta) => Self {
                    short: meta.summary().to_owned(),
                    full: what_it_does(meta),
                    help: meta.lines().collect::<Vec<_>>().join("\n"),
                    tag: meta.group.title().to_lowercase(),
                    severity: meta.severity,
                },
                None => Self {
                    short: "A check of mastery failed itself.".to_owned(),
                    full: "A check of mastery failed itself; others were made.".to_owned(),
                    help: "This is a bug in mastery. Report it.".to_owned(),
                    tag: "mastery".to_owned(),
                    severity: Severity::Error,
                },
            },
            Source::Case(case) => {
                let short = sentence(case.verdict.explanation());
                let advice = case.verdict.advice().map(sentence).unwrap_or_default();
                Self {
                    full: format!("{short} {advice}").trim_end().to_owned(),
                    help: format!("{short}\n\n## What to do\n\n{advice}"),
                    short,
                    tag: "cases".to_owned(),
                    severity: Severity::Error,
                }
            }
        }
    }
}

fn descriptor(id: &str, finding: &Finding<'_>) -> sarif::ReportingDescriptor {
    let about = About::of(finding);
    let text = |text: &str| {
        sarif::MultiformatMessageString::builder()
            .text(text)
            .build()
    };
    let help = sarif::MultiformatMessageString::builder()
        .text(&about.help)
        .markdown(&about.help)
        .build();
    let level = Value::from(about.severity.word());
    let properties = sarif::PropertyBag::builder()
        .tags([about.tag])
        .additional_properties([("problem.severity".to_owned(), level.clone())])
        .build();
    sarif::ReportingDescriptor::builder()
        .id(id)
        .name(id)
        .short_description(text(&about.short))
        .full_description(text(&about.full))
        .help(help)
        .default_configuration(
            sarif::ReportingConfiguration::builder()
                .level(level)
                .build(),
        )
        .properties(properties)
        .build()
}

/// The summary of a rule, and the paragraph below its first heading.
fn what_it_does(meta: &RuleMeta) -> String {
    let mut lines = meta.lines().skip_while(|line| !line.starts_with("## "));
    lines.next();
    let paragraph = lines.take_while(|line| !line.is_empty());
    let text = std::iter::once(meta.summary()).chain(paragraph);
    text.collect::<Vec<_>>().join(" ")
}

/// A lower-case fragment as a sentence.
fn sentence(fragment: &str) -> String {
    let mut chars = fragment.chars();
    let first = chars.next().map(|it| it.to_ascii_uppercase());
    let first = first.map_or_else(String::new, String::from);
    format!("{first}{}.", chars.as_str())
}

/// As many results as there is room for, of findings with the worst first.
fn results(findings: &[Finding<'_>], rules: &Rules) -> Vec<sarif::Result> {
    let fingerprints = finding::fingerprints(findings);
    let mut results = Vec::new();
    let mut bytes = 0;
    for (finding, fingerprint) in findings.iter().zip(fingerprints) {
        let has_source = results.len() < WITH_SOURCE;
        let result = result(finding, fingerprint, rules, has_source);
        let size = serde_json::to_vec(&result).map_or(usize::MAX, |it| it.len() + 1);
        if size > LARGEST_RESULT {
            continue;
        }
        bytes += size;
        if bytes > MOST_BYTES || results.len() == MOST_RESULTS {
            break;
        }
        results.push(result);
    }
    results
}

fn result(
    finding: &Finding<'_>,
    fingerprint: String,
    rules: &Rules,
    has_source: bool,
) -> sarif::Result {
    let rule = finding.rule();
    let mut location = location(finding.location, has_source);
    if let Source::Case(case) = finding.source {
        let logical = sarif::LogicalLocation::builder()
            .name(line(&case.case))
            .fully_qualified_name(line(&case.id))
            .build();
        location.logical_locations = Some(vec![logical]);
    }
    let related = finding.related.iter().take(MOST_RELATED).zip(1_i64..);
    let related: Vec<_> = related
        .map(|(related, id)| sarif::Location {
            id: Some(id),
            message: Some(message(&line(&related.message))),
            ..self::location(&related.location, has_source)
        })
        .collect();
    sarif::Result {
        rule_index: rules.index_of(&rule),
        related_locations: Some(related).filter(|it| !it.is_empty()),
        ..sarif::Result::builder()
            .rule_id(rule.clone())
            .level(level(finding.severity))
            .message(message(&finding.text()))
            .locations([location])
            .partial_fingerprints(BTreeMap::from([(FINGERPRINT.to_owned(), fingerprint)]))
            .build()
    }
}

fn location(location: &Location, has_source: bool) -> sarif::Location {
    let place = sarif::PhysicalLocation {
        context_region: has_source.then(|| context(location)).flatten(),
        ..sarif::PhysicalLocation::builder()
            .artifact_location(artifact(location.shown_path()))
            .region(region(location, has_source))
            .build()
    };
    sarif::Location::builder().physical_location(place).build()
}

/// A shown path as a URI: one from the base where it is relative.
fn artifact(path: &str) -> sarif::ArtifactLocation {
    let uri = percent_encoded(path);
    if path.starts_with('/') {
        let uri = format!("file://{uri}");
        return sarif::ArtifactLocation::builder().uri(uri).build();
    }
    sarif::ArtifactLocation::builder()
        .uri(uri)
        .uri_base_id(BASE)
        .build()
}

/// A path as that of a URI.
fn percent_encoded(path: &str) -> String {
    let mut result = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                result.push(char::from(byte));
            }
            _ => result.push_str(&format!("%{byte:02X}")),
        }
    }
    result
}

/// The place; the first line for a whole file, as GitHub takes no result without one.
fn region(location: &Location, has_source: bool) -> sarif::Region {
    let Some(region) = location.to_region() else {
        return sarif::Region::builder().start_line(1_i64).build();
    };
    let number = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let (start, end) = (region.start, region.end);
    let start_of_region = sarif::Region::builder()
        .start_line(number(start.line))
        .start_column(number(start.column))
        .build();
    if start == end {
        // Without an end it is the rest of the line, which can be seen.
        return start_of_region;
    }
    let excerpt = location.excerpt().filter(|_| has_source);
    let whole = excerpt.filter(|it| end.line <= it.last_line());
    sarif::Region {
        end_line: Some(number(end.line)),
        end_column: Some(number(end.column)),
        snippet: whole.map(|it| snippet(&it.text()[it.offset(start)..it.offset(end)])),
        ..start_of_region
    }
}

/// The lines around a place.
fn context(location: &Location) -> Option<sarif::Region> {
    let excerpt = location.excerpt()?;
    Some(
        sarif::Region::builder()
            .start_line(i64::try_from(excerpt.first_line()).ok()?)
            .end_line(i64::try_from(excerpt.last_line()).ok()?)
            .snippet(snippet(excerpt.text()))
            .build(),
    )
}

fn snippet(text: &str) -> sarif::ArtifactContent {
    sarif::ArtifactContent::builder().text(text).build()
}

/// A message of plain text. `[text](target)` would be a link in it, which is for nobody but us to make.
fn message(text: &str) -> sarif::Message {
    let text = text.replace("](", "] (");
    sarif::Message::builder()
        .text(cut(&text, LONGEST_MESSAGE))
        .build()
}

fn level(severity: Severity) -> sarif::ResultLevel {
    match severity {
        Severity::Error => sarif::ResultLevel::Error,
        Severity::Warning => sarif::ResultLevel::Warning,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::diagnostic::Diagnostic;
    use crate::report::{ShardInfo, json, sample};

    fn rendered(report: &Report) -> Value {
        serde_json::from_str(&sample::rendered(render, report)).unwrap()
    }

    fn results(report: &Report) -> Vec<Value> {
        rendered(report)["runs"][0]["results"]
            .as_array()
            .unwrap()
            .clone()
    }

    fn fingerprints(report: &Report) -> Vec<String> {
        let results = results(report);
        let prints = results
            .iter()
            .map(|it| &it["partialFingerprints"][FINGERPRINT]);
        prints.map(|it| it.as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn one_of_everything() {
        let mut value = rendered(&sample::report());
        value["runs"][0]["tool"]["driver"]["semanticVersion"] = "[VERSION]".into();
        insta::assert_json_snapshot!(value);
    }

    #[test]
    fn report_that_was_read_again_gives_the_same() {
        let report = sample::report();
        let again = json::read(&sample::rendered(json::render, &report)).unwrap();
        assert_eq!(rendered(&again), rendered(&report));
    }

    #[test]
    fn shards_are_told_apart() {
        let report = Report {
            shard: Some(ShardInfo {
                shard: "2/4".parse().unwrap(),
                plan_cases: 0,
                partition: String::new(),
            }),
            ..Report::default()
        };
        let run = &rendered(&report)["runs"][0];
        assert_eq!(run["automationDetails"]["id"], "mastery/shard-2-of-4/");
        assert_eq!(run["results"], Value::Array(Vec::new()));
        assert_eq!(run["invocations"][0]["executionSuccessful"], true);
    }

    #[test]
    fn paths_are_uris() {
        assert_eq!(
            percent_encoded("a/b c/ü#?:%.py"),
            "a/b%20c/%C3%BC%23%3F%3A%25.py"
        );
        assert_eq!(artifact("/a b").uri.as_deref(), Some("file:///a%20b"));
        assert_eq!(artifact("a").uri_base_id.as_deref(), Some(BASE));
    }

    #[test]
    fn fingerprints_stay_when_lines_move_and_differ_from_each_other() {
        let finding = |before: usize, count: usize| {
            let text = format!("{}tittle: A\nother: {count}\n", "\n".repeat(before));
            let file = std::sync::Arc::new(crate::source::SourceFile::new("a.yaml", text));
            let location = Location::span(&file, file.line_span(before + 1));
            let message = format!("unknown key in line {}", before + 1);
            Diagnostic::error("schema-violation", location, message)
        };
        let report = |before| Report {
            diagnostics: vec![finding(before, 1), finding(before, 2)],
            cases: sample::report().cases,
            ..Report::default()
        };
        let prints = fingerprints(&report(0));
        assert_eq!(prints, fingerprints(&report(7)));
        let different: BTreeSet<_> = prints.iter().collect();
        assert_eq!(different.len(), prints.len());
    }

    #[test]
    fn links_of_others_are_no_links() {
        let text = serde_json::to_string(&results(&sample::report())).unwrap();
        assert!(text.contains("[a] (javascript:b)") && !text.contains("[a](javascript"));
    }

    fn many(sample: &Diagnostic, findings: usize, message: impl Fn(usize) -> String) -> Report {
        let finding = |index| {
            let is_warning = index < findings / 2;
            Diagnostic {
                severity: [Severity::Error, Severity::Warning][usize::from(is_warning)],
                message: message(index),
                ..sample.clone()
            }
        };
        Report {
            diagnostics: (0..findings).map(finding).collect(),
            ..Report::default()
        }
    }

    fn assert_bounded(report: &Report, at_least: usize) {
        let text = sample::rendered(render, report);
        assert!(text.len() < 10_000_000, "{} bytes", text.len());
        let log: Value = serde_json::from_str(&text).unwrap();
        let run = &log["runs"][0];
        let results = run["results"].as_array().unwrap();
        let count = results.len();
        assert!((at_least..=MOST_RESULTS).contains(&count), "{count}");
        let errors = results.iter().take_while(|it| it["level"] == "error");
        assert_eq!(errors.count(), count.min(report.diagnostics.len() / 2));
        let notifications = &run["invocations"][0]["toolExecutionNotifications"];
        let told = notifications[0]["message"]["text"].as_str().unwrap();
        let left_out = report.diagnostics.len() - count;
        assert!(
            told.starts_with(&format!("{left_out} results are left out")),
            "{told}"
        );
    }

    #[test]
    fn more_than_code_scanning_takes_is_left_out_and_counted() {
        let key = |index| format!("unknown key `k{index}`");
        assert_bounded(&many(&sample::warning(), 30_000, key), MOST_RESULTS);
        assert_bounded(&many(&sample::finding(), 30_000, key), 10_000);
        let long = |index| format!("{index}{}", "x".repeat(3000));
        assert_bounded(&many(&sample::finding(), 30_000, long), 2000);
    }

    #[test]
    fn one_result_that_is_too_large_keeps_no_other_out() {
        let mut report = many(&sample::finding(), 4, |_| "x".to_owned());
        report.diagnostics[3].location = Location::path("x".repeat(20_000_000));
        assert_eq!(results(&report).len(), 3);
    }
}
