//! What a learner begins with: files, and a repository with one commit.

use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::{fs, os::unix::fs::symlink};

use crate::bundle::course::Course;
use crate::diagnostic::escape;
use crate::git::repository::{Author, is_started, start};
use crate::git::repository_around;
use crate::source::tree::{Entry, Tree, is_executable};

/// The message of the first commit.
pub const MESSAGE: &str = "Start of the course";

/// What git is told of line endings: files are the same on every system.
const ATTRIBUTES: &str = "* text=auto eol=lf\n";

/// What git is told of that belongs to nobody.
const IGNORE: &str = "\
# Left behind by Python and its tools
__pycache__/
*.py[co]
*.egg-info/
.coverage
.hypothesis/
.ipynb_checkpoints/
.mypy_cache/
.pytest_cache/
.ruff_cache/
.venv/
venv/
.DS_Store

# Progress in the course
/.mastery/
";

/// Files that tell git something. The learner's own stay as they are.
const FOR_GIT: [(&str, &str); 2] = [(".gitattributes", ATTRIBUTES), (".gitignore", IGNORE)];

/// What the first commit of a course holds: the starter, and what git is told of line endings and leftovers.
pub fn first_commit(course: &Course) -> Tree {
    let mut tree = Tree::clone(&course.starter);
    for (path, text) in FOR_GIT {
        if tree.get(path).is_none() {
            tree.insert(path, Entry::file(text.as_bytes()));
        }
    }
    tree
}

/// How a project was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// Files that were written, sorted. Others were there with the same content.
    pub written: Vec<String>,
    /// Files that stay because others were there: `.gitignore` and `.gitattributes`, and in a project that was begun
    /// before all that the learner has changed.
    pub kept: Vec<String>,
    /// Where the files are in git.
    pub history: History,
}

/// Where the files of a beginning are in git.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum History {
    /// In the first commit of a new repository.
    NewRepository,
    /// In the repository that was made for the project before, as far as they were there then.
    Before,
    /// In no commit: the folder is in a repository of the learner's, of which nothing was touched.
    Inside {
        /// The root of the repository's work tree.
        root: PathBuf,
    },
}

/// Whether a project may be put into a repository that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// No: [`BeginError::InsideRepository`].
    Refuse,
    /// Yes: files are written, and nothing is staged or committed.
    Use,
}

/// Why a project could not be begun. Nothing was overwritten, and no file is there in part.
#[derive(Debug, thiserror::Error)]
pub enum BeginError {
    /// The folder is in a repository.
    #[error("the folder is in the git repository `{}`", shown(root))]
    InsideRepository {
        /// The root of its work tree.
        root: PathBuf,
    },
    /// Other files are in the way. Nothing was written.
    #[error("there are other files in the way: {}", quoted(paths))]
    InTheWay {
        /// Their paths, sorted.
        paths: Vec<String>,
    },
    /// The system refused.
    #[error("`{}` can't be written: {source}", shown(path))]
    Io {
        /// What was written.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// git refused.
    #[error("the repository can't be made: {message}")]
    Git {
        /// What git says.
        message: String,
    },
}

fn shown(path: &Path) -> String {
    escape::text(&path.to_string_lossy())
}

fn quoted(paths: &[String]) -> String {
    let quoted: Vec<_> = paths.iter().map(|path| format!("`{path}`")).collect();
    quoted.join(", ")
}

/// Writes what a learner begins with into `project`, and commits it where that is in no repository yet.
///
/// What is there with the same content is kept, so that what was cut off can be done again. Where that was begun to its
/// end, and only what is kept of it is gone, the learner's files are left as they are and what is missing is written.
/// `mastery` is the `.mastery` folder, which exists.
pub fn begin(
    project: &Path,
    mastery: &Path,
    tree: &Tree,
    existing: Existing,
) -> Result<Begun, BeginError> {
    let around = repository_around(project);
    let is_own = |root: &PathBuf| project.canonicalize().is_ok_and(|it| it == *root);
    let was_begun = around.as_ref().is_some_and(is_own) && is_started(project);
    let around = around.filter(|_| !was_begun);
    if let (Some(root), Existing::Refuse) = (&around, existing) {
        let root = root.clone();
        return Err(BeginError::InsideRepository { root });
    }
    let mut missing = Vec::new();
    let mut kept = Vec::new();
    let mut in_the_way = Vec::new();
    for (path, entry) in tree.iter() {
        match place(project, path, entry) {
            Place::Free => missing.push((path, entry)),
            Place::Same => {}
            Place::Taken if was_begun || FOR_GIT.iter().any(|(name, _)| *name == path) => {
                kept.push(path.to_owned());
            }
            Place::Taken => in_the_way.push(path.to_owned()),
        }
    }
    if !in_the_way.is_empty() {
        return Err(BeginError::InTheWay { paths: in_the_way });
    }
    for (path, entry) in &missing {
        let target = project.join(path);
        write_new(&target, entry, mastery).map_err(|source| BeginError::Io {
            path: target,
            source,
        })?;
    }
    let history = match around {
        Some(root) => History::Inside { root },
        None if was_begun => History::Before,
        None => {
            commit(project, mastery, tree, &kept)?;
            History::NewRepository
        }
    };
    Ok(Begun {
        written: missing.iter().map(|(path, _)| (*path).to_owned()).collect(),
        kept,
        history,
    })
}

/// What is in the place of a file that is to be written.
enum Place {
    Free,
    /// The same file.
    Same,
    /// Something else, or something that is no folder on the way there.
    Taken,
}

fn place(project: &Path, path: &str, entry: &Entry) -> Place {
    let target = project.join(path);
    let folders = path
        .match_indices('/')
        .map(|(at, _)| project.join(&path[..at]));
    for folder in folders {
        match folder.symlink_metadata() {
            Ok(metadata) if metadata.is_dir() => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Place::Free,
            Ok(_) | Err(_) => return Place::Taken,
        }
    }
    let metadata = match target.symlink_metadata() {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Place::Free,
        Err(_) => return Place::Taken,
    };
    let is_same = match entry {
        Entry::File {
            content,
            executable,
        } => {
            metadata.is_file()
                && metadata.len() == content.len() as u64
                && is_executable(&metadata) == *executable
                && fs::read(&target).is_ok_and(|read| read == **content)
        }
        Entry::Link { target: wanted } => {
            fs::read_link(&target).is_ok_and(|read| read == Path::new(wanted))
        }
    };
    if is_same { Place::Same } else { Place::Taken }
}

/// Writes a file whole or not at all, and over nothing. `scratch` is a folder on the same disk.
fn write_new(target: &Path, entry: &Entry, scratch: &Path) -> io::Result<()> {
    fs::create_dir_all(target.parent().expect("a file is in a folder"))?;
    match entry {
        Entry::File {
            content,
            executable,
        } => {
            let mut file = tempfile::NamedTempFile::new_in(scratch)?;
            file.write_all(content)?;
            let mode = if *executable { 0o755 } else { 0o644 };
            file.as_file()
                .set_permissions(fs::Permissions::from_mode(mode))?;
            file.persist_noclobber(target)?;
            Ok(())
        }
        Entry::Link { target: to } => symlink(to, target),
    }
}

/// Commits the files of a beginning but for those of which others were there. The repository is made aside and then
/// moved, so that there is never half of one.
fn commit(
    project: &Path,
    mastery: &Path,
    tree: &Tree,
    without: &[String],
) -> Result<(), BeginError> {
    let io = |path: &Path, source| BeginError::Io {
        path: path.to_owned(),
        source,
    };
    let mut tree = tree.clone();
    for path in without {
        tree.remove(path);
    }
    let aside = tempfile::Builder::new()
        .prefix("first-commit-")
        .tempdir_in(mastery)
        .map_err(|error| io(mastery, error))?;
    start(aside.path(), &tree, MESSAGE, Author::User).map_err(|error| BeginError::Git {
        message: error.to_string(),
    })?;
    let git = project.join(".git");
    fs::rename(aside.path().join(".git"), &git).map_err(|error| io(&git, error))
}
