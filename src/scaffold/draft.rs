//! What is going to be written: new files, and one file that is changed.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::render::{Renderer, Values};
use super::template::Template;
use crate::curriculum::id::FilePath;
use crate::curriculum::schema_line::Schemas;
use crate::project::export::{ExportError, replace_text};
use crate::source::SourceFile;
use crate::source::tree::Tree;
use crate::template::TemplateError;

/// What authors have to do themselves; `leftover-todo` finds it again.
const TODO: &str = "TODO";

/// What is going to be written into the folder of a curriculum.
#[derive(Debug, Default)]
pub struct Draft {
    /// New files by their path in the curriculum.
    pub files: Tree,
    /// Those of them that are left as they are where they are there.
    shared: BTreeSet<String>,
    /// A file that is changed.
    pub change: Option<Change>,
}

/// A file that becomes another.
#[derive(Debug)]
pub struct Change {
    /// Its path in the curriculum.
    pub path: String,
    /// The file as it was read.
    pub file: Arc<SourceFile>,
    /// Its text from then on.
    pub text: String,
}

/// Why a template could not be filled in.
#[derive(Debug, thiserror::Error)]
pub enum FillError {
    /// A mistake in a file of the template, or in its name.
    #[error("`{file}`: {error}")]
    Render {
        /// The file as it is shown.
        file: String,
        /// What is wrong.
        error: TemplateError,
    },
    /// A file would go where it must not.
    #[error("`{file}` would be written to `{path}`, {reason}")]
    Place {
        /// The file as it is shown.
        file: String,
        /// Where it would go.
        path: String,
        /// Why not.
        reason: &'static str,
    },
}

/// Something that an author has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Todo {
    /// The file, by its path in the curriculum.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// What is to be done.
    pub text: String,
}

impl Draft {
    /// Adds the files of a template. They may go where `is_allowed`.
    ///
    /// # Errors
    ///
    /// See [`FillError`].
    pub fn fill(
        &mut self,
        template: &Template,
        values: &Values,
        schemas: &Schemas,
        renderer: &Renderer,
        is_allowed: impl Fn(&str) -> bool,
    ) -> Result<(), FillError> {
        let mut values = values.clone();
        let shared = &template.manifest.shared;
        let is_shared = |file: &str| shared.iter().any(|it| it.as_str() == file);
        for (file, entry) in template.files.iter() {
            let failed = |error| FillError::Render {
                file: template.shown(file),
                error,
            };
            let path = renderer.render(file, &values).map_err(failed)?;
            let misplaced = |reason| FillError::Place {
                file: template.shown(file),
                path: path.clone(),
                reason,
            };
            if FilePath::try_from(path.as_str()).is_err() {
                return Err(misplaced("which is no plain path"));
            }
            if !is_allowed(&path) {
                return Err(misplaced("which is no place for it"));
            }
            if self.files.get(&path).is_some() {
                // Of files that modules share the first is as good as any.
                if is_shared(file) {
                    continue;
                }
                return Err(misplaced("as another file already"));
            }
            values.set("schemas", schemas.seen_from(&path));
            let filled = match entry.text() {
                Some(text) => {
                    let text = renderer.render(text, &values).map_err(failed)?;
                    entry.with_content(text.into_bytes())
                }
                None => entry.clone(),
            };
            if is_shared(file) {
                self.shared.insert(path.clone());
            }
            self.files.insert(path, filled);
        }
        Ok(())
    }

    /// What is left for the author, in the order of the files.
    pub fn todos(&self) -> Vec<Todo> {
        let files = self.files.iter();
        let files = files.filter_map(|(path, entry)| Some((path, entry.text()?, "")));
        let changed = self.change.iter();
        let changed = changed.map(|it| (it.path.as_str(), it.text.as_str(), it.file.text()));
        let mut todos = Vec::new();
        for (path, text, before) in files.chain(changed) {
            let mut known: HashMap<&str, usize> = HashMap::new();
            for line in before.lines().filter(|line| line.contains(TODO)) {
                *known.entry(line).or_default() += 1;
            }
            for (index, line) in text.lines().enumerate() {
                let Some(at) = line.find(TODO) else { continue };
                // What was there before is no news, as often as it was.
                match known.get_mut(line).filter(|count| **count > 0) {
                    Some(count) => *count -= 1,
                    None => todos.push(Todo {
                        path: path.to_owned(),
                        line: index + 1,
                        text: first_sentence(&line[at..]).to_owned(),
                    }),
                }
            }
        }
        todos
    }

    /// Takes out the shared files that are in `dir`.
    ///
    /// # Errors
    ///
    /// When another file is there, or something is in the way of one. Nothing is written in any case.
    pub fn settle(&mut self, dir: &Path) -> Result<(), ExportError> {
        let mut there = Vec::new();
        for (path, _) in self.files.iter() {
            if is_there(dir, path)? {
                if !self.shared.contains(path) {
                    return Err(ExportError::InTheWay(dir.join(path)));
                }
                there.push(path.to_owned());
            }
        }
        for path in there {
            self.files.remove(&path);
        }
        Ok(())
    }

    /// Writes everything into `dir`, which exists: all or nothing, and nothing over a file that is there. The
    /// change comes last.
    ///
    /// # Errors
    ///
    /// What is in the way, or what the system says. The folder is as it was then.
    pub fn add_to(&self, dir: &Path) -> Result<(), ExportError> {
        let at = |path: &Path| {
            let path = path.to_owned();
            move |error| ExportError::Io { path, error }
        };
        // A full disk shows here, where nothing is lost by it.
        let staging = tempfile::Builder::new()
            .prefix(".mastery-new-")
            .tempdir_in(dir)
            .map_err(at(dir))?;
        self.files.write(staging.path()).map_err(at(dir))?;
        let mut placed = Placed::default();
        for (path, _) in self.files.iter() {
            if is_there(dir, path)? {
                return Err(ExportError::InTheWay(dir.join(path)));
            }
            let target = dir.join(path);
            placed
                .put(&staging.path().join(path), &target)
                .map_err(|error| match error.kind() {
                    io::ErrorKind::AlreadyExists => ExportError::InTheWay(target.clone()),
                    _ => at(&target)(error),
                })?;
        }
        if let Some(change) = &self.change {
            let path = dir.join(&change.path);
            replace_text(&path, change.file.text(), &change.text).map_err(|reason| {
                let error = io::Error::other(reason);
                ExportError::Io { path, error }
            })?;
        }
        placed.keep();
        Ok(())
    }
}

/// A text up to the end of its first sentence, without the quotes that end a YAML string.
fn first_sentence(text: &str) -> &str {
    let end = text.find(". ").unwrap_or(text.len());
    text[..end].trim_end_matches(['"', '\'', '.'])
}

/// Whether there is something at a path in `dir`, where only folders may be on the way: a link may lead anywhere.
fn is_there(dir: &Path, path: &str) -> Result<bool, ExportError> {
    let mut current = dir.to_owned();
    let mut parts = path.split('/').peekable();
    while let Some(part) = parts.next() {
        current.push(part);
        let Ok(metadata) = current.symlink_metadata() else {
            return Ok(false);
        };
        if parts.peek().is_some() && !metadata.is_dir() {
            return Err(ExportError::InTheWay(current));
        }
    }
    Ok(true)
}

/// Files and folders that were made, and go again unless they are kept.
#[derive(Default)]
struct Placed {
    folders: Vec<PathBuf>,
    files: Vec<PathBuf>,
}

impl Placed {
    /// Moves a file to a place where there is none, with the folders on the way.
    fn put(&mut self, from: &Path, target: &Path) -> io::Result<()> {
        let parent = target.parent().expect("a file is in a folder");
        let missing: Vec<_> = parent
            .ancestors()
            .take_while(|folder| !folder.exists())
            .map(Path::to_owned)
            .collect();
        for folder in missing.into_iter().rev() {
            fs::create_dir(&folder)?;
            self.folders.push(folder);
        }
        let from = tempfile::TempPath::try_from_path(from)?;
        from.persist_noclobber(target).map_err(|it| it.error)?;
        self.files.push(target.to_owned());
        Ok(())
    }

    fn keep(mut self) {
        self.files.clear();
        self.folders.clear();
    }
}

impl Drop for Placed {
    fn drop(&mut self) {
        for file in &self.files {
            let _ = fs::remove_file(file);
        }
        // A folder into which somebody has put something stays.
        for folder in self.folders.iter().rev() {
            let _ = fs::remove_dir(folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::source::tree::Entry;

    fn draft(files: &[(&str, &str)]) -> Draft {
        let files = files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), Entry::file(text.as_bytes())));
        Draft {
            files: files.collect(),
            ..Draft::default()
        }
    }

    fn changed(mut draft: Draft, dir: &Path, read: &str) -> Draft {
        fs::write(dir.join("curriculum.yaml"), "old\n").unwrap();
        draft.change = Some(Change {
            path: "curriculum.yaml".to_owned(),
            file: Arc::new(SourceFile::new("curriculum.yaml", read)),
            text: "new\n".to_owned(),
        });
        draft
    }

    /// Everything in a folder, hidden things too.
    fn listing(dir: &Path) -> Vec<String> {
        let mut found = Vec::new();
        for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
            let name = entry.file_name().into_string().unwrap();
            if entry.file_type().unwrap().is_dir() {
                let inner = listing(&entry.path());
                found.push(format!("{name}/ {}", inner.join(" ")));
            } else {
                found.push(name);
            }
        }
        found.sort();
        found
    }

    #[test]
    fn everything_is_written_and_the_change_is_made() {
        let dir = tempfile::tempdir().unwrap();
        let draft = changed(draft(&[("a/b/c", "1"), ("a/d", "2")]), dir.path(), "old\n");
        draft.add_to(dir.path()).unwrap();
        assert_eq!(listing(dir.path()), ["a/ b/ c d", "curriculum.yaml"]);
        let text = fs::read_to_string(dir.path().join("curriculum.yaml")).unwrap();
        assert_eq!(text, "new\n");
    }

    #[test]
    fn failure_leaves_everything_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("z")).unwrap();
        fs::write(dir.path().join("z/there"), "precious").unwrap();
        let before = ["curriculum.yaml", "z/ there"];
        let occupied = changed(
            draft(&[("a/new", "1"), ("z/there", "2")]),
            dir.path(),
            "old\n",
        );
        assert!(matches!(
            occupied.add_to(dir.path()),
            Err(ExportError::InTheWay(_))
        ));
        assert_eq!(listing(dir.path()), before);
        // The last step fails: the author has just saved the manifest.
        let outdated = changed(draft(&[("a/b/new", "1")]), dir.path(), "older\n");
        assert!(outdated.add_to(dir.path()).is_err());
        assert_eq!(listing(dir.path()), before);
        let text = fs::read_to_string(dir.path().join("z/there")).unwrap();
        assert_eq!(text, "precious");
    }

    #[test]
    fn link_on_the_way_is_not_followed() {
        let dir = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        symlink(outside.path(), dir.path().join("project")).unwrap();
        let mut draft = draft(&[("project/a", "1")]);
        assert!(draft.settle(dir.path()).is_err());
        assert!(draft.add_to(dir.path()).is_err());
        assert!(listing(outside.path()).is_empty());
    }

    #[test]
    fn shared_files_that_are_there_are_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a"), "mine").unwrap();
        let mut draft = draft(&[("a", "1"), ("b", "2")]);
        assert!(draft.settle(dir.path()).is_err());
        draft.shared.insert("a".to_owned());
        draft.settle(dir.path()).unwrap();
        draft.add_to(dir.path()).unwrap();
        assert_eq!(fs::read_to_string(dir.path().join("a")).unwrap(), "mine");
        assert_eq!(listing(dir.path()), ["a", "b"]);
    }

    #[test]
    fn todos_are_those_that_come_with_the_draft() {
        let dir = tempfile::tempdir().unwrap();
        let mut draft = changed(
            draft(&[("a", "x\n# TODO: y\n")]),
            dir.path(),
            "# TODO: old\n",
        );
        // A second one that says the same is one more.
        let text = "# TODO: old\nb: \"TODO: new\"\n# TODO: old\n";
        draft.change.as_mut().unwrap().text = text.to_owned();
        let todos: Vec<_> = draft
            .todos()
            .into_iter()
            .map(|it| format!("{}:{} {}", it.path, it.line, it.text))
            .collect();
        assert_eq!(
            todos,
            [
                "a:2 TODO: y",
                "curriculum.yaml:2 TODO: new",
                "curriculum.yaml:3 TODO: old"
            ]
        );
    }
}
