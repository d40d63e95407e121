//! Worker pool and channel: many threads in, one event stream out.
//!
//! Cases are taken as soon as they can be judged (a bug after the reference and starter of its module, a
//! case with the same inputs as an earlier one after that), those first that most is waiting for; see
//! `queue`. The events are received on the calling thread.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::case::{Case, CaseInput, CaseKind};
use super::estimate::Estimates;
use super::event::{CaseReport, Event};
use super::flake::{self, Ending};
use super::judge::{Baseline, judge};
use super::needs::Needs;
use super::plan::Plan;
use super::queue::{Queue, QueuedCase};
use super::verdict::{Judgement, Verdict, VerdictSeverity};
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
    /// How long the cases are thought to take.
    pub estimates: &'a Estimates,
    /// How many cases run at a time.
    pub jobs: usize,
    /// What the cases that run at a time may use together, in bytes.
    pub memory_bytes: u64,
    /// The seeds that every case is run with; it is judged by the first.
    pub seeds: Range<u32>,
    /// Whether nothing begins any more once a case is not as expected.
    pub fail_fast: bool,
    /// Whether the run is to stop.
    pub interrupt: &'a Interrupt,
}

/// Runs all cases of a plan and returns their reports in the order of the plan.
///
/// When the run is stopped, cases that have not ended are reported as interrupted; those that
/// `fail_fast` has kept from beginning as skipped.
pub fn run(
    plan: &Plan,
    context: &RunContext<'_>,
    on_event: &mut dyn FnMut(Event),
) -> Vec<CaseReport> {
    let started = Instant::now();
    let jobs = context.jobs.clamp(1, plan.cases.len().max(1));
    on_event(Event::RunStarted {
        modules: plan.modules(),
        estimates: estimates(plan, context),
        jobs,
    });
    let board = Board::new(plan, context);
    let (sender, receiver) = mpsc::channel();
    let mut reports: Vec<Option<CaseReport>> = plan.cases.iter().map(|_| None).collect();
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            let (board, sender) = (&board, sender.clone());
            scope.spawn(move || work(plan, context, board, &sender));
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
                        board.wake_all();
                    }
                    on_event(Event::Tick);
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
    });
    if !context.interrupt.is_set() {
        for note in context.executor.notes() {
            on_event(Event::Note(note));
        }
    }
    let not_begun = board.not_begun();
    let reports = reports
        .into_iter()
        .zip(&plan.cases)
        .map(|(report, case)| {
            report.unwrap_or_else(|| {
                CaseReport::new(
                    case,
                    &plan.curricula[case.curriculum],
                    not_begun.clone(),
                    None,
                )
            })
        })
        .collect();
    on_event(Event::RunFinished {
        duration: started.elapsed(),
    });
    reports
}

/// How long each case takes with all its seeds.
fn estimates(plan: &Plan, context: &RunContext<'_>) -> Vec<(String, Duration)> {
    let seeds = u32::try_from(context.seeds.len()).unwrap_or(u32::MAX);
    let cases = plan.cases.iter().enumerate();
    cases
        .map(|(index, case)| {
            let once = context.estimates.in_plan(index);
            (case.id.clone(), once.saturating_mul(seeds))
        })
        .collect()
}

enum Message {
    Started(String),
    Finished(usize, Box<CaseReport>),
}

fn work(plan: &Plan, context: &RunContext<'_>, board: &Board, sender: &Sender<Message>) {
    while let Some(index) = board.next(context.interrupt) {
        let case = &plan.cases[index];
        // Nobody is left to hear of it only when the receiving thread has panicked.
        let _ = sender.send(Message::Started(case.id.clone()));
        let judged = judge_case(index, plan, context, board);
        let is_passed = judged.judgement.verdict == Verdict::AsExpected;
        let name = &plan.curricula[case.curriculum];
        let result = judged.endings.first().map(|ending| ending.result.clone());
        let mut report = CaseReport::new(case, name, judged.judgement, result);
        report.is_shared = judged.is_shared;
        if report.verdict == Verdict::Flaky {
            report.endings.clone_from(&judged.endings);
        }
        let stops_all = context.fail_fast
            && report.severity == VerdictSeverity::Error
            && report.verdict != Verdict::Interrupted;
        let done = Done {
            endings: judged.endings,
            is_passed,
        };
        board.finish(index, done, stops_all.then_some(&report));
        let _ = sender.send(Message::Finished(index, Box::new(report)));
    }
}

/// A case that has ended.
struct Judged {
    judgement: Judgement,
    /// How it ended; nothing where it was not run.
    endings: Vec<Ending>,
    is_shared: bool,
}

impl Judged {
    fn not_run(judgement: Judgement) -> Self {
        Self {
            judgement,
            endings: Vec::new(),
            is_shared: false,
        }
    }
}

fn judge_case(index: usize, plan: &Plan, context: &RunContext<'_>, board: &Board) -> Judged {
    let case = &plan.cases[index];
    let input = match &case.input {
        Ok(input) => input,
        Err(not_run) => {
            let seen = format!("not run (lint: {}): {}", not_run.rule, not_run.message);
            return Judged::not_run(Judgement::new(Verdict::NotRun, seen));
        }
    };
    let needed = &board.needs[index];
    let baseline = needed.baseline.map(|baseline| board.done(baseline));
    let is_sound = |case: &usize| board.done(*case).is_passed;
    // On a broken baseline a bug is not even run: whatever it does says nothing.
    if matches!(case.kind, CaseKind::Bug { .. })
        && !(needed.reference.is_some_and(|it| is_sound(&it))
            && needed.baseline.is_some_and(|it| is_sound(&it)))
    {
        let unsound = [needed.reference, needed.baseline];
        let unsound = unsound.into_iter().flatten().find(|it| !is_sound(it));
        // Nothing else of this report tells why.
        let elsewhere = unsound
            .map(|it| &plan.cases[it])
            .filter(|it| it.is_pulled_in);
        return Judged::not_run(Judgement {
            verdict: Verdict::NotJudged,
            seen: elsewhere
                .map(|it| format!("`{}`, which another shard reports, does not pass", it.id)),
        });
    }
    let twin = needed.twin.map(|twin| board.done(twin).endings);
    let twin = twin.filter(|endings| !endings.is_empty());
    let is_shared = twin.is_some();
    let endings = twin.unwrap_or_else(|| run_case(case, input, context));
    let result = &endings[0].result;
    let starter = needed.starter.map(|starter| board.done(starter));
    let baseline = Baseline {
        reference: baseline
            .as_ref()
            .filter(|done| done.is_passed)
            .and_then(Done::result),
        starter: starter.as_ref().and_then(Done::result),
    };
    let judgement = if endings.len() > 1 {
        Judgement::new(Verdict::Flaky, flake::describe(&endings))
    } else {
        judge(&case.kind, &case.expectation, result, baseline)
    };
    Judged {
        judgement,
        endings,
        is_shared,
    }
}

/// Runs a case with each seed, and returns the ways in which it ended: at least one.
fn run_case(case: &Case, input: &CaseInput, context: &RunContext<'_>) -> Vec<Ending> {
    let lost = |detail: &str| RunResult::ended(Outcome::InfrastructureError, detail.to_owned());
    let run = |seed| match &context.environments[case.curriculum] {
        Some(environment) => {
            let request = input.request(environment, seed);
            // A bug in the tool must not take the other cases with it.
            catch_unwind(AssertUnwindSafe(|| context.executor.run(&request)))
                .unwrap_or_else(|_| lost("the executor failed; this is a bug in mastery"))
        }
        None => lost("there is no environment to run it in"),
    };
    flake::endings(context.seeds.clone().map(|seed| (seed, run(seed))))
}

/// What became of a case, as far as others need it.
#[derive(Clone, Debug, Default)]
struct Done {
    /// How it ended; nothing where it was not run.
    endings: Vec<Ending>,
    is_passed: bool,
}

impl Done {
    fn result(&self) -> Option<&RunResult> {
        self.endings.first().map(|ending| &ending.result)
    }
}

/// What the threads share: the cases to come, and those that have ended.
struct Board {
    needs: Vec<Needs>,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    queue: Queue,
    done: Vec<Option<Done>>,
    /// Why nothing begins any more.
    stopped_by: Option<String>,
}

impl Board {
    fn new(plan: &Plan, context: &RunContext<'_>) -> Self {
        let needs = Needs::of(plan);
        let cases = plan.cases.iter().zip(&needs).enumerate();
        let cases = cases.map(|(index, (case, needs))| {
            let memory = case.input.as_ref().map_or(0, |input| input.memory_bytes);
            QueuedCase::new(*needs, context.estimates.in_plan(index), memory)
        });
        let queue = Queue::new(cases.collect(), context.memory_bytes);
        Self {
            needs,
            state: Mutex::new(State {
                queue,
                done: plan.cases.iter().map(|_| None).collect(),
                stopped_by: None,
            }),
            changed: Condvar::new(),
        }
    }

    /// The next case that can begin; waits for one. `None` when there is none left, or the run is
    /// to stop.
    fn next(&self, interrupt: &Interrupt) -> Option<usize> {
        let mut state = self.state();
        loop {
            if interrupt.is_set() || state.queue.is_empty() {
                return None;
            }
            if let Some(index) = state.queue.take() {
                return Some(index);
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Takes note of how a case ended, and of the report because of which nothing begins any more.
    fn finish(&self, index: usize, done: Done, stopped_by: Option<&CaseReport>) {
        let mut state = self.state();
        state.queue.finish(index, !done.endings.is_empty());
        state.done[index] = Some(done);
        if let Some(report) = stopped_by {
            state.queue.stop();
            let why = || format!("`{}` is {}", report.id, report.verdict.name());
            state.stopped_by.get_or_insert_with(why);
        }
        drop(state);
        self.changed.notify_all();
    }

    fn done(&self, index: usize) -> Done {
        self.state().done[index].clone().unwrap_or_default()
    }

    /// What is to be said of cases that have not begun when all is over.
    fn not_begun(&self) -> Judgement {
        match &self.state().stopped_by {
            Some(why) => Judgement::new(Verdict::Skipped, why.clone()),
            None => Judgement {
                verdict: Verdict::Interrupted,
                seen: None,
            },
        }
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
    use crate::run::environment::identity::Identity;
    use crate::run::executor::RunRequest;
    use crate::run::outcome::{TestOutcome, TestResult};
    use crate::source::tree::Entry;
    use crate::verify::case::NotRun;
    use crate::verify::durations::Durations;
    use crate::verify::fixtures::{bug, case, plan};

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
                "fail" => TestOutcome::Failed,
                "flaky" if request.seed % 2 == 1 => TestOutcome::Failed,
                "pass" | "flaky" => TestOutcome::Passed,
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

    /// How a test runs a plan; what is left out is as it is without options.
    struct Options {
        jobs: usize,
        seeds: Range<u32>,
        fail_fast: bool,
    }

    fn ran_with(plan: &Plan, options: Options) -> (Vec<CaseReport>, Vec<String>, Vec<Event>) {
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
            estimates: &Estimates::new(plan, &Durations::default()),
            jobs: options.jobs,
            memory_bytes: u64::MAX,
            seeds: options.seeds,
            fail_fast: options.fail_fast,
            interrupt: &interrupt,
        };
        let mut events = Vec::new();
        let reports = run(plan, &context, &mut |event| {
            if !matches!(event, Event::Tick) {
                events.push(event);
            }
        });
        (reports, fake.runs.into_inner().unwrap(), events)
    }

    fn ran(cases: Vec<Case>, jobs: usize) -> (Vec<CaseReport>, Vec<String>, Vec<Event>) {
        let options = Options {
            jobs,
            seeds: 0..1,
            fail_fast: false,
        };
        ran_with(&plan(cases), options)
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
                matches!(events.first(), Some(Event::RunStarted { modules, .. }) if modules[0].1 == 3)
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

    #[test]
    fn after_the_first_failure_nothing_begins_where_that_is_asked_for() {
        let cases = || {
            vec![
                case("m", CaseKind::Reference, "fail"),
                case("m", CaseKind::Starter, "fail starter"),
                case("m", bug("first"), "fail bug"),
            ]
        };
        let run = |cases, fail_fast| {
            let options = Options {
                jobs: 1,
                seeds: 0..1,
                fail_fast,
            };
            let (reports, runs, _) = ran_with(&plan(cases), options);
            (reports, runs.len())
        };
        let (reports, runs) = run(cases(), true);
        assert_eq!(
            verdicts(&reports),
            [Verdict::ReferenceFails, Verdict::Skipped, Verdict::Skipped]
        );
        assert_eq!(
            reports[1].seen.as_deref(),
            Some("`c/m/reference` is reference-fails")
        );
        assert_eq!(runs, 1);
        let mut draft = cases();
        for case in &mut draft {
            case.is_draft = true;
        }
        let (reports, runs) = run(draft, true);
        assert_eq!(verdicts(&reports)[1], Verdict::AsExpected);
        assert_eq!(runs, 2, "what a draft is accused of stops nothing");
    }

    #[test]
    fn case_that_ends_differently_with_another_seed_is_flaky_and_no_baseline() {
        let cases = vec![
            case("m", CaseKind::Reference, "flaky"),
            case("m", CaseKind::Complete, "flaky"),
            case("m", CaseKind::Starter, "fail starter"),
            case("m", bug("first"), "fail bug"),
            case("other", CaseKind::Reference, "pass"),
        ];
        let with_seeds = |seeds| {
            let options = Options {
                jobs: 2,
                seeds,
                fail_fast: false,
            };
            ran_with(&plan(cases.clone()), options)
        };
        let (reports, runs, _) = with_seeds(0..3);
        assert_eq!(
            verdicts(&reports),
            [
                Verdict::Flaky,
                Verdict::Flaky,
                Verdict::AsExpected,
                Verdict::NotJudged,
                Verdict::AsExpected
            ]
        );
        assert_eq!(
            reports[0].seen.as_deref(),
            Some("seeds 0, 2: passed; seed 1: failed (t)")
        );
        assert_eq!(reports[0].endings.len(), 2);
        assert!(reports[1].is_shared, "the runs of its twin are its own");
        assert!(reports[2].endings.is_empty());
        assert_eq!(runs.len(), 9);
        assert_eq!(verdicts(&with_seeds(0..1).0), [Verdict::AsExpected; 5]);
        assert_eq!(
            verdicts(&with_seeds(1..2).0)[0],
            Verdict::ReferenceFails,
            "one seed alone is judged by itself"
        );
    }

    #[test]
    fn bug_whose_baseline_another_shard_reports_says_so() {
        let mut plan = plan(vec![
            case("m", CaseKind::Reference, "fail"),
            case("m", bug("first"), "fail bug"),
        ]);
        plan.cases[0].is_pulled_in = true;
        let options = Options {
            jobs: 1,
            seeds: 0..1,
            fail_fast: false,
        };
        let (reports, _, _) = ran_with(&plan, options);
        assert_eq!(
            reports[1].seen.as_deref(),
            Some("`c/m/reference`, which another shard reports, does not pass")
        );
    }
}
