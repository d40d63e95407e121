//! Cases for unit tests: what a case runs is a tree with one file, `outcome`.

use std::sync::Arc;
use std::time::Duration;

use super::case::{BugExpectation, Case, CaseInput, CaseKind, Expectation, Injection};
use super::plan::Plan;
use crate::curriculum::document::ExpectedOutcome;
use crate::curriculum::id::{BugId, ModuleId};
use crate::diagnostic::Location;
use crate::run::executor::Task;
use crate::source::tree::{Entry, Tree};

/// A case of the curriculum `c`.
pub(crate) fn case(module: &str, kind: CaseKind, outcome: &str) -> Case {
    let tree: Tree = [("outcome".to_owned(), Entry::file(outcome.as_bytes()))]
        .into_iter()
        .collect();
    let expectation = match kind {
        CaseKind::Starter => Expectation::Fails {
            initially_passing: Vec::new(),
            edit: Vec::new(),
        },
        CaseKind::Bug { .. } => Expectation::Bug(BugExpectation {
            outcome: ExpectedOutcome::Failed,
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
        is_pulled_in: false,
        baseline: None,
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

/// The kind of a bug that is injected by its patch.
pub(crate) fn bug(name: &str) -> CaseKind {
    CaseKind::Bug {
        bug: BugId::try_from(name).unwrap(),
        injection: Injection::Patch,
    }
}

/// A plan of the curriculum `c`.
pub(crate) fn plan(cases: Vec<Case>) -> Plan {
    Plan {
        curricula: vec!["c".to_owned()],
        cases,
    }
}
