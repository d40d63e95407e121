//! `unknown-file`.

use std::fs;
use std::path::Path;

use rayon::prelude::*;

use crate::curriculum::id::FilePath;
use crate::diagnostic::{Location, Sink};
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};
use crate::suggest;

declare_rule! {
    /// A file or folder looks like one of a curriculum and is none.
    ///
    /// ## What it does
    /// Looks in the folders of the curriculum, of its modules and of their bugs for names that are near to
    /// what is read from there, and for YAML files that nothing reads.
    ///
    /// ## Why it matters
    /// A file with a slip in its name is passed over without a word: `questions.yml` asks nothing.
    ///
    /// ## Example
    /// ```text
    /// modules/softmax/questions.yml
    /// ```
    ///
    /// ## Use instead
    /// `modules/softmax/questions.yaml`
    pub(crate) struct UnknownFile {
        name: "unknown-file",
        group: Manifest,
        severity: Warning,
        blocks_running: false,
    }
}

/// What is read from a curriculum's folder.
const OF_CURRICULUM: &[&str] = &[
    "curriculum.yaml",
    "requirements.in",
    "requirements.txt",
    "project",
    "theory",
    "modules",
];

/// What is read from a module's folder.
const OF_MODULE: &[&str] = &[
    "module.yaml",
    "prompt.md",
    "questions.yaml",
    "bugs",
    "variants",
];

impl Rule for UnknownFile {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        let curriculum = context.curriculum;
        let environment = curriculum
            .manifest
            .as_ref()
            .and_then(|it| it.value.environment.as_ref());
        let named = environment.and_then(|it| it.requirements.as_ref());
        self.folder(&curriculum.dir, &curriculum.shown, sink, |name| {
            OF_CURRICULUM.contains(&name) || named.is_some_and(|path| path.as_str() == name)
        });
        curriculum.modules.par_iter().for_each(|module| {
            self.folder(&module.dir, &module.shown, sink, |name| {
                OF_MODULE.contains(&name)
            });
            let shown = format!("{}/bugs", module.shown);
            self.folder(&module.dir.join("bugs"), &shown, sink, |name| {
                name.ends_with(".yaml") || name.ends_with(".patch")
            });
        });
        let theory: Vec<_> = curriculum.theory.keys().map(FilePath::as_str).collect();
        self.folder(
            &curriculum.dir.join("theory"),
            &curriculum.shown_path("theory"),
            sink,
            |name| theory.contains(&&*format!("theory/{name}")),
        );
    }
}

impl UnknownFile {
    /// Reports what lies in a folder and is not known there. That a folder can't be read is told when
    /// it is loaded.
    fn folder(&self, dir: &Path, shown: &str, sink: &Sink, is_known: impl Fn(&str) -> bool) {
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if is_known(&name) || name.starts_with('.') {
                continue;
            }
            let known = OF_CURRICULUM.iter().chain(OF_MODULE).copied();
            let help = suggest::did_you_mean(&name, known.filter(|known| is_known(known)));
            let has_ending = [".yaml", ".yml", ".diff"]
                .iter()
                .any(|it| name.ends_with(it));
            if help.is_some() || has_ending {
                let place = Location::path(format!("{shown}/{name}"));
                let mut finding = self.finding(place, format!("nothing reads `{name}`"));
                finding.help = help;
                sink.push(finding);
            }
        }
    }
}
