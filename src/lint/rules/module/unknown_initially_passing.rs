//! `unknown-initially-passing`.

use crate::diagnostic::Sink;
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};
use crate::lint::test_ids;

declare_rule! {
    /// A test that is to pass on the starter is none of the validator's.
    ///
    /// ## What it does
    /// Looks for the tests under `build.initially_passing` among those that the validator runs.
    ///
    /// ## Why it matters
    /// What is not run proves nothing, and a renamed test would leave the list behind.
    ///
    /// ## Example
    /// ```yaml
    /// validator:
    ///   pytest: [tests/test_softmax.py]
    /// initially_passing: ["tests/test_shapes.py::test_dtype"]
    /// ```
    ///
    /// ## Use instead
    /// Tests that the validator runs, or no list.
    pub(crate) struct UnknownInitiallyPassing {
        name: "unknown-initially-passing",
        group: Module,
        severity: Error,
        blocks_running: false,
    }
}

impl Rule for UnknownInitiallyPassing {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        for (_, manifest, build) in context.builds() {
            for (index, id) in build.initially_passing.iter().enumerate() {
                let problem = test_ids::not_run(context.curriculum, &build.validator, id.as_str());
                if let Some(problem) = problem {
                    let at = manifest.at(&format!("/build/initially_passing/{index}"));
                    let mut finding = self.finding(at, problem.message);
                    finding.help = problem.help;
                    sink.push(finding);
                }
            }
        }
    }
}
