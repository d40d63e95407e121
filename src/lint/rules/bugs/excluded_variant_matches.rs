//! `excluded-variant-matches`.

use crate::diagnostic::Sink;
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A rewrite works on a variant that is excused from it.
    ///
    /// ## What it does
    /// Tries each rewrite on the variants under its `not_applicable`, and reports those on which every step
    /// matches once.
    ///
    /// ## Why it matters
    /// A learner who writes what the variant shows gets the bug, and nothing has ever run it there: variants
    /// under `not_applicable` are not verified.
    ///
    /// ## Example
    /// ```yaml
    /// steps:
    ///   - rule: {pattern: $X - $M}
    ///     fix: $X
    /// not_applicable:
    ///   in_two_lines: has no shift to remove     # it has, by now
    /// ```
    ///
    /// ## Use instead
    /// Drop the entry. Where the bug would mean something else there, narrow the rule until it
    /// no longer matches.
    pub(crate) struct ExcludedVariantMatches {
        name: "excluded-variant-matches",
        group: Bugs,
        severity: Error,
        blocks_running: false,
    }
}

impl Rule for ExcludedVariantMatches {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        let bugs = context.injections().iter().flat_map(|module| &module.bugs);
        for tried in bugs {
            for variant in tried.variants.iter().filter(|variant| variant.is_excused) {
                if variant.result.is_ok() {
                    let pointer = format!("/inject/rewrite/not_applicable/{}", variant.name);
                    let message = format!("the rewrite works on the variant `{}`", variant.name);
                    sink.push(self.finding(tried.document.at_key(&pointer), message));
                }
            }
        }
    }
}
