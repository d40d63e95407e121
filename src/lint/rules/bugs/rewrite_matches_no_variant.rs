//! `rewrite-matches-no-variant`.

use crate::diagnostic::Sink;
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A rewrite works on no solution but the reference.
    ///
    /// ## What it does
    /// Reports a rewrite that lists all variants of its module under `not_applicable`.
    ///
    /// ## Why it matters
    /// A rewrite is there for solutions that differ from the reference. One that works on none of
    /// them does what a patch does.
    ///
    /// ## Example
    /// ```yaml
    /// not_applicable:
    ///   logsumexp: has no shift to remove     # and it is the only variant
    /// ```
    ///
    /// ## Use instead
    /// Make the rule more general, or add a variant that it works on.
    pub(crate) struct RewriteMatchesNoVariant {
        name: "rewrite-matches-no-variant",
        group: Bugs,
        severity: Error,
        blocks_running: false,
    }
}

impl Rule for RewriteMatchesNoVariant {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        for module in &context.curriculum.modules {
            for bug in &module.bugs {
                let rewrite = bug
                    .document
                    .as_ref()
                    .and_then(|bug| bug.value.inject.rewrite.as_ref());
                let Some(rewrite) = rewrite.filter(|_| !module.variants.is_empty()) else {
                    continue;
                };
                let mut names = module.variants.iter().map(|variant| &variant.name);
                if names.all(|name| rewrite.not_applicable.contains_key(name)) {
                    let message = format!("the rewrite works on no variant of `{}`", module.id);
                    sink.push(self.finding(bug.at("/inject/rewrite/not_applicable"), message));
                }
            }
        }
    }
}
