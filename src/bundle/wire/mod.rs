//! Both parts of a bundle as files, and how they are read again: what comes out of an archive may be anything.

mod check;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use semver::Version;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::FORMAT;
use super::course::{Course, CourseModule, Incident, Made, OpenQuestion};
use super::sealed::{Sealed, SealedBug, SealedModule};
use crate::curriculum::document::{BugManifest, FileContent, Manifest, ModuleManifest, Question};
use crate::curriculum::id::{ModuleId, Slug};
use crate::source::MAX_TEXT_BYTES;
use crate::source::tree::{Entry, Tree};

/// What the readable part says of the course, beside prompts and files.
pub const COURSE_FILE: &str = "course.json";

/// What the sealed part says.
pub const SEALED_FILE: &str = "sealed.json";

/// The lock file of the environment, in the readable part.
pub const LOCK_FILE: &str = "requirements.txt";

const PROMPTS: &str = "prompts";
const PROJECT: &str = "project";
const PATCHED: &str = "patched";

/// Why the files of a bundle are no course.
#[derive(Debug, thiserror::Error)]
pub enum ContentError {
    /// A file is missing.
    #[error("there is no `{0}`")]
    Missing(String),
    /// A file that belongs to nothing.
    #[error("`{0}` belongs to nothing")]
    Stray(String),
    /// A text that is none, or too long for one.
    #[error("`{0}` is no text of at most {MAX_TEXT_BYTES} bytes")]
    NoText(String),
    /// A file does not say what it should.
    #[error("`{file}` can't be read: {message}")]
    Unreadable {
        /// The file.
        file: &'static str,
        /// What is wrong.
        message: String,
    },
    /// Files contradict each other.
    #[error("{0}")]
    Contradiction(String),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CourseFile {
    format: u32,
    tool: Version,
    checked: bool,
    curriculum: Manifest,
    modules: Vec<ModuleFile>,
    theory: BTreeMap<Slug, Vec<OpenQuestion>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ModuleFile {
    module: ModuleManifest,
    questions: Vec<OpenQuestion>,
    incidents: Vec<Incident>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SealedFile {
    format: u32,
    modules: BTreeMap<ModuleId, SealedModuleFile>,
    theory: BTreeMap<Slug, Vec<Question>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SealedModuleFile {
    questions: Vec<Question>,
    bugs: Vec<BugFile>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct BugFile {
    incident: String,
    bug: BugManifest,
}

/// Returns the files of the readable part.
pub fn course_files(course: &Course) -> Tree {
    let mut files = Tree::new();
    for module in &course.modules {
        let path = format!("{PROMPTS}/{}.md", module.id());
        files.insert(path, Entry::file(module.prompt.as_bytes()));
    }
    for (path, entry) in course.starter.iter() {
        files.insert(format!("{PROJECT}/{path}"), entry.clone());
    }
    if let Some(lock) = &course.lock {
        files.insert(LOCK_FILE, Entry::file(lock.as_slice()));
    }
    let modules = course.modules.iter().map(|module| ModuleFile {
        module: module.manifest.clone(),
        questions: module.questions.clone(),
        incidents: module.incidents.clone(),
    });
    let content = CourseFile {
        format: FORMAT,
        tool: course.made.tool.clone(),
        checked: course.made.is_checked,
        curriculum: course.manifest.clone(),
        modules: modules.collect(),
        theory: course.theory.clone(),
    };
    files.insert(COURSE_FILE, json(&content));
    files
}

/// Reads what [`course_files`] has made.
pub fn read_course(files: &Tree) -> Result<Course, ContentError> {
    let content: CourseFile = parsed(files, COURSE_FILE)?;
    let unreadable = |message| ContentError::Unreadable {
        file: COURSE_FILE,
        message,
    };
    let modules = content.modules.iter().map(|it| it.module.check());
    std::iter::once(content.curriculum.check())
        .chain(modules)
        .collect::<Result<(), _>>()
        .map_err(unreadable)?;
    check::check_modules(&content)?;
    let mut course = Course {
        made: Made {
            tool: content.tool,
            is_checked: content.checked,
        },
        manifest: content.curriculum,
        modules: Vec::new(),
        theory: content.theory,
        starter: Arc::new(below(files, PROJECT)),
        lock: files.get(LOCK_FILE).and_then(bytes).map(<[u8]>::to_vec),
    };
    let mut known = HashSet::from([COURSE_FILE.to_owned(), LOCK_FILE.to_owned()]);
    for module in content.modules {
        let path = format!("{PROMPTS}/{}.md", module.module.id);
        course.modules.push(CourseModule {
            prompt: text(files, &path)?.to_owned(),
            manifest: module.module,
            questions: module.questions,
            incidents: module.incidents,
        });
        known.insert(path);
    }
    no_strays(files, &known, PROJECT)?;
    Ok(course)
}

/// Returns the files of the sealed part.
pub fn sealed_files(sealed: &Sealed) -> Tree {
    let mut files = Tree::new();
    let mut modules = BTreeMap::new();
    for (id, module) in &sealed.modules {
        for bug in &module.bugs {
            for (path, entry) in bug.patched.iter().flat_map(|tree| tree.iter()) {
                files.insert(format!("{}/{path}", patched_dir(id, bug)), entry.clone());
            }
        }
        let bugs = module.bugs.iter().map(|bug| BugFile {
            incident: bug.incident.clone(),
            bug: bug.manifest.clone(),
        });
        let file = SealedModuleFile {
            questions: module.questions.clone(),
            bugs: bugs.collect(),
        };
        modules.insert(id.clone(), file);
    }
    let content = SealedFile {
        format: FORMAT,
        modules,
        theory: sealed.theory.clone(),
    };
    files.insert(SEALED_FILE, json(&content));
    files
}

/// Reads what [`sealed_files`] has made for a course.
pub fn read_sealed(files: &Tree, course: &Course) -> Result<Sealed, ContentError> {
    let content: SealedFile = parsed(files, SEALED_FILE)?;
    let mut sealed = Sealed {
        modules: BTreeMap::new(),
        theory: content.theory,
    };
    for (id, module) in content.modules {
        let mut bugs = Vec::new();
        for BugFile { incident, bug } in module.bugs {
            bug.check().map_err(|message| ContentError::Unreadable {
                file: SEALED_FILE,
                message,
            })?;
            let mut bug = SealedBug {
                incident,
                manifest: bug,
                patched: None,
            };
            if bug.manifest.inject.patch.is_some() {
                let tree = below(files, &patched_dir(&id, &bug));
                if tree.is_empty() {
                    return Err(ContentError::Missing(patched_dir(&id, &bug)));
                }
                bug.patched = Some(Arc::new(tree));
            }
            bugs.push(bug);
        }
        let questions = module.questions;
        sealed.modules.insert(id, SealedModule { questions, bugs });
    }
    check::check_sealed(&sealed, course)?;
    let known = HashSet::from([SEALED_FILE.to_owned()]);
    no_strays(files, &known, PATCHED)?;
    Ok(sealed)
}

fn patched_dir(module: &ModuleId, bug: &SealedBug) -> String {
    format!("{PATCHED}/{module}/{}", bug.incident)
}

/// Indented: findings about it have lines.
fn json(content: &impl Serialize) -> Entry {
    let mut text = serde_json::to_vec_pretty(content).expect("keys are texts");
    text.push(b'\n');
    Entry::file(text)
}

fn parsed<T: DeserializeOwned>(files: &Tree, file: &'static str) -> Result<T, ContentError> {
    let missing = || ContentError::Missing(file.to_owned());
    let content = files.get(file).and_then(bytes).ok_or_else(missing)?;
    serde_json::from_slice(content).map_err(|error| ContentError::Unreadable {
        file,
        message: error.to_string(),
    })
}

fn bytes(entry: &Entry) -> Option<&[u8]> {
    match entry {
        Entry::File { content, .. } => Some(content),
        Entry::Link { .. } => None,
    }
}

fn text<'a>(files: &'a Tree, path: &str) -> Result<&'a str, ContentError> {
    let missing = || ContentError::Missing(path.to_owned());
    let text = files.get(path).ok_or_else(missing)?.text();
    text.filter(|text| text.len() as u64 <= MAX_TEXT_BYTES)
        .ok_or_else(|| ContentError::NoText(path.to_owned()))
}

/// The files of a folder, by their paths in it.
fn below(files: &Tree, folder: &str) -> Tree {
    files
        .iter()
        .filter_map(|(path, entry)| {
            let inner = path.strip_prefix(folder)?.strip_prefix('/')?;
            Some((inner.to_owned(), entry.clone()))
        })
        .collect()
}

/// Makes sure that there are no files but those that are known and those of a folder.
fn no_strays(files: &Tree, known: &HashSet<String>, folder: &str) -> Result<(), ContentError> {
    let is_known = |path: &str| {
        let inner = path.strip_prefix(folder);
        known.contains(path) || inner.is_some_and(|inner| inner.starts_with('/'))
    };
    match files.iter().find(|(path, _)| !is_known(path)) {
        Some((path, _)) => Err(ContentError::Stray(path.to_owned())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::edition::Edition;
    use super::super::fixtures::{BASE, edition, edition_of, library};
    use super::*;

    fn three() -> Edition {
        edition_of(library(&[]).path()).unwrap()
    }

    /// The files of a course with a text in `course.json` replaced.
    fn changed(files: &Tree, file: &str, from: &str, to: &str) -> Tree {
        let mut files = files.clone();
        let text = files.get(file).unwrap().text().unwrap();
        assert!(text.contains(from), "{from} in {text}");
        let text = text.replacen(from, to, 1);
        files.insert(file, Entry::file(text.into_bytes()));
        files
    }

    #[test]
    fn what_is_written_is_read_again() {
        for edition in [three(), edition(BASE), edition("curricula/foundations")] {
            let Edition { course, sealed } = &edition;
            let files = course_files(course);
            let read = read_course(&files).unwrap();
            assert_eq!(format!("{read:?}"), format!("{course:?}"));
            assert_eq!(course_files(&read), files);
            let files = sealed_files(sealed);
            let read = read_sealed(&files, course).unwrap();
            assert_eq!(format!("{read:?}"), format!("{sealed:?}"));
            assert_eq!(sealed_files(&read), files);
        }
    }

    #[test]
    fn readable_part_has_nothing_of_what_judges() {
        let files = course_files(&three().course);
        for (path, entry) in files.iter() {
            let text = entry.text().unwrap();
            for secret in [
                "secretly",
                "swapped",
                "Look at the end",
                "Mind the order",
                "It is own",
                "What is it?",
                "first * 2",
            ] {
                assert!(!text.contains(secret), "{secret} in {path}: {text}");
            }
        }
    }

    #[test]
    fn course_that_contradicts_itself_is_refused() {
        let files = course_files(&three().course);
        let read = |from, to| {
            let error = read_course(&changed(&files, COURSE_FILE, from, to)).unwrap_err();
            error.to_string()
        };
        for (from, to, part) in [
            (
                "\"format\": 1",
                "\"format\": 1, \"x\": 2",
                "unknown field `x`",
            ),
            (
                "\"kind\": \"library\"",
                "\"kind\": \"linear\"",
                "does not fit",
            ),
            ("\"build\": {", "\"built\": {", "unknown field `built`"),
            ("tests/test_a.py", "../test_a.py", "did not match"),
            ("\"a.py\"", "\"/etc/a.py\"", "is not"),
            ("\"id\": \"three\"", "\"id\": \"../three\"", "is not an id"),
            (
                "        \"c\"",
                "        \"d\"",
                "not those of the manifest",
            ),
            (
                "\"requires\": [\n          \"a\"",
                "\"requires\": [\n          \"z\"",
                "unknown `z`",
            ),
            (
                "\"theory\": {\n    \"one\"",
                "\"theory\": {\n    \"six\"",
                "unknown group `six`",
            ),
            ("\"symptom\": \"", "\"symptom\": \" \", \"x\": \"", "is not"),
        ] {
            let error = read(from, to);
            assert!(error.contains(part), "{from}: {error}");
        }
    }

    #[test]
    fn files_that_are_missing_or_strange_are_refused() {
        let course = three().course;
        let files = course_files(&course);
        for (path, message) in [
            (COURSE_FILE, "there is no `course.json`"),
            ("prompts/a.md", "there is no `prompts/a.md`"),
        ] {
            let mut files = files.clone();
            files.remove(path);
            assert_eq!(read_course(&files).unwrap_err().to_string(), message);
        }
        for (path, content, part) in [
            ("prompts/d.md", &b"x"[..], "belongs to nothing"),
            ("projects", b"x", "belongs to nothing"),
            ("prompts/a.md", b"\xff", "is no text"),
        ] {
            let mut files = files.clone();
            files.insert(path, Entry::file(content));
            let error = read_course(&files).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn sealed_part_of_another_course_is_refused() {
        let Edition { course, sealed } = three();
        let files = sealed_files(&sealed);
        for (from, to, part) in [
            (
                "\"b\": {",
                "\"d\": {",
                "sealed of `b` is about something else",
            ),
            (
                "\"id\": \"why\"",
                "\"id\": \"how\"",
                "sealed of `a` is about",
            ),
            ("sign is wrong", "sign is right", "sealed of `a` is about"),
            ("\"patch\": \"", "\"path\": \"", "unknown field `path`"),
            ("\"one\": [", "\"two\": [", "questions of groups are not"),
        ] {
            let error = read_sealed(&changed(&files, SEALED_FILE, from, to), &course);
            let error = error.unwrap_err().to_string();
            assert!(error.contains(part), "{from}: {error}");
        }
        let only = |path: &str| {
            let kept = files.iter().filter(|(it, _)| *it == path);
            let kept: Tree = kept
                .map(|(path, entry)| (path.to_owned(), entry.clone()))
                .collect();
            read_sealed(&kept, &course).unwrap_err().to_string()
        };
        assert!(only(SEALED_FILE).starts_with("there is no `patched/a/"));
    }
}
