//! What a learner is told of a run: which tests failed, and where in their code.

use std::time::Duration;

use crate::plural::count;
use crate::run::outcome::{Outcome, RunResult, TestOutcome, TestResult};

/// Lines of a failure that are shown.
const MAX_LINES: usize = 40;

/// How many times as long as the reference a run may take before that is worth a word.
const SLOW: f64 = 3.0;

/// Time below which nobody minds.
const UNNOTICED: Duration = Duration::from_secs(1);

/// A run, as a learner is told of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Findings {
    /// Whether the validator passed.
    pub passed: bool,
    /// Ids of the tests that passed.
    pub passing: Vec<String>,
    /// Tests that did not.
    pub failures: Vec<Failure>,
    /// Tests that were skipped or not reached.
    pub not_run: usize,
    /// What is wrong with the run as a whole: a limit, an early exit.
    pub problem: Option<String>,
    /// What was printed, where nothing else tells what happened.
    pub output: Option<String>,
    /// How long the tests took.
    pub took: Duration,
}

/// A test that did not pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The test, or the file that could not be collected.
    pub id: String,
    /// How it ended, in one line.
    pub summary: String,
    /// The failure as pytest shows it, without what is not the learner's.
    pub detail: String,
}

impl Findings {
    /// Returns what is told of a run.
    pub fn of(result: &RunResult) -> Self {
        let passed = result.outcome == Outcome::Passed;
        let with = |wanted: fn(TestOutcome) -> bool| {
            let tests = result.tests.iter();
            tests.filter(move |test| wanted(test.outcome))
        };
        let uncollected = result.collection_errors.iter().map(|error| Failure {
            id: error.id.clone(),
            summary: first_line(&error.message),
            detail: shortened(&error.message),
        });
        let failures: Vec<_> = uncollected
            .chain(with(TestOutcome::is_failure).map(Failure::of))
            .collect();
        let problem = match result.outcome {
            Outcome::Passed => None,
            Outcome::Failed | Outcome::Broken if !failures.is_empty() => None,
            outcome => Some(match &result.detail {
                Some(detail) => format!("{}: {detail}", outcome.words()),
                None => outcome.words().to_owned(),
            }),
        };
        let output = (failures.is_empty() && !passed && !result.output.trim().is_empty())
            .then(|| ending(&result.output));
        Self {
            passed,
            passing: with(|outcome| outcome == TestOutcome::Passed)
                .map(|test| test.id.clone())
                .collect(),
            failures,
            not_run: with(|it| matches!(it, TestOutcome::Skipped | TestOutcome::NotRun)).count(),
            problem,
            output,
            took: result.process_wall,
        }
    }

    /// One line: what passed, what did not.
    pub fn summary(&self) -> String {
        let passing = self.passing.len();
        let all = passing + self.failures.len() + self.not_run;
        match &self.problem {
            Some(problem) if self.failures.is_empty() => problem.clone(),
            _ if !self.passed => {
                let failed = self.failures.len();
                format!("{failed} of {} failed", count(all as u64, "test"))
            }
            _ if self.not_run > 0 => {
                let skipped = self.not_run;
                format!(
                    "{} passed, {skipped} skipped",
                    count(passing as u64, "test")
                )
            }
            _ => format!("{} passed", count(passing as u64, "test")),
        }
    }

    /// That a run took far longer than the reference does; `None` when it did not, or nobody says how long that is.
    pub fn slowness(&self, baseline: Option<Duration>) -> Option<String> {
        let baseline = baseline?.as_secs_f64();
        let took = self.took.as_secs_f64();
        let is_slow = self.passed && self.took > UNNOTICED && took > baseline * SLOW;
        is_slow.then(|| {
            format!(
                "the tests took {took:.1} s; with the reference they take about {baseline:.1} s"
            )
        })
    }
}

impl Failure {
    fn of(test: &TestResult) -> Self {
        let message = test.message.as_deref().unwrap_or_default();
        let detail = match &test.traceback {
            Some(traceback) => own_frames(traceback),
            None => message.to_owned(),
        };
        Self {
            id: test.id.clone(),
            summary: match test.outcome {
                TestOutcome::TimedOut => "took too long".to_owned(),
                _ => first_line(message),
            },
            detail: shortened(&detail),
        }
    }
}

fn first_line(text: &str) -> String {
    let mut lines = text.lines().map(str::trim);
    let line = lines.find(|line| !line.is_empty());
    line.unwrap_or("failed").to_owned()
}

/// A traceback without the frames of libraries: a learner looks at their own code, and at the test.
fn own_frames(traceback: &str) -> String {
    let mut kept = Vec::new();
    let mut is_foreign = false;
    for line in traceback.lines() {
        if let Some(path) = frame_of(line) {
            is_foreign = path.starts_with(['/', '<', '.']);
        } else if line.starts_with("E ") {
            is_foreign = false;
        }
        if !is_foreign {
            kept.push(line);
        }
    }
    kept.join("\n")
}

/// The file of a line that begins a frame: `path:line: in function`.
fn frame_of(line: &str) -> Option<&str> {
    let (path, rest) = line.split_once(':')?;
    let (number, rest) = rest.split_once(':')?;
    let is_frame = !path.is_empty()
        && !path.starts_with(' ')
        && number.parse::<u32>().is_ok()
        && rest.starts_with(" in ");
    is_frame.then_some(path)
}

/// A text whose middle is left out when it is long.
fn shortened(text: &str) -> String {
    let lines: Vec<_> = text.lines().collect();
    if lines.len() <= MAX_LINES {
        return text.trim_end().to_owned();
    }
    let half = MAX_LINES / 2;
    let left_out = count((lines.len() - 2 * half) as u64, "line");
    let (first, last) = (&lines[..half], &lines[lines.len() - half..]);
    let (first, last) = (first.join("\n"), last.join("\n"));
    format!("{first}\n… {left_out} left out …\n{last}")
}

fn ending(text: &str) -> String {
    let lines: Vec<_> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(MAX_LINES / 2)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACEBACK: &str = "\
tests/test_a.py:40: in test_matches
    result = softmax(x)
             ^^^^^^^^^^
pkg/a.py:11: in softmax
    return helper(x)
/usr/lib/python3/site-packages/torch/x.py:3: in helper
    raise ValueError(\"no\")
E   ValueError: no
E   more";

    fn test(id: &str, outcome: TestOutcome) -> TestResult {
        let if_failed = |text: &str| outcome.is_failure().then(|| text.to_owned());
        TestResult {
            id: id.to_owned(),
            outcome,
            message: if_failed("\nValueError: no\nmore"),
            traceback: if_failed(TRACEBACK),
            duration: Duration::ZERO,
        }
    }

    #[test]
    fn failure_is_shown_without_the_frames_of_libraries() {
        let mut result = RunResult::ended(Outcome::Failed, None);
        result.tests = vec![
            test("t::a", TestOutcome::Passed),
            test("t::b", TestOutcome::Failed),
        ];
        let findings = Findings::of(&result);
        assert_eq!(findings.summary(), "1 of 2 tests failed");
        assert_eq!(findings.passing, ["t::a"]);
        let failure = &findings.failures[0];
        assert_eq!(failure.summary, "ValueError: no");
        assert!(
            !failure.detail.contains("site-packages"),
            "{}",
            failure.detail
        );
        assert!(failure.detail.ends_with("E   ValueError: no\nE   more"));
        assert!(failure.detail.contains("pkg/a.py:11"));
    }

    #[test]
    fn end_without_a_failed_test_is_a_problem_of_the_run() {
        let mut result = RunResult::ended(Outcome::OutOfMemory, "it used 3 GiB".to_owned());
        result.output = "line\n".repeat(100);
        let findings = Findings::of(&result);
        assert_eq!(findings.summary(), "out of memory: it used 3 GiB");
        assert_eq!(findings.output.unwrap().lines().count(), MAX_LINES / 2);
        assert!(!findings.passed);
    }

    #[test]
    fn long_failures_lose_their_middle() {
        let text: Vec<_> = (0..100).map(|line| line.to_string()).collect();
        let short = shortened(&text.join("\n"));
        assert_eq!(short.lines().count(), MAX_LINES + 1);
        assert!(short.contains("… 60 lines left out …"));
        assert!(short.starts_with("0\n") && short.ends_with("\n99"));
    }

    #[test]
    fn slowness_is_told_only_when_it_is_far_off() {
        let mut result = RunResult::ended(Outcome::Passed, None);
        result.process_wall = Duration::from_secs(10);
        let findings = Findings::of(&result);
        let slowness = |baseline| findings.slowness(Some(Duration::from_secs(baseline)));
        assert!(slowness(2).unwrap().contains("10.0 s"));
        assert_eq!(slowness(4), None);
        assert_eq!(findings.slowness(None), None);
    }
}
