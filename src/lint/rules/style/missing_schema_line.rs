//! `missing-schema-line`.

use std::path::Path;

use crate::curriculum::Curriculum;
use crate::diagnostic::{Fix, Location, Sink};
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};
use crate::source::{SourceFile, Span};

declare_rule! {
    /// A YAML file does not say which schema it follows.
    ///
    /// ## What it does
    /// Looks for `# yaml-language-server: $schema=…` at the head of each file, and for the name of the
    /// file's schema at its end.
    ///
    /// ## Why it matters
    /// With it editors complete keys, explain them, and mark mistakes while the file is written.
    ///
    /// ## Example
    /// ```yaml
    /// id: softmax
    /// ```
    ///
    /// ## Use instead
    /// ```yaml
    /// # yaml-language-server: $schema=../../../../schemas/module.schema.json
    /// id: softmax
    /// ```
    pub(crate) struct MissingSchemaLine {
        name: "missing-schema-line",
        group: Style,
        severity: Warning,
        blocks_running: false,
    }
}

impl Rule for MissingSchemaLine {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        let home = home_of_schemas(&context.curriculum.dir);
        for (schema, document) in context.curriculum.yaml_files() {
            let file = &document.file;
            let ending = format!("{}.schema.json", schema.name());
            let line = head(file).find(|(line, _)| line.contains(SIGN));
            let (span, message, line_break) = match line {
                Some((line, _)) if line.trim_end().ends_with(&ending) => continue,
                Some((_, span)) => (span, "this is not the schema of the file", ""),
                None => (Span::new(0, 0), "the file does not say its schema", "\n"),
            };
            let finding = self.finding(Location::span(file, span), message);
            let text = |path: String| format!("# {SIGN} $schema={path}{ending}{line_break}");
            sink.push(
                match home.and_then(|home| path_to(home, context.curriculum, file)) {
                    Some(path) => finding.with_fix(Fix::replace(file, span, text(path))),
                    None => {
                        finding.with_help(format!("`mastery schema {}` prints it", schema.name()))
                    }
                },
            );
        }
    }
}

/// What YAML language servers look for.
const SIGN: &str = "yaml-language-server:";

/// The comments at the head of a file, with their places.
fn head(file: &SourceFile) -> impl Iterator<Item = (&str, Span)> {
    (1..)
        .map(|line| file.line_span(line))
        .map(|span| (&file.text()[span.start..span.end], span))
        .take_while(|(line, _)| line.starts_with('#'))
}

/// The folder that holds `schemas`, from a curriculum's folder upwards.
pub(crate) fn home_of_schemas(dir: &Path) -> Option<&Path> {
    dir.ancestors()
        .find(|dir| dir.join("schemas/module.schema.json").is_file())
}

/// The way from a file to the folder of schemas.
fn path_to(home: &Path, curriculum: &Curriculum, file: &SourceFile) -> Option<String> {
    let path = curriculum.dir.join(curriculum.inner_path(file.path())?);
    let levels = path.parent()?.strip_prefix(home).ok()?.components().count();
    Some(format!("{}schemas/", "../".repeat(levels)))
}
