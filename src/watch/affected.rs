//! Which cases a save concerns: those that are not known to end as they ended before. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::run::executor::Task;
use crate::verify::case::{Case, CaseKind};
use crate::verify::changed::changed_cases;
use crate::verify::event::CaseReport;
use crate::verify::plan::Plan;
use crate::verify::verdict::Verdict;

/// What is known of cases since the watch began.
#[derive(Debug, Default)]
pub struct Known {
    /// The cases as they were when they were judged. Those of modules and curricula that can't be read at the
    /// moment stay: they may be back with the next save.
    judged: Plan,
    /// What the reports say, by the ids of their cases.
    reports: BTreeMap<String, CaseReport>,
    /// What each curriculum said of its environment, by its name.
    environments: BTreeMap<String, String>,
}

impl Known {
    /// Takes note of what the curricula of a plan run in, by their places; `None` for one that can't be read.
    /// In another environment nothing is known.
    pub fn enter(&mut self, plan: &Plan, environments: &[Option<String>]) {
        for (name, environment) in plan.curricula.iter().zip(environments) {
            let Some(environment) = environment else {
                continue;
            };
            let before = self.environments.insert(name.clone(), environment.clone());
            if before.is_some_and(|before| before != *environment) {
                let is_of_it = |id: &str| id.split('/').next() == Some(name);
                self.judged.cases.retain(|case| !is_of_it(&case.id));
                self.reports.retain(|id, _| !is_of_it(id));
            }
        }
    }

    /// The ids of the cases of a plan that are to be run: they differ from those that were judged, or are judged
    /// with one that does.
    pub fn affected(&self, plan: &Plan) -> BTreeSet<String> {
        let curricula = 0..plan.curricula.len();
        curricula
            .flat_map(|curriculum| changed_cases(plan, curriculum, &self.judged))
            .collect()
    }

    /// Takes note of how the cases of a plan have ended. Of what was stopped, or could not be found out, nothing is
    /// known.
    pub fn learn(&mut self, plan: &Plan, reports: Vec<CaseReport>) {
        let run: BTreeSet<&str> = plan.cases.iter().map(|case| case.id.as_str()).collect();
        self.judged.cases.retain(|case| !run.contains(&*case.id));
        for (case, report) in plan.cases.iter().zip(reports) {
            let is_judged = !matches!(
                report.verdict,
                Verdict::Interrupted | Verdict::Skipped | Verdict::InfrastructureError
            );
            if is_judged {
                self.judged.cases.push(case.clone());
            }
            if report.verdict == Verdict::Interrupted {
                self.reports.remove(&case.id);
            } else {
                self.reports.insert(case.id.clone(), report);
            }
        }
    }

    /// What is known of the cases of a plan, in its order and with the places that they have in it.
    pub fn reports(&self, plan: &Plan) -> Vec<CaseReport> {
        let cases = plan.cases.iter();
        cases
            .filter_map(|case| {
                let mut report = self.reports.get(&case.id)?.clone();
                report.location = case.location.clone();
                Some(report)
            })
            .collect()
    }
}

/// The modules that a save is about, as `curriculum/module`, where others are concerned as well: all later modules
/// run the same project. Their cases are to be run first. Nothing where that can't be told.
///
/// `saved` are the files, as places of curricula in the plan and paths in them.
pub fn nearest(
    plan: &Plan,
    affected: &BTreeSet<String>,
    saved: &[(usize, String)],
) -> BTreeSet<String> {
    let mut modules: BTreeMap<String, Vec<&Case>> = BTreeMap::new();
    for case in &plan.cases {
        let name = format!("{}/{}", plan.curricula[case.curriculum], case.module);
        modules.entry(name).or_default().push(case);
    }
    let is_of_kind = |cases: &[&Case], kind: &CaseKind| {
        let mut cases = cases.iter().filter(|case| case.kind == *kind);
        cases.any(|case| affected.contains(&case.id))
    };
    let is_about = |cases: &[&Case]| {
        // What a module solves is in its own reference, and in the starters of later modules.
        let is_solved_in =
            is_of_kind(cases, &CaseKind::Reference) && !is_of_kind(cases, &CaseKind::Starter);
        is_solved_in
            || cases
                .iter()
                .any(|case| saved.iter().any(|saved| is_own(case, saved)))
    };
    let is_affected = |cases: &[&Case]| cases.iter().any(|case| affected.contains(&case.id));
    let affected = modules.into_iter().filter(|(_, cases)| is_affected(cases));
    let (near, far): (Vec<_>, Vec<_>) = affected.partition(|(_, cases)| is_about(cases));
    if far.is_empty() {
        return BTreeSet::new();
    }
    near.into_iter().map(|(name, _)| name).collect()
}

/// Whether a file is in the folder of a case's module, or holds its tests.
fn is_own(case: &Case, (curriculum, path): &(usize, String)) -> bool {
    if case.curriculum != *curriculum {
        return false;
    }
    if let Some(inner) = path.strip_prefix("modules/") {
        return inner.split('/').next() == Some(case.module.as_str());
    }
    let (Ok(input), Some(path)) = (&case.input, path.strip_prefix("project/")) else {
        return false;
    };
    match &input.task {
        Task::Pytest { node_ids } => node_ids
            .iter()
            .any(|id| id.split("::").next() == Some(path)),
        Task::Command { argv, .. } => argv.iter().any(|argument| argument == path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Location;
    use crate::verify::fixtures::{bug, case, plan};
    use crate::verify::verdict::Judgement;

    fn cases() -> Vec<Case> {
        vec![
            case("m", CaseKind::Reference, "one"),
            case("m", CaseKind::Starter, "two"),
            case("m", bug("b"), "three"),
            case("n", CaseKind::Reference, "four"),
        ]
    }

    fn reports(plan: &Plan, verdict: Verdict) -> Vec<CaseReport> {
        let report = |case| CaseReport::new(case, "c", Judgement::new(verdict, ""), None);
        plan.cases.iter().map(report).collect()
    }

    fn known() -> Known {
        let mut known = Known::default();
        let plan = plan(cases());
        known.enter(&plan, &[Some("one".to_owned())]);
        known.learn(&plan, reports(&plan, Verdict::AsExpected));
        known
    }

    fn affected(known: &Known, cases: Vec<Case>) -> Vec<String> {
        known.affected(&plan(cases)).into_iter().collect()
    }

    #[test]
    fn first_time_all_cases_are_run_and_then_what_has_changed() {
        assert_eq!(affected(&Known::default(), cases()).len(), 4);
        assert_eq!(affected(&known(), cases()), Vec::<String>::new());
        let mut other = cases();
        other[1] = case("m", CaseKind::Starter, "other");
        assert_eq!(
            affected(&known(), other),
            ["c/m/bug/b/patch", "c/m/starter"]
        );
    }

    #[test]
    fn what_was_stopped_is_run_again() {
        let mut known = known();
        let run = plan(vec![case("n", CaseKind::Reference, "other")]);
        known.learn(&run, reports(&run, Verdict::Interrupted));
        assert_eq!(affected(&known, cases()), ["c/n/reference"]);
        assert_eq!(known.reports(&plan(cases())).len(), 3);
        let run = plan(vec![case("n", CaseKind::Reference, "four")]);
        known.learn(&run, reports(&run, Verdict::InfrastructureError));
        assert_eq!(affected(&known, cases()), ["c/n/reference"]);
        assert_eq!(known.reports(&plan(cases())).len(), 4);
    }

    #[test]
    fn what_can_not_be_read_for_a_moment_stays_known() {
        let mut known = known();
        known.enter(&plan(Vec::new()), &[None]);
        assert!(known.reports(&plan(Vec::new())).is_empty());
        known.enter(&plan(cases()), &[Some("one".to_owned())]);
        assert_eq!(affected(&known, cases()), Vec::<String>::new());
    }

    #[test]
    fn in_another_environment_nothing_is_known() {
        let mut known = known();
        known.enter(&plan(cases()), &[Some("two".to_owned())]);
        assert_eq!(affected(&known, cases()).len(), 4);
    }

    #[test]
    fn reports_have_the_order_and_the_places_of_the_plan() {
        let mut moved = cases();
        moved.swap(0, 3);
        moved[0].location = Location::path("elsewhere");
        let reports = known().reports(&plan(moved));
        assert_eq!(reports[0].id, "c/n/reference");
        assert_eq!(reports[0].location.shown_path(), "elsewhere");
    }

    fn near(affected: &[&str], saved: &str) -> Vec<String> {
        let mut cases = cases();
        cases.push(case("n", CaseKind::Starter, "five"));
        let affected = affected.iter().map(|id| (*id).to_owned()).collect();
        let saved = [(0, saved.to_owned())];
        nearest(&plan(cases), &affected, &saved)
            .into_iter()
            .collect()
    }

    #[test]
    fn module_that_solves_what_was_saved_comes_first() {
        let solution = [
            "c/m/reference",
            "c/m/bug/b/patch",
            "c/n/reference",
            "c/n/starter",
        ];
        assert_eq!(near(&solution, "project/a.py"), ["c/m"]);
        // Where it is the only one there is no other that could come later.
        assert_eq!(near(&solution[..2], "project/a.py"), Vec::<String>::new());
    }

    #[test]
    fn module_that_owns_what_was_saved_comes_first() {
        let all = [
            "c/m/reference",
            "c/m/starter",
            "c/n/reference",
            "c/n/starter",
        ];
        assert_eq!(near(&all, "modules/n/module.yaml"), ["c/n"]);
        assert_eq!(near(&all, "project/tests/shared.py"), Vec::<String>::new());
        // Every case of these runs the program `x`.
        assert_eq!(near(&all, "project/x"), Vec::<String>::new());
        assert_eq!(near(&all, "curriculum.yaml"), Vec::<String>::new());
    }
}
