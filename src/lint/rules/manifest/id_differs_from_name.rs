//! `id-differs-from-name`.

use crate::diagnostic::{Fix, Location, Sink};
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};

declare_rule! {
    /// An id is not the name of its folder or file.
    ///
    /// ## What it does
    /// Compares the `id` in a curriculum, module or bug with the name of the folder or file that it
    /// is in.
    ///
    /// ## Why it matters
    /// The manifest, regions and reports name modules by id and people look for them by folder.
    ///
    /// ## Example
    /// ```yaml
    /// # modules/softmax/module.yaml
    /// id: stable_softmax
    /// ```
    ///
    /// ## Use instead
    /// Give the folder and the id the same name.
    pub(crate) struct IdDiffersFromName {
        name: "id-differs-from-name",
        group: Manifest,
        severity: Error,
        blocks_running: true,
    }
}

impl Rule for IdDiffersFromName {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        let curriculum = context.curriculum;
        let compare = |kind: &str, id: &str, name: &str, at: &dyn Fn() -> Location| {
            if id != name {
                let at = at();
                let message = format!("the id is `{id}` and the {kind} is `{name}`");
                let fix = at
                    .place()
                    .map(|(file, span)| Fix::replace(file, span, name));
                sink.push(self.finding(at, message).with_fix(fix));
            }
        };
        if let Some(manifest) = &curriculum.manifest {
            let folder = curriculum
                .dir
                .file_name()
                .unwrap_or_default()
                .to_string_lossy();
            compare("folder", manifest.value.id.as_str(), &folder, &|| {
                manifest.at("/id")
            });
        }
        for module in &curriculum.modules {
            if let Some(manifest) = &module.manifest {
                let (id, folder) = (manifest.value.id.as_str(), module.id.as_str());
                compare("folder", id, folder, &|| manifest.at("/id"));
            }
            for bug in &module.bugs {
                if let Some(document) = &bug.document {
                    let id = document.value.id.as_str();
                    compare("file", id, bug.id.as_str(), &|| document.at("/id"));
                }
            }
        }
    }
}
