//! Cases on the page: a row for each, and for what is not as expected all that shows why.

use std::time::Duration;

use serde::Serialize;

use super::Problem;
use super::finding::place;
use super::texts::{Output, anchor, name, name_html, sentence_html, share, state};
use crate::plural::count;
use crate::report::evidence::{Evidence, command};
use crate::report::headline::is_of_draft;
use crate::report::human::seconds;
use crate::run::outcome::{RunResult, TestOutcome};
use crate::verify::event::CaseReport;
use crate::verify::flake::Ending;
use crate::verify::verdict::Verdict;

/// Texts of failed tests that are shown for a run, and ways in which a flaky case ended.
const SHOWN_FAILURES: usize = 6;
const SHOWN_ENDINGS: usize = 8;

/// A case in a row.
#[derive(Debug, Serialize)]
pub(super) struct CaseView<'a> {
    pub(super) anchor: String,
    id: String,
    name_html: String,
    state: &'static str,
    mark: &'static str,
    /// The verdict in a word.
    word: &'static str,
    /// How it ended, as it was expected or not.
    outcome: &'static str,
    expected_html: String,
    tests: String,
    time: String,
    /// Its share of the longest time of its module, in percent; 0 for no bar.
    share: u32,
    /// Why it took no time, where it did not.
    known: &'static str,
    /// What is told of it besides; `None` for a case as expected.
    pub(super) detail: Option<Detail<'a>>,
}

/// What is told of a case that is not as expected.
#[derive(Debug, Serialize)]
pub(super) struct Detail<'a> {
    place: String,
    explanation_html: String,
    is_draft: bool,
    /// Whether there is something that was expected of it.
    has_expectation: bool,
    seen_html: Option<String>,
    advice_html: Option<String>,
    command: Option<String>,
    outputs: Vec<Output<'a>>,
    /// How much output is not shown, in words.
    outputs_left: String,
    endings: Vec<EndingView<'a>>,
    endings_left: String,
}

/// A way in which a flaky case ended.
#[derive(Debug, Serialize)]
struct EndingView<'a> {
    words: String,
    detail_html: Option<String>,
    output: Option<Output<'a>>,
}

impl<'a> CaseView<'a> {
    /// Returns the row of a case of a module whose longest case took `longest`.
    pub(super) fn of(case: &'a CaseReport, longest: Duration) -> Self {
        let (state, mark) = state(case.severity);
        let result = case.result.as_ref();
        let wall = result.map_or(Duration::ZERO, |it| it.wall);
        let ran = result.map_or(0, |it| {
            let tests = it.tests.iter();
            tests.filter(|it| it.outcome != TestOutcome::NotRun).count()
        });
        Self {
            anchor: anchor("case", &case.id),
            id: name(&case.id),
            name_html: name_html(&case.case),
            state,
            mark,
            word: match case.verdict {
                Verdict::AsExpected => "as expected",
                verdict => verdict.name(),
            },
            outcome: result.map_or("not run", |it| it.outcome.words()),
            expected_html: sentence_html(&case.expected),
            tests: if result.is_some() {
                ran.to_string()
            } else {
                "–".to_owned()
            },
            time: if result.is_some() {
                seconds(wall)
            } else {
                "–".to_owned()
            },
            share: if case.was_run() {
                share(wall, longest)
            } else {
                0
            },
            known: match (case.is_from_cache(), case.is_shared) {
                (true, _) => "cached",
                (false, true) => "shared",
                (false, false) => "",
            },
            detail: case.tells_something_new().then(|| Detail::of(case)),
        }
    }

    /// What the list on top says of a case.
    pub(super) fn problem(case: &CaseReport) -> Problem {
        let (state, mark) = state(case.severity);
        Problem {
            anchor: anchor("case", &case.id),
            state,
            mark,
            word: case.verdict.name(),
            about: name(&case.id),
        }
    }
}

impl<'a> Detail<'a> {
    fn of(case: &'a CaseReport) -> Self {
        let (outputs, left) = if case.endings.is_empty() {
            let first = Evidence::of(case).map(|it| it.title);
            case.result
                .as_ref()
                .map_or_else(Default::default, |it| outputs(it, first))
        } else {
            Default::default()
        };
        let endings = case.endings.iter().take(SHOWN_ENDINGS);
        Self {
            place: place(&case.location),
            explanation_html: sentence_html(case.verdict.explanation()),
            is_draft: is_of_draft(case),
            has_expectation: case.verdict != Verdict::NotRun,
            seen_html: case.seen.as_deref().map(sentence_html),
            advice_html: case.verdict.advice().map(sentence_html),
            command: command(case),
            outputs,
            outputs_left: match left {
                0 => String::new(),
                left => format!("{} not shown", count(left, "more failed test")),
            },
            endings: endings
                .map(|it| EndingView::of(it, &case.endings))
                .collect(),
            endings_left: super::more(case.endings.len(), SHOWN_ENDINGS, "other endings"),
        }
    }
}

impl<'a> EndingView<'a> {
    fn of(ending: &'a Ending, all: &'a [Ending]) -> Self {
        let evidence = Evidence::of_ending(ending, all);
        Self {
            words: ending.words(),
            detail_html: ending.result.detail.as_deref().map(sentence_html),
            output: evidence.map(|it| Output::new(it.title, it.text, true)),
        }
    }
}

/// What a run shows: failures, the one that says most first and open; what kept tests from running; what
/// was printed. And how many failures are not shown.
fn outputs<'a>(result: &'a RunResult, first: Option<&str>) -> (Vec<Output<'a>>, usize) {
    let failed = result.tests.iter().filter(|it| it.outcome.is_failure());
    let mut failed: Vec<_> = failed.collect();
    failed.sort_by_key(|it| first.is_none_or(|first| it.id != first));
    let left = failed.len().saturating_sub(SHOWN_FAILURES);
    let mut outputs = Vec::new();
    for test in failed.into_iter().take(SHOWN_FAILURES) {
        let text = test.traceback.as_ref().or(test.message.as_ref());
        let text = text.map_or("", String::as_str);
        let is_first = first == Some(test.id.as_str());
        outputs.push(Output::new(&test.id, text, is_first));
    }
    for error in result.collection_errors.iter().take(SHOWN_FAILURES) {
        let is_first = first == Some(error.id.as_str());
        outputs.push(Output::new(&error.id, &error.message, is_first));
    }
    if !result.output.trim().is_empty() {
        let is_first = outputs.is_empty() && first.is_some();
        outputs.push(Output::printed("printed", &result.output, is_first));
    }
    (outputs, left)
}
