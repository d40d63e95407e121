//! `bugs-alike`.

use crate::diagnostic::Sink;
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};

declare_rule! {
    /// Two bugs of a module are the same change.
    ///
    /// ## What it does
    /// Injects all bugs of a module into its solved state, and compares what comes out. That a bug's patch and
    /// its own rewrite agree is as it should be.
    ///
    /// ## Why it matters
    /// A learner who has fixed the one is handed it again under another symptom.
    ///
    /// ## Example
    /// ```diff
    /// # bugs/no_shift.patch and bugs/overflow.patch
    /// -    shifted = x - x.amax(dim=dim, keepdim=True)
    /// +    shifted = x
    /// ```
    ///
    /// ## Use instead
    /// Keep the one with the better symptom.
    pub(crate) struct BugsAlike {
        name: "bugs-alike",
        group: Bugs,
        severity: Error,
        blocks_running: false,
    }
}

impl Rule for BugsAlike {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        for module in context.injections() {
            for (index, tried) in module.bugs.iter().enumerate() {
                let twin = module.bugs[..index].iter().find(|earlier| {
                    earlier
                        .trees()
                        .any(|tree| tried.trees().any(|other| other == tree))
                });
                if let Some(twin) = twin {
                    let message = format!("the bug does the same as `{}`", twin.bug.id);
                    let finding = self.finding(tried.document.at_key("/inject"), message);
                    let related = twin.document.at_key("/inject");
                    sink.push(finding.with_related(related, "the other bug"));
                }
            }
        }
    }
}
