//! A curriculum as it was loaded: its documents with their places, its modules and its project.

pub mod document;
pub mod id;
pub mod listing;
mod load;
pub mod rules;
pub mod schema;
pub mod schema_line;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use crate::diagnostic::Location;
use crate::source::SourceFile;
use crate::source::path;
use crate::source::tree::Tree;
use crate::source::yaml::Document;

use document::{BugManifest, Manifest, ModuleManifest, Questions, Status};
use id::{BugId, FilePath, ModuleId, VariantName};
use schema::Schema;

pub use load::{Extent, MANIFEST, REQUIREMENTS, load, load_extent, read_document};

/// A file's content together with the places of everything in it.
#[derive(Debug)]
pub struct Loaded<T> {
    /// The file and its places.
    pub document: Document,
    /// Its content.
    pub value: T,
}

impl<T> Loaded<T> {
    /// The place of the value under a JSON pointer.
    pub fn at(&self, pointer: &str) -> Location {
        Location::span(&self.document.file, self.document.span(pointer))
    }

    /// The place of the key that leads to a value.
    pub fn at_key(&self, pointer: &str) -> Location {
        Location::span(&self.document.file, self.document.key_span(pointer))
    }
}

/// A curriculum. What could not be read is `None`; a finding says why.
#[derive(Debug)]
pub struct Curriculum {
    /// Its folder.
    pub dir: PathBuf,
    /// Its folder as it is shown.
    pub shown: String,
    /// `curriculum.yaml`.
    pub manifest: Option<Loaded<Manifest>>,
    /// Names of all folders under `modules/`, sorted, whether they can be ids or not.
    pub module_folders: Vec<String>,
    /// Modules that have a folder: those of the manifest in its order, then others by name.
    pub modules: Vec<Module>,
    /// Questions that groups share, by their path.
    pub theory: BTreeMap<FilePath, Loaded<Questions>>,
    /// The files under `project/`.
    pub project: Tree,
    /// The lock file; `None` when there is none.
    pub requirements: Option<Arc<SourceFile>>,
    /// Where in `modules` each is.
    by_id: HashMap<ModuleId, usize>,
    /// The place of each module in the manifest's order, counted from 0; of one that is listed twice the first.
    positions: HashMap<ModuleId, usize>,
}

impl Curriculum {
    /// The module called `id`.
    pub fn module(&self, id: &str) -> Option<&Module> {
        self.modules.get(*self.by_id.get(id)?)
    }

    /// The questions that the groups of a module share among their modules; none in a linear curriculum.
    pub fn theory_of(&self, module: &str) -> impl Iterator<Item = &Loaded<Questions>> {
        let manifest = self.manifest.iter();
        let groups = manifest.flat_map(|manifest| manifest.value.groups());
        groups
            .filter(move |(group, _)| group.modules.iter().any(|id| id == module))
            .filter_map(|(group, _)| self.theory.get(group.theory.as_ref()?))
    }

    /// The modules that the manifest lists, in no order.
    pub fn listed(&self) -> impl Iterator<Item = &ModuleId> {
        self.positions.keys()
    }

    /// The place of a module in the manifest's order, counted from 0; `None` when it is not listed.
    pub fn position(&self, id: &str) -> Option<usize> {
        self.positions.get(id).copied()
    }

    /// All YAML files that were read.
    pub fn yaml_files(&self) -> impl Iterator<Item = (&'static Schema, &Document)> {
        let modules = self.modules.iter().flat_map(|module| {
            let manifest = module
                .manifest
                .iter()
                .map(|it| (schema::module(), &it.document));
            let questions = module.questions.iter();
            let questions = questions.map(|it| (schema::questions(), &it.document));
            let bugs = module.bugs.iter().filter_map(|bug| bug.document.as_ref());
            let bugs = bugs.map(|it| (schema::bug(), &it.document));
            manifest.chain(questions).chain(bugs)
        });
        let manifest = self.manifest.iter();
        let theory = self.theory.values();
        manifest
            .map(|it| (schema::curriculum(), &it.document))
            .chain(modules)
            .chain(theory.map(|it| (schema::questions(), &it.document)))
    }

    /// The name by which cases call the curriculum: its id, or its folder where that can't be read.
    pub fn name(&self) -> String {
        self.manifest.as_ref().map_or_else(
            || {
                self.dir
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned()
            },
            |manifest| manifest.value.id.to_string(),
        )
    }

    /// The shown path of a file or folder, by its path in the curriculum.
    pub fn shown_path(&self, inner: &str) -> String {
        path::join(&self.shown, inner)
    }

    /// The path in the curriculum of something that is shown as `path`; `None` when it is elsewhere.
    pub fn inner_path<'a>(&self, path: &'a str) -> Option<&'a str> {
        path::inside(path, &self.shown)
    }
}

/// A module's folder.
#[derive(Debug)]
pub struct Module {
    /// The name of the folder.
    pub id: ModuleId,
    /// The folder.
    pub dir: PathBuf,
    /// The folder as it is shown.
    pub shown: String,
    /// `module.yaml`.
    pub manifest: Option<Loaded<ModuleManifest>>,
    /// `prompt.md`.
    pub prompt: Option<Arc<SourceFile>>,
    /// `questions.yaml`; also `None` when there is none.
    pub questions: Option<Loaded<Questions>>,
    /// Whether there is a `questions.yaml`, be it readable or not.
    pub has_questions: bool,
    /// Bugs, sorted by id.
    pub bugs: Vec<Bug>,
    /// Names of the patch files under `bugs/`, sorted.
    pub patches: Vec<String>,
    /// Variants, sorted by name.
    pub variants: Vec<Variant>,
}

impl Module {
    /// Whether the module's findings fail no gate.
    pub fn is_draft(&self) -> bool {
        self.manifest
            .as_ref()
            .is_some_and(|manifest| manifest.value.status == Status::Draft)
    }

    /// A place in `module.yaml`, or the module's folder when that could not be read.
    pub fn at(&self, pointer: &str) -> Location {
        self.manifest.as_ref().map_or_else(
            || Location::path(&self.shown),
            |manifest| manifest.at(pointer),
        )
    }
}

/// A bug's files.
#[derive(Debug)]
pub struct Bug {
    /// The name of the file without its ending.
    pub id: BugId,
    /// The YAML file as it is shown.
    pub shown: String,
    /// The YAML file.
    pub document: Option<Loaded<BugManifest>>,
    /// The patch that it names; `None` when it names none or there is no such file.
    pub patch: Option<Arc<SourceFile>>,
}

impl Bug {
    /// A place in the bug's file, or the file as a whole when it could not be read.
    pub fn at(&self, pointer: &str) -> Location {
        self.document.as_ref().map_or_else(
            || Location::path(&self.shown),
            |document| document.at(pointer),
        )
    }
}

/// A variant's folder.
#[derive(Debug)]
pub struct Variant {
    /// The name of the folder.
    pub name: VariantName,
    /// The folder as it is shown.
    pub shown: String,
    /// Files by their path in the project.
    pub files: Tree,
}
