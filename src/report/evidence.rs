//! What shows why a case ended as it did: the failure that says most, or the end of what was printed; and
//! the command that runs it again.

use crate::run::outcome::{Outcome, RunResult, TestResult};
use crate::source::part;
use crate::verify::event::CaseReport;
use crate::verify::flake::Ending;
use crate::verify::verdict::Verdict;

/// A text that shows why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Evidence<'a> {
    /// The test or file that it is about; `output` for what was printed.
    pub(super) title: &'a str,
    /// What the framework says, or what was printed.
    pub(super) text: &'a str,
    /// Whether it is what was printed. A failure says at its beginning what it is about, what was printed
    /// ends with why.
    is_printed: bool,
}

impl<'a> Evidence<'a> {
    /// The evidence of a case without [endings](CaseReport::endings), where there is any.
    pub(super) fn of(case: &'a CaseReport) -> Option<Self> {
        if !is_about_failures(case.verdict) {
            return None;
        }
        Self::new(telling_failure(case), case.result.as_ref()?)
    }

    /// The evidence of one of the endings of a flaky case: what makes it another than the others.
    pub(super) fn of_ending(ending: &'a Ending, endings: &'a [Ending]) -> Option<Self> {
        if ending.result.outcome == Outcome::Passed {
            return None;
        }
        Self::new(ending.telling_failure(endings), &ending.result)
    }

    /// What the framework says of a failure; without one what kept tests from running, or what was printed.
    fn new(test: Option<&'a TestResult>, result: &'a RunResult) -> Option<Self> {
        let (title, text) = match (test, result.collection_errors.first()) {
            (Some(test), _) => {
                let text = test.traceback.as_ref().or(test.message.as_ref());
                (test.id.as_str(), text.map_or("", String::as_str))
            }
            (None, Some(error)) => (error.id.as_str(), error.message.as_str()),
            (None, None) => ("output", result.output.as_str()),
        };
        let text = text.trim_end();
        (!text.is_empty()).then_some(Self {
            title,
            text,
            is_printed: test.is_none() && result.collection_errors.is_empty(),
        })
    }

    /// The lines that say most, and how many others there are.
    pub(super) fn lines(&self, most: usize) -> (Vec<&'a str>, usize) {
        let mut lines: Vec<_> = self.text.lines().collect();
        let hidden = lines.len().saturating_sub(most);
        if self.is_printed {
            lines.drain(..hidden);
        } else {
            lines.truncate(most);
        }
        (lines, hidden)
    }

    /// Where the lines are that are not shown.
    pub(super) const fn hidden_place(&self) -> &'static str {
        if self.is_printed { "above" } else { "more" }
    }
}

/// Failed tests that are looked for in what was seen, and bytes of it that are looked through. A sentence names a few; a
/// stranger's report can hold anything.
const NAMED_TESTS: usize = 1000;
const SEEN_BYTES: usize = 64 * 1024;

/// Whether tests that failed, or what was printed, tell why there is such a verdict.
fn is_about_failures(verdict: Verdict) -> bool {
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
    let mut endings = case.endings.iter();
    if let Some(failure) = endings.find_map(|it| it.telling_failure(&case.endings)) {
        return Some(failure);
    }
    let failed = || {
        let tests = case.result.iter().flat_map(|result| &result.tests);
        tests.filter(|test| test.outcome.is_failure())
    };
    // Of a bug the failures that were not asked for say more than those that were.
    let seen = case.seen.as_deref().unwrap_or_default();
    let seen = part::head(seen, SEEN_BYTES);
    let named = |test: &&TestResult| seen.contains(&test.id);
    let first = failed().take(NAMED_TESTS).find(named);
    first.or_else(|| failed().next())
}

/// What to do about a case that did not end as expected.
pub(super) fn advice(case: &CaseReport) -> impl Iterator<Item = String> {
    let again = failing_seed(case).zip(command(case));
    let again = again.map(|(seed, command)| format!("`{command}` runs it with seed {seed} alone"));
    let advice = case.verdict.advice().map(str::to_owned);
    advice.into_iter().chain(again)
}

/// The command that runs a case again, a flaky one with a seed with which it fails. `None` for a report
/// in which somebody has written another id than any case has: nobody is to paste that into a shell.
pub(super) fn command(case: &CaseReport) -> Option<String> {
    if !is_plain(&case.id) {
        return None;
    }
    let seed = failing_seed(case).map_or_else(String::new, |seed| format!(" --seed {seed}"));
    Some(format!("mastery verify --case '{}'{seed}", case.id))
}

/// A seed with which a flaky case fails.
fn failing_seed(case: &CaseReport) -> Option<u32> {
    let fails = |ending: &&Ending| ending.result.outcome != Outcome::Passed;
    let ending = case.endings.iter().find(fails)?;
    ending.seeds.first().copied()
}

/// The command that checks again what a file belongs to: its module, or else the file's own folder.
/// `None` for a path that nobody is to paste into a shell.
pub(super) fn check_command(path: &str) -> Option<String> {
    let parts: Vec<_> = path.split('/').collect();
    let module = parts
        .iter()
        .position(|it| *it == "modules")
        .map(|at| at + 2);
    let end = module
        .unwrap_or(parts.len() - 1)
        .clamp(1, (parts.len() - 1).max(1));
    let folder = if parts.len() == 1 {
        ".".to_owned()
    } else {
        parts[..end].join("/")
    };
    let is_fit = is_plain(&folder) && !folder.starts_with('-');
    is_fit.then(|| format!("mastery check {folder}"))
}

/// Whether a text means nothing but itself to a shell.
fn is_plain(text: &str) -> bool {
    let is_plain = |char: char| char.is_ascii_alphanumeric() || "/_-.@".contains(char);
    !text.is_empty() && text.chars().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;
    use crate::run::outcome::TestOutcome;

    #[test]
    fn beginning_of_a_failure_and_end_of_output_are_told() {
        let tests = vec![sample::test("test_one", TestOutcome::Failed, 1)];
        let mut case = sample::bad_case("c/m/reference", Verdict::ReferenceFails, tests);
        let evidence = Evidence::of(&case).unwrap();
        assert_eq!(evidence.title, "tests/test_m.py::test_one");
        assert_eq!(evidence.lines(1), (vec![">   assert f() == 2"], 1));
        let result = case.result.as_mut().unwrap();
        result.tests.clear();
        result.output = "one\ntwo\nthree\n".to_owned();
        let evidence = Evidence::of(&case).unwrap();
        assert_eq!(evidence.lines(2), (vec!["two", "three"], 1));
    }

    #[test]
    fn nobody_is_given_a_command_that_does_something_else() {
        let case = sample::good_case("c/m/bug/x/rewrite@rows");
        let again = "mastery verify --case 'c/m/bug/x/rewrite@rows'";
        assert_eq!(command(&case).as_deref(), Some(again));
        for id in ["c/m/'; rm -rf ~ #", "c/m/$(x)", "c/m/a\nb"] {
            assert_eq!(command(&sample::good_case(id)), None);
        }
        assert_eq!(check_command("a$(x)/modules/m/module.yaml"), None);
        assert_eq!(check_command("--help/modules/m/module.yaml"), None);
    }

    #[test]
    fn modules_are_checked_as_a_whole() {
        let command = |path| check_command(path).unwrap();
        let module = "mastery check curricula/c/modules/m";
        assert_eq!(command("curricula/c/modules/m/bugs/x.yaml"), module);
        assert_eq!(
            command("curricula/c/curriculum.yaml"),
            "mastery check curricula/c"
        );
        assert_eq!(command("curriculum.yaml"), "mastery check .");
    }
}
