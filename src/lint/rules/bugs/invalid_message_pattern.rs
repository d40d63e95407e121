//! `invalid-message-pattern`.

use crate::diagnostic::Sink;
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};
use crate::pattern::{INVALID_MESSAGE_PATTERN, Pattern};

declare_rule! {
    /// The pattern under `expect.message` does not compile or says nothing.
    ///
    /// ## What it does
    /// Compiles the regular expression, and reports one that matches the empty text.
    ///
    /// ## Why it matters
    /// The message is what tells the right failure from any other. A pattern that matches
    /// everything accepts a bug that fails for the wrong reason.
    ///
    /// ## Example
    /// ```yaml
    /// message: "not close|"
    /// ```
    ///
    /// ## Use instead
    /// A few words of the assertion that must fail, with `\` before signs such as `(` and `[`.
    pub(crate) struct InvalidMessagePattern {
        name: INVALID_MESSAGE_PATTERN,
        group: Bugs,
        severity: Error,
        blocks_running: false,
    }
}

impl Rule for InvalidMessagePattern {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        for bug in context
            .curriculum
            .modules
            .iter()
            .flat_map(|module| &module.bugs)
        {
            let Some(document) = &bug.document else {
                continue;
            };
            let Some(pattern) = &document.value.expect.message else {
                continue;
            };
            let message = match Pattern::compile(pattern.as_str()) {
                Ok(pattern) if pattern.is_match("") => "the pattern matches any message".to_owned(),
                Ok(_) => continue,
                Err(error) => format!("the pattern is no regular expression: {error}"),
            };
            sink.push(self.finding(document.at("/expect/message"), message));
        }
    }
}
