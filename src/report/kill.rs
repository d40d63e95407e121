//! The kill matrix: the tests of a module by its bugs, and what is odd about them: a test that never catches
//! anything, and bugs that are caught by exactly the same tests.
//!
//! A row is a test with all its sets of parameters. A column is a bug with all the cases that inject it: as a patch, as
//! a rewrite, in variants.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::modules::{Column, Module};
use crate::run::outcome::TestOutcome;
use crate::verify::event::CaseReport;
use crate::verify::verdict::VerdictSeverity;

/// Cells that a matrix has at most: what no page would show is not worked out, for a report may be a stranger's.
const MOST_CELLS: usize = 200_000;

/// Tests by bugs.
#[derive(Debug)]
pub(super) struct KillMatrix<'a> {
    /// The columns, in the order of the report.
    pub(super) bugs: Vec<Bug<'a>>,
    /// The rows, in the order in which tests were collected.
    pub(super) rows: Vec<Row<'a>>,
    /// Bugs that are caught by exactly the same tests, two or more in each group.
    pub(super) twins: Vec<Vec<&'a str>>,
}

/// A bug.
#[derive(Debug)]
pub(super) struct Bug<'a> {
    /// Its name.
    pub(super) name: &'a str,
    /// The worst verdict of its cases.
    pub(super) severity: VerdictSeverity,
    /// The cases that inject it.
    pub(super) cases: Vec<&'a CaseReport>,
}

/// A test.
#[derive(Debug)]
pub(super) struct Row<'a> {
    /// Its id, without parameters.
    pub(super) test: &'a str,
    /// How many sets of parameters it has; 1 without any.
    pub(super) sets: usize,
    /// What it says of each bug.
    pub(super) cells: Vec<Cell<'a>>,
}

/// What a test says of a bug.
#[derive(Debug, Default)]
pub(super) struct Cell<'a> {
    /// How many of its sets of parameters fail, in any case of the bug.
    pub(super) caught: usize,
    /// How many of them came to an end.
    pub(super) ran: usize,
    /// Whether all that fails does so before or after the test itself, or takes too long.
    pub(super) is_error: bool,
    /// The cases of the bug in which it ran and none of its sets fails.
    pub(super) passes_in: Vec<&'a str>,
}

/// A cell in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// All sets of parameters fail, in all cases of the bug.
    Caught,
    /// Some do.
    PartlyCaught,
    /// What fails is no assertion.
    Error,
    /// Nothing fails.
    Passed,
    /// It did not run.
    NotRun,
}

impl Cell<'_> {
    /// What is shown of it.
    pub(super) fn mark(&self) -> Mark {
        match (self.ran, self.caught) {
            (0, _) => Mark::NotRun,
            (_, 0) => Mark::Passed,
            _ if self.is_error => Mark::Error,
            (ran, caught) if ran == caught && self.passes_in.is_empty() => Mark::Caught,
            _ => Mark::PartlyCaught,
        }
    }
}

impl Row<'_> {
    /// Whether the test ran with bugs and catches none of them.
    pub(super) fn is_idle(&self) -> bool {
        self.cells.iter().any(|it| it.ran > 0) && self.cells.iter().all(|it| it.caught == 0)
    }
}

impl<'a> KillMatrix<'a> {
    /// The matrix of a module; `None` where there are no bugs or no tests, or far more than anybody can look at.
    pub(super) fn of(module: &Module<'a>) -> Option<Self> {
        let mut bugs: Vec<Bug<'a>> = Vec::new();
        let mut places: HashMap<&str, usize> = HashMap::new();
        for case in module.cases.iter().copied() {
            if Column::of(&case.case) != Column::Bugs {
                continue;
            }
            let name = case.case.split('/').nth(1).unwrap_or(&case.case);
            let place = *places.entry(name).or_insert(bugs.len());
            if place == bugs.len() {
                bugs.push(Bug {
                    name,
                    severity: VerdictSeverity::Ok,
                    cases: Vec::new(),
                });
            }
            bugs[place].cases.push(case);
        }
        for bug in &mut bugs {
            let has = |severity| bug.cases.iter().any(|it| it.severity == severity);
            if has(VerdictSeverity::Error) {
                bug.severity = VerdictSeverity::Error;
            } else if has(VerdictSeverity::Warning) {
                bug.severity = VerdictSeverity::Warning;
            }
        }
        let rows = rows(module, &bugs);
        if rows.is_empty() {
            return None;
        }
        let twins = twins(&bugs);
        Some(Self { bugs, rows, twins })
    }
}

/// A test without its set of parameters.
fn without_parameters(id: &str) -> &str {
    match id.split_once('[') {
        Some((test, _)) if id.ends_with(']') => test,
        _ => id,
    }
}

fn rows<'a>(module: &Module<'a>, bugs: &[Bug<'a>]) -> Vec<Row<'a>> {
    let mut order: Vec<&str> = Vec::new();
    let mut sets: HashMap<&str, BTreeSet<&str>> = HashMap::new();
    let reference = module.cases.iter().filter(|it| it.case == "reference");
    let of_bugs = bugs.iter().flat_map(|bug| &bug.cases);
    if bugs.is_empty() {
        return Vec::new();
    }
    for case in reference.chain(of_bugs) {
        for test in case.result.iter().flat_map(|it| &it.tests) {
            let name = without_parameters(&test.id);
            let sets = sets.entry(name).or_insert_with(|| {
                order.push(name);
                BTreeSet::new()
            });
            sets.insert(&test.id);
        }
    }
    if order.len().saturating_mul(bugs.len()) > MOST_CELLS {
        return Vec::new();
    }
    let columns: Vec<_> = bugs.iter().map(column).collect();
    order
        .into_iter()
        .map(|test| Row {
            test,
            sets: sets.get(test).map_or(1, BTreeSet::len),
            cells: columns
                .iter()
                .map(|column| cell(column.get(test)))
                .collect(),
        })
        .collect()
}

/// The tests of each case of a bug, by their ids without parameters.
type ColumnTests<'a> = HashMap<&'a str, Vec<(&'a str, &'a str, TestOutcome)>>;

fn column<'a>(bug: &Bug<'a>) -> ColumnTests<'a> {
    let mut tests: ColumnTests<'a> = HashMap::new();
    for case in &bug.cases {
        let way = case.case.splitn(3, '/').nth(2).unwrap_or(&case.case);
        for test in case.result.iter().flat_map(|it| &it.tests) {
            let entry = tests.entry(without_parameters(&test.id)).or_default();
            entry.push((way, &test.id, test.outcome));
        }
    }
    tests
}

fn cell<'a>(tests: Option<&Vec<(&'a str, &'a str, TestOutcome)>>) -> Cell<'a> {
    let mut cell = Cell::default();
    let (mut ran, mut caught) = (BTreeSet::new(), BTreeSet::new());
    let mut ways: BTreeMap<&str, bool> = BTreeMap::new();
    let mut is_assertion = false;
    for &(way, id, outcome) in tests.into_iter().flatten() {
        if matches!(outcome, TestOutcome::NotRun | TestOutcome::Skipped) {
            continue;
        }
        ran.insert(id);
        *ways.entry(way).or_default() |= outcome.is_failure();
        is_assertion |= outcome == TestOutcome::Failed;
        if outcome.is_failure() {
            caught.insert(id);
        }
    }
    cell.ran = ran.len();
    cell.caught = caught.len();
    cell.is_error = !caught.is_empty() && !is_assertion;
    if !caught.is_empty() {
        let passes = ways.into_iter().filter(|(_, fails)| !fails);
        cell.passes_in = passes.map(|(way, _)| way).collect();
    }
    cell
}

/// Groups of bugs that make exactly the same tests fail, where there are several tests to choose from.
fn twins<'a>(bugs: &[Bug<'a>]) -> Vec<Vec<&'a str>> {
    let tests = |bug: &Bug<'a>, is_wanted: fn(TestOutcome) -> bool| -> BTreeSet<&'a str> {
        let results = bug.cases.iter().filter_map(|it| it.result.as_ref());
        let tests = results.flat_map(|it| &it.tests);
        tests
            .filter(|it| is_wanted(it.outcome))
            .map(|it| it.id.as_str())
            .collect()
    };
    let mut groups: BTreeMap<BTreeSet<&str>, Vec<&'a str>> = BTreeMap::new();
    for bug in bugs {
        let caught = tests(bug, TestOutcome::is_failure);
        if !caught.is_empty() && tests(bug, |_| true).len() > 1 {
            groups.entry(caught).or_default().push(bug.name);
        }
    }
    let mut twins: Vec<_> = groups.into_values().filter(|it| it.len() > 1).collect();
    let place = |group: &Vec<&str>| bugs.iter().position(|it| it.name == group[0]);
    twins.sort_by_key(place);
    twins
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::modules::modules;
    use crate::report::{Report, sample};
    use crate::run::outcome::TestOutcome::{Error, Failed, NotRun, Passed};

    fn case(id: &str, outcomes: &[(&str, TestOutcome)]) -> CaseReport {
        let mut case = sample::good_case(id);
        let tests = outcomes.iter();
        case.result.as_mut().unwrap().tests = tests
            .map(|(test, outcome)| sample::test(test, *outcome, 1))
            .collect();
        case
    }

    fn report() -> Report {
        let tests = |a0, a1, b, c| [("a[0]", a0), ("a[1]", a1), ("b", b), ("c", c)];
        Report {
            cases: vec![
                case("c/m/reference", &tests(Passed, Passed, Passed, Passed)),
                case("c/m/bug/one/patch", &tests(Failed, Failed, Passed, Passed)),
                case(
                    "c/m/bug/one/rewrite",
                    &tests(Failed, Failed, Passed, Passed),
                ),
                case("c/m/bug/two/patch", &tests(Failed, Passed, Passed, Passed)),
                case(
                    "c/m/bug/two/rewrite@v",
                    &tests(Passed, Passed, Failed, Passed),
                ),
                case(
                    "c/m/bug/three/patch",
                    &tests(Failed, Failed, Passed, Passed),
                ),
                case("c/m/bug/four/patch", &tests(NotRun, NotRun, Error, NotRun)),
            ],
            ..Report::default()
        }
    }

    #[test]
    fn cells_say_which_test_catches_what() {
        use Mark::{Caught, NotRun, PartlyCaught, Passed};
        let report = report();
        let modules = modules(&report);
        let matrix = KillMatrix::of(&modules[0]).unwrap();
        let names: Vec<_> = matrix.bugs.iter().map(|it| it.name).collect();
        assert_eq!(names, ["one", "two", "three", "four"]);
        let marks = |row: &Row<'_>| row.cells.iter().map(Cell::mark).collect::<Vec<_>>();
        let rows = &matrix.rows;
        assert_eq!((rows[0].test, rows[0].sets), ("tests/test_m.py::a", 2));
        assert_eq!(marks(&rows[0]), [Caught, PartlyCaught, Caught, NotRun]);
        assert_eq!(rows[0].cells[1].passes_in, ["rewrite@v"]);
        assert_eq!(marks(&rows[1]), [Passed, PartlyCaught, Passed, Mark::Error]);
        let idle: Vec<_> = rows.iter().map(Row::is_idle).collect();
        assert_eq!(idle, [false, false, true]);
    }

    #[test]
    fn bugs_that_the_same_tests_catch_are_told() {
        let report = report();
        let modules = modules(&report);
        let matrix = KillMatrix::of(&modules[0]).unwrap();
        assert_eq!(matrix.twins, [["one", "three"]]);
    }

    #[test]
    fn module_without_bugs_has_none() {
        let report = Report {
            cases: vec![sample::good_case("c/m/reference")],
            ..Report::default()
        };
        assert!(KillMatrix::of(&modules(&report)[0]).is_none());
    }
}
