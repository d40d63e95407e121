//! `orphan-patch`.

use crate::diagnostic::{Location, Sink};
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};

declare_rule! {
    /// No bug names a patch file.
    ///
    /// ## What it does
    /// Compares the `.patch` files under `bugs/` with what the bugs name under `inject.patch`.
    ///
    /// ## Why it matters
    /// The patch is never applied and never checked. Its author may believe that it is.
    ///
    /// ## Example
    /// ```text
    /// bugs/no_shift.patch      # and there is no bugs/no_shift.yaml
    /// ```
    ///
    /// ## Use instead
    /// Write the bug's YAML file, or remove the patch.
    pub(crate) struct OrphanPatch {
        name: "orphan-patch",
        group: Bugs,
        severity: Warning,
        blocks_running: false,
    }
}

impl Rule for OrphanPatch {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        for module in &context.curriculum.modules {
            // A bug that could not be read may name any of them.
            if module.bugs.iter().any(|bug| bug.document.is_none()) {
                continue;
            }
            let named = || {
                let documents = module.bugs.iter().filter_map(|bug| bug.document.as_ref());
                documents.filter_map(|document| document.value.inject.patch.as_ref())
            };
            for patch in &module.patches {
                if !named().any(|name| name.as_str() == patch) {
                    let path = format!("{}/bugs/{patch}", module.shown);
                    let message = format!("no bug of `{}` names `{patch}`", module.id);
                    let mut finding = self.finding(Location::path(path), message);
                    finding.help = patch
                        .strip_suffix(".patch")
                        .map(|stem| format!("the bug would stand in `{stem}.yaml` beside it"));
                    sink.push(finding);
                }
            }
        }
    }
}
