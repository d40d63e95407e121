//! The readable part of a bundle, as data: what a learner may see of a curriculum.

use std::collections::BTreeMap;
use std::sync::Arc;

use semver::Version;
use serde::{Deserialize, Serialize};

use crate::curriculum::document::{CurriculumKind, Group, Manifest, ModuleManifest};
use crate::curriculum::id::{FilePath, ModuleId, Slug, Text};
use crate::source::tree::Tree;

/// What a learner gets of a curriculum.
#[derive(Clone, Debug)]
pub struct Course {
    /// What made it.
    pub made: Made,
    /// `curriculum.yaml`, without drafts and without what only authors need.
    pub manifest: Manifest,
    /// The modules in the order of the manifest.
    pub modules: Vec<CourseModule>,
    /// The questions that groups share, by group.
    pub theory: BTreeMap<Slug, Vec<OpenQuestion>>,
    /// The learner's project with nothing solved.
    pub starter: Arc<Tree>,
    /// The lock file of the environment; `None` when no module needs Python.
    pub lock: Option<Vec<u8>>,
}

/// How a bundle was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// The version of the tool.
    pub tool: Version,
    /// Whether the curriculum was found to be green before.
    pub is_checked: bool,
}

/// What a learner gets of a module.
#[derive(Clone, Debug)]
pub struct CourseModule {
    /// `module.yaml`.
    pub manifest: ModuleManifest,
    /// The task, in Markdown.
    pub prompt: String,
    /// The questions, in the order in which they are asked.
    pub questions: Vec<OpenQuestion>,
    /// The symptoms of its bugs, in an order that tells nothing.
    pub incidents: Vec<Incident>,
}

/// A question without what judges its answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenQuestion {
    /// Unique in the module or group.
    pub id: Slug,
    /// The question, in Markdown.
    pub question: Text,
}

/// A bug as the learner is told of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Incident {
    /// Names the bug without telling what it is; see [`crate::bundle::sealed::SealedBug::incident`].
    pub id: String,
    /// What users see, in Markdown.
    pub symptom: Text,
}

impl Course {
    /// The module called `id`.
    pub fn module(&self, id: &str) -> Option<&CourseModule> {
        self.modules
            .iter()
            .find(|module| module.id().as_str() == id)
    }

    /// Where a module stands, from 0.
    pub fn position(&self, id: &str) -> Option<usize> {
        self.modules
            .iter()
            .position(|module| module.id().as_str() == id)
    }

    /// Whether modules are done in the order of the manifest.
    pub fn is_linear(&self) -> bool {
        self.manifest.kind == CurriculumKind::Linear
    }

    /// The group that a module of a library is in.
    pub fn group_of(&self, module: &ModuleId) -> Option<&Group> {
        let mut groups = self.manifest.groups().map(|(group, _)| group);
        groups.find(|group| group.modules.contains(module))
    }
}

impl CourseModule {
    /// Its id.
    pub fn id(&self) -> &ModuleId {
        &self.manifest.id
    }

    /// The files that the learner changes or creates.
    pub fn edited(&self) -> impl Iterator<Item = &str> {
        let build = self.manifest.build.iter();
        build.flat_map(|build| &build.edit).map(FilePath::as_str)
    }

    /// The question called `id`.
    pub fn question(&self, id: &str) -> Option<&OpenQuestion> {
        self.questions
            .iter()
            .find(|question| question.id.as_str() == id)
    }
}
