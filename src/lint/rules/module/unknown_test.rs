//! `unknown-test`.

use crate::curriculum::document::Validator;
use crate::diagnostic::Sink;
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};
use crate::lint::test_ids;

declare_rule! {
    /// A validator names a test that does not exist.
    ///
    /// ## What it does
    /// Looks for the classes and functions of pytest node ids in their files, by reading them. Parameter
    /// sets, and tests that a class inherits, are known once the reference has run.
    ///
    /// ## Why it matters
    /// A test that is not there can't fail.
    ///
    /// ## Example
    /// ```yaml
    /// validator:
    ///   pytest: ["tests/test_softmax.py::test_stabel"]
    /// ```
    ///
    /// ## Use instead
    /// The name as it stands in the file.
    pub(crate) struct UnknownTest {
        name: "unknown-test",
        group: Module,
        severity: Error,
        blocks_running: true,
    }
}

impl Rule for UnknownTest {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        for module in &context.curriculum.modules {
            let Some(manifest) = &module.manifest else {
                continue;
            };
            let Some(Validator::Pytest(validator)) =
                manifest.value.build.as_ref().map(|build| &build.validator)
            else {
                continue;
            };
            for (index, id) in validator.node_ids.iter().enumerate() {
                if let Some(problem) = test_ids::undefined(context.curriculum, id.as_str()) {
                    let at = manifest.at(&format!("/build/validator/pytest/{index}"));
                    let mut finding = self.finding(at, problem.message);
                    finding.help = problem.help;
                    sink.push(finding);
                }
            }
        }
    }
}
