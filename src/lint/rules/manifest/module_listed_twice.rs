//! `module-listed-twice`.

use std::collections::HashMap;

use crate::diagnostic::Sink;
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};

declare_rule! {
    /// A module is listed twice.
    ///
    /// ## What it does
    /// Reports the second entry of a module in the groups of a library, and of a group id.
    ///
    /// ## Why it matters
    /// A module belongs to one place of the curriculum, and shares the theory of one group.
    ///
    /// ## Example
    /// ```yaml
    /// modules:
    ///   - {id: sorting, title: Sorting, modules: [merge]}
    ///   - {id: lists, title: Lists, modules: [merge]}
    /// ```
    ///
    /// ## Use instead
    /// Keep one of the entries.
    pub(crate) struct ModuleListedTwice {
        name: "module-listed-twice",
        group: Manifest,
        severity: Error,
        blocks_running: false,
    }
}

impl Rule for ModuleListedTwice {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        let Some(manifest) = &context.curriculum.manifest else {
            return;
        };
        let modules = manifest
            .value
            .module_ids()
            .map(|(id, at)| ("module", id.as_str(), at));
        let groups = manifest
            .value
            .groups()
            .map(|(group, at)| ("group", group.id.as_str(), format!("{at}/id")));
        let mut seen = HashMap::new();
        for (kind, id, pointer) in modules.chain(groups) {
            if let Some(first) = seen.insert((kind, id), pointer.clone()) {
                let message = format!("the {kind} `{id}` is listed twice");
                let finding = self.finding(manifest.at(&pointer), message);
                sink.push(finding.with_related(manifest.at(&first), "listed first"));
            }
        }
    }
}
