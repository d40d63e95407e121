//! What each case of a plan waits for.

use std::collections::HashMap;

use super::case::{Case, CaseKind};
use super::plan::Plan;

/// What a case waits for, as places in the plan.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Needs {
    /// The reference of its module.
    pub(super) reference: Option<usize>,
    /// The code that a bug is put into: the reference itself, or a variant.
    pub(super) baseline: Option<usize>,
    /// The starter of its module.
    pub(super) starter: Option<usize>,
    /// An earlier case that runs the same.
    pub(super) twin: Option<usize>,
}

impl Needs {
    /// Returns what each case of a plan waits for.
    pub(super) fn of(plan: &Plan) -> Vec<Self> {
        let needs = Self::judges(plan).into_iter().zip(plan.twins());
        needs.map(|(needs, twin)| Self { twin, ..needs }).collect()
    }

    /// Returns what each case of a plan is judged by, twins left out.
    pub(super) fn judges(plan: &Plan) -> Vec<Self> {
        let key =
            |case: &Case, kind: &CaseKind| (case.curriculum, case.module.clone(), kind.to_string());
        let cases = plan.cases.iter().enumerate();
        let places: HashMap<_, _> = cases
            .map(|(index, case)| (key(case, &case.kind), index))
            .collect();
        let of_case = |case: &Case| {
            let kinds = case.kind.needs();
            let find = |kind: CaseKind| {
                let place = places.get(&key(case, &kind));
                place.copied().filter(|_| kinds.contains(&kind))
            };
            Self {
                reference: find(CaseKind::Reference),
                baseline: find(case.kind.baseline()),
                starter: find(CaseKind::Starter),
                twin: None,
            }
        };
        plan.cases.iter().map(of_case).collect()
    }

    /// Everything that it waits for.
    pub(super) fn all(self) -> impl Iterator<Item = usize> {
        self.judged_by().chain(self.twin)
    }

    /// The cases without which it can't be judged.
    pub(super) fn judged_by(self) -> impl Iterator<Item = usize> {
        [self.reference, self.baseline, self.starter]
            .into_iter()
            .flatten()
    }
}
