//! `patch-does-not-apply`, and all that is found by trying injections.

use crate::diagnostic::Sink;
use crate::inject::patch::PATCH_DOES_NOT_APPLY;
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A patch does not apply to the solved module.
    ///
    /// ## What it does
    /// Applies each patch to the state in which its module has just been solved: without fuzz and
    /// without offset.
    ///
    /// ## Why it matters
    /// References change and patches stay behind. A patch that does not apply leaves the learner
    /// without the bug, one that applies somewhere else gives them another.
    ///
    /// ## Example
    /// ```diff
    /// @@ -10,3 +10,3 @@
    ///      shifted = x - x.amax(dim=dim)
    /// -    exp = shifted.exp()     # the reference calls it `e` by now
    /// ```
    ///
    /// ## Use instead
    /// Make the patch again: `mastery build CURRICULUM --at MODULE --solved --out DIR`, change the
    /// code, `git diff`.
    pub(crate) struct PatchDoesNotApply {
        name: PATCH_DOES_NOT_APPLY,
        group: Bugs,
        severity: Error,
        blocks_running: false,
    }
}

impl Rule for PatchDoesNotApply {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    /// Reports every injection that failed under the rule that it breaks.
    fn check(&self, context: &Context<'_>, sink: &Sink) {
        let bugs = context.injections().iter().flat_map(|module| &module.bugs);
        for tried in bugs {
            let on_reference = [&tried.patched, &tried.rewritten];
            let failed = on_reference.into_iter().flatten();
            sink.extend(failed.filter_map(|result| Some(*result.as_ref().err()?.clone())));
            let wanted = tried.variants.iter().filter(|variant| !variant.is_excused);
            sink.extend(wanted.filter_map(|variant| Some(*variant.result.clone().err()?)));
        }
    }
}
