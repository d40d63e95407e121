//! An edition: what learners get of a curriculum, worked out from the author's files. Drafts stay out.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use super::course::{Course, CourseModule, Incident, Made, OpenQuestion};
use super::sealed::{Sealed, SealedBug, SealedModule};
use crate::curriculum::document::{
    Build, Manifest, ModuleEntry, ModuleManifest, Question, Status, Validator,
};
use crate::curriculum::id::{CurriculumId, ModuleId, NodeId, Slug};
use crate::curriculum::{Bug, Curriculum, Module};
use crate::diagnostic::Diagnostic;
use crate::inject::patch::Patch;
use crate::project::Project;
use crate::project::state::{Solved, State};
use crate::source::tree::Tree;

/// Both parts of a bundle.
#[derive(Clone, Debug)]
pub struct Edition {
    /// What learners can read.
    pub course: Course,
    /// What they can't.
    pub sealed: Sealed,
}

/// Why there can be no edition of a curriculum.
#[derive(Debug, thiserror::Error)]
pub enum EditionError {
    /// A file that is needed is not there, or can't be read.
    #[error("`{0}` can't be read")]
    Unreadable(String),
    /// The marks of solution regions are wrong somewhere.
    #[error("the solution regions of `{0}` can't be told")]
    UnsoundProject(String),
    /// There is nothing but drafts.
    #[error("`{0}` has no module that is ready")]
    NothingReady(CurriculumId),
    /// A module was checked with the solution of a draft, which learners will not have.
    #[error("the module `{module}` is ready and builds on `{draft}`, which is a draft")]
    NeedsDraft {
        /// The module.
        module: ModuleId,
        /// The draft.
        draft: ModuleId,
        /// A file in which learners would miss something.
        path: String,
    },
    /// A patch does not fit.
    #[error("{}: {}", .0.location.shown_path(), .0.message)]
    Patch(Box<Diagnostic>),
}

impl EditionError {
    /// Ways out.
    pub fn hints(&self) -> Vec<String> {
        match self {
            Self::Unreadable(_) | Self::UnsoundProject(_) | Self::Patch(_) => {
                vec!["`mastery lint` says what is wrong".to_owned()]
            }
            Self::NothingReady(_) => {
                vec!["take `status: draft` out of a `module.yaml`".to_owned()]
            }
            Self::NeedsDraft {
                module,
                draft,
                path,
            } => vec![
                format!("learners would miss what `{draft}` has to write in `{path}`"),
                format!(
                    "make `{draft}` ready or `{module}` a draft, or have `{module}` not build on it"
                ),
            ],
        }
    }
}

impl Edition {
    /// Works out what learners get of a curriculum.
    pub fn of(
        curriculum: &Curriculum,
        project: &Project,
        made: Made,
    ) -> Result<Self, EditionError> {
        Editor::new(curriculum, project)?.edition(made)
    }
}

/// Names a bug without telling what it is.
pub fn incident_id(curriculum: &CurriculumId, module: &ModuleId, bug: &str) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in [curriculum.as_str(), module.as_str(), bug] {
        // With its length: `a`, `bc` is not `ab`, `c`.
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().to_hex()[..16].to_owned()
}

/// Makes an edition.
struct Editor<'a> {
    curriculum: &'a Curriculum,
    project: &'a Project,
    manifest: &'a Manifest,
    /// The modules that learners get, in the order of the manifest, with their files.
    ready: Vec<(&'a Module, &'a ModuleManifest)>,
    /// The ids of the others.
    drafts: HashSet<&'a ModuleId>,
}

impl<'a> Editor<'a> {
    fn new(curriculum: &'a Curriculum, project: &'a Project) -> Result<Self, EditionError> {
        let unreadable = |inner: &str| EditionError::Unreadable(curriculum.shown_path(inner));
        let manifest = curriculum
            .manifest
            .as_ref()
            .map(|loaded| &loaded.value)
            .ok_or_else(|| unreadable(crate::curriculum::MANIFEST))?;
        if !project.is_sound() {
            let shown = curriculum.shown_path("project");
            return Err(EditionError::UnsoundProject(shown));
        }
        let (mut ready, mut drafts) = (Vec::new(), HashSet::new());
        for (id, _) in manifest.module_ids() {
            let file = || unreadable(&format!("modules/{id}/module.yaml"));
            let module = curriculum.module(id.as_str()).ok_or_else(file)?;
            let document = module.manifest.as_ref().ok_or_else(file)?;
            match document.value.status {
                Status::Ready => ready.push((module, &document.value)),
                Status::Draft => {
                    drafts.insert(id);
                }
            }
        }
        if ready.is_empty() {
            return Err(EditionError::NothingReady(manifest.id.clone()));
        }
        Ok(Self {
            curriculum,
            project,
            manifest,
            ready,
            drafts,
        })
    }

    fn edition(&self, made: Made) -> Result<Edition, EditionError> {
        let mut modules = Vec::new();
        let mut sealed = Sealed::default();
        for (module, manifest) in &self.ready {
            self.check_drafts(&module.id)?;
            let (open, closed) = self.module(module, manifest)?;
            modules.push(open);
            sealed.modules.insert(module.id.clone(), closed);
        }
        sealed.theory = self.theory()?;
        let theory = sealed
            .theory
            .iter()
            .map(|(group, questions)| (group.clone(), opened(questions)))
            .collect();
        let course = Course {
            made,
            manifest: self.manifest(),
            modules,
            theory,
            starter: Arc::new(self.starter()),
            lock: self.lock()?,
        };
        Ok(Edition { course, sealed })
    }

    /// Makes sure that a module was not checked with what only a draft solves.
    fn check_drafts(&self, module: &ModuleId) -> Result<(), EditionError> {
        let solved = State::Solved(module).solved_modules(self.curriculum);
        for (path, file) in self.project.marked_files() {
            for region in file.regions() {
                let mut owners = region.owners.iter().filter(|id| solved.contains(id));
                let Some(draft) = owners.clone().next() else {
                    continue;
                };
                if owners.all(|owner| self.drafts.contains(owner)) {
                    return Err(EditionError::NeedsDraft {
                        module: module.clone(),
                        draft: draft.clone(),
                        path: path.to_owned(),
                    });
                }
            }
        }
        Ok(())
    }

    /// `curriculum.yaml` without drafts and without what only authors need.
    fn manifest(&self) -> Manifest {
        let mut manifest = self.manifest.clone();
        manifest.modules.retain_mut(|entry| match entry {
            ModuleEntry::Id(id) => !self.drafts.contains(id),
            ModuleEntry::Group(group) => {
                group.modules.retain(|id| !self.drafts.contains(id));
                // The questions are in the course, by the group's id.
                group.theory = None;
                !group.modules.is_empty()
            }
        });
        manifest.allow.clear();
        manifest.severity.clear();
        if let Some(environment) = &mut manifest.environment {
            // The lock file is in the course.
            environment.requirements = None;
        }
        manifest
    }

    fn module(
        &self,
        module: &Module,
        manifest: &ModuleManifest,
    ) -> Result<(CourseModule, SealedModule), EditionError> {
        let unreadable = |name: &str| EditionError::Unreadable(format!("{}/{name}", module.shown));
        let prompt = module.prompt.as_ref();
        let prompt = prompt.ok_or_else(|| unreadable("prompt.md"))?;
        let questions = match &module.questions {
            Some(questions) => questions.value.questions.clone(),
            None if module.has_questions => return Err(unreadable("questions.yaml")),
            None => Vec::new(),
        };
        let mut bugs = module
            .bugs
            .iter()
            .map(|bug| self.bug(&module.id, bug))
            .collect::<Result<Vec<_>, _>>()?;
        // By what tells nothing: the names of the files may.
        bugs.sort_by(|a, b| a.incident.cmp(&b.incident));
        let incidents = bugs.iter().map(|bug| Incident {
            id: bug.incident.clone(),
            symptom: bug.manifest.symptom.clone(),
        });
        let mut manifest = manifest.clone();
        manifest.requires.retain(|id| !self.drafts.contains(id));
        let open = CourseModule {
            manifest,
            prompt: prompt.text().to_owned(),
            questions: opened(&questions),
            incidents: incidents.collect(),
        };
        Ok((open, SealedModule { questions, bugs }))
    }

    fn bug(&self, module: &ModuleId, bug: &Bug) -> Result<SealedBug, EditionError> {
        let unreadable = || EditionError::Unreadable(bug.shown.clone());
        let document = bug.document.as_ref().ok_or_else(unreadable)?;
        let manifest = document.value.clone();
        let patched = match (&manifest.inject.patch, &bug.patch) {
            (None, _) => None,
            (Some(_), None) => return Err(unreadable()),
            (Some(_), Some(source)) => {
                let patch = Patch::parse(source).map_err(EditionError::Patch)?;
                Some(Arc::new(self.patched(module, &patch)?))
            }
        };
        Ok(SealedBug {
            incident: incident_id(&self.manifest.id, module, bug.id.as_str()),
            manifest,
            patched,
        })
    }

    /// The files with regions, and any other that a patch changes, with a module solved and the patch applied.
    fn patched(&self, module: &ModuleId, patch: &Patch) -> Result<Tree, EditionError> {
        let solved = State::Solved(module).solved_modules(self.curriculum);
        let before = self.project.build(&solved);
        let after = patch.apply(&before).map_err(EditionError::Patch)?;
        let is_kept = |path: &str, entry| {
            self.project.marked_file(path).is_some() || before.get(path) != Some(entry)
        };
        Ok(after
            .iter()
            .filter(|(path, entry)| is_kept(path, entry))
            .map(|(path, entry)| (path.to_owned(), entry.clone()))
            .collect())
    }

    /// The questions of groups that are not empty.
    fn theory(&self) -> Result<BTreeMap<Slug, Vec<Question>>, EditionError> {
        let is_ready = |id: &ModuleId| !self.drafts.contains(id);
        let groups = self.manifest.groups().map(|(group, _)| group);
        groups
            .filter(|group| group.modules.iter().any(is_ready))
            .filter_map(|group| Some((group, group.theory.as_ref()?)))
            .map(|(group, file)| {
                let questions = self.curriculum.theory.get(file).ok_or_else(|| {
                    EditionError::Unreadable(self.curriculum.shown_path(file.as_str()))
                })?;
                Ok((group.id.clone(), questions.value.questions.clone()))
            })
            .collect()
    }

    /// The project with nothing solved, without tests that drafts alone have.
    fn starter(&self) -> Tree {
        let mut tree = self.project.build(&Solved::none());
        let kept: BTreeSet<_> = self
            .ready
            .iter()
            .flat_map(|(_, manifest)| test_files(manifest))
            .collect();
        let drafts = self.drafts.iter().filter_map(|id| {
            let module = self.curriculum.module(id.as_str())?;
            Some(&module.manifest.as_ref()?.value)
        });
        for file in drafts.flat_map(test_files) {
            if !kept.contains(file) {
                tree.remove(file);
            }
        }
        tree
    }

    fn lock(&self) -> Result<Option<Vec<u8>>, EditionError> {
        let environment = self.manifest.environment.as_ref();
        let named = environment.and_then(|it| it.requirements.as_ref());
        match (&self.curriculum.requirements, named) {
            (Some(lock), _) => Ok(Some(lock.text().as_bytes().to_vec())),
            (None, None) => Ok(None),
            (None, Some(path)) => Err(EditionError::Unreadable(
                self.curriculum.shown_path(path.as_str()),
            )),
        }
    }
}

/// What of questions learners can read.
fn opened(questions: &[Question]) -> Vec<OpenQuestion> {
    let open = |question: &Question| OpenQuestion {
        id: question.id.clone(),
        question: question.question.clone(),
    };
    questions.iter().map(open).collect()
}

/// The files whose tests decide about a module.
fn test_files(manifest: &ModuleManifest) -> impl Iterator<Item = &str> {
    let nodes = match &manifest.build {
        Some(Build {
            validator: Validator::Pytest(pytest),
            ..
        }) => pytest.node_ids.as_slice(),
        _ => &[],
    };
    nodes.iter().map(NodeId::file)
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{BASE, draft, edition, edition_of, library};
    use super::*;

    fn paths(tree: &Tree) -> Vec<&str> {
        tree.iter().map(|(path, _)| path).collect()
    }

    fn ids(course: &Course) -> Vec<&str> {
        course.modules.iter().map(|it| it.id().as_str()).collect()
    }

    #[test]
    fn learners_get_what_is_theirs() {
        let dir = library(&[]);
        let Edition { course, sealed } = edition_of(dir.path()).unwrap();
        assert_eq!(ids(&course), ["a", "b", "c"]);
        let manifest = &course.manifest;
        assert!(manifest.allow.is_empty() && manifest.severity.is_empty());
        assert_eq!(course.lock.as_deref(), Some(&b"pytest==8.0.0\n"[..]));
        assert_eq!(
            course.theory["one"][0].question.as_str(),
            "Why is it shared?"
        );
        let starter = course.starter.get("a.py").unwrap().text().unwrap();
        assert_eq!(starter, "def a(x):\n    raise NotImplementedError\n");
        let (open, closed) = (&course.modules[0], &sealed.modules["a"]);
        assert_eq!(open.incidents[0].id, closed.bugs[0].incident);
        assert_eq!(open.incidents[0].symptom.as_str(), "The sign is wrong.");
        let patched = closed.bugs[0].patched.as_deref().unwrap();
        assert_eq!(paths(patched), ["a.py", "b.py", "c.py"]);
        let text = patched.get("a.py").unwrap().text().unwrap();
        assert!(text.ends_with("return second - first\n"), "{text}");
    }

    #[test]
    fn drafts_stay_out_with_their_tests_and_groups() {
        let (b, c) = (draft("b"), draft("c"));
        let dir = library(&[("modules/b/module.yaml", &b), ("modules/c/module.yaml", &c)]);
        let Edition { course, sealed } = edition_of(dir.path()).unwrap();
        assert_eq!(ids(&course), ["a"]);
        let groups = course.manifest.groups().map(|(group, _)| group.id.as_str());
        assert_eq!(groups.collect::<Vec<_>>(), ["one"]);
        assert_eq!(
            paths(&course.starter),
            ["a.py", "b.py", "c.py", "tests/test_a.py"]
        );
        assert_eq!(sealed.modules.len(), 1);
    }

    #[test]
    fn test_of_a_draft_stays_where_a_ready_module_has_it_too() {
        let a = draft("c")
            .replace(" c\n", " a\n")
            .replace("status: draft\n", "");
        let a = a.replace("id: c", "id: a");
        let c = draft("c");
        let dir = library(&[("modules/a/module.yaml", &a), ("modules/c/module.yaml", &c)]);
        let course = edition_of(dir.path()).unwrap().course;
        assert!(course.starter.get("tests/test_c.py").is_some());
    }

    #[test]
    fn nothing_ready_builds_on_a_draft() {
        let a = draft("a");
        let dir = library(&[("modules/a/module.yaml", &a)]);
        let error = edition_of(dir.path()).unwrap_err();
        let expected = "the module `b` is ready and builds on `a`, which is a draft";
        assert_eq!(error.to_string(), expected);
        // A draft that writes nothing is missed by nobody.
        let dir = library(&[
            ("modules/a/module.yaml", &a),
            ("project/a.py", "def a(x): return x\n"),
        ]);
        assert!(
            edition_of(dir.path()).unwrap().course.modules[0]
                .manifest
                .requires
                .is_empty()
        );
    }

    #[test]
    fn there_is_no_edition_of_drafts_or_of_what_can_not_be_read() {
        let drafts = ["a", "b", "c"].map(draft);
        let dir = library(&[
            ("modules/a/module.yaml", &drafts[0]),
            ("modules/b/module.yaml", &drafts[1]),
            ("modules/c/module.yaml", &drafts[2]),
        ]);
        let error = edition_of(dir.path()).unwrap_err().to_string();
        assert_eq!(error, "`three` has no module that is ready");
        for (path, text, part) in [
            (
                "curriculum.yaml",
                "schema: [",
                "curriculum.yaml` can't be read",
            ),
            (
                "modules/a/module.yaml",
                "id: b",
                "modules/a/module.yaml` can't",
            ),
            (
                "modules/a/questions.yaml",
                "x",
                "modules/a/questions.yaml` can't",
            ),
            (
                "modules/a/bugs/swapped.yaml",
                "x",
                "bugs/swapped.yaml` can't",
            ),
            ("modules/a/bugs/swapped.patch", "x", "bugs/swapped.patch: "),
            ("theory/one.yaml", "x", "theory/one.yaml` can't"),
            (
                "project/a.py",
                "# mastery:begin a\n",
                "project` can't be told",
            ),
        ] {
            let dir = library(&[(path, text)]);
            let error = edition_of(dir.path()).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn incidents_are_named_by_digests_and_ordered_by_them() {
        let edition = edition(BASE);
        for (id, module) in &edition.sealed.modules {
            let course = edition.course.module(id.as_str()).unwrap();
            let sealed: Vec<_> = module.bugs.iter().map(|bug| &bug.incident).collect();
            let open: Vec<_> = course.incidents.iter().map(|it| &it.id).collect();
            assert_eq!(open, sealed);
            assert!(sealed.is_sorted());
        }
        let curriculum = CurriculumId::try_from("a").unwrap();
        let module = |id: &str| ModuleId::try_from(id).unwrap();
        let id = incident_id(&curriculum, &module("b"), "cd");
        assert_eq!(id.len(), 16);
        assert_ne!(id, incident_id(&curriculum, &module("bc"), "d"));
    }
}
