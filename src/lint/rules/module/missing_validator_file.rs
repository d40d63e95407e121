//! `missing-validator-file`.

use crate::curriculum::document::Validator;
use crate::diagnostic::Sink;
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A validator names a test file that does not exist.
    ///
    /// ## What it does
    /// Looks up the file of each pytest node id in the project.
    ///
    /// ## Why it matters
    /// A validator that runs nothing passes everything, or fails everything.
    ///
    /// ## Example
    /// ```yaml
    /// validator:
    ///   pytest: [tests/test_sofmtax.py]
    /// ```
    ///
    /// ## Use instead
    /// Name a file of the project. Whether it has the named tests is seen when they are run.
    pub(crate) struct MissingValidatorFile {
        name: "missing-validator-file",
        group: Module,
        severity: Error,
        blocks_running: true,
    }
}

impl Rule for MissingValidatorFile {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        let paths = || context.curriculum.project.iter().map(|(path, _)| path);
        for (_, manifest, build) in context.builds() {
            let Validator::Pytest(validator) = &build.validator else {
                continue;
            };
            for (index, node_id) in validator.node_ids.iter().enumerate() {
                let file = node_id.file();
                if !context.project.has_file(file) {
                    let at = manifest.at(&format!("/build/validator/pytest/{index}"));
                    let mut finding = self.finding(at, format!("the project has no file `{file}`"));
                    finding.help = crate::suggest::did_you_mean(file, paths());
                    sink.push(finding);
                }
            }
        }
    }
}
