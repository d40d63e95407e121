//! Reads a curriculum from disk, all of it, and collects what is wrong on the way.
//!
//! One broken file never hides the next: what can't be read is `None` in the result and a finding
//! in the sink. Whether the files fit together is left to `lint`.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rayon::prelude::*;

use super::document::{BugManifest, FileContent, Manifest, Questions};
use super::id::{BugId, ModuleId, VariantName};
use super::rules::{
    DUPLICATE_KEY, LINK_LEAVES, MISSING_FILE, SCHEMA_VIOLATION, UNREADABLE_FILE, YAML_LIMIT,
    YAML_SYNTAX,
};
use super::schema::{self, Schema};
use super::{Bug, Curriculum, Loaded, Module, Variant};
use crate::diagnostic::{Diagnostic, Location, RuleName, Sink};
use crate::source::tree::{SkipReason, Tree};
use crate::source::yaml::{self, ProblemKind};
use crate::source::{self, ReadError, SourceFile, path};

/// Name of the file that makes a folder a curriculum.
pub const MANIFEST: &str = "curriculum.yaml";

/// The lock file where the manifest names none.
pub const REQUIREMENTS: &str = "requirements.txt";

/// How much of a curriculum is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    All,
    /// The YAML files alone: no prompts, patches, variants' files, project or lock file.
    Documents,
}

/// Reads the curriculum in `dir`. Findings name paths relative to `base`.
pub fn load(dir: &Path, base: &Path, sink: &Sink) -> Curriculum {
    load_extent(dir, base, Extent::All, sink)
}

/// As [`load`], but no more than is asked for; what is left out is as if it were not there.
pub fn load_extent(dir: &Path, base: &Path, extent: Extent, sink: &Sink) -> Curriculum {
    let root = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    let shown = path::shown(dir, base);
    let loader = Loader {
        dir,
        shown: &shown,
        root,
        inner_folders: Mutex::default(),
        extent,
        sink,
    };
    let manifest = loader.document::<Manifest>(&dir.join(MANIFEST), schema::curriculum());
    let listed: Vec<_> = manifest
        .iter()
        .flat_map(|manifest| manifest.value.module_ids().map(|(id, _)| id.clone()))
        .collect();
    let requirements = manifest
        .as_ref()
        .filter(|_| loader.reads_all())
        .and_then(|manifest| loader.requirements(manifest));
    let folders = loader.folder_names(&dir.join("modules"));
    let theory_files: BTreeSet<_> = manifest
        .iter()
        .flat_map(|manifest| {
            manifest
                .value
                .groups()
                .filter_map(|(group, _)| group.theory.clone())
        })
        .collect();

    let mut positions = HashMap::new();
    for (position, id) in listed.iter().enumerate() {
        positions.entry(id.clone()).or_insert(position);
    }
    // Modules that no list names are checked as well: their findings are as true.
    let unlisted = folders
        .iter()
        .filter_map(|name| ModuleId::try_from(name.as_str()).ok());
    let mut seen = HashSet::new();
    let order: Vec<ModuleId> = listed
        .into_iter()
        .chain(unlisted)
        .filter(|id| folders.contains(id.as_str()) && seen.insert(id.clone()))
        .collect();
    let (modules, (project, theory)): (Vec<Module>, _) = rayon::join(
        || {
            order
                .into_par_iter()
                .map(|id| loader.module(dir, id))
                .collect()
        },
        || {
            let theory = theory_files.into_iter().filter_map(|file| {
                let path = dir.join(file.as_str());
                let document = loader.document::<Questions>(&path, schema::questions())?;
                Some((file, document))
            });
            (loader.tree(&dir.join("project")), theory.collect())
        },
    );
    let ids = modules.iter().enumerate();
    let by_id = ids.map(|(index, module)| (module.id.clone(), index));
    Curriculum {
        by_id: by_id.collect(),
        positions,
        dir: dir.to_owned(),
        shown: shown.clone(),
        manifest,
        module_folders: folders.into_iter().collect(),
        modules,
        theory,
        project,
        requirements,
    }
}

struct Loader<'a> {
    /// The curriculum's folder.
    dir: &'a Path,
    /// The folder as it is shown.
    shown: &'a str,
    /// The curriculum's folder with all links followed.
    root: PathBuf,
    /// Folders that are known to be in it.
    inner_folders: Mutex<HashSet<PathBuf>>,
    extent: Extent,
    sink: &'a Sink,
}

impl Loader<'_> {
    fn shown(&self, path: &Path) -> String {
        let inner = path
            .strip_prefix(self.dir)
            .unwrap_or(path)
            .to_string_lossy();
        path::join(self.shown, &inner)
    }

    fn report(&self, rule: RuleName, path: &Path, message: impl Into<String>) {
        self.sink.push(Diagnostic::error(
            rule,
            Location::path(self.shown(path)),
            message,
        ));
    }

    fn reads_all(&self) -> bool {
        self.extent == Extent::All
    }

    /// The lock file: the one that is named, or the usual one where it is there.
    fn requirements(&self, manifest: &Loaded<Manifest>) -> Option<Arc<SourceFile>> {
        let environment = manifest.value.environment.as_ref();
        let named = environment.and_then(|it| it.requirements.as_ref());
        let path = self
            .dir
            .join(named.map_or(REQUIREMENTS, |path| path.as_str()));
        match (path.exists(), named) {
            (true, _) => self.text(&path),
            (false, None) => None,
            (false, Some(_)) => {
                let at = manifest.at("/environment/requirements");
                let message = format!("there is no `{}`", self.shown(&path));
                let finding = Diagnostic::error(MISSING_FILE, at, message);
                self.sink
                    .push(finding.with_help("`mastery lock` makes it from `requirements.in`"));
                None
            }
        }
    }

    fn module(&self, root: &Path, id: ModuleId) -> Module {
        let dir = root.join("modules").join(id.as_str());
        let questions = dir.join("questions.yaml");
        let has_questions = questions.exists();
        let bugs_dir = dir.join("bugs");
        let (stems, patches) = self.bug_files(&bugs_dir);
        Module {
            manifest: self.document(&dir.join("module.yaml"), schema::module()),
            prompt: self
                .reads_all()
                .then(|| self.text(&dir.join("prompt.md")))
                .flatten(),
            questions: has_questions
                .then(|| self.document(&questions, schema::questions()))
                .flatten(),
            has_questions,
            bugs: stems
                .into_iter()
                .map(|stem| self.bug(&bugs_dir.join(format!("{}.yaml", stem.as_str())), stem))
                .collect(),
            patches,
            variants: self.variants(&dir.join("variants")),
            shown: self.shown(&dir),
            dir,
            id,
        }
    }

    fn bug(&self, file: &Path, id: BugId) -> Bug {
        let document = self.document::<BugManifest>(file, schema::bug());
        let patch = document
            .as_ref()
            .filter(|_| self.reads_all())
            .and_then(|document| {
                let path = file.with_file_name(document.value.inject.patch.as_ref()?.as_str());
                if path.exists() {
                    return self.text(&path);
                }
                let message = format!("there is no `{}`", self.shown(&path));
                let location = document.at("/inject/patch");
                self.sink
                    .push(Diagnostic::error(MISSING_FILE, location, message));
                None
            });
        Bug {
            id,
            shown: self.shown(file),
            document,
            patch,
        }
    }

    /// The bugs and the patch files of a folder.
    fn bug_files(&self, dir: &Path) -> (Vec<BugId>, Vec<String>) {
        let (mut bugs, mut patches) = (Vec::new(), Vec::new());
        for name in self.names(dir, Kind::File) {
            if let Some(stem) = name.strip_suffix(".yaml") {
                match BugId::try_from(stem) {
                    Ok(id) => bugs.push(id),
                    Err(error) => {
                        self.report(SCHEMA_VIOLATION, &dir.join(&name), error.to_string());
                    }
                }
            } else if name.ends_with(".patch") {
                patches.push(name);
            }
        }
        (bugs, patches)
    }

    fn variants(&self, dir: &Path) -> Vec<Variant> {
        let mut variants = Vec::new();
        for name in self.names(dir, Kind::Folder) {
            let dir = dir.join(&name);
            match VariantName::try_from(name) {
                Ok(name) => {
                    variants.push(Variant {
                        shown: self.shown(&dir),
                        files: self.tree(&dir),
                        name,
                    });
                }
                Err(error) => self.report(SCHEMA_VIOLATION, &dir, error.to_string()),
            }
        }
        variants
    }

    fn tree(&self, dir: &Path) -> Tree {
        if !self.reads_all() {
            return Tree::new();
        }
        let (tree, skipped) = Tree::read(dir);
        for skipped in skipped {
            let rule = match skipped.reason {
                SkipReason::LinkLeaves(_) => LINK_LEAVES,
                SkipReason::Unreadable(_) | SkipReason::Name | SkipReason::TooLarge => {
                    UNREADABLE_FILE
                }
            };
            self.report(rule, &skipped.path, skipped.reason.to_string());
        }
        tree
    }

    fn folder_names(&self, dir: &Path) -> BTreeSet<String> {
        self.names(dir, Kind::Folder).into_iter().collect()
    }

    /// The names in a folder, sorted; hidden ones are left out, a missing folder is empty.
    fn names(&self, dir: &Path, kind: Kind) -> Vec<String> {
        let mut names = Vec::new();
        let entries = match fs::read_dir(dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return names,
            Err(error) => {
                self.report(UNREADABLE_FILE, dir, error.to_string());
                return names;
            }
        };
        for entry in entries {
            match entry.and_then(|entry| Ok((entry.file_type()?, entry.file_name()))) {
                Ok((file_type, name)) => {
                    let wanted = match kind {
                        Kind::File => !file_type.is_dir(),
                        Kind::Folder => file_type.is_dir(),
                    };
                    let name = name.to_string_lossy().into_owned();
                    if wanted && !name.starts_with('.') && name != "__pycache__" {
                        names.push(name);
                    }
                }
                Err(error) => self.report(UNREADABLE_FILE, dir, error.to_string()),
            }
        }
        names.sort();
        names
    }

    fn text(&self, path: &Path) -> Option<Arc<SourceFile>> {
        if self.leaves(path) {
            self.report(LINK_LEAVES, path, "the symbolic link leaves the curriculum");
            return None;
        }
        match source::read_text(path, &self.shown(path)) {
            Ok(file) => Some(Arc::new(file)),
            Err(ReadError::Io(error)) if error.kind() == io::ErrorKind::NotFound => {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                self.report(MISSING_FILE, path, format!("there is no `{name}`"));
                None
            }
            Err(error) => {
                self.report(UNREADABLE_FILE, path, error.to_string());
                None
            }
        }
    }

    /// Whether a path leads out of the curriculum.
    fn leaves(&self, path: &Path) -> bool {
        match path.parent() {
            Some(folder) if self.is_inner_folder(folder) => is_link(path) && self.leads_out(path),
            _ => self.leads_out(path),
        }
    }

    /// Whether a folder is in the curriculum. Following every link of every path takes as long as reading the
    /// files: each folder is looked at once, and what is no link is where its parent is.
    fn is_inner_folder(&self, folder: &Path) -> bool {
        let is_known = |it: &HashSet<PathBuf>| it.contains(folder);
        if self.inner_folders.lock().is_ok_and(|it| is_known(&it)) {
            return true;
        }
        let parent = folder.parent().filter(|it| it.starts_with(self.dir));
        let is_plain =
            !is_link(folder) && parent.is_some_and(|parent| self.is_inner_folder(parent));
        if !is_plain && self.leads_out(folder) {
            return false;
        }
        if let Ok(mut known) = self.inner_folders.lock() {
            known.insert(folder.to_owned());
        }
        true
    }

    /// Whether a path leads out of the curriculum once all links are followed.
    fn leads_out(&self, path: &Path) -> bool {
        path.canonicalize()
            .is_ok_and(|end| !end.starts_with(&self.root))
    }

    fn document<T: FileContent>(&self, path: &Path, schema: &Schema) -> Option<Loaded<T>> {
        let (loaded, findings) = read_document(&self.text(path)?, schema);
        self.sink.extend(findings);
        loaded
    }
}

/// Reads a YAML file by its schema, and tells all that is wrong with it. There is content all the
/// same where nothing is wrong but that a key stands twice.
pub fn read_document<T: FileContent>(
    file: &Arc<SourceFile>,
    schema: &Schema,
) -> (Option<Loaded<T>>, Vec<Diagnostic>) {
    let (document, problems) = yaml::parse(file);
    let mut findings: Vec<_> = problems
        .into_iter()
        .map(|problem| {
            let rule = match problem.kind {
                ProblemKind::Syntax => YAML_SYNTAX,
                ProblemKind::Limit => YAML_LIMIT,
                ProblemKind::DuplicateKey => DUPLICATE_KEY,
            };
            Diagnostic::error(rule, Location::span(file, problem.span), problem.message)
        })
        .collect();
    let Some(document) = document else {
        return (None, findings);
    };
    if let Some(finding) = schema::unsupported_version(schema, &document) {
        findings.push(finding);
        return (None, findings);
    }
    let violations = schema.check(&document);
    if !violations.is_empty() {
        findings.extend(violations);
        return (None, findings);
    }
    match T::read(&document.value) {
        Ok(value) => (Some(Loaded { document, value }), findings),
        Err(message) => {
            let place = Location::path(file.path());
            findings.push(Diagnostic::error(SCHEMA_VIOLATION, place, message));
            (None, findings)
        }
    }
}

fn is_link(path: &Path) -> bool {
    let metadata = path.symlink_metadata();
    metadata.is_ok_and(|metadata| metadata.is_symlink())
}

#[derive(Clone, Copy)]
enum Kind {
    File,
    Folder,
}
