//! Modules by cases: what every format that has a table puts into its rows and cells.

use std::collections::HashMap;
use std::time::Duration;

use super::Report;
use crate::verify::event::CaseReport;
use crate::verify::verdict::{Verdict, VerdictSeverity};

/// A column of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Column {
    Reference,
    Complete,
    Starter,
    Variants,
    Bugs,
}

impl Column {
    /// All of them, in order.
    pub(super) const ALL: [Self; 5] = [
        Self::Reference,
        Self::Complete,
        Self::Starter,
        Self::Variants,
        Self::Bugs,
    ];

    /// The column of a case, by its name in its module.
    pub(super) fn of(case: &str) -> Self {
        match case.split('/').next().unwrap_or_default() {
            "reference" => Self::Reference,
            "complete" => Self::Complete,
            "starter" => Self::Starter,
            "variant" => Self::Variants,
            _ => Self::Bugs,
        }
    }

    /// What stands above it.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::Complete => "complete",
            Self::Starter => "starter",
            Self::Variants => "variants",
            Self::Bugs => "bugs",
        }
    }

    /// Whether a module has any number of such cases.
    const fn is_counted(self) -> bool {
        matches!(self, Self::Variants | Self::Bugs)
    }
}

/// The cases of one module.
#[derive(Debug)]
pub(super) struct Module<'a> {
    /// Curriculum and module, as `curriculum/module`.
    pub(super) name: String,
    /// Its cases, in the order of the report.
    pub(super) cases: Vec<&'a CaseReport>,
}

/// Some cases in a few characters.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cell {
    /// The worst of them; `None` where there are none.
    pub(super) severity: Option<VerdictSeverity>,
    /// What is shown: a word for one case, how many are good for several, `-` for none.
    pub(super) text: String,
}

/// Returns the modules of a report in the order in which they first come in it. The cases of one may be
/// in several places: shards may cut it.
pub(super) fn modules(report: &Report) -> Vec<Module<'_>> {
    let mut modules: Vec<Module<'_>> = Vec::new();
    let mut places: HashMap<(&str, &str), usize> = HashMap::new();
    for case in &report.cases {
        let place = *places
            .entry((&case.curriculum, &case.module))
            .or_insert_with(|| {
                modules.push(Module {
                    name: format!("{}/{}", case.curriculum, case.module),
                    cases: Vec::new(),
                });
                modules.len() - 1
            });
        modules[place].cases.push(case);
    }
    modules
}

impl Module<'_> {
    /// The worst of its cases.
    pub(super) fn severity(&self) -> VerdictSeverity {
        worst(&self.cases).unwrap_or(VerdictSeverity::Ok)
    }

    /// What is in a column.
    pub(super) fn cell(&self, column: Column) -> Cell {
        let cases = self.cases.iter().copied();
        let cases: Vec<_> = cases.filter(|it| Column::of(&it.case) == column).collect();
        Cell {
            severity: worst(&cases),
            text: match cases[..] {
                [] => "-".to_owned(),
                [case] if !column.is_counted() => word(case).to_owned(),
                _ => format!("{}/{}", good(&cases), cases.len()),
            },
        }
    }

    /// How many of its cases ended as expected.
    pub(super) fn good(&self) -> usize {
        good(&self.cases)
    }

    /// How long it took, without what was known.
    pub(super) fn time(&self) -> Duration {
        let own = self.cases.iter().filter(|case| case.was_run());
        own.filter_map(|case| Some(case.result.as_ref()?.wall))
            .sum()
    }
}

fn good(cases: &[&CaseReport]) -> usize {
    let is_good = |case: &&&CaseReport| case.severity == VerdictSeverity::Ok;
    cases.iter().filter(is_good).count()
}

fn worst(cases: &[&CaseReport]) -> Option<VerdictSeverity> {
    let has = |severity| cases.iter().any(|case| case.severity == severity);
    [
        VerdictSeverity::Error,
        VerdictSeverity::Warning,
        VerdictSeverity::Ok,
    ]
    .into_iter()
    .find(|severity| has(*severity))
}

fn word(case: &CaseReport) -> &'static str {
    match case.severity {
        VerdictSeverity::Ok => "ok",
        VerdictSeverity::Warning => "warning",
        VerdictSeverity::Error => match case.verdict {
            Verdict::NotRun => "not run",
            Verdict::Interrupted => "stopped",
            Verdict::Skipped => "skipped",
            Verdict::Flaky => "FLAKY",
            _ => "FAILED",
        },
    }
}

/// The cases that took the most time in this run, longest first, with their times.
pub(super) fn slowest(report: &Report, number: usize) -> Vec<(Duration, &str)> {
    let cases = report.cases.iter().filter(|case| case.was_run());
    let mut cases: Vec<_> = cases
        .filter_map(|case| Some((case.result.as_ref()?.wall, case.id.as_str())))
        .collect();
    cases.sort_by(|one, other| other.cmp(one));
    cases.truncate(number);
    cases
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn rows_are_modules_wherever_their_cases_are() {
        let report = Report {
            cases: ["c/a/reference", "c/b/reference", "c/a/starter"]
                .map(sample::good_case)
                .into(),
            ..Report::default()
        };
        let modules = modules(&report);
        let shape: Vec<_> = modules
            .iter()
            .map(|it| (it.name.as_str(), it.cases.len()))
            .collect();
        assert_eq!(shape, [("c/a", 2), ("c/b", 1)]);
    }

    #[test]
    fn cells_say_what_is_wrong() {
        let report = sample::report();
        let modules = modules(&report);
        let texts = |module: &Module<'_>| Column::ALL.map(|column| module.cell(column).text);
        assert_eq!(texts(&modules[0]), ["ok", "-", "ok", "-", "2/2"]);
        assert_eq!(texts(&modules[1]), ["ok", "-", "FAILED", "0/1", "0/3"]);
        assert_eq!(
            modules[1].cell(Column::Bugs).severity,
            Some(VerdictSeverity::Error)
        );
        assert_eq!(modules[0].cell(Column::Complete).severity, None);
    }
}
