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
        case.kind.judged_with().iter().any(is_changed)
    };
    let judged_anew = cases().filter(|case| is_judged_anew(case));
    changed
        .iter()
        .copied()
        .chain(judged_anew)
        .map(|case| case.id.clone())
        .collect()
}
