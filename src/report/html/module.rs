//! A module on the page: its row in the table of modules, and the part with its cases and its kill matrix.

use std::time::Duration;

use serde::Serialize;

use super::case::CaseView;
use super::texts::{anchor, name, name_html, share, state};
use crate::plural::count;
use crate::report::human::seconds;
use crate::report::kill::{Bug, Cell, KillMatrix, Mark, Row as TestRow};
use crate::report::modules::{Column, Module};
use crate::verify::verdict::VerdictSeverity;

/// Cases of a module that are shown, and those of them with all details.
const SHOWN_CASES: usize = 1000;
const SHOWN_DETAILS: usize = 100;

/// Rows and columns of a kill matrix.
const SHOWN_TESTS: usize = 150;
const SHOWN_BUGS: usize = 60;

/// Tests or bugs that are named in a sentence; the others are marked as well.
const SHOWN_NAMES: usize = 4;

/// Bugs up to which their names stand side by side.
const LEVEL_BUGS: usize = 4;

/// A row of the table of modules.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    anchor: String,
    name: String,
    state: &'static str,
    cells: Vec<RowCell>,
    time: String,
    /// The share of the longest time of a module, in percent; 0 for no bar.
    share: u32,
}

#[derive(Debug, Serialize)]
struct RowCell {
    state: &'static str,
    mark: &'static str,
    text: String,
}

impl Row {
    /// Returns the row of a module, where the longest took `longest`.
    pub(super) fn of(module: &Module<'_>, longest: Duration) -> Self {
        let time = module.time();
        let cells = Column::ALL.map(|column| {
            let cell = module.cell(column);
            let (state, mark) = cell.severity.map_or(("none", ""), state);
            RowCell {
                state,
                mark,
                text: cell.text,
            }
        });
        Self {
            anchor: anchor("module", &module.name),
            name: name(&module.name),
            state: state(module.severity()).0,
            cells: cells.into(),
            time: seconds(time),
            share: if time.is_zero() {
                0
            } else {
                share(time, longest)
            },
        }
    }
}

/// The part about a module.
#[derive(Debug, Serialize)]
pub(super) struct ModuleView<'a> {
    anchor: String,
    name: String,
    state: &'static str,
    mark: &'static str,
    is_open: bool,
    summary: String,
    time: String,
    cases: Vec<CaseView<'a>>,
    cases_left: String,
    kill: Option<KillView>,
}

/// A kill matrix.
#[derive(Debug, Serialize)]
struct KillView {
    bugs: Vec<BugView>,
    /// Whether the names of bugs are written upwards, for want of room.
    is_tall: bool,
    rows: Vec<TestView>,
    remarks: Vec<Remark>,
    left: String,
    summary: String,
}

#[derive(Debug, Serialize)]
struct BugView {
    name_html: String,
    anchor: String,
    state: &'static str,
    /// Which group of bugs that are caught alike it is in; empty for none.
    twins: String,
}

#[derive(Debug, Serialize)]
struct TestView {
    id: String,
    /// What is behind the file.
    name_html: String,
    sets: String,
    is_idle: bool,
    cells: Vec<CellView>,
}

#[derive(Debug, Serialize)]
struct CellView {
    class: &'static str,
    mark: &'static str,
    count: String,
    word: String,
}

/// A sentence about what is odd.
#[derive(Debug, Serialize)]
struct Remark {
    /// What stands for it in the matrix.
    sign: String,
    /// The first of those that it is about, and how many others there are.
    names_html: Vec<String>,
    others: usize,
    text: &'static str,
}

impl<'a> ModuleView<'a> {
    /// Returns the part about a module. Where the report is about a part of its cases, a test may catch a bug of
    /// the others.
    pub(super) fn of(module: &'a Module<'a>, is_part: bool) -> Self {
        let (state, mark) = state(module.severity());
        let walls = module.cases.iter().filter(|it| it.was_run());
        let walls = walls.filter_map(|it| Some(it.result.as_ref()?.wall));
        let longest = walls.max().unwrap_or_default();
        // Where there are very many, those that are not as expected are told.
        let mut shown = module.cases.clone();
        if shown.len() > SHOWN_CASES {
            shown.sort_by_key(|it| it.severity == VerdictSeverity::Ok);
            shown.truncate(SHOWN_CASES);
        }
        let mut details = 0;
        let cases = shown.into_iter().map(|case| {
            let mut view = CaseView::of(case, longest);
            details += usize::from(view.detail.is_some());
            view.detail = view.detail.filter(|_| details <= SHOWN_DETAILS);
            view
        });
        let cases = cases.collect();
        Self {
            anchor: anchor("module", &module.name),
            name: name(&module.name),
            state,
            mark,
            is_open: module.severity() != VerdictSeverity::Ok,
            summary: format!(
                "{} of {} as expected",
                module.good(),
                count(module.cases.len(), "case")
            ),
            time: seconds(module.time()),
            cases,
            cases_left: super::more(module.cases.len(), SHOWN_CASES, "more cases"),
            kill: KillMatrix::of(module).map(|it| KillView::of(&it, is_part)),
        }
    }
}

impl KillView {
    fn of(matrix: &KillMatrix<'_>, is_part: bool) -> Self {
        let group = |bug: &Bug<'_>| {
            let place = matrix.twins.iter().position(|it| it.contains(&bug.name));
            place.map_or_else(String::new, letter)
        };
        let bugs = matrix.bugs.iter().take(SHOWN_BUGS);
        let rows = matrix.rows.iter().take(SHOWN_TESTS);
        let idle = matrix.rows.iter().filter(|it| it.is_idle());
        let idle: Vec<_> = idle.map(|it| behind_file(it.test)).collect();
        let mut remarks = Vec::new();
        if !idle.is_empty() {
            let text = match (idle.len(), is_part) {
                (1, false) => {
                    "fails with none of the bugs. Is a bug missing, or does it check too little?"
                }
                (_, false) => {
                    "fail with none of the bugs. Are bugs missing, or do they check too little?"
                }
                (1, true) => "fails with none of the bugs that were looked at in this run.",
                (_, true) => "fail with none of the bugs that were looked at in this run.",
            };
            remarks.push(Remark::of("∅".to_owned(), &idle, text));
        }
        for (place, twins) in matrix.twins.iter().enumerate().take(SHOWN_BUGS) {
            let text = "are caught by exactly the same tests. Do they teach the same, or is a test missing that tells them apart?";
            remarks.push(Remark::of(letter(place), twins, text));
        }
        let left = [
            super::more(matrix.rows.len(), SHOWN_TESTS, "more tests"),
            super::more(matrix.bugs.len(), SHOWN_BUGS, "more bugs"),
        ];
        Self {
            is_tall: matrix.bugs.len() > LEVEL_BUGS,
            summary: format!(
                "{}, {}",
                count(matrix.rows.len(), "test"),
                count(matrix.bugs.len(), "bug")
            ),
            bugs: bugs
                .map(|bug| BugView {
                    name_html: name_html(bug.name),
                    anchor: bug
                        .cases
                        .first()
                        .map_or_else(String::new, |it| anchor("case", &it.id)),
                    state: state(bug.severity).0,
                    twins: group(bug),
                })
                .collect(),
            rows: rows.map(TestView::of).collect(),
            remarks,
            left: left.join(" ").trim().to_owned(),
        }
    }
}

impl Remark {
    fn of(sign: String, names: &[&str], text: &'static str) -> Self {
        let shown = names.len().min(SHOWN_NAMES);
        Self {
            sign,
            names_html: names[..shown].iter().map(|it| name_html(it)).collect(),
            others: names.len() - shown,
            text,
        }
    }
}

/// The name of a test without its file.
fn behind_file(test: &str) -> &str {
    test.split_once("::").map_or(test, |it| it.1)
}

/// The letter of a group of bugs: A, B, …
fn letter(place: usize) -> String {
    match u8::try_from(place) {
        Ok(place @ 0..26) => char::from(b'A' + place).to_string(),
        _ => (place + 1).to_string(),
    }
}

impl TestView {
    fn of(row: &TestRow<'_>) -> Self {
        let cells = row.cells.iter().take(SHOWN_BUGS);
        Self {
            id: name(row.test),
            name_html: name_html(behind_file(row.test)),
            sets: match row.sets {
                1 => String::new(),
                sets => format!("{sets} sets"),
            },
            is_idle: row.is_idle(),
            cells: cells.map(CellView::of).collect(),
        }
    }
}

impl CellView {
    fn of(cell: &Cell<'_>) -> Self {
        let (class, mark, word) = match cell.mark() {
            Mark::Caught => ("caught", "●", "caught"),
            Mark::PartlyCaught => ("partly", "◐", "caught in part"),
            Mark::Error => ("broke", "▲", "error"),
            Mark::Passed => ("passed", "○", "passed"),
            Mark::NotRun => ("absent", "–", "not run"),
        };
        let mut word = word.to_owned();
        let mut count = String::new();
        if cell.caught > 0 && cell.caught < cell.ran {
            count = format!("{}/{}", cell.caught, cell.ran);
            word.push_str(&format!(
                ": {} of {} sets of parameters",
                cell.caught, cell.ran
            ));
        }
        if !cell.passes_in.is_empty() {
            word.push_str(&format!("; passed in {}", cell.passes_in.join(", ")));
        }
        Self {
            class,
            mark,
            count,
            word,
        }
    }
}
