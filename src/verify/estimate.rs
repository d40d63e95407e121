//! How long cases are thought to take.
//!
//! Only the order of cases, the sizes of shards and what is shown while waiting depend on it; no
//! verdict does.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use super::case::{Case, CaseInput, CaseKind, Expectation};
use super::durations::Durations;
use super::plan::Plan;
use crate::curriculum::document::ExpectedOutcome;
use crate::run::executor::Task;

/// What a case takes of which nothing at all is known.
const UNKNOWN: Duration = Duration::from_secs(1);

/// How long each case of a plan is thought to take.
#[derive(Clone, Debug)]
pub struct Estimates {
    /// Each as if it shared no run with another.
    alone: Vec<Duration>,
    /// The earlier case whose run each shares.
    twins: Vec<Option<usize>>,
}

impl Estimates {
    /// Estimates from what was recorded: a case's own duration, else the median of its module, else that
    /// of its kind, else what the module says that its reference takes. A case that has to run into its
    /// limit and has not been recorded takes that long on top.
    pub fn new(plan: &Plan, durations: &Durations) -> Self {
        let mut modules = Medians::default();
        let mut kinds = Medians::default();
        for case in plan.cases.iter().filter(|it| limit(it).is_none()) {
            if let Some(duration) = durations.of(&case.id) {
                modules.add((case.curriculum, case.module.clone()), duration);
                kinds.add(kind_of(case), duration);
            }
        }
        let (modules, kinds) = (modules.into_medians(), kinds.into_medians());
        let estimate = |case: &Case| {
            if case.input.is_err() {
                return Duration::ZERO;
            }
            durations.of(&case.id).unwrap_or_else(|| {
                let usual = modules
                    .get(&(case.curriculum, case.module.clone()))
                    .or_else(|| kinds.get(&kind_of(case)))
                    .copied()
                    .or(case.baseline)
                    .unwrap_or(UNKNOWN);
                usual + limit(case).unwrap_or_default()
            })
        };
        Self {
            alone: plan.cases.iter().map(estimate).collect(),
            twins: plan.twins(),
        }
    }

    /// How long a case takes if it is run itself.
    pub fn alone(&self, index: usize) -> Duration {
        self.alone[index]
    }

    /// How long a case takes in a run of the whole plan: no time where it shares the run of another.
    pub fn in_plan(&self, index: usize) -> Duration {
        match self.twins[index] {
            Some(_) => Duration::ZERO,
            None => self.alone[index],
        }
    }

    /// Whether a case shares the run of an earlier one.
    pub fn is_shared(&self, index: usize) -> bool {
        self.twins[index].is_some()
    }

    /// The case whose run a case shares, or itself.
    pub(super) fn root(&self, index: usize) -> usize {
        self.twins[index].unwrap_or(index)
    }
}

/// The limit that a case has to run into.
fn limit(case: &Case) -> Option<Duration> {
    let Expectation::Bug(bug) = &case.expectation else {
        return None;
    };
    let input = case.input.as_ref().ok()?;
    let limit = |input: &CaseInput| match input.task {
        Task::Pytest { .. } => input.test_timeout.min(input.timeout),
        Task::Command { .. } => input.timeout,
    };
    (bug.outcome == ExpectedOutcome::TimedOut).then(|| limit(input))
}

/// Cases that are alike in what they do.
fn kind_of(case: &Case) -> &'static str {
    match case.kind {
        CaseKind::Starter => "starter",
        CaseKind::Reference | CaseKind::Complete | CaseKind::Variant(_) => "solution",
        CaseKind::Bug { .. } => "bug",
    }
}

struct Medians<K>(HashMap<K, Vec<Duration>>);

impl<K> Default for Medians<K> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<K: Hash + Eq> Medians<K> {
    fn add(&mut self, key: K, duration: Duration) {
        self.0.entry(key).or_default().push(duration);
    }

    fn into_medians(self) -> HashMap<K, Duration> {
        let median = |mut durations: Vec<Duration>| {
            durations.sort_unstable();
            durations[durations.len() / 2]
        };
        self.0
            .into_iter()
            .map(|(key, durations)| (key, median(durations)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::case::NotRun;
    use crate::verify::fixtures::{bug, case, plan};

    fn estimates(plan: &Plan, recorded: &[(&str, f64)]) -> Vec<f64> {
        let recorded = recorded
            .iter()
            .map(|(id, seconds)| ((*id).to_owned(), Duration::from_secs_f64(*seconds)));
        let estimates = Estimates::new(plan, &recorded.collect());
        (0..plan.cases.len())
            .map(|index| estimates.in_plan(index).as_secs_f64())
            .collect()
    }

    #[test]
    fn own_record_comes_before_that_of_module_kind_and_author() {
        let mut baseline = case("n", CaseKind::Reference, "n");
        baseline.baseline = Some(Duration::from_secs(9));
        let mut unknown = case("o", CaseKind::Starter, "o");
        unknown.baseline = Some(Duration::from_secs(7));
        let plan = plan(vec![
            case("m", CaseKind::Reference, "m"),
            case("m", CaseKind::Starter, "m starter"),
            baseline,
            unknown,
            case("p", CaseKind::Starter, "p"),
        ]);
        assert_eq!(estimates(&plan, &[]), [1.0, 1.0, 9.0, 7.0, 1.0]);
        assert_eq!(
            estimates(&plan, &[("c/m/reference", 3.0)]),
            [3.0, 3.0, 3.0, 7.0, 1.0]
        );
    }

    #[test]
    fn shared_runs_and_cases_that_are_not_run_take_no_time() {
        let mut not_run = case("n", CaseKind::Reference, "n");
        not_run.input = Err(NotRun {
            rule: "x",
            message: String::new(),
        });
        let plan = plan(vec![
            case("m", CaseKind::Reference, "same"),
            case("m", CaseKind::Complete, "same"),
            not_run,
        ]);
        assert_eq!(estimates(&plan, &[]), [1.0, 0.0, 0.0]);
    }

    #[test]
    fn bug_that_hangs_takes_its_limit_unless_it_is_recorded() {
        let mut hangs = case("m", bug("hangs"), "hang");
        if let Expectation::Bug(bug) = &mut hangs.expectation {
            bug.outcome = ExpectedOutcome::TimedOut;
        }
        hangs.input.as_mut().unwrap().timeout = Duration::from_secs(40);
        let plan = plan(vec![case("m", CaseKind::Reference, "m"), hangs]);
        assert_eq!(estimates(&plan, &[("c/m/reference", 3.0)]), [3.0, 43.0]);
        assert_eq!(
            estimates(&plan, &[("c/m/bug/hangs/patch", 50.0)]),
            [1.0, 50.0]
        );
    }
}
