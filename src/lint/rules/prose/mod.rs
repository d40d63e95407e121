//! Rules about what learners read: prompts first, and links in any text.

pub(crate) mod broken_link;
pub(crate) mod fence_without_language;
pub(crate) mod insecure_link;
pub(crate) mod leftover_todo;
pub(crate) mod missing_alt_text;
pub(crate) mod missing_title;
pub(crate) mod skipped_heading_level;
pub(crate) mod unknown_reference;

use crate::curriculum::Module;
use crate::lint::rule::Context;
use crate::source::path::is_plain_relative;

/// Whether the complete project has a file or folder at a plain path, or a module lists it as one
/// that the learner creates.
fn is_in_project(context: &Context<'_>, path: &str) -> bool {
    let is_it_or_in_it = |file: &str| crate::source::path::inside(file, path).is_some();
    let mut files = context.curriculum.project.iter().map(|(file, _)| file);
    let mut manifests = context
        .curriculum
        .modules
        .iter()
        .filter_map(|module| module.manifest.as_ref());
    files.any(is_it_or_in_it)
        || manifests.any(|manifest| {
            let build = manifest.value.build.as_ref();
            build.is_some_and(|build| build.edit.iter().any(|it| is_it_or_in_it(it.as_str())))
        })
}

/// Whether there is a file or folder beside a module's prompt.
fn is_beside_prompt(module: &Module, path: &str) -> bool {
    is_plain_relative(path) && module.dir.join(path).exists()
}
