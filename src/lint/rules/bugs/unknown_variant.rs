//! `unknown-variant`.

use crate::diagnostic::Sink;
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A rewrite names a variant that does not exist.
    ///
    /// ## What it does
    /// Compares the names under `not_applicable` with the folders under `variants/`.
    ///
    /// ## Why it matters
    /// The entry was written for a variant that has another name by now, and excuses nothing.
    ///
    /// ## Example
    /// ```yaml
    /// not_applicable:
    ///   logsumexpp: has no shift to remove
    /// ```
    ///
    /// ## Use instead
    /// Correct the name, or drop the entry.
    pub(crate) struct UnknownVariant {
        name: "unknown-variant",
        group: Bugs,
        severity: Error,
        blocks_running: false,
    }
}

impl Rule for UnknownVariant {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        for module in &context.curriculum.modules {
            let known = || module.variants.iter().map(|variant| variant.name.as_str());
            for bug in &module.bugs {
                let Some(document) = &bug.document else {
                    continue;
                };
                let Some(rewrite) = &document.value.inject.rewrite else {
                    continue;
                };
                for name in rewrite.not_applicable.keys() {
                    if !known().any(|known| known == name.as_str()) {
                        let at = document.at_key(&format!("/inject/rewrite/not_applicable/{name}"));
                        let message = format!("`{}` has no variant `{name}`", module.id);
                        let mut finding = self.finding(at, message);
                        finding.help = crate::suggest::did_you_mean(name.as_str(), known());
                        sink.push(finding);
                    }
                }
            }
        }
    }
}
