//! `patch-does-not-apply`, and the check of all injections.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::curriculum::document::Rewrite;
use crate::curriculum::{Bug, Loaded, Module, document};
use crate::diagnostic::{Diagnostic, Location, Sink};
use crate::inject::patch::{PATCH_DOES_NOT_APPLY, Patch};
use crate::inject::rewrite::{CompiledRewrite, RewriteError};
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};
use crate::project::state::State;
use crate::source::tree::Tree;

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

    /// Tries every injection once and reports under the rule that it breaks.
    fn check(&self, context: &Context<'_>, sink: &Sink) {
        // What the solved states are can't be told from wrong marks.
        if !context.project.is_sound() {
            return;
        }
        context
            .curriculum
            .modules
            .par_iter()
            .filter(|module| !module.bugs.is_empty())
            .for_each(|module| {
                let trees = Trees::of(context, module);
                for bug in &module.bugs {
                    if let Some(document) = &bug.document {
                        check_patch(bug, &trees, sink);
                        check_rewrite(bug, document, &trees, sink);
                    }
                }
            });
    }
}

/// The solved state of a module, with the reference and with each variant.
struct Trees {
    solved: Tree,
    variants: BTreeMap<String, Tree>,
}

impl Trees {
    fn of(context: &Context<'_>, module: &Module) -> Self {
        let solved = State::Solved(&module.id).solved_modules(context.curriculum);
        let variants = module.variants.iter().filter_map(|variant| {
            // What does not fit is reported by `variant-mismatch`.
            let project = context.project.with_variant(variant).ok()?;
            Some((variant.name.to_string(), project.build(&solved)))
        });
        Self {
            variants: variants.collect(),
            solved: context.project.build(&solved),
        }
    }
}

fn check_patch(bug: &Bug, trees: &Trees, sink: &Sink) {
    let Some(source) = &bug.patch else { return };
    if let Err(finding) = Patch::parse(source).and_then(|patch| patch.apply(&trees.solved)) {
        sink.push(*finding);
    }
}

fn check_rewrite(bug: &Bug, document: &Loaded<document::BugManifest>, trees: &Trees, sink: &Sink) {
    let Some(rewrite) = &document.value.inject.rewrite else {
        return;
    };
    let at = |error: &RewriteError| bug.at(&format!("/inject/rewrite{}", error.pointer));
    let report = |location: Location, error: &RewriteError, on: &str| {
        sink.push(Diagnostic::error(
            error.rule,
            location,
            format!("{on}{}", error.message),
        ));
    };
    let compiled = match CompiledRewrite::compile(rewrite) {
        Ok(compiled) => compiled,
        Err(error) => return report(at(&error), &error, ""),
    };
    if let Err(error) = compiled.apply(&trees.solved) {
        // The variants would say the same again.
        return report(at(&error), &error, "");
    }
    for (name, tree) in &trees.variants {
        if !is_listed(rewrite, name)
            && let Err(error) = compiled.apply(tree)
        {
            report(at(&error), &error, &format!("on the variant `{name}`: "));
        }
    }
}

fn is_listed(rewrite: &Rewrite, variant: &str) -> bool {
    rewrite.not_applicable.contains_key(variant)
}
