//! A copy of a curriculum in a temporary folder, in its good state: what is written there is what the author would get, and is
//! run before they get it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::change::ChangedFile;
use crate::curriculum::{self, Curriculum, MANIFEST, Module, REQUIREMENTS};
use crate::diagnostic::Sink;
use crate::source::path::{is_plain_relative, join};
use crate::source::tree::{Entry, Tree};

/// A copy of a curriculum. It is removed when this is dropped.
#[derive(Debug)]
pub struct Staging {
    /// What paths in it are relative to, so that they are shown as those of the curriculum are.
    pub base: PathBuf,
    /// The curriculum's folder.
    pub dir: PathBuf,
    _temporary: tempfile::TempDir,
}

impl Staging {
    /// Copies what the cases of `module` need: the project in its good state, the module, and of other modules what they
    /// say of themselves.
    ///
    /// # Errors
    ///
    /// When the copy can't be written.
    pub fn new(
        curriculum: &Curriculum,
        module: &Module,
        changed: &[ChangedFile],
    ) -> io::Result<Self> {
        let temporary = tempfile::Builder::new()
            .prefix("mastery-record-")
            .tempdir()?;
        let base = temporary.path().to_owned();
        let dir = if is_plain_relative(&curriculum.shown) {
            base.join(&curriculum.shown)
        } else {
            base.join(curriculum.dir.file_name().unwrap_or("curriculum".as_ref()))
        };
        fs::create_dir_all(&dir)?;
        copy_of(curriculum, module, changed).write(&dir)?;
        Ok(Self {
            base,
            dir,
            _temporary: temporary,
        })
    }

    /// Loads the copy.
    pub fn load(&self) -> Curriculum {
        // What is wrong with it is wrong with the original.
        curriculum::load(&self.dir, &self.base, &Sink::new())
    }

    /// Writes one of the module's files.
    ///
    /// # Errors
    ///
    /// What the system says.
    pub fn write(&self, module: &Module, inner: &str, text: &str) -> io::Result<()> {
        let path = self.dir.join(module_path(module, inner));
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, text)
    }
}

/// The path of a module's file in its curriculum.
fn module_path(module: &Module, inner: &str) -> String {
    format!("modules/{}/{inner}", module.id)
}

fn copy_of(curriculum: &Curriculum, module: &Module, changed: &[ChangedFile]) -> Tree {
    let mut copy = Tree::new();
    let mut add_text = |path: String, text: &str| copy.insert(path, Entry::file(text.as_bytes()));
    if let Some(manifest) = &curriculum.manifest {
        add_text(MANIFEST.to_owned(), manifest.document.file.text());
    }
    for (path, questions) in &curriculum.theory {
        add_text(path.to_string(), questions.document.file.text());
    }
    if let Some(lock) = &curriculum.requirements {
        let inner = curriculum.inner_path(lock.path()).unwrap_or(REQUIREMENTS);
        add_text(inner.to_owned(), lock.text());
    }
    let others = curriculum.modules.iter().filter(|it| it.id != module.id);
    for (other, manifest) in others.filter_map(|it| Some((it, it.manifest.as_ref()?))) {
        let path = module_path(other, "module.yaml");
        add_text(path, manifest.document.file.text());
    }
    let mut add_tree = |folder: &str, tree: &Tree| {
        for (path, entry) in tree.iter() {
            copy.insert(join(folder, path), entry.clone());
        }
    };
    add_tree(
        &format!("modules/{}", module.id),
        &Tree::read(&module.dir).0,
    );
    add_tree("project", &good_project(&curriculum.project, changed));
    copy
}

/// The project as it is, but for the solution that was changed.
pub fn good_project(project: &Tree, changed: &[ChangedFile]) -> Tree {
    let mut good = project.clone();
    for file in changed {
        if let Some(entry) = project.get(&file.path) {
            good.insert(file.path.as_str(), entry.with_content(file.good.as_bytes()));
        }
    }
    good
}

/// Writes a new file whole or not at all, and returns whether it is new; one that is there is left alone.
///
/// # Errors
///
/// What the system says; `AlreadyExists` where there is one with other content.
pub fn write_new(path: &Path, text: &str) -> io::Result<bool> {
    use std::io::Write as _;
    let parent = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent)?;
    let mut draft = tempfile::Builder::new()
        .prefix(".mastery-")
        .tempfile_in(parent)?;
    draft.write_all(text.as_bytes())?;
    draft.as_file().sync_all()?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        draft
            .as_file()
            .set_permissions(fs::Permissions::from_mode(0o644))?;
    }
    match draft.persist_noclobber(path) {
        Ok(_) => Ok(true),
        // What an earlier attempt has left.
        Err(_) if fs::read(path).is_ok_and(|found| found == text.as_bytes()) => Ok(false),
        Err(error) => Err(error.error),
    }
}
