//! Making new curricula, modules and questions from templates: what comes out is checked and green.
//!
//! Everything is planned as a [`Draft`] first; nothing is written before all of it is known. Terminals are
//! the caller's: who is asked for values is an [`values::Ask`].

pub mod draft;
pub mod manifest;
pub mod needs;
pub mod python;
pub mod question;
pub mod render;
pub mod template;
pub mod values;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::curriculum::document::{FileContent, Manifest, ModuleManifest, Questions};
use crate::curriculum::id::{CurriculumId, ModuleId, Slug, title_of};
use crate::curriculum::listing::{self, NoPlace, Place};
use crate::curriculum::schema::{self, Schema};
use crate::curriculum::schema_line::{self, Schemas};
use crate::curriculum::{Curriculum, Loaded, MANIFEST, Module, read_document};
use crate::diagnostic::fix;
use crate::project::export::ExportError;
use crate::source::tree::Entry;
use crate::source::{SourceFile, path};

use draft::{Change, Draft, FillError};
use manifest::{Needs, TemplateKind};
use needs::{Lacking, lacking};
use render::{Renderer, Values};
use template::{Catalogue, Template, TemplateError};
use values::{Ask, ValueError};

/// The template of modules where none is named.
pub const DEFAULT_MODULE: &str = "python-function";

/// The template of questions.
pub const DEFAULT_QUESTION: &str = "question";

/// The template of a curriculum around a module whose template names none.
const DEFAULT_CURRICULUM: &str = "curriculum-plain";

/// Schemas that the files of a curriculum follow.
const SCHEMAS: &[fn() -> &'static Schema] = &[
    schema::bug,
    schema::curriculum,
    schema::module,
    schema::questions,
];

/// Why nothing was made.
#[derive(Debug, thiserror::Error)]
pub enum ScaffoldError {
    /// The template.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The values.
    #[error(transparent)]
    Values(#[from] ValueError),
    /// The files of the template.
    #[error(transparent)]
    Fill(#[from] FillError),
    /// There is a module of this id.
    #[error("there is a module `{0}` already")]
    ModuleTaken(ModuleId),
    /// There is a question of this id.
    #[error("the module has a question `{0}` already")]
    QuestionTaken(Slug),
    /// The place in the manifest.
    #[error(transparent)]
    Place(#[from] NoPlace),
    /// The environment of the curriculum.
    #[error("the template `{template}` needs what `{curriculum}` lacks: {}", list(.lacking))]
    Lacking {
        /// The template.
        template: Slug,
        /// The curriculum.
        curriculum: String,
        /// What it lacks.
        lacking: Lacking,
    },
    /// A file that can't be read, or not for certain.
    #[error("`{0}` can't be read")]
    Unreadable(String),
    /// A file that can't be changed as text.
    #[error("`{0}` is written in a way that can't be added to")]
    Unedited(String),
    /// A file that was made of the template is not what it should be.
    #[error("`{path}`, as the template `{template}` makes it, can't be used: {reason}")]
    Result {
        /// The template.
        template: Slug,
        /// The file, by its path in the curriculum.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// The folder.
    #[error(transparent)]
    Folder(#[from] ExportError),
}

fn list(lacking: &Lacking) -> String {
    let names = lacking.packages.iter().chain(&lacking.tools);
    let names: Vec<_> = names.map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

/// What all makers need.
pub struct Maker<'a> {
    /// The templates.
    pub catalogue: &'a Catalogue,
    /// Values that were given, by name.
    pub given: &'a BTreeMap<String, String>,
    /// Who is asked for others.
    pub ask: &'a mut dyn Ask,
}

impl Maker<'_> {
    /// A curriculum with one module, for the folder `dir`, from a template of a module.
    ///
    /// # Errors
    ///
    /// See [`ScaffoldError`].
    pub fn curriculum(
        &mut self,
        id: &CurriculumId,
        module: &ModuleId,
        template: &str,
        dir: &Path,
    ) -> Result<Draft, ScaffoldError> {
        let inner = self.catalogue.get_kind(template, TemplateKind::Module)?;
        let outer = inner.manifest.curriculum.as_ref();
        let outer = outer.map_or(DEFAULT_CURRICULUM, Slug::as_str);
        let outer = self.catalogue.get_kind(outer, TemplateKind::Curriculum)?;
        let both = [&outer, &inner];
        let variables = both.iter().flat_map(|it| &it.manifest.variables);
        values::check_names(self.given, variables)?;

        let renderer = Renderer::default();
        let mut values = Values::default();
        values.set("id", id.as_str());
        values.set("curriculum", id.as_str());
        values.set("module", module.as_str());
        set_needs(&mut values, &inner.manifest.needs);
        values.set("python_package", python::package(id.as_str()));
        let variables = &outer.manifest.variables;
        values::add(&mut values, variables, self.given, &renderer, self.ask)?;
        let schemas = Schemas::of(dir, None);
        let mut draft = Draft::default();
        draft.fill(&outer, &values, &schemas, &renderer, |path| {
            path::inside(path, "modules").is_none()
        })?;

        // The title that was given is that of the curriculum.
        let mut given = self.given.clone();
        given.insert("title".to_owned(), title_of(module.as_str()));
        values.set("id", module.as_str());
        let variables = &inner.manifest.variables;
        values::add(&mut values, variables, &given, &renderer, self.ask)?;
        draft.fill(&inner, &values, &schemas, &renderer, |path| {
            is_of_module(path, module)
        })?;
        made::<Manifest>(&draft, MANIFEST, schema::curriculum(), &outer)?;
        let path = format!("modules/{module}/module.yaml");
        made::<ModuleManifest>(&draft, &path, schema::module(), &inner)?;
        if schemas.is_missing {
            add_schemas(&mut draft);
        }
        Ok(draft)
    }

    /// A module for a curriculum, with its entry in the manifest.
    ///
    /// # Errors
    ///
    /// See [`ScaffoldError`].
    pub fn module(
        &mut self,
        curriculum: &Curriculum,
        id: &ModuleId,
        template: &str,
        place: Place<'_>,
    ) -> Result<Draft, ScaffoldError> {
        let shown = || curriculum.shown_path(MANIFEST);
        let manifest = curriculum.manifest.as_ref();
        let manifest = manifest.ok_or_else(|| ScaffoldError::Unreadable(shown()))?;
        let is_taken = curriculum.position(id.as_str()).is_some()
            || curriculum.module_folders.iter().any(|it| id == it.as_str());
        if is_taken {
            return Err(ScaffoldError::ModuleTaken(id.clone()));
        }
        let pointer = listing::entry_before(&manifest.value, place)?;
        let template = self.catalogue.get_kind(template, TemplateKind::Module)?;
        values::check_names(self.given, template.manifest.variables.iter())?;
        let lacking = lacking(&template.manifest.needs, curriculum);
        if !lacking.is_nothing() {
            return Err(ScaffoldError::Lacking {
                template: template.name,
                curriculum: curriculum.shown.clone(),
                lacking,
            });
        }

        let renderer = Renderer::default();
        let mut values = Values::default();
        values.set("id", id.as_str());
        values.set("curriculum", curriculum.name());
        values.set("module", id.as_str());
        set_needs(&mut values, &template.manifest.needs);
        values.set("python_package", python_package(curriculum));
        let variables = &template.manifest.variables;
        values::add(&mut values, variables, self.given, &renderer, self.ask)?;
        let schemas = Schemas::of(&curriculum.dir, Some(&manifest.document.file));
        let mut draft = Draft::default();
        draft.fill(&template, &values, &schemas, &renderer, |path| {
            is_of_module(path, id)
        })?;
        let path = format!("modules/{id}/module.yaml");
        made::<ModuleManifest>(&draft, &path, schema::module(), &template)?;
        if schemas.is_missing {
            add_schemas(&mut draft);
        }
        draft.change = Some(listed(manifest, &pointer, id).ok_or_else(|| {
            let shown = shown();
            ScaffoldError::Unedited(shown)
        })?);
        draft.settle(&curriculum.dir)?;
        Ok(draft)
    }

    /// A question for a module, behind those that it has. Without an `id` it gets one.
    ///
    /// # Errors
    ///
    /// See [`ScaffoldError`].
    pub fn question(
        &mut self,
        curriculum: &Curriculum,
        module: &Module,
        id: Option<&Slug>,
        template: &str,
    ) -> Result<Draft, ScaffoldError> {
        let path = format!("modules/{}/questions.yaml", module.id);
        let shown = curriculum.shown_path(&path);
        if module.has_questions && module.questions.is_none() {
            return Err(ScaffoldError::Unreadable(shown));
        }
        let questions = module.questions.iter();
        let taken: Vec<_> = questions
            .flat_map(|it| it.value.questions.iter().map(|it| it.id.as_str()))
            .collect();
        let id = match id {
            Some(id) if taken.contains(&id.as_str()) => {
                return Err(ScaffoldError::QuestionTaken(id.clone()));
            }
            Some(id) => id.to_string(),
            None => free_id(&taken),
        };
        let template = self.catalogue.get_kind(template, TemplateKind::Question)?;
        values::check_names(self.given, template.manifest.variables.iter())?;
        let renderer = Renderer::default();
        let mut values = Values::default();
        values.set("id", &id);
        values.set("curriculum", curriculum.name());
        values.set("module", module.id.as_str());
        set_needs(&mut values, &Needs::default());
        values.set("python_package", python_package(curriculum));
        let variables = &template.manifest.variables;
        values::add(&mut values, variables, self.given, &renderer, self.ask)?;
        let manifest = curriculum.manifest.as_ref();
        let schemas = Schemas::of(&curriculum.dir, manifest.map(|it| &*it.document.file));
        let mut draft = Draft::default();
        draft.fill(&template, &values, &schemas, &renderer, |it| it == path)?;
        let made = made::<Questions>(&draft, &path, schema::questions(), &template)?;
        if let Some(questions) = &module.questions {
            draft.files.remove(&path);
            let changed = question::append(questions, made.document.file.text());
            let changed = changed.filter(|text| has_one_more(questions, &made, text));
            draft.change = Some(Change {
                path,
                text: changed.ok_or(ScaffoldError::Unedited(shown))?,
                file: Arc::clone(&questions.document.file),
            });
        }
        draft.settle(&curriculum.dir)?;
        Ok(draft)
    }
}

/// Tells templates what a module needs.
fn set_needs(values: &mut Values, needs: &Needs) {
    values.set_list("needs", needs.tools.iter().map(ToString::to_string));
}

/// Whether a template of a module may write there: into the project, and into the module's own folder.
fn is_of_module(path: &str, id: &ModuleId) -> bool {
    let folder = format!("modules/{id}");
    path::inside(path, "project").is_some() || path::inside(path, &folder).is_some()
}

/// The package of the learner's project, where there is one; else a name for one.
fn python_package(curriculum: &Curriculum) -> String {
    let files = curriculum.project.iter();
    let mut packages = files
        .filter_map(|(path, _)| path.strip_suffix("/__init__.py"))
        .filter(|folder| !folder.contains('/') && *folder != "tests");
    match (packages.next(), packages.next()) {
        (Some(package), None) => package.to_owned(),
        _ => python::package(&curriculum.name()),
    }
}

/// The first of `question_1` and so on that is free.
fn free_id(taken: &[&str]) -> String {
    let ids = (1..).map(|number| format!("question_{number}"));
    let mut free = ids.filter(|id| !taken.contains(&id.as_str()));
    free.next().expect("numbers do not end")
}

/// Puts the schemas into the curriculum itself.
fn add_schemas(draft: &mut Draft) {
    for schema in SCHEMAS {
        let schema = schema();
        let path = format!("{}/{}.schema.json", schema_line::FOLDER, schema.name());
        draft
            .files
            .insert(path, Entry::file(schema.text().as_bytes()));
    }
}

/// The manifest with a module more.
fn listed(manifest: &Loaded<Manifest>, pointer: &str, id: &ModuleId) -> Option<Change> {
    let file = &manifest.document.file;
    let fix = listing::entry_behind(manifest, pointer, id);
    let (text, _) = fix::apply(file.text(), [&fix]);
    // YAML can be written in ways that nobody thinks of.
    let changed = Arc::new(SourceFile::new(file.path(), text.as_str()));
    let (changed, findings) = read_document::<Manifest>(&changed, schema::curriculum());
    let ids = |manifest: &Manifest| -> Vec<_> {
        manifest.module_ids().map(|(id, _)| id.clone()).collect()
    };
    let mut after = ids(&changed?.value);
    let at = after.iter().position(|other| other == id)?;
    after.remove(at);
    let is_one_more = after == ids(&manifest.value);
    (findings.is_empty() && is_one_more).then(|| Change {
        path: MANIFEST.to_owned(),
        file: Arc::clone(file),
        text,
    })
}

/// Whether `text` holds the questions of a file and one more, and nothing else has changed.
fn has_one_more(before: &Loaded<Questions>, made: &Loaded<Questions>, text: &str) -> bool {
    let file = Arc::new(SourceFile::new(before.document.file.path(), text));
    let (after, findings) = read_document::<Questions>(&file, schema::questions());
    let list = |loaded: &Loaded<Questions>| {
        let list = loaded.document.value.pointer("/questions");
        list.and_then(|it| it.as_array())
            .cloned()
            .unwrap_or_default()
    };
    let wanted = [list(before), list(made)].concat();
    findings.is_empty() && after.is_some_and(|after| list(&after) == wanted)
}

/// Reads a file that was made from a template: users' own may make anything.
fn made<T: FileContent>(
    draft: &Draft,
    path: &str,
    schema: &Schema,
    template: &Template,
) -> Result<Loaded<T>, ScaffoldError> {
    let failed = |reason: String| ScaffoldError::Result {
        template: template.name.clone(),
        path: path.to_owned(),
        reason,
    };
    let text = draft.files.get(path).and_then(Entry::text);
    let text = text.ok_or_else(|| failed("there is no such file".to_owned()))?;
    let (loaded, findings) = read_document(&Arc::new(SourceFile::new(path, text)), schema);
    match (loaded, findings.first()) {
        (Some(loaded), None) => Ok(loaded),
        (_, Some(finding)) => {
            let place = finding.location.position();
            let line = place.map(|it| format!("line {}: ", it.line));
            let line = line.unwrap_or_default();
            Err(failed(format!("{line}{}", finding.message)))
        }
        (None, None) => Err(failed("it holds nothing".to_owned())),
    }
}
