//! The sealed part of a bundle, as data: what judges answers, and what breaks code.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::curriculum::document::{BugManifest, Question};
use crate::curriculum::id::{ModuleId, Slug};
use crate::source::tree::Tree;

/// What a learner is not to see before it is time.
#[derive(Clone, Debug, Default)]
pub struct Sealed {
    /// By module.
    pub modules: BTreeMap<ModuleId, SealedModule>,
    /// The questions that groups share, by group.
    pub theory: BTreeMap<Slug, Vec<Question>>,
}

impl Sealed {
    /// The bug behind an incident.
    pub fn bug(&self, module: &ModuleId, incident: &str) -> Option<&SealedBug> {
        let mut bugs = self.modules.get(module)?.bugs.iter();
        bugs.find(|bug| bug.incident == incident)
    }
}

/// What judges and breaks the work on one module.
#[derive(Clone, Debug, Default)]
pub struct SealedModule {
    /// The questions with their rubrics, hints and model answers.
    pub questions: Vec<Question>,
    /// The bugs, in the order of the incidents of the course.
    pub bugs: Vec<SealedBug>,
}

/// A bug.
#[derive(Clone, Debug)]
pub struct SealedBug {
    /// The id of its incident: 16 hexadecimal digits of a digest of its id, that of its module and that of the curriculum.
    pub incident: String,
    /// Its file: rewrite, symptom, hints, lesson, expectation.
    pub manifest: BugManifest,
    /// Every file with solution regions, with the module solved and the patch applied; `None` for a bug without a
    /// patch.
    pub patched: Option<Arc<Tree>>,
}
