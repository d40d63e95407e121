//! `protected-edit`.

use crate::curriculum::id::Text;
use crate::diagnostic::Sink;
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};
use crate::project::protected::ProtectedPaths;

declare_rule! {
    /// A learner is to change a protected file.
    ///
    /// ## What it does
    /// Compares `build.edit` with the globs under `protected`, and with the files that are always
    /// protected: `conftest.py`, pytest's configuration and `sitecustomize.py`.
    ///
    /// ## Why it matters
    /// Protected files are restored before every validation, so that the learner's work would be lost.
    ///
    /// ## Example
    /// ```yaml
    /// # curriculum.yaml: protected: [tests/**]
    /// build:
    ///   edit: [tests/test_softmax.py]
    /// ```
    ///
    /// ## Use instead
    /// A file of the learner's own; or a narrower glob under `protected`.
    pub(crate) struct ProtectedEdit {
        name: "protected-edit",
        group: Module,
        severity: Error,
        blocks_running: false,
    }
}

impl Rule for ProtectedEdit {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        let Some(curriculum) = &context.curriculum.manifest else {
            return;
        };
        let globs = curriculum.value.protected.iter().map(Text::as_str);
        let protected = ProtectedPaths::new(globs);
        for (_, manifest, build) in context.builds() {
            for (index, path) in build.edit.iter().enumerate() {
                if protected.contains(path.as_str()) {
                    let at = manifest.at(&format!("/build/edit/{index}"));
                    let message =
                        format!("`{path}` is protected: a learner's changes would be lost");
                    sink.push(self.finding(at, message));
                }
            }
        }
    }
}
