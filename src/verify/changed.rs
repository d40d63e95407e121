//! Which cases of a plan are not those of an earlier plan. Pure: both plans are there already.

use std::collections::{BTreeSet, HashMap};

use super::case::{Case, CaseKind};
use super::plan::Plan;
use crate::curriculum::id::ModuleId;

/// What of a case decides its verdict, the environment and other cases aside.
#[derive(PartialEq, Eq)]
struct Fingerprint {
    /// The key of its input, or the rule because of which it is not run.
    input: Result<String, &'static str>,
    expectation: String,
    is_draft: bool,
}

impl Fingerprint {
    fn of(case: &Case) -> Self {
        Self {
            input: match &case.input {
                Ok(input) => Ok(input.key()),
                Err(not_run) => Err(not_run.rule),
            },
            expectation: case.expectation.key(),
            is_draft: case.is_draft,
        }
    }
}

/// The ids of those cases of a curriculum, by its place in `now`, that are not in `before`, differ from
/// what they were, or are judged with a case that does.
pub fn changed_cases(now: &Plan, curriculum: usize, before: &Plan) -> BTreeSet<String> {
    let known: HashMap<&str, Fingerprint> = before
        .cases
        .iter()
        .map(|case| (case.id.as_str(), Fingerprint::of(case)))
        .collect();
    let cases = || {
        now.cases
            .iter()
            .filter(|case| case.curriculum == curriculum)
    };
    let changed: Vec<&Case> = cases()
        .filter(|case| known.get(case.id.as_str()) != Some(&Fingerprint::of(case)))
        .collect();
    let places: BTreeSet<(&ModuleId, String)> = changed
        .iter()
        .map(|case| (&case.module, case.kind.to_string()))
        .collect();
    let is_judged_anew = |case: &Case| {
        let is_changed = |kind: &CaseKind| places.contains(&(&case.module, kind.to_string()));
        case.kind.needs().iter().any(is_changed)
    };
    let judged_anew = cases().filter(|case| is_judged_anew(case));
    changed
        .iter()
        .copied()
        .chain(judged_anew)
        .map(|case| case.id.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::diagnostic::Location;
    use crate::verify::case::{Expectation, NotRun};
    use crate::verify::fixtures::case;

    fn plan() -> Plan {
        Plan {
            curricula: vec!["c".to_owned()],
            cases: vec![
                case("m", CaseKind::Reference, "one"),
                case("m", CaseKind::Complete, "two"),
                case("m", CaseKind::Starter, "three"),
                case("n", CaseKind::Reference, "four"),
            ],
        }
    }

    fn changed(change: impl FnOnce(&mut Plan)) -> Vec<String> {
        let mut now = plan();
        change(&mut now);
        changed_cases(&now, 0, &plan()).into_iter().collect()
    }

    #[test]
    fn what_is_the_same_has_not_changed() {
        assert_eq!(changed(|_| {}), Vec::<String>::new());
        assert_eq!(changed(|plan| drop(plan.cases.pop())), Vec::<String>::new());
        let moved = |plan: &mut Plan| plan.cases[0].location = Location::path("elsewhere");
        assert_eq!(changed(moved), Vec::<String>::new());
    }

    #[test]
    fn whatever_decides_the_verdict_counts() {
        let differs = |change: fn(&mut Case)| changed(|plan| change(&mut plan.cases[3]));
        for change in [
            (|case| *case = self::case("n", CaseKind::Reference, "other")) as fn(&mut Case),
            |case| case.input.as_mut().unwrap().timeout = Duration::from_secs(2),
            |case| case.is_draft = true,
            |case| {
                case.expectation = Expectation::Fails {
                    initially_passing: Vec::new(),
                    edit: Vec::new(),
                }
            },
            |case| {
                case.input = Err(NotRun {
                    rule: "unclosed-region",
                    message: String::new(),
                });
            },
        ] {
            assert_eq!(differs(change), ["c/n/reference"]);
        }
        let new = changed(|plan| plan.cases.push(case("o", CaseKind::Reference, "new")));
        assert_eq!(new, ["c/o/reference"]);
    }

    #[test]
    fn cases_that_are_judged_with_a_changed_one_count() {
        let reference = changed(|plan| plan.cases[0] = case("m", CaseKind::Reference, "other"));
        assert_eq!(reference, ["c/m/complete", "c/m/reference"]);
    }

    #[test]
    fn other_curricula_are_left_alone() {
        let mut now = plan();
        now.cases[0] = Case {
            curriculum: 1,
            ..case("m", CaseKind::Reference, "other")
        };
        assert!(changed_cases(&now, 0, &plan()).is_empty());
    }
}
