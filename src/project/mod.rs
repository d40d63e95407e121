//! The learner's project: its solution regions and the states that are built from them.

pub mod difference;
pub mod export;
pub mod language;
pub mod leak;
mod outline;
pub mod protected;
pub mod region;
pub mod rules;
pub mod state;
mod variant;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex};

use rayon::prelude::*;

use crate::curriculum::Curriculum;
use crate::curriculum::id::ModuleId;
use crate::diagnostic::Diagnostic;
use crate::source::SourceFile;
use crate::source::tree::Entry;

use region::MarkedFile;

/// A project with its regions found.
#[derive(Clone, Debug)]
pub struct Project {
    shared: Arc<Shared>,
    /// Files that a variant puts in place of those with the same path.
    replaced: BTreeMap<String, ProjectFile>,
}

/// What a project has in common with its variants.
#[derive(Debug)]
struct Shared {
    files: BTreeMap<String, ProjectFile>,
    /// The owners of all regions.
    owners: HashSet<ModuleId>,
    /// Whether all marks could be read.
    is_sound: bool,
}

#[derive(Clone, Debug)]
struct ProjectFile {
    entry: Entry,
    /// The file's regions; `None` for a file without marks.
    marked: Option<Arc<MarkedFile>>,
    /// What it is in the states that were built: most states of a project differ in few files.
    states: Arc<Mutex<States>>,
}

/// What a file is, by which of its regions are solved.
type States = HashMap<Vec<bool>, Option<Entry>>;

impl ProjectFile {
    fn new(entry: Entry, marked: Option<Arc<MarkedFile>>) -> Self {
        Self {
            entry,
            marked,
            states: Arc::default(),
        }
    }
}

impl Project {
    /// Finds the regions of a curriculum's project, and tells what is wrong with its marks.
    ///
    /// A file with wrong marks counts as one without regions: its states can't be told.
    pub fn parse(curriculum: &Curriculum) -> (Self, Vec<Diagnostic>) {
        let entries: Vec<_> = curriculum.project.iter().collect();
        let parsed: Vec<_> = entries
            .into_par_iter()
            .map(|(path, entry)| {
                let mut diagnostics = Vec::new();
                let shown = curriculum.shown_path(&format!("project/{path}"));
                let marked = parse_file(path, &shown, entry, &mut diagnostics);
                let file = ProjectFile::new(entry.clone(), marked);
                ((path.to_owned(), file), diagnostics)
            })
            .collect();
        let (files, diagnostics): (Vec<_>, Vec<_>) = parsed.into_iter().unzip();
        let diagnostics: Vec<_> = diagnostics.into_iter().flatten().collect();
        let is_sound = diagnostics.is_empty();
        (
            Self::new(files.into_iter().collect(), is_sound),
            diagnostics,
        )
    }

    fn new(files: BTreeMap<String, ProjectFile>, is_sound: bool) -> Self {
        let marked = files.values().filter_map(|file| file.marked.as_deref());
        let owners = marked
            .flat_map(MarkedFile::regions)
            .flat_map(|region| &region.owners);
        let owners = owners.cloned().collect();
        Self {
            shared: Arc::new(Shared {
                files,
                owners,
                is_sound,
            }),
            replaced: BTreeMap::new(),
        }
    }

    /// Whether all marks could be read, so that the states are what the author means.
    pub fn is_sound(&self) -> bool {
        self.shared.is_sound
    }

    /// Whether a module owns a region in any file.
    pub fn has_region_of(&self, module: &ModuleId) -> bool {
        self.shared.owners.contains(module)
    }

    /// The files that have regions, with them.
    pub fn marked_files(&self) -> impl Iterator<Item = (&str, &MarkedFile)> {
        self.files()
            .filter_map(|(path, file)| Some((path, file.marked.as_deref()?)))
    }

    /// The regions of a file; `None` when the file has none or is not there.
    pub fn marked_file(&self, path: &str) -> Option<&MarkedFile> {
        self.file(path)?.marked.as_deref()
    }

    /// Whether the project has a file at `path`.
    pub fn has_file(&self, path: &str) -> bool {
        self.file(path).is_some()
    }

    fn file(&self, path: &str) -> Option<&ProjectFile> {
        self.replaced
            .get(path)
            .or_else(|| self.shared.files.get(path))
    }

    /// All files, sorted by path. Those that are replaced are among them: a variant adds none.
    fn files(&self) -> impl Iterator<Item = (&str, &ProjectFile)> {
        self.shared.files.iter().map(|(path, file)| {
            let replaced = self.replaced.get(path);
            (path.as_str(), replaced.unwrap_or(file))
        })
    }
}

/// Finds the regions of one file. Files that hold no mark are not even looked at as text.
fn parse_file(
    path: &str,
    shown: &str,
    entry: &Entry,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Arc<MarkedFile>> {
    let text = entry.text().filter(|text| region::may_have_marks(text))?;
    let source = Arc::new(SourceFile::new(shown, text));
    let (marked, problems) = region::parse(&source, language::Language::of(path, text));
    let is_clean = problems.is_empty();
    diagnostics.extend(problems);
    marked.filter(|_| is_clean).map(Arc::new)
}
