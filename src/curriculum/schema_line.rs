//! The line by which a YAML file tells editors its schema, and where the schemas are.

use std::path::Path;

use crate::source::{SourceFile, Span};

/// What YAML language servers look for.
pub const SIGN: &str = "yaml-language-server:";

/// The folder of schemas, beside curricula or in one.
pub const FOLDER: &str = "schemas";

/// The comments at the head of a file, with their places.
pub fn head(file: &SourceFile) -> impl Iterator<Item = (&str, Span)> {
    (1..)
        .map(|line| file.line_span(line))
        .map(|span| (&file.text()[span.start..span.end], span))
        .take_while(|(line, _)| line.starts_with('#'))
}

/// The folder that holds `schemas`, from a curriculum's folder upwards.
fn home(dir: &Path) -> Option<&Path> {
    dir.ancestors()
        .find(|dir| dir.join(FOLDER).join("module.schema.json").is_file())
}

/// Where the files of a curriculum find their schemas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schemas {
    /// The folder of schemas as a file in the curriculum's own folder names it.
    folder: String,
    /// Whether there is no such folder yet, so that the curriculum has to bring one.
    pub is_missing: bool,
}

impl Schemas {
    /// Finds out where the schemas of the curriculum in `dir` are: where its manifest says, else in the
    /// nearest `schemas` folder in it or above it. Where there is neither they have to come into its own folder.
    pub fn of(dir: &Path, manifest: Option<&SourceFile>) -> Self {
        if let Some(folder) = manifest.and_then(named_folder) {
            let is_missing = false;
            return Self { folder, is_missing };
        }
        let home = home(dir);
        let levels = home
            .and_then(|home| dir.strip_prefix(home).ok())
            .map_or(0, |inner| inner.components().count());
        Self {
            folder: format!("{}{FOLDER}", "../".repeat(levels)),
            is_missing: home.is_none(),
        }
    }

    /// The folder of schemas as the file at `path` in the curriculum names it.
    pub fn seen_from(&self, path: &str) -> String {
        let is_relative = !self.folder.contains("://") && !self.folder.starts_with('/');
        let levels = if is_relative {
            path.matches('/').count()
        } else {
            0
        };
        format!("{}{}", "../".repeat(levels), self.folder)
    }
}

/// The folder that a manifest's own line names.
fn named_folder(manifest: &SourceFile) -> Option<String> {
    let (line, _) = head(manifest).find(|(line, _)| line.contains(SIGN))?;
    let (_, schema) = line.split_once("$schema=")?;
    let folder = schema.trim().strip_suffix("/curriculum.schema.json")?;
    (!folder.is_empty() && !folder.contains(char::is_whitespace)).then(|| folder.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(line: &str) -> Schemas {
        let manifest = SourceFile::new("curriculum.yaml", format!("{line}\nid: a\n"));
        Schemas::of(Path::new("/nowhere"), Some(&manifest))
    }

    #[test]
    fn schemas_are_where_the_manifest_says() {
        let near = named("# yaml-language-server: $schema=../../schemas/curriculum.schema.json");
        assert_eq!(near.seen_from("curriculum.yaml"), "../../schemas");
        assert_eq!(
            near.seen_from("modules/a/module.yaml"),
            "../../../../schemas"
        );
        let far = named("# yaml-language-server: $schema=https://e.org/s/curriculum.schema.json");
        assert_eq!(far.seen_from("modules/a/module.yaml"), "https://e.org/s");
        assert!(!far.is_missing);
    }

    #[test]
    fn schemas_are_looked_for_upwards_and_are_the_curriculum_s_own_at_last() {
        let dir = tempfile::tempdir().unwrap();
        let curriculum = dir.path().join("curricula/a");
        let own = Schemas::of(&curriculum, None);
        assert!(own.is_missing);
        assert_eq!(own.seen_from("modules/a/module.yaml"), "../../schemas");
        std::fs::create_dir(dir.path().join("schemas")).unwrap();
        std::fs::write(dir.path().join("schemas/module.schema.json"), "{}").unwrap();
        let shared = Schemas::of(&curriculum, None);
        assert!(!shared.is_missing);
        assert_eq!(shared.seen_from("curriculum.yaml"), "../../schemas");
    }
}
