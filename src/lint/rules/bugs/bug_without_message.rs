//! `bug-without-message`.

use crate::curriculum::document::Validator;
use crate::diagnostic::Sink;
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A bug does not say how a command fails.
    ///
    /// ## What it does
    /// Looks for `expect.message` where the validator is a command without a report.
    ///
    /// ## Why it matters
    /// Such a command has one test, so that every failure would count: a syntax error, a program that
    /// is not there, another bug.
    ///
    /// ## Example
    /// ```yaml
    /// expect:
    ///   fail: [command]
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// expect:
    ///   fail: [command]
    ///   message: "expected 3 lines"
    /// ```
    pub(crate) struct BugWithoutMessage {
        name: "bug-without-message",
        group: Bugs,
        severity: Error,
        blocks_running: false,
    }
}

impl Rule for BugWithoutMessage {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        for module in &context.curriculum.modules {
            let manifest = module.manifest.as_ref();
            let build = manifest.and_then(|manifest| manifest.value.build.as_ref());
            let Some(Validator::Command(command)) = build.map(|build| &build.validator) else {
                continue;
            };
            let bugs = module.bugs.iter().filter_map(|bug| bug.document.as_ref());
            for document in bugs.filter(|_| command.junit.is_none()) {
                if document.value.expect.message.is_none() {
                    let at = document.at("/expect");
                    sink.push(self.finding(at, "any failure of the command would count"));
                }
            }
        }
    }
}
