//! `manifest.json` of the older layout: what it says, as far as it can be understood.
//!
//! Where the folders of its modules are is left to `modules`.

use super::fields::{self, Fields};
use super::ledger::{Ledger, Place};
use crate::curriculum::document::CurriculumKind;

/// The name of the old manifest.
pub(super) const FILE: &str = "manifest.json";

/// What the old manifest says.
#[derive(Debug)]
pub(super) struct OldManifest {
    pub(super) name: Option<String>,
    pub(super) author: Option<String>,
    pub(super) version: Option<String>,
    pub(super) kind: CurriculumKind,
    /// The groups of a library; one without a name holds the modules of a linear curriculum.
    pub(super) groups: Vec<OldGroup>,
}

/// A pattern of a library.
#[derive(Debug)]
pub(super) struct OldGroup {
    /// Where it stands.
    pub(super) place: Place,
    pub(super) id: String,
    pub(super) title: Option<String>,
    pub(super) theory: Option<String>,
    pub(super) modules: Vec<OldModule>,
}

/// A module or problem.
#[derive(Debug)]
pub(super) struct OldModule {
    /// Where it stands.
    pub(super) place: Place,
    pub(super) id: String,
    pub(super) title: Option<String>,
    pub(super) path: Option<String>,
    pub(super) baseline: Option<f64>,
    /// Ids as they were, each with its line.
    pub(super) requires: Vec<(String, usize)>,
    pub(super) is_justify_only: bool,
    pub(super) difficulty: Option<String>,
}

/// Reads the old manifest. One that is not there or can't be read is empty.
pub(super) fn read(ledger: &mut Ledger<'_>) -> OldManifest {
    let file = Place::file(FILE);
    let mut manifest = OldManifest {
        name: None,
        author: None,
        version: None,
        kind: CurriculumKind::Linear,
        groups: Vec::new(),
    };
    if !ledger.has(&file) {
        ledger.decide(
            &file,
            "there is no manifest: modules are those that have a folder, by name",
        );
        return manifest;
    }
    let Some(node) = fields::read(&file, ledger) else {
        ledger.decide(
            &file,
            "the manifest can't be read: modules are those that have a folder, by name",
        );
        return manifest;
    };
    let Some(mut fields) = Fields::of(&node, &file, "the manifest", ledger) else {
        return manifest;
    };
    manifest.name = fields.text("curriculum_name", ledger);
    manifest.author = fields.text("author", ledger);
    manifest.version = fields.text("version", ledger);
    let has_patterns = fields.get("patterns").is_some();
    manifest.kind = kind(&mut fields, has_patterns, ledger);
    if manifest.kind == CurriculumKind::Library {
        for (index, node) in fields.items("patterns", ledger).iter().enumerate() {
            let what = format!("the pattern number {}", index + 1);
            if let Some(fields) = Fields::of(node, &file, what, ledger) {
                manifest.groups.push(group(fields, index, ledger));
            }
        }
    } else {
        let place = file.clone();
        let modules = modules(&mut fields, "modules", "the module", ledger);
        manifest.groups.push(OldGroup {
            place,
            id: String::new(),
            title: None,
            theory: None,
            modules,
        });
    }
    fields.close(ledger);
    ledger.used(&file, crate::curriculum::MANIFEST);
    manifest
}

fn kind(fields: &mut Fields<'_>, has_patterns: bool, ledger: &mut Ledger<'_>) -> CurriculumKind {
    let guess = if has_patterns {
        (CurriculumKind::Library, "library")
    } else {
        (CurriculumKind::Linear, "linear")
    };
    let said = fields.text("type", ledger);
    match said.as_deref() {
        Some("linear") => CurriculumKind::Linear,
        Some("library") => CurriculumKind::Library,
        said => {
            let what = match said {
                Some(other) => format!("`{other}` is no type of curriculum"),
                None => "the manifest has no `type`".to_owned(),
            };
            ledger.decide(
                &fields.place_of("type"),
                format!("{what}; by what it lists it is {}", guess.1),
            );
            guess.0
        }
    }
}

fn group(mut fields: Fields<'_>, index: usize, ledger: &mut Ledger<'_>) -> OldGroup {
    let id = fields.text("id", ledger);
    let title = fields.text("title", ledger);
    let id = id.or_else(|| title.clone()).unwrap_or_else(|| {
        let id = format!("pattern_{}", index + 1);
        ledger.decide(
            &fields.place(),
            format!("{} has no `id` and is called `{id}`", fields.what),
        );
        id
    });
    fields.what = format!("the pattern `{id}`");
    let theory = fields.text("theory_path", ledger);
    let modules = modules(&mut fields, "problems", "the problem", ledger);
    let place = fields.place();
    fields.close(ledger);
    OldGroup {
        place,
        id,
        title,
        theory,
        modules,
    }
}

fn modules(
    fields: &mut Fields<'_>,
    key: &'static str,
    word: &str,
    ledger: &mut Ledger<'_>,
) -> Vec<OldModule> {
    let file = Place::file(FILE);
    let mut modules = Vec::new();
    for (index, node) in fields.items(key, ledger).iter().enumerate() {
        let what = format!("{word} number {}", index + 1);
        if let Some(fields) = Fields::of(node, &file, what, ledger) {
            modules.extend(module(fields, word, ledger));
        }
    }
    modules
}

fn module(mut fields: Fields<'_>, word: &str, ledger: &mut Ledger<'_>) -> Option<OldModule> {
    let path = fields.text("path", ledger);
    let id = fields.text("id", ledger);
    let name = fields.text("name", ledger);
    let title = fields.text("title", ledger);
    let last_part = path
        .as_deref()
        .and_then(|path| path.trim_end_matches('/').rsplit('/').next());
    let Some(id) = id.or_else(|| last_part.map(str::to_owned)) else {
        ledger.aside(
            &fields.place(),
            format!("{} has neither `id` nor `path`", fields.what),
        );
        return None;
    };
    fields.what = format!("{word} `{id}`");
    let baseline = fields
        .number("baseline_perf_seconds", ledger)
        .filter(|seconds| {
            let is_time = *seconds > 0.0 && *seconds <= 3600.0;
            if !is_time {
                let place = fields.place_of("baseline_perf_seconds");
                ledger.aside(
                    &place,
                    format!("{seconds} seconds are no baseline of {}", fields.what),
                );
            }
            is_time
        });
    let requires = fields.texts("dependencies", ledger);
    let kind = fields.text("module_type", ledger);
    let is_justify_only = match kind.as_deref() {
        None | Some("standard") => false,
        Some("justify_only" | "justify-only") => true,
        Some(other) => {
            let what = format!(
                "`{other}` is no known `module_type`; {} is imported as a standard module",
                fields.what
            );
            ledger.decide(&fields.place_of("module_type"), what);
            false
        }
    };
    let difficulty = fields.text("difficulty", ledger).and_then(|text| {
        let word = text.to_ascii_lowercase();
        let is_known = ["easy", "medium", "hard"].contains(&word.as_str());
        if !is_known {
            ledger.aside(
                &fields.place_of("difficulty"),
                format!("`{text}` is no difficulty of {}", fields.what),
            );
        }
        is_known.then_some(word)
    });
    let place = fields.place();
    fields.close(ledger);
    Some(OldModule {
        place,
        id,
        title: name.or(title),
        path,
        baseline,
        requires,
        is_justify_only,
        difficulty,
    })
}
