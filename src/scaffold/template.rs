//! Templates: those that come with the tool, and folders of users' own.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::manifest::{TemplateKind, TemplateManifest};
use crate::curriculum::id::Slug;
use crate::curriculum::{read_document, schema};
use crate::diagnostic::Diagnostic;
use crate::source::tree::{Entry, Tree};
use crate::source::{self, SourceFile, path};

/// The file that makes a folder a template.
pub const TEMPLATE: &str = "template.yaml";

/// The folder of a template that holds what is written.
const FILES: &str = "files";

// `SHIPPED`: every file below `templates/`, by its path there, sorted. Made by `build.rs`.
include!(concat!(env!("OUT_DIR"), "/templates.rs"));

/// A template.
#[derive(Debug)]
pub struct Template {
    /// The name of its folder.
    pub name: Slug,
    /// The folder as it is shown; `None` for one that comes with the tool.
    pub origin: Option<String>,
    /// What it says of itself.
    pub manifest: TemplateManifest,
    /// What is written, by path in the curriculum. Paths and texts are templates.
    pub files: Tree,
}

impl Template {
    /// A file of the template as it is shown.
    pub fn shown(&self, file: &str) -> String {
        let name = &self.name;
        let folder = self.origin.as_ref();
        folder.map_or_else(
            || format!("{name}/{FILES}/{file}"),
            |folder| format!("{folder}/{FILES}/{file}"),
        )
    }
}

/// Why templates can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// The folder of templates can't be read.
    #[error("`{folder}` can't be read: {error}")]
    Folder {
        /// The folder as it is shown.
        folder: String,
        /// What the system says.
        error: io::Error,
    },
    /// There is no such template.
    #[error("there is no template `{0}`")]
    Unknown(String),
    /// It makes something else.
    #[error("`{name}` is a template of a {}, not of a {}", is.word(), wanted.word())]
    Kind {
        /// The template.
        name: String,
        /// What it makes.
        is: TemplateKind,
        /// What is wanted.
        wanted: TemplateKind,
    },
    /// What is wrong with its `template.yaml`.
    #[error("the template `{name}` can't be used")]
    Broken {
        /// The template.
        name: String,
        /// What is wrong, with its places.
        findings: Vec<Diagnostic>,
    },
    /// A file of a template can't be read.
    #[error("`{path}` can't be used: {reason}")]
    File {
        /// The file as it is shown.
        path: String,
        /// Why.
        reason: String,
    },
}

/// All templates by name. They are read when they are asked for, so that a broken one disturbs nobody else.
#[derive(Debug, Default)]
pub struct Catalogue {
    /// Files of the templates that come with the tool.
    shipped: BTreeMap<&'static str, Tree>,
    /// Folders of users' own templates, with how they are shown.
    own: BTreeMap<String, (std::path::PathBuf, String)>,
}

impl Catalogue {
    /// Returns what comes with the tool, and the templates in `folder`. One of these takes the place of one that comes with
    /// the tool under the same name, as a whole. Paths are shown to somebody who works in `base`.
    ///
    /// # Errors
    ///
    /// When the folder can't be read.
    pub fn new(folder: Option<&Path>, base: &Path) -> Result<Self, TemplateError> {
        let mut catalogue = Self::default();
        for (file, bytes) in SHIPPED {
            let (name, inner) = file.split_once('/').expect("files are in a template");
            let tree = catalogue.shipped.entry(name).or_default();
            tree.insert(inner, Entry::file(*bytes));
        }
        let Some(folder) = folder else {
            return Ok(catalogue);
        };
        let failed = |error| TemplateError::Folder {
            folder: path::shown(folder, base),
            error,
        };
        for entry in fs::read_dir(folder).map_err(failed)? {
            let dir = entry.map_err(failed)?.path();
            let name = dir.file_name().unwrap_or_default().to_string_lossy();
            if dir.join(TEMPLATE).is_file() {
                let shown = path::shown(&dir, base);
                catalogue.own.insert(name.into_owned(), (dir, shown));
            }
        }
        Ok(catalogue)
    }

    /// The names of all templates, sorted.
    pub fn names(&self) -> Vec<&str> {
        let shipped = self.shipped.keys().copied();
        let mut names: Vec<_> = shipped.chain(self.own.keys().map(String::as_str)).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Reads a template.
    ///
    /// # Errors
    ///
    /// See [`TemplateError`].
    pub fn get(&self, name: &str) -> Result<Template, TemplateError> {
        let unknown = || TemplateError::Unknown(name.to_owned());
        match self.own.get(name) {
            Some((dir, shown)) => {
                let name = Slug::try_from(name).map_err(|error| TemplateError::File {
                    path: shown.clone(),
                    reason: error.to_string(),
                })?;
                let path = path::join(shown, TEMPLATE);
                let file = source::read_text(&dir.join(TEMPLATE), &path).map_err(|error| {
                    let reason = error.to_string();
                    TemplateError::File { path, reason }
                })?;
                let (files, skipped) = Tree::read(&dir.join(FILES));
                if let Some(skipped) = skipped.first() {
                    let inner = skipped.path.strip_prefix(dir).unwrap_or(&skipped.path);
                    return Err(TemplateError::File {
                        path: path::join(shown, &inner.to_string_lossy()),
                        reason: skipped.reason.to_string(),
                    });
                }
                read(name, Some(shown.clone()), file, files)
            }
            None => {
                let tree = self.shipped.get(name).ok_or_else(unknown)?;
                let text = tree.get(TEMPLATE).and_then(Entry::text);
                let text = text.expect("a test reads all templates that come with the tool");
                let file = SourceFile::new(format!("{name}/{TEMPLATE}"), text);
                let files = tree.iter().filter_map(|(path, entry)| {
                    let inner = path::inside(path, FILES)?;
                    Some((inner.to_owned(), entry.clone()))
                });
                let name = Slug::try_from(name).map_err(|_| unknown())?;
                read(name, None, file, files.collect())
            }
        }
    }

    /// Reads a template of a kind.
    ///
    /// # Errors
    ///
    /// See [`TemplateError`].
    pub fn get_kind(&self, name: &str, wanted: TemplateKind) -> Result<Template, TemplateError> {
        let template = self.get(name)?;
        let is = template.manifest.kind;
        if is == wanted {
            Ok(template)
        } else {
            let name = name.to_owned();
            Err(TemplateError::Kind { name, is, wanted })
        }
    }
}

fn read(
    name: Slug,
    origin: Option<String>,
    file: SourceFile,
    files: Tree,
) -> Result<Template, TemplateError> {
    let (loaded, findings) = read_document::<TemplateManifest>(&Arc::new(file), schema::template());
    let manifest = match loaded {
        Some(loaded) if findings.is_empty() => loaded.value,
        _ => {
            let name = name.to_string();
            return Err(TemplateError::Broken { name, findings });
        }
    };
    let template = Template {
        name,
        origin,
        manifest,
        files,
    };
    let reason = if template.files.is_empty() {
        "it holds no file"
    } else if template
        .files
        .iter()
        .any(|(_, entry)| matches!(entry, Entry::Link { .. }))
    {
        "it holds a symbolic link"
    } else {
        return Ok(template);
    };
    Err(TemplateError::File {
        path: template.shown(""),
        reason: reason.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_below_templates_is_shipped_and_can_be_used() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("templates");
        let (tree, skipped) = Tree::read(&folder);
        assert!(skipped.is_empty(), "{skipped:?}");
        let files: Vec<_> = tree.iter().map(|(path, _)| path).collect();
        let mut shipped: Vec<_> = SHIPPED.iter().map(|(path, _)| *path).collect();
        shipped.sort_unstable();
        assert_eq!(shipped, files);
        let catalogue = Catalogue::new(None, &folder).unwrap();
        for name in catalogue.names() {
            let template = catalogue.get(name).unwrap();
            assert!(!template.files.is_empty());
            // A slip in a path would make a shared file one that must be new.
            for shared in &template.manifest.shared {
                assert!(template.files.get(shared.as_str()).is_some(), "{shared}");
            }
        }
    }

    #[test]
    fn template_of_one_s_own_comes_first_and_may_be_refused() {
        let dir = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        let manifest = "kind: module\ndescription: Mine\n";
        write("question/template.yaml", manifest);
        write("question/files/project/x", "");
        write("no files/template.yaml", manifest);
        write("empty/template.yaml", manifest);
        write("no_template/x", "");
        write("linked/template.yaml", manifest);
        write("linked/files/x", "");
        std::os::unix::fs::symlink("/etc/passwd", dir.path().join("linked/files/y")).unwrap();
        let catalogue = Catalogue::new(Some(dir.path()), dir.path()).unwrap();
        let question = catalogue.get("question").unwrap();
        assert_eq!(question.origin.as_deref(), Some("question"));
        assert_eq!(question.manifest.kind, TemplateKind::Module);
        for (name, part) in [
            ("no files", "not an id"),
            ("empty", "holds no file"),
            ("no_template", "no template"),
            ("linked", "leaves its tree"),
        ] {
            let error = catalogue.get(name).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
