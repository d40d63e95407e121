//! `cyclic-requires`.

use std::collections::HashSet;

use crate::curriculum::Curriculum;
use crate::curriculum::id::ModuleId;
use crate::diagnostic::Sink;
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};

declare_rule! {
    /// Modules require each other in a circle.
    ///
    /// ## What it does
    /// Follows `requires` from module to module and reports each circle once, with all its modules.
    ///
    /// ## Why it matters
    /// Of two modules that need each other neither can come first.
    ///
    /// ## Example
    /// ```yaml
    /// # modules/a/module.yaml
    /// requires: [b]
    /// # modules/b/module.yaml
    /// requires: [a]
    /// ```
    ///
    /// ## Use instead
    /// Move what both need into a third module that both require.
    pub(crate) struct CyclicRequires {
        name: "cyclic-requires",
        group: Manifest,
        severity: Error,
        blocks_running: true,
    }
}

impl Rule for CyclicRequires {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        let mut done = HashSet::new();
        for module in &context.curriculum.modules {
            let mut path = Vec::new();
            self.follow(context.curriculum, &module.id, &mut path, &mut done, sink);
        }
    }
}

impl CyclicRequires {
    /// Depth-first search; `path` is the way from the start, `done` what needs no second look.
    fn follow<'a>(
        &self,
        curriculum: &'a Curriculum,
        id: &'a ModuleId,
        path: &mut Vec<(&'a ModuleId, usize)>,
        done: &mut HashSet<&'a ModuleId>,
        sink: &Sink,
    ) {
        if done.contains(id) {
            return;
        }
        if let Some(start) = path.iter().position(|(other, _)| *other == id) {
            let names: Vec<_> = path[start..].iter().map(|(id, _)| id.as_str()).collect();
            let (first, index) = path[start];
            let module = curriculum
                .module(first.as_str())
                .expect("it was followed before");
            let message = match names.as_slice() {
                [own] => format!("`{own}` requires itself"),
                _ => format!("modules require each other: {} → {id}", names.join(" → ")),
            };
            sink.push(self.finding(module.at(&format!("/requires/{index}")), message));
            return;
        }
        let manifest = curriculum
            .module(id.as_str())
            .and_then(|module| module.manifest.as_ref());
        if let Some(manifest) = manifest {
            for (index, required) in manifest.value.requires.iter().enumerate() {
                path.push((id, index));
                self.follow(curriculum, required, path, done, sink);
                path.pop();
            }
        }
        done.insert(id);
    }
}
