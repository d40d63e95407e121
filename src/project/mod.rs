//! The learner's project: its solution regions and the states that are built from them.

pub mod export;
pub mod language;
pub mod leak;
pub mod region;
pub mod rules;
pub mod state;
mod variant;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::curriculum::Curriculum;
use crate::diagnostic::Diagnostic;
use crate::source::SourceFile;
use crate::source::tree::Entry;

use region::MarkedFile;

/// A project with its regions found.
#[derive(Clone, Debug)]
pub struct Project {
    files: BTreeMap<String, ProjectFile>,
    /// Whether all marks could be read.
    is_sound: bool,
}

#[derive(Clone, Debug)]
struct ProjectFile {
    entry: Entry,
    /// The file's regions; `None` for a file without marks.
    marked: Option<Arc<MarkedFile>>,
}

impl Project {
    /// Finds the regions of a curriculum's project, and tells what is wrong with its marks.
    ///
    /// A file with wrong marks counts as one without regions: its states can't be told.
    pub fn parse(curriculum: &Curriculum) -> (Self, Vec<Diagnostic>) {
        let mut diagnostics = Vec::new();
        let mut files = BTreeMap::new();
        for (path, entry) in curriculum.project.iter() {
            let shown = curriculum.shown_path(&format!("project/{path}"));
            let marked = parse_file(path, &shown, entry, &mut diagnostics);
            files.insert(
                path.to_owned(),
                ProjectFile {
                    entry: entry.clone(),
                    marked,
                },
            );
        }
        (
            Self {
                files,
                is_sound: diagnostics.is_empty(),
            },
            diagnostics,
        )
    }

    /// Whether all marks could be read, so that the states are what the author means.
    pub fn is_sound(&self) -> bool {
        self.is_sound
    }

    /// The files that have regions, with them.
    pub fn marked_files(&self) -> impl Iterator<Item = (&str, &MarkedFile)> {
        self.files
            .iter()
            .filter_map(|(path, file)| Some((path.as_str(), file.marked.as_deref()?)))
    }

    /// The regions of a file; `None` when the file has none or is not there.
    pub fn marked_file(&self, path: &str) -> Option<&MarkedFile> {
        self.files.get(path)?.marked.as_deref()
    }

    /// Whether the project has a file at `path`.
    pub fn has_file(&self, path: &str) -> bool {
        self.files.contains_key(path)
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
