//! Worker pool and channel: many threads in, one event stream out.
//!
//! Cases are taken in the order of the plan as soon as they can be judged: a bug after the reference
//! and starter of its module, a case with the same inputs as an earlier one after that. The events
//! are received on the calling thread.

use std::collections::{BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::case::{Case, CaseKind};
use super::event::{CaseReport, Event};
use super::judge::{Baseline, judge};
use super::plan::Plan;
use super::verdict::{Judgement, Verdict};
use crate::run::environment::Environment;
use crate::run::executor::Executor;
use crate::run::interrupt::Interrupt;
use crate::run::outcome::{Outcome, RunResult};

/// How often a tick is sent while nothing else happens.
const TICK: Duration = Duration::from_millis(100);

/// What a run needs besides its plan.
pub struct RunContext<'a> {
    /// The environment of each curriculum of the plan; `None` where nothing is run.
    pub environments: &'a [Option<Arc<Environment>>],
    /// Who runs cases.
    pub executor: &'a dyn Executor,
    /// How many cases run at a time.
    pub jobs: usize,
    /// Whether the run is to stop.
    pub interrupt: &'a Interrupt,
}

/// Runs all cases of a plan and returns their reports in the order of the plan.
///
/// When the run is stopped, cases that have not ended are reported as interrupted.
pub fn run(
    plan: &Plan,
    context: &RunContext<'_>,
    on_event: &mut dyn FnMut(Event),
) -> Vec<CaseReport> {
    let started = Instant::now();
    on_event(Event::RunStarted {
        modules: plan.modules(),
    });
    let queue = Queue::new(plan);
    let (sender, receiver) = mpsc::channel();
    let mut reports: Vec<Option<CaseReport>> = plan.cases.iter().map(|_| None).collect();
    std::thread::scope(|scope| {
        for _ in 0..context.jobs.clamp(1, plan.cases.len().max(1)) {
            let (queue, sender) = (&queue, sender.clone());
            scope.spawn(move || work(plan, context, queue, &sender));
        }
        drop(sender);
        loop {
            match receiver.recv_timeout(TICK) {
                Ok(Message::Started(id)) => on_event(Event::CaseStarted { id }),
                Ok(Message::Finished(index, report)) => {
                    on_event(Event::CaseFinished(report.clone()));
                    reports[index] = Some(*report);
                }
                Err(RecvTimeoutError::Timeout) => {
                    if context.interrupt.is_set() {
                        queue.wake_all();
                    }
                    on_event(Event::Tick);
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
    });
    let reports = reports
        .into_iter()
        .zip(&plan.cases)
        .map(|(report, case)| {
            report.unwrap_or_else(|| {
                let judgement = Judgement {
                    verdict: Verdict::Interrupted,
                    seen: None,
                };
                CaseReport::new(case, &plan.curricula[case.curriculum], judgement, None)
            })
        })
        .collect();
    on_event(Event::RunFinished {
        duration: started.elapsed(),
    });
    reports
}

enum Message {
    Started(String),
    Finished(usize, Box<CaseReport>),
}

fn work(plan: &Plan, context: &RunContext<'_>, queue: &Queue, sender: &Sender<Message>) {
    while let Some(index) = queue.next(context.interrupt) {
        let case = &plan.cases[index];
        // Nobody is left to hear of it only when the receiving thread has panicked.
        let _ = sender.send(Message::Started(case.id.clone()));
        let (judgement, result, is_shared) = judge_case(index, case, context, queue);
        let is_passed = judgement.verdict == Verdict::AsExpected;
        let name = &plan.curricula[case.curriculum];
        let mut report = CaseReport::new(case, name, judgement, result.clone());
        report.is_shared = is_shared;
        queue.finish(index, result, is_passed);
        let _ = sender.send(Message::Finished(index, Box::new(report)));
    }
}

fn judge_case(
    index: usize,
    case: &Case,
    context: &RunContext<'_>,
    queue: &Queue,
) -> (Judgement, Option<RunResult>, bool) {
    let input = match &case.input {
        Ok(input) => input,
        Err(not_run) => {
            let seen = format!("not run (lint: {}): {}", not_run.rule, not_run.message);
            return (Judgement::new(Verdict::NotRun, seen), None, false);
        }
    };
    let needed = &queue.needs[index];
    let baseline = needed.baseline.map(|baseline| queue.done(baseline));
    let is_sound = |case: Option<usize>| case.is_some_and(|case| queue.done(case).is_passed);
    // On a broken baseline a bug is not even run: whatever it does says nothing.
    if matches!(case.kind, CaseKind::Bug { .. })
        && !(is_sound(needed.reference) && is_sound(needed.baseline))
    {
        return (
            Judgement {
                verdict: Verdict::NotJudged,
                seen: None,
            },
            None,
            false,
        );
    }
    let twin = needed.twin.and_then(|twin| queue.done(twin).result);
    let is_shared = twin.is_some();
    let result = twin.unwrap_or_else(|| match &context.environments[case.curriculum] {
        Some(environment) => {
            let request = input.request(environment, 0);
            // A bug in the tool must not take the other cases with it.
            catch_unwind(AssertUnwindSafe(|| context.executor.run(&request))).unwrap_or_else(|_| {
                let detail = "the executor failed; this is a bug in mastery".to_owned();
                RunResult::ended(Outcome::InfrastructureError, detail)
            })
        }
        None => {
            let detail = "there is no environment to run it in".to_owned();
            RunResult::ended(Outcome::InfrastructureError, detail)
        }
    });
    let starter = needed
        .starter
        .and_then(|starter| queue.done(starter).result);
    let reference = baseline
        .as_ref()
        .filter(|done| done.is_passed)
        .and_then(|done| done.result.as_ref());
    let baseline = Baseline {
        reference,
        starter: starter.as_ref(),
    };
    (
        judge(&case.kind, &case.expectation, &result, baseline),
        Some(result),
        is_shared,
    )
}

/// What a case waits for.
#[derive(Clone, Copy, Debug, Default)]
struct Needs {
    reference: Option<usize>,
    /// The code that a bug is put into: the reference itself, or a variant.
    baseline: Option<usize>,
    starter: Option<usize>,
    twin: Option<usize>,
}

impl Needs {
    fn all(self) -> impl Iterator<Item = usize> {
        [self.reference, self.baseline, self.starter, self.twin]
            .into_iter()
            .flatten()
    }
}

/// What became of a case, as far as others need it.
#[derive(Clone, Debug)]
struct Done {
    result: Option<RunResult>,
    is_passed: bool,
}

/// Hands out cases whose needs are met.
struct Queue {
    needs: Vec<Needs>,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    waiting: BTreeSet<usize>,
    done: Vec<Option<Done>>,
}

impl Queue {
    fn new(plan: &Plan) -> Self {
        let cases = plan.cases.iter().enumerate();
        let key =
            |case: &Case, kind: &CaseKind| (case.curriculum, case.module.clone(), kind.to_string());
        let places: HashMap<_, _> = cases
            .map(|(index, case)| (key(case, &case.kind), index))
            .collect();
        let find = |case: &Case, kind: &CaseKind| places.get(&key(case, kind)).copied();
        let needs = plan
            .cases
            .iter()
            .zip(plan.twins())
            .map(|(case, twin)| match case.kind {
                CaseKind::Bug { .. } => Needs {
                    reference: find(case, &CaseKind::Reference),
                    baseline: find(case, &case.kind.baseline()),
                    starter: find(case, &CaseKind::Starter),
                    twin,
                },
                CaseKind::Complete | CaseKind::Variant(_) => Needs {
                    reference: find(case, &CaseKind::Reference),
                    baseline: find(case, &CaseKind::Reference),
                    starter: None,
                    twin,
                },
                _ => Needs {
                    twin,
                    ..Needs::default()
                },
            });
        Self {
            needs: needs.collect(),
            state: Mutex::new(State {
                waiting: (0..plan.cases.len()).collect(),
                done: plan.cases.iter().map(|_| None).collect(),
            }),
            changed: Condvar::new(),
        }
    }

    /// The first case that can begin; waits for one. `None` when there is none left, or the run is
    /// to stop.
    fn next(&self, interrupt: &Interrupt) -> Option<usize> {
        let mut state = self.state();
        loop {
            if interrupt.is_set() || state.waiting.is_empty() {
                return None;
            }
            let is_ready = |index: &usize| {
                self.needs[*index]
                    .all()
                    .all(|need| state.done[need].is_some())
            };
            if let Some(index) = state.waiting.iter().copied().find(is_ready) {
                state.waiting.remove(&index);
                return Some(index);
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn finish(&self, index: usize, result: Option<RunResult>, is_passed: bool) {
        self.state().done[index] = Some(Done { result, is_passed });
        self.changed.notify_all();
    }

    fn done(&self, index: usize) -> Done {
        let nothing = Done {
            result: None,
            is_passed: false,
        };
        self.state().done[index].clone().unwrap_or(nothing)
    }

    fn wake_all(&self) {
        self.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curriculum::id::{BugId, ModuleId};
    use crate::diagnostic::Location;
    use crate::run::environment::identity::Identity;
    use crate::run::executor::{RunRequest, Task};
    use crate::run::outcome::{TestOutcome, TestResult};
    use crate::source::tree::{Entry, Tree};
    use crate::verify::case::{BugExpectation, CaseInput, Expectation, Injection, NotRun};

    /// Ends as the file `outcome` in the tree says, without a process.
    struct Fake {
        interrupt: Interrupt,
        runs: Mutex<Vec<String>>,
    }

    impl Executor for Fake {
        fn kind(&self) -> String {
            "fake".to_owned()
        }

        fn run(&self, request: &RunRequest) -> RunResult {
            let text = request
                .tree
                .get("outcome")
                .and_then(Entry::text)
                .unwrap_or_default();
            self.runs.lock().unwrap().push(text.to_owned());
            let outcome = match text.split(' ').next().unwrap_or_default() {
                "pass" => TestOutcome::Passed,
                "fail" => TestOutcome::Failed,
                "stop" => {
                    self.interrupt.set();
                    return RunResult::ended(Outcome::Interrupted, None);
                }
                _ => panic!("a bug in the tool"),
            };
            let mut result = match outcome {
                TestOutcome::Passed => RunResult::ended(Outcome::Passed, None),
                _ => RunResult::ended(Outcome::Failed, None),
            };
            result.tests.push(TestResult {
                id: "t".to_owned(),
                outcome,
                message: (outcome != TestOutcome::Passed).then(|| text.to_owned()),
                traceback: None,
                duration: Duration::ZERO,
            });
            result
        }
    }

    fn case(module: &str, kind: CaseKind, outcome: &str) -> Case {
        let tree: Tree = [("outcome".to_owned(), Entry::file(outcome.as_bytes()))]
            .into_iter()
            .collect();
        let expectation = match kind {
            CaseKind::Starter => Expectation::Fails {
                initially_passing: Vec::new(),
                edit: Vec::new(),
            },
            CaseKind::Bug { .. } => Expectation::Bug(BugExpectation {
                outcome: crate::curriculum::document::ExpectedOutcome::Failed,
                fail: vec!["t".to_owned()],
                may_fail: Vec::new(),
                message: None,
                is_lenient: false,
            }),
            _ => Expectation::Passes,
        };
        Case {
            id: format!("c/{module}/{kind}"),
            curriculum: 0,
            module: ModuleId::try_from(module).unwrap(),
            kind,
            is_draft: false,
            location: Location::path("module.yaml"),
            input: Ok(CaseInput {
                tree: Arc::new(tree),
                task: Task::Command {
                    argv: vec!["x".to_owned()],
                    junit: None,
                },
                prepare: None,
                timeout: Duration::from_secs(1),
                test_timeout: Duration::from_secs(1),
                memory_bytes: 1,
            }),
            expectation,
        }
    }

    fn bug(name: &str) -> CaseKind {
        CaseKind::Bug {
            bug: BugId::try_from(name).unwrap(),
            injection: Injection::Patch,
        }
    }

    fn ran(cases: Vec<Case>, jobs: usize) -> (Vec<CaseReport>, Vec<String>, Vec<Event>) {
        let plan = Plan {
            curricula: vec!["c".to_owned()],
            cases,
        };
        let interrupt = Interrupt::new();
        let fake = Fake {
            interrupt: interrupt.clone(),
            runs: Mutex::default(),
        };
        let environment = Environment {
            python: None,
            origin: None,
            path: Vec::new(),
            readable: Vec::new(),
            pytest_plugins: Vec::new(),
            preload: Vec::new(),
            identity: Identity::default(),
        };
        let environments = [Some(Arc::new(environment))];
        let context = RunContext {
            environments: &environments,
            executor: &fake,
            jobs,
            interrupt: &interrupt,
        };
        let mut events = Vec::new();
        let reports = run(&plan, &context, &mut |event| {
            if !matches!(event, Event::Tick) {
                events.push(event);
            }
        });
        (reports, fake.runs.into_inner().unwrap(), events)
    }

    fn verdicts(reports: &[CaseReport]) -> Vec<Verdict> {
        reports.iter().map(|report| report.verdict).collect()
    }

    #[test]
    fn bugs_wait_for_their_baseline_whatever_the_order_and_number_of_threads() {
        for jobs in [1, 2, 8] {
            let cases = vec![
                case("m", bug("first"), "fail bug"),
                case("m", CaseKind::Starter, "fail starter"),
                case("m", CaseKind::Reference, "pass"),
            ];
            let (reports, runs, events) = ran(cases, jobs);
            assert_eq!(verdicts(&reports), [Verdict::AsExpected; 3]);
            assert_eq!(runs.last().unwrap(), "fail bug");
            assert!(
                matches!(events.first(), Some(Event::RunStarted { modules }) if modules[0].1 == 3)
            );
            assert!(matches!(events.last(), Some(Event::RunFinished { .. })));
        }
    }

    #[test]
    fn bugs_of_a_broken_reference_are_not_run() {
        let cases = vec![
            case("m", CaseKind::Reference, "fail"),
            case("m", CaseKind::Starter, "fail starter"),
            case("m", bug("first"), "fail bug"),
            case("other", CaseKind::Reference, "pass"),
        ];
        let (reports, runs, _) = ran(cases, 2);
        assert_eq!(
            verdicts(&reports),
            [
                Verdict::ReferenceFails,
                Verdict::AsExpected,
                Verdict::NotJudged,
                Verdict::AsExpected
            ]
        );
        assert!(!runs.contains(&"fail bug".to_owned()));
    }

    #[test]
    fn same_inputs_run_once() {
        let cases = vec![
            case("m", CaseKind::Reference, "pass"),
            case("m", CaseKind::Complete, "pass"),
        ];
        let (reports, runs, _) = ran(cases, 4);
        assert_eq!(runs.len(), 1);
        assert!(!reports[0].is_shared && reports[1].is_shared);
        assert_eq!(verdicts(&reports), [Verdict::AsExpected; 2]);
    }

    #[test]
    fn case_that_lint_rules_out_is_not_run() {
        let mut blocked = case("m", CaseKind::Reference, "pass");
        let message = "no".to_owned();
        blocked.input = Err(NotRun {
            rule: "unclosed-region",
            message,
        });
        let (reports, runs, _) = ran(vec![blocked, case("m", bug("first"), "fail")], 2);
        assert_eq!(verdicts(&reports), [Verdict::NotRun, Verdict::NotJudged]);
        assert_eq!(
            reports[0].seen.as_deref(),
            Some("not run (lint: unclosed-region): no")
        );
        assert!(runs.is_empty());
    }

    #[test]
    fn panic_in_one_case_leaves_the_others_alone() {
        let cases = vec![
            case("m", CaseKind::Reference, "panic"),
            case("other", CaseKind::Reference, "pass"),
        ];
        let (reports, _, _) = ran(cases, 1);
        assert_eq!(
            verdicts(&reports),
            [Verdict::InfrastructureError, Verdict::AsExpected]
        );
    }

    #[test]
    fn after_an_interrupt_nothing_begins_and_all_are_told() {
        let cases = vec![
            case("m", CaseKind::Reference, "pass"),
            case("m", CaseKind::Starter, "stop"),
            case("other", CaseKind::Reference, "pass other"),
        ];
        let (reports, runs, _) = ran(cases, 1);
        assert_eq!(
            verdicts(&reports),
            [
                Verdict::AsExpected,
                Verdict::Interrupted,
                Verdict::Interrupted
            ]
        );
        assert_eq!(runs.len(), 2);
    }
}
