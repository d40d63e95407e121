//! `expected-test-not-run`.

use crate::diagnostic::Sink;
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};
use crate::lint::test_ids;

declare_rule! {
    /// A bug names a test that the validator does not run.
    ///
    /// ## What it does
    /// Looks for the tests under `expect.fail` and `expect.may_fail` among those that the module's
    /// validator runs.
    ///
    /// ## Why it matters
    /// A test that is not run can't catch the bug.
    ///
    /// ## Example
    /// ```yaml
    /// expect:
    ///   fail: ["tests/test_softmax.py::test_stabel"]
    /// ```
    ///
    /// ## Use instead
    /// A test of the module's validator.
    pub(crate) struct ExpectedTestNotRun {
        name: "expected-test-not-run",
        group: Bugs,
        severity: Error,
        blocks_running: false,
    }
}

impl Rule for ExpectedTestNotRun {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        for (module, _, build) in context.builds() {
            for bug in &module.bugs {
                let Some(document) = &bug.document else {
                    continue;
                };
                let expect = &document.value.expect;
                for (key, ids) in [("fail", &expect.fail), ("may_fail", &expect.may_fail)] {
                    for (index, id) in ids.iter().enumerate() {
                        let problem =
                            test_ids::not_run(context.curriculum, &build.validator, id.as_str());
                        if let Some(problem) = problem {
                            let at = document.at(&format!("/expect/{key}/{index}"));
                            let mut finding = self.finding(at, problem.message);
                            finding.help = problem.help;
                            sink.push(finding);
                        }
                    }
                }
            }
        }
    }
}
