//! What a learner may see of a module, as data. Everything else of it (solutions, variants, model
//! answers, failure modes, names and titles of bugs) has no place in these types.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::curriculum::document::{Build, CurriculumKind, Difficulty, Question, Validator};
use crate::curriculum::id::{FilePath, Whole};
use crate::curriculum::{Curriculum, Module};
use crate::plural::count;
use crate::project::Project;
use crate::project::state::State;
use crate::source::link::{decoded, has_scheme};
use crate::source::markdown::Markdown;
use crate::source::path::is_plain_relative;
use crate::source::read_bytes;
use crate::source::tree::{Entry, Tree};

/// Bytes that an image may have.
const MAX_IMAGE_BYTES: u64 = 1024 * 1024;

/// Bytes that the images of a page may have together.
pub(super) const MAX_IMAGES_BYTES: usize = 16 * 1024 * 1024;

/// Folders of a module that no learner gets.
const NOT_FOR_LEARNERS: &[&str] = &["bugs", "variants"];

/// What a learner sees of a module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LearnerView {
    /// Title of the curriculum.
    pub curriculum: String,
    /// Title of the module.
    pub title: String,
    /// Which module of how many it is, from 1; `None` in a library, where there is no order.
    pub position: Option<(usize, usize)>,
    /// How hard it is.
    pub difficulty: Option<Difficulty>,
    /// How long it takes, in minutes.
    pub minutes: Option<u32>,
    /// What the learner can do afterwards.
    pub objectives: Vec<String>,
    /// The task, in Markdown.
    pub prompt: String,
    /// The files to edit, in the order of the manifest.
    pub files: Vec<StarterFile>,
    /// What decides whether the task is done: node ids of tests, or one command.
    pub judged_by: Vec<String>,
    /// How many hints there are for the task.
    pub hints: usize,
    /// The symptoms of bugs, each told as an incident.
    pub incidents: Vec<Incident>,
    /// The questions.
    pub questions: Vec<OpenQuestion>,
    /// The questions that the module's group shares.
    pub shared_questions: Vec<OpenQuestion>,
    /// The pictures that the texts show, by how they name them.
    pub images: BTreeMap<String, Image>,
}

/// A file that the learner edits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StarterFile {
    /// Its path in the project.
    pub path: String,
    /// What the learner starts with.
    pub start: Start,
}

/// What the learner finds in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// The file is there, with this text.
    Text(String),
    /// The file is there and is no text.
    Binary,
    /// There is no such file yet.
    Absent,
}

/// The symptom of a bug.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// What users see, in Markdown.
    pub report: String,
    /// How many hints there are.
    pub hints: usize,
}

/// A question without what judges its answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenQuestion {
    /// The question, in Markdown.
    pub text: String,
    /// How many hints there are.
    pub hints: usize,
}

/// A picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Its media type.
    pub media_type: &'static str,
    /// The file.
    pub bytes: Vec<u8>,
}

/// Why the view of a module can't be told.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// A file of the module is not there or is wrong.
    #[error("{0} of the module can't be read")]
    Unreadable(&'static str),
    /// What is solution and what is not can't be told.
    #[error("the marks of the project can't be read, so that a solution could be shown")]
    Marks,
}

impl LearnerView {
    /// Returns what a learner sees who comes to a module.
    ///
    /// # Errors
    ///
    /// See [`ViewError`]: what can't be read for certain is not shown.
    pub fn of(
        curriculum: &Curriculum,
        project: &Project,
        module: &Module,
    ) -> Result<Self, ViewError> {
        let course = curriculum.manifest.as_ref();
        let course = &course.ok_or(ViewError::Unreadable("the curriculum"))?.value;
        let manifest = module.manifest.as_ref();
        let manifest = &manifest
            .ok_or(ViewError::Unreadable("`module.yaml`"))?
            .value;
        let prompt = module.prompt.as_ref();
        let prompt = prompt.ok_or(ViewError::Unreadable("`prompt.md`"))?;
        if module.has_questions && module.questions.is_none() {
            return Err(ViewError::Unreadable("`questions.yaml`"));
        }
        if !project.is_sound() {
            return Err(ViewError::Marks);
        }
        let position = curriculum.position(module.id.as_str());
        let position = position.filter(|_| course.kind == CurriculumKind::Linear);
        let questions = module.questions.iter();
        let shared = curriculum.theory_of(module.id.as_str());
        let mut view = Self {
            curriculum: course.title.to_string(),
            title: manifest.title.to_string(),
            position: position.map(|index| (index + 1, curriculum.listed().count())),
            difficulty: manifest.difficulty,
            minutes: manifest.minutes.map(Whole::get),
            objectives: manifest
                .objectives
                .iter()
                .map(ToString::to_string)
                .collect(),
            prompt: prompt.text().to_owned(),
            files: Vec::new(),
            judged_by: manifest.build.as_ref().map(judged_by).unwrap_or_default(),
            hints: manifest.hints.len(),
            incidents: incidents(module)?,
            questions: open(questions.flat_map(|it| &it.value.questions)),
            shared_questions: open(shared.flat_map(|it| &it.value.questions)),
            images: BTreeMap::new(),
        };
        let starter = State::Starter(&module.id).solved_modules(curriculum);
        let build = |paths: &[&str]| project.build_files(paths.iter().copied(), &starter);
        if let Some(it) = &manifest.build {
            let paths: Vec<_> = it.edit.iter().map(FilePath::as_str).collect();
            let tree = build(&paths);
            view.files = paths.iter().map(|path| starter_file(path, &tree)).collect();
        }
        let destinations: BTreeSet<String> = view
            .texts()
            .flat_map(|text| Markdown::parse(text).links)
            .filter(|link| link.is_image)
            .map(|link| link.destination)
            .collect();
        let mut room = MAX_IMAGES_BYTES;
        for destination in destinations {
            let image = image(&destination, &module.dir, |path| build(&[path]));
            let left = image
                .as_ref()
                .and_then(|it| room.checked_sub(it.bytes.len()));
            if let (Some(image), Some(left)) = (image, left) {
                room = left;
                view.images.insert(destination, image);
            }
        }
        Ok(view)
    }

    /// All texts that are Markdown.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        let questions = self.questions.iter().chain(&self.shared_questions);
        std::iter::once(self.prompt.as_str())
            .chain(
                self.incidents
                    .iter()
                    .map(|incident| incident.report.as_str()),
            )
            .chain(questions.map(|question| question.text.as_str()))
    }

    /// In few words: place, difficulty, time, hints.
    pub fn facts(&self) -> Vec<String> {
        let position = self
            .position
            .map(|(index, of)| format!("module {index} of {of}"));
        let difficulty = self.difficulty.map(|it| it.word().to_owned());
        let minutes = self
            .minutes
            .map(|minutes| format!("about {}", count(minutes, "minute")));
        let hints = (self.hints > 0).then(|| count(self.hints, "hint"));
        let facts = [position, difficulty, minutes, hints];
        facts.into_iter().flatten().collect()
    }

    /// Whether the prompt says its title itself.
    pub fn begins_with_title(&self) -> bool {
        Markdown::parse(&self.prompt).begins_with_title
    }
}

fn judged_by(build: &Build) -> Vec<String> {
    match &build.validator {
        Validator::Pytest(pytest) => pytest.node_ids.iter().map(ToString::to_string).collect(),
        Validator::Command(command) => vec![command.argv.join(" ")],
    }
}

/// The symptoms. Their order is that of names which the learner does not know.
fn incidents(module: &Module) -> Result<Vec<Incident>, ViewError> {
    let incident = |bug: &crate::curriculum::Bug| {
        let bug = bug
            .document
            .as_ref()
            .ok_or(ViewError::Unreadable("a bug"))?;
        Ok(Incident {
            report: bug.value.symptom.to_string(),
            hints: bug.value.hints.len(),
        })
    };
    module.bugs.iter().map(incident).collect()
}

fn open<'a>(questions: impl Iterator<Item = &'a Question>) -> Vec<OpenQuestion> {
    questions
        .map(|question| OpenQuestion {
            text: question.question.to_string(),
            hints: question.hints.len(),
        })
        .collect()
}

fn starter_file(path: &str, starter: &Tree) -> StarterFile {
    let start = match starter.get(path) {
        None => Start::Absent,
        Some(entry) => entry
            .text()
            .map_or(Start::Binary, |text| Start::Text(text.to_owned())),
    };
    StarterFile {
        path: path.to_owned(),
        start,
    }
}

/// The picture that a relative destination leads to, beside the prompt or in the learner's project.
fn image(destination: &str, module: &Path, build: impl Fn(&str) -> Tree) -> Option<Image> {
    if has_scheme(destination) {
        return None;
    }
    let path = decoded(destination.split(['?', '#']).next()?);
    let path = path.strip_prefix("./").unwrap_or(&path);
    let media_type = media_type(path).filter(|_| is_plain_relative(path))?;
    let bytes = beside_prompt(path, module).or_else(|| match build(path).get(path)? {
        Entry::File { content, .. } => Some(content.to_vec()),
        Entry::Link { .. } => None,
    })?;
    let is_small = bytes.len() as u64 <= MAX_IMAGE_BYTES;
    is_small.then_some(Image { media_type, bytes })
}

/// Reads a file of a module's folder, unless it is none of the learner's or a link leads out of the folder.
fn beside_prompt(path: &str, module: &Path) -> Option<Vec<u8>> {
    let first = path.split('/').next()?;
    if NOT_FOR_LEARNERS.contains(&first) {
        return None;
    }
    let file = module.join(path).canonicalize().ok()?;
    let inner = file.strip_prefix(module.canonicalize().ok()?).ok()?;
    let is_hidden = NOT_FOR_LEARNERS
        .iter()
        .any(|folder| inner.starts_with(folder));
    if is_hidden {
        return None;
    }
    read_bytes(&file, MAX_IMAGE_BYTES).ok()
}

fn media_type(path: &str) -> Option<&'static str> {
    let (_, ending) = path.rsplit_once('.')?;
    match ending.to_ascii_lowercase().as_str() {
        "png" => Some("image/png"),
        "jpg" | "jpeg" => Some("image/jpeg"),
        "svg" => Some("image/svg+xml"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn pictures_are_taken_from_the_folder_and_the_project_and_from_nowhere_else() {
        let dir = tempfile::tempdir().unwrap();
        let module = dir.path().join("module");
        fs::create_dir_all(module.join("bugs")).unwrap();
        for file in [
            "secret.png",
            "module/a b.PNG",
            "module/bugs/cause.svg",
            "module/notes.txt",
        ] {
            fs::write(dir.path().join(file), "x").unwrap();
        }
        fs::write(module.join("large.png"), vec![0; 1024 * 1024 + 1]).unwrap();
        symlink("../secret.png", module.join("out.png")).unwrap();
        symlink("bugs/cause.svg", module.join("harmless.svg")).unwrap();
        let project: Tree = [("docs/plot.jpg".to_owned(), Entry::file(*b"p"))]
            .into_iter()
            .collect();
        let found = |destination: &str| {
            let image = image(destination, &module, |_| project.clone());
            image.map(|image| (image.media_type, image.bytes))
        };
        assert_eq!(found("./a%20b.PNG?x#y"), Some(("image/png", b"x".to_vec())));
        assert_eq!(found("docs/plot.jpg"), Some(("image/jpeg", b"p".to_vec())));
        for nothing in [
            "../secret.png",
            "out.png",
            "harmless.svg",
            "bugs/cause.svg",
            "notes.txt",
            "large.png",
            "none.png",
            "/etc/x.png",
            "https://example.org/a.png",
            "%2e%2e/secret.png",
            "",
        ] {
            assert_eq!(found(nothing), None, "{nothing}");
        }
    }
}
