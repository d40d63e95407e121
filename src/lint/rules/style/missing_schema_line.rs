//! `missing-schema-line`.

use crate::curriculum::schema_line::{SIGN, Schemas, head};
use crate::diagnostic::{Fix, Location, Sink};
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};
use crate::source::Span;

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
        let curriculum = context.curriculum;
        let schemas = Schemas::of(&curriculum.dir, None);
        for (schema, document) in curriculum.yaml_files() {
            let file = &document.file;
            let ending = format!("{}.schema.json", schema.name());
            let line = head(file).find(|(line, _)| line.contains(SIGN));
            let (span, message, line_break) = match line {
                Some((line, _)) if line.trim_end().ends_with(&ending) => continue,
                Some((_, span)) => (span, "this is not the schema of the file", ""),
                None => (Span::new(0, 0), "the file does not say its schema", "\n"),
            };
            let finding = self.finding(Location::span(file, span), message);
            let folder = curriculum
                .inner_path(file.path())
                .filter(|_| !schemas.is_missing)
                .map(|inner| schemas.seen_from(inner));
            sink.push(match folder {
                Some(folder) => {
                    let text = format!("# {SIGN} $schema={folder}/{ending}{line_break}");
                    finding.with_fix(Fix::replace(file, span, text))
                }
                None => finding.with_help(format!("`mastery schema {}` prints it", schema.name())),
            });
        }
    }
}
