//! `variant-mismatch`.

use rayon::prelude::*;

use crate::diagnostic::Sink;
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A variant's file does not fit the regions of the project.
    ///
    /// ## What it does
    /// Reports variants without files, files that the project does not have, text outside of regions, and
    /// regions whose number differs from the project's.
    ///
    /// ## Why it matters
    /// The variant could not be spliced over the reference and would prove nothing.
    ///
    /// ## Example
    /// ```text
    /// variants/logsumexp/nn.py with a region of `softmax`, where the project's nn.py has two
    /// ```
    ///
    /// ## Use instead
    /// Give the variant's file as many regions of an owner as the project's file has, and nothing else.
    pub(crate) struct VariantMismatch {
        name: crate::project::rules::VARIANT_MISMATCH,
        group: Project,
        severity: Error,
        blocks_running: false,
    }
}

impl Rule for VariantMismatch {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        // Against wrong marks nothing can be held.
        if !context.project.is_sound() {
            return;
        }
        let modules = context.curriculum.modules.par_iter();
        let variants = modules.flat_map_iter(|module| &module.variants);
        variants.for_each(|variant| {
            if let Err(findings) = context.project.with_variant(variant) {
                sink.extend(findings);
            }
        });
    }
}
