//! What pytest reports, and what that means for a run.
//!
//! Results come as events over a private channel from [`DRIVER`], never from what is printed. A run
//! that does not end with the last event has not finished, whatever its status.

use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::job::End;
use super::outcome::{CollectionError, Outcome, TestOutcome, TestResult};
use crate::diagnostic::escape;

/// The Python program that runs pytest.
pub(super) const DRIVER: &str = include_str!("driver.py");

/// Tests that a worker runs to get ready: they take the ways through pytest that tests of cases take.
pub(super) const WARM_UP: &str = include_str!("warm_up.py");

/// What the driver is asked to do.
#[derive(Debug, Serialize)]
pub(super) struct DriverRequest<'a> {
    /// Test files to collect.
    pub(super) files: Vec<&'a str>,
    /// Node ids; a test is run when it is one of them or inside one.
    pub(super) select: Vec<&'a str>,
    /// Plugin modules to load.
    pub(super) plugins: &'a [String],
    /// The configuration file.
    pub(super) config: String,
    /// Wall time that one test may take.
    pub(super) test_seconds: f64,
    /// What random generators start from and, where it is not 0, the order of tests.
    pub(super) seed: u32,
}

/// One line from the driver.
#[derive(Debug, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Event {
    Collected {
        ids: Vec<String>,
        missing: Vec<String>,
    },
    CollectError {
        id: String,
        error: Exception,
    },
    Start {
        id: String,
    },
    Report {
        id: String,
        phase: Phase,
        outcome: PhaseOutcome,
        is_xfail: bool,
        timed_out: bool,
        seconds: f64,
        error: Option<Exception>,
        traceback: Option<String>,
    },
    Finish {
        status: i32,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Phase {
    Setup,
    Call,
    Teardown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PhaseOutcome {
    Passed,
    Failed,
    Skipped,
}

#[derive(Debug, Deserialize)]
struct Exception {
    text: String,
    #[serde(default)]
    is_syntax: bool,
    #[serde(default)]
    is_missing_module: bool,
    #[serde(default)]
    is_missing_name: bool,
    /// The files in which a missing module would be.
    #[serde(default)]
    places: Vec<String>,
    module: Option<String>,
    module_file: Option<String>,
    file: Option<String>,
}

/// What the events of a run add up to.
#[derive(Debug)]
pub(super) struct Summary {
    pub(super) outcome: Outcome,
    pub(super) detail: Option<String>,
    pub(super) tests: Vec<TestResult>,
    pub(super) missing_tests: Vec<String>,
    pub(super) collection_errors: Vec<CollectionError>,
}

/// Adds up the events of a run that ended with `end` in the project at `project`.
pub(super) fn summarize(channel: &str, end: &End, project: &Path) -> Summary {
    let mut run = Run {
        project: project.to_string_lossy().into_owned(),
        ..Run::default()
    };
    let mut is_garbled = false;
    for line in channel.lines() {
        match serde_json::from_str(line) {
            Ok(event) => run.take(event),
            // The last line is cut when the process was killed while it wrote.
            Err(_) => is_garbled = true,
        }
    }
    let (outcome, detail) = run.judge(end, is_garbled);
    if outcome == Outcome::TimedOut {
        run.blame_the_running_test();
    }
    // They tell why nothing was run only where pytest has come to its end.
    let is_whole = !is_garbled && matches!(run.finish, Some(1 | 2));
    Summary {
        outcome,
        detail,
        tests: run.tests,
        missing_tests: run.missing,
        collection_errors: if is_whole { run.errors } else { Vec::new() },
    }
}

#[derive(Debug, Default)]
struct Run {
    /// The project's folder, which is taken out of texts.
    project: String,
    is_collected: bool,
    tests: Vec<TestResult>,
    missing: Vec<String>,
    errors: Vec<CollectionError>,
    /// The test that has begun and not ended.
    running: Option<String>,
    finish: Option<i32>,
}

impl Run {
    fn take(&mut self, event: Event) {
        match event {
            Event::Collected { ids, missing } => {
                self.is_collected = true;
                self.missing = missing;
                self.tests = ids
                    .into_iter()
                    .map(|id| TestResult {
                        id: escape::text(&id),
                        outcome: TestOutcome::NotRun,
                        message: None,
                        traceback: None,
                        duration: Duration::ZERO,
                    })
                    .collect();
            }
            Event::CollectError { id, error } => {
                let error = CollectionError {
                    message: self.clean(&error.text),
                    is_syntax: error.is_syntax,
                    missing_in: self.missing_in(&error),
                    id,
                };
                self.errors.push(error);
            }
            Event::Start { id } => self.running = Some(id),
            Event::Report {
                id,
                phase,
                outcome,
                is_xfail,
                timed_out,
                seconds,
                error,
                traceback,
            } => {
                if phase == Phase::Teardown {
                    self.running = None;
                }
                let message = error.map(|error| self.clean(&error.text));
                let traceback = traceback.map(|text| self.clean(&text));
                let id = escape::text(&id);
                let Some(test) = self.tests.iter_mut().find(|test| test.id == id) else {
                    return;
                };
                test.duration += Duration::try_from_secs_f64(seconds).unwrap_or_default();
                let seen = match (outcome, phase) {
                    _ if timed_out => TestOutcome::TimedOut,
                    (PhaseOutcome::Failed, Phase::Call) => TestOutcome::Failed,
                    (PhaseOutcome::Failed, Phase::Setup | Phase::Teardown) => TestOutcome::Error,
                    (PhaseOutcome::Skipped, _) => TestOutcome::Skipped,
                    // An expected failure that does not come proves as little as one that does.
                    (PhaseOutcome::Passed, Phase::Call) if is_xfail => TestOutcome::Skipped,
                    (PhaseOutcome::Passed, Phase::Call) => TestOutcome::Passed,
                    (PhaseOutcome::Passed, Phase::Setup | Phase::Teardown) => return,
                };
                // The first failure of a test counts; a failed teardown undoes a pass.
                if !test.outcome.is_failure() {
                    test.outcome = seen;
                    test.message = message;
                    test.traceback = traceback;
                }
            }
            Event::Finish { status } => self.finish = Some(status),
        }
    }

    fn judge(&self, end: &End, is_garbled: bool) -> (Outcome, Option<String>) {
        let broken = |detail: String| (Outcome::Broken, Some(detail));
        if let Some(ended) = super::outcome::outcome_of_end(end) {
            return ended;
        }
        let End::Exited(status) = end else {
            unreachable!("all other ends were dealt with")
        };
        let Some(finish) = self.finish else {
            return broken(format!(
                "the test process ended with status {status} before pytest had finished"
            ));
        };
        if is_garbled {
            return broken("the report of the test run is garbled".to_owned());
        }
        if let Some(error) = self.errors.first() {
            return broken(format!(
                "`{}` can't be collected: {}",
                error.id, error.message
            ));
        }
        if !matches!(finish, 0 | 1 | 5) || !self.is_collected {
            return broken(format!(
                "pytest ended with status {finish}: {}",
                meaning(finish)
            ));
        }
        let count = |outcome| {
            self.tests
                .iter()
                .filter(|test| test.outcome == outcome)
                .count()
        };
        if let Some(test) = self
            .tests
            .iter()
            .find(|test| test.outcome == TestOutcome::NotRun)
        {
            return broken(format!("pytest finished without running `{}`", test.id));
        }
        if count(TestOutcome::TimedOut) > 0 {
            return (Outcome::TimedOut, Some("a test took too long".to_owned()));
        }
        let has_failed = self.tests.iter().any(|test| test.outcome.is_failure());
        match (has_failed, finish) {
            (true, 1) => (Outcome::Failed, None),
            (false, 0) if count(TestOutcome::Passed) > 0 => (Outcome::Passed, None),
            (false, 0 | 5) if self.tests.is_empty() => {
                (Outcome::NoTestsRan, Some("no test was selected".to_owned()))
            }
            (false, 0) => (
                Outcome::NoTestsRan,
                Some("all tests were skipped".to_owned()),
            ),
            _ => broken(format!(
                "pytest ended with status {finish}, which its tests do not explain"
            )),
        }
    }

    /// A run that was killed has left a test behind.
    fn blame_the_running_test(&mut self) {
        let Some(running) = &self.running else { return };
        if let Some(test) = self.tests.iter_mut().find(|test| test.id == *running)
            && test.outcome == TestOutcome::NotRun
        {
            test.outcome = TestOutcome::TimedOut;
            test.message = Some("the test was still running when the time was up".to_owned());
        }
    }

    /// Text of a test, harmless and without the place of its working copy.
    fn clean(&self, text: &str) -> String {
        escape::text(&without_project(text, &self.project))
    }

    /// The files of the project in which an error says that something is missing.
    fn missing_in(&self, error: &Exception) -> Vec<String> {
        if !error.is_missing_name {
            return Vec::new();
        }
        let relative = |file: &String| {
            let file = file.strip_prefix(&self.project)?.strip_prefix('/')?;
            Some(file.to_owned())
        };
        let mut files: Vec<String> = Vec::new();
        match &error.module {
            Some(_) if error.is_missing_module => {
                files.extend(error.places.iter().filter_map(relative));
            }
            _ => files.extend(error.module_file.as_ref().and_then(relative)),
        }
        // A name that a file uses on import and does not have.
        files.extend(
            error
                .file
                .as_ref()
                .filter(|_| error.module.is_none())
                .and_then(relative),
        );
        files
    }
}

/// Text without the place of a project, which is another one in each run.
pub(super) fn without_project(text: &str, project: &str) -> String {
    text.replace(&format!("{project}/"), "")
        .replace(project, ".")
}

fn meaning(status: i32) -> &'static str {
    match status {
        2 => "the run was interrupted by a test or plugin",
        3 => "an internal error, often of a plugin or of code that exits on import",
        4 => "wrong arguments or configuration",
        _ => "this is not how pytest ends",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn summary(events: &[serde_json::Value], end: &End) -> Summary {
        let channel: String = events.iter().map(|event| format!("{event}\n")).collect();
        summarize(&channel, end, Path::new("/run/case-1/project"))
    }

    fn collected(ids: &[&str]) -> serde_json::Value {
        json!({"event": "collected", "ids": ids, "missing": []})
    }

    fn report(id: &str, phase: &str, outcome: &str) -> serde_json::Value {
        let error = (outcome == "failed")
            .then(|| json!({"text": "AssertionError: /run/case-1/project/a.py"}));
        json!({
            "event": "report", "id": id, "phase": phase, "outcome": outcome, "is_xfail": false,
            "timed_out": false, "seconds": 0.25, "error": error, "traceback": null,
        })
    }

    fn finish(status: i32) -> serde_json::Value {
        json!({"event": "finish", "status": status})
    }

    fn outcome(events: &[serde_json::Value], end: &End) -> (Outcome, String) {
        let summary = summary(events, end);
        (summary.outcome, summary.detail.unwrap_or_default())
    }

    #[test]
    fn tests_that_all_pass_are_a_pass() {
        let events = [
            collected(&["a", "b"]),
            report("a", "setup", "passed"),
            report("a", "call", "passed"),
            report("a", "teardown", "passed"),
            report("b", "setup", "skipped"),
            finish(0),
        ];
        let summary = summary(&events, &End::Exited(0));
        assert_eq!(summary.outcome, Outcome::Passed);
        assert_eq!(summary.tests[0].duration, Duration::from_millis(750));
        assert_eq!(summary.tests[1].outcome, TestOutcome::Skipped);
    }

    #[test]
    fn failed_test_is_a_failure_with_its_message_without_the_working_copy() {
        let events = [collected(&["a"]), report("a", "call", "failed"), finish(1)];
        let summary = summary(&events, &End::Exited(1));
        assert_eq!(summary.outcome, Outcome::Failed);
        assert_eq!(
            summary.tests[0].message.as_deref(),
            Some("AssertionError: a.py")
        );
    }

    #[test]
    fn failed_teardown_undoes_a_pass() {
        let events = [
            collected(&["a"]),
            report("a", "call", "passed"),
            report("a", "teardown", "failed"),
            finish(1),
        ];
        let summary = summary(&events, &End::Exited(1));
        assert_eq!(summary.outcome, Outcome::Failed);
        assert_eq!(summary.tests[0].outcome, TestOutcome::Error);
    }

    #[test]
    fn early_exit_is_broken_whatever_its_status() {
        for status in [0, 1] {
            let events = [collected(&["a"]), report("a", "call", "passed")];
            let (outcome, detail) = outcome(&events, &End::Exited(status));
            assert_eq!(outcome, Outcome::Broken);
            assert!(detail.contains("before pytest had finished"), "{detail}");
        }
    }

    #[test]
    fn finish_without_all_results_is_broken() {
        let events = [
            collected(&["a", "b"]),
            report("a", "call", "passed"),
            finish(0),
        ];
        let (seen, detail) = outcome(&events, &End::Exited(0));
        assert_eq!(
            (seen, detail.as_str()),
            (Outcome::Broken, "pytest finished without running `b`")
        );
        assert_eq!(outcome(&[finish(0)], &End::Exited(0)).0, Outcome::Broken);
    }

    #[test]
    fn status_that_the_tests_do_not_explain_is_broken() {
        let pass = [collected(&["a"]), report("a", "call", "passed"), finish(1)];
        assert_eq!(outcome(&pass, &End::Exited(1)).0, Outcome::Broken);
        let fail = [collected(&["a"]), report("a", "call", "failed"), finish(0)];
        assert_eq!(outcome(&fail, &End::Exited(0)).0, Outcome::Broken);
        let internal = [collected(&[]), finish(3)];
        assert_eq!(outcome(&internal, &End::Exited(3)).0, Outcome::Broken);
    }

    #[test]
    fn nothing_run_is_no_pass() {
        assert_eq!(
            outcome(&[collected(&[]), finish(5)], &End::Exited(5)).0,
            Outcome::NoTestsRan
        );
        let skipped = [
            collected(&["a"]),
            report("a", "setup", "skipped"),
            finish(0),
        ];
        let (outcome, detail) = outcome(&skipped, &End::Exited(0));
        assert_eq!(
            (outcome, detail.as_str()),
            (Outcome::NoTestsRan, "all tests were skipped")
        );
    }

    #[test]
    fn expected_failure_that_passes_proves_nothing() {
        let mut xpass = report("a", "call", "passed");
        xpass["is_xfail"] = json!(true);
        let events = [collected(&["a"]), xpass, finish(0)];
        assert_eq!(outcome(&events, &End::Exited(0)).0, Outcome::NoTestsRan);
    }

    #[test]
    fn test_that_is_interrupted_by_its_limit_is_a_timeout_and_the_others_count() {
        let mut slow = report("a", "call", "failed");
        slow["timed_out"] = json!(true);
        let events = [
            collected(&["a", "b"]),
            slow,
            report("b", "call", "passed"),
            finish(1),
        ];
        let summary = summary(&events, &End::Exited(1));
        assert_eq!(summary.outcome, Outcome::TimedOut);
        assert_eq!(summary.tests[0].outcome, TestOutcome::TimedOut);
        assert_eq!(summary.tests[1].outcome, TestOutcome::Passed);
    }

    #[test]
    fn run_that_is_killed_blames_the_running_test() {
        let events = [
            collected(&["a", "b"]),
            report("a", "call", "passed"),
            json!({"event": "start", "id": "b"}),
        ];
        let summary = summary(&events, &End::TimedOut);
        assert_eq!(summary.outcome, Outcome::TimedOut);
        assert_eq!(summary.tests[1].outcome, TestOutcome::TimedOut);
    }

    #[test]
    fn line_that_was_cut_by_a_kill_is_passed_over() {
        let channel = format!("{}\n{{\"event\": \"sta", collected(&["a"]));
        let summary = summarize(&channel, &End::OutOfMemory, Path::new("/p"));
        assert_eq!(summary.outcome, Outcome::OutOfMemory);
        assert_eq!(summary.tests.len(), 1);
    }

    #[test]
    fn what_a_collection_error_misses_is_told_by_file() {
        let missing_in = |error: serde_json::Value| {
            let events = [
                json!({"event": "collect_error", "id": "t.py", "error": error}),
                finish(2),
            ];
            let summary = summary(&events, &End::Exited(2));
            assert_eq!(summary.outcome, Outcome::Broken);
            summary.collection_errors[0].missing_in.clone()
        };
        assert_eq!(
            missing_in(json!({
                "text": "ModuleNotFoundError: No module named 'pkg.layers'", "is_missing_name": true,
                "is_missing_module": true, "module": "pkg.layers", "file": "/run/case-1/project/t.py",
                "places": [
                    "/run/case-1/project/src/pkg/layers.py", "/run/case-1/project-2/pkg/layers.py",
                    "/usr/lib/python3/pkg/layers.py",
                ],
            })),
            ["src/pkg/layers.py"]
        );
        assert_eq!(
            missing_in(json!({
                "text": "ImportError: cannot import name 'f'", "is_missing_name": true,
                "module": "pkg.layers", "module_file": "/run/case-1/project/pkg/layers.py",
                "file": "/run/case-1/project/t.py",
            })),
            ["pkg/layers.py"]
        );
        assert_eq!(
            missing_in(json!({
                "text": "NameError: name 'x'", "is_missing_name": true,
                "file": "/run/case-1/project/pkg/a.py",
            })),
            ["pkg/a.py"]
        );
        assert_eq!(
            missing_in(json!({"text": "ValueError", "file": "/run/case-1/project/pkg/a.py"})),
            Vec::<String>::new()
        );
    }
}
