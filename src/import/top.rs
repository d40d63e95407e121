//! `curriculum.yaml` and what lies beside it.

use std::collections::BTreeMap;

use super::emit::Yaml;
use super::ledger::{Ledger, Place};
use super::manifest::{self, OldManifest};
use super::modules::{Group, Module};
use super::validator::TOOLS;
use crate::curriculum::document::CurriculumKind;
use crate::curriculum::id::CurriculumId;
use crate::curriculum::id::title_of;
use crate::source::tree::{Entry, Tree};

/// What SPDX has for a licence that nobody has told.
const NO_LICENSE: &str = "NOASSERTION";

/// The version of a curriculum that has none.
const FIRST_VERSION: &str = "0.1.0";

/// Who has written a curriculum that does not say so.
const NO_AUTHOR: &str = "unknown";

/// Everything that the new manifest says.
#[derive(Debug)]
pub(super) struct Manifest<'m> {
    pub(super) old: &'m OldManifest,
    pub(super) id: &'m CurriculumId,
    pub(super) modules: &'m [Module],
    pub(super) groups: &'m [Group],
    /// Questions files by the id of their group.
    pub(super) theories: &'m BTreeMap<String, String>,
    /// The folder of the project with the validators; `None` when no module has one.
    pub(super) validators: Option<&'m str>,
}

impl Manifest<'_> {
    /// Returns the new manifest, and puts files that belong beside it into `tree`.
    pub(super) fn write(
        &self,
        project: &Tree,
        schemas: &str,
        tree: &mut Tree,
        ledger: &mut Ledger<'_>,
    ) -> String {
        let file = Place::file(manifest::FILE);
        let mut yaml = Yaml::new(&format!("{schemas}curriculum.schema.json"));
        yaml.line(0, "schema: 1");
        yaml.text(0, "id", self.id.as_str());
        yaml.text(0, "title", &self.title(&file, ledger));
        yaml.line(
            0,
            &format!(
                "version: {}",
                version(self.old.version.as_deref(), &file, ledger)
            ),
        );
        yaml.line(
            0,
            match self.old.kind {
                CurriculumKind::Linear => "kind: linear",
                CurriculumKind::Library => "kind: library",
            },
        );
        let author = self.old.author.as_deref().unwrap_or_else(|| {
            ledger.decide(
                &file,
                format!("there is no `author`: `authors` says `{NO_AUTHOR}`"),
            );
            NO_AUTHOR
        });
        yaml.list(0, "authors", &[author]);
        ledger.decide(
            &file,
            format!("there was no licence: `license` says `{NO_LICENSE}`"),
        );
        yaml.line(0, &format!("license: {NO_LICENSE}"));
        if let Some(validators) = self.validators {
            requirements(tree, ledger);
            yaml.line(0, "environment:");
            yaml.flow(2, "tools", &TOOLS);
            let has_tests = project.iter().any(|(path, _)| path.starts_with("tests/"));
            let tests = has_tests.then(|| "tests/**".to_owned());
            let globs: Vec<_> = tests
                .into_iter()
                .chain([format!("{validators}/**")])
                .collect();
            yaml.list(0, "protected", &globs);
        }
        self.modules(&mut yaml);
        yaml.into_text()
    }

    fn title(&self, file: &Place, ledger: &mut Ledger<'_>) -> String {
        let Some(name) = &self.old.name else {
            let title = title_of(self.id.as_str());
            ledger.decide(
                file,
                format!("there is no `curriculum_name`: the title is `{title}`"),
            );
            return title;
        };
        let line = name.split_whitespace().collect::<Vec<_>>().join(" ");
        line.chars().take(120).collect()
    }

    fn modules(&self, yaml: &mut Yaml) {
        if self.old.kind == CurriculumKind::Linear {
            let ids: Vec<_> = self.modules.iter().map(|module| &module.id).collect();
            return yaml.list(0, "modules", &ids);
        }
        yaml.line(0, "modules:");
        for group in self.groups {
            yaml.text(2, "- id", &group.id);
            yaml.text(4, "title", &group.title);
            if let Some(theory) = self.theories.get(&group.id) {
                yaml.text(4, "theory", theory);
            }
            yaml.list(4, "modules", &group.modules);
        }
    }
}

/// The version as semantic versioning wants it.
fn version(said: Option<&str>, file: &Place, ledger: &mut Ledger<'_>) -> String {
    let Some(said) = said else {
        ledger.decide(
            file,
            format!("there is no `version`: it is `{FIRST_VERSION}` now"),
        );
        return FIRST_VERSION.to_owned();
    };
    let bare = said.trim().trim_start_matches('v');
    let is_version =
        |text: &&String| semver::Version::parse(text).is_ok_and(|it| it.build.is_empty());
    let attempts = [
        said.to_owned(),
        bare.to_owned(),
        format!("{bare}.0"),
        format!("{bare}.0.0"),
    ];
    match attempts.iter().find(is_version) {
        Some(version) => {
            if version != said {
                ledger.changed(file, format!("the version `{said}` is written `{version}`"));
            }
            version.clone()
        }
        None => {
            ledger.decide(
                file,
                format!("`{said}` is no version: it is `{FIRST_VERSION}` now"),
            );
            FIRST_VERSION.to_owned()
        }
    }
}

/// Takes over a list of requirements, which has to be locked before it counts.
fn requirements(tree: &mut Tree, ledger: &mut Ledger<'_>) {
    let file = Place::file("requirements.txt");
    if let Some(text) = ledger.text(&file) {
        tree.insert("requirements.in", Entry::file(text.as_bytes()));
        ledger.used(&file, "requirements.in");
        ledger.decide(&file, "run `mastery lock`: until then validators find the `python3` of the machine, without packages");
    } else {
        let what = "nothing says which packages validators need: list them in `requirements.in` and run `mastery lock`; \
                    until then they find the `python3` of the machine";
        ledger.decide(&Place::file(manifest::FILE), what);
    }
}
