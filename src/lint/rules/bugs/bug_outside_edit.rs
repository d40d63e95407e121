//! `bug-outside-edit`.

use crate::diagnostic::{Location, Sink};
use crate::inject::patch::Patch;
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A bug changes a file that the learner does not edit.
    ///
    /// ## What it does
    /// Compares the files that a patch or rewrite touches with `build.edit`.
    ///
    /// ## Why it matters
    /// Learners look for the bug in the code that they wrote. A bug in a test or in given code is
    /// out of their reach, and protected files are restored before every validation.
    ///
    /// ## Example
    /// ```diff
    /// --- a/tests/test_softmax.py
    /// +++ b/tests/test_softmax.py
    /// ```
    ///
    /// ## Use instead
    /// Put the bug into a file under `build.edit`.
    pub(crate) struct BugOutsideEdit {
        name: "bug-outside-edit",
        group: Bugs,
        severity: Error,
        blocks_running: false,
    }
}

impl Rule for BugOutsideEdit {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        for module in &context.curriculum.modules {
            let build = module
                .manifest
                .as_ref()
                .and_then(|m| m.value.build.as_ref());
            let Some(build) = build else { continue };
            let is_outside = |path: &str| !build.edit.iter().any(|edit| edit.as_str() == path);
            let report = |path: &str, location: Location| {
                let message = format!("`{path}` is not under `build.edit` of `{}`", module.id);
                sink.push(self.finding(location, message));
            };
            for bug in &module.bugs {
                if let Some(patch) = bug.patch.as_ref().and_then(|file| Patch::parse(file).ok()) {
                    let paths = patch.paths();
                    for (path, location) in paths.filter(|(path, _)| is_outside(path.as_str())) {
                        report(path.as_str(), location);
                    }
                }
                let rewrite = bug
                    .document
                    .as_ref()
                    .and_then(|d| d.value.inject.rewrite.as_ref());
                if let Some(rewrite) = rewrite.filter(|it| is_outside(it.path.as_str())) {
                    report(rewrite.path.as_str(), bug.at("/inject/rewrite/path"));
                }
            }
        }
    }
}
