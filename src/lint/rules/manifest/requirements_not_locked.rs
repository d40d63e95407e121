//! `requirements-not-locked`.

use std::sync::Arc;

use crate::curriculum::document::Validator;
use crate::curriculum::{Curriculum, REQUIREMENTS};
use crate::diagnostic::{Location, Sink};
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};
use crate::source::{SourceFile, Span};

declare_rule! {
    /// The environment is not pinned.
    ///
    /// ## What it does
    /// Looks for `requirements.txt` (or the file that `environment.requirements` names) wherever pytest is
    /// used, and in it for a version and hashes for each requirement.
    ///
    /// ## Why it matters
    /// Without them every learner has another environment, and a case that is green today fails tomorrow.
    ///
    /// ## Example
    /// ```text
    /// pytest>=9
    /// ```
    ///
    /// ## Use instead
    /// Write what is needed to `requirements.in` and run `mastery lock`.
    pub(crate) struct RequirementsNotLocked {
        name: "requirements-not-locked",
        group: Manifest,
        severity: Error,
        blocks_running: false,
    }
}

impl Rule for RequirementsNotLocked {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        let curriculum = context.curriculum;
        let Some(manifest) = &curriculum.manifest else {
            return;
        };
        let environment = manifest.value.environment.as_ref();
        let is_named = environment.is_some_and(|it| it.requirements.is_some());
        match &curriculum.requirements {
            Some(file) => {
                for (span, message) in not_locked(file) {
                    let finding = self.finding(Location::span(file, span), message);
                    sink.push(finding.with_help("run `mastery lock`"));
                }
            }
            // A named file that is not there is told where it is named.
            None if !is_named && uses_pytest(curriculum) => {
                let path = curriculum.shown_path(REQUIREMENTS);
                let message = format!("the tests need pytest and there is no `{REQUIREMENTS}`");
                let finding = self.finding(Location::path(path), message);
                sink.push(finding.with_help("write `requirements.in` and run `mastery lock`"));
            }
            None => {}
        }
    }
}

fn uses_pytest(curriculum: &Curriculum) -> bool {
    let manifests = curriculum
        .modules
        .iter()
        .filter_map(|it| it.manifest.as_ref());
    manifests
        .filter_map(|manifest| manifest.value.build.as_ref())
        .any(|build| matches!(build.validator, Validator::Pytest(_)))
}

/// The requirements that are not pinned with hashes, and what they lack.
fn not_locked(file: &Arc<SourceFile>) -> Vec<(Span, &'static str)> {
    logical_lines(file.text())
        .filter_map(|(span, line)| {
            let requirement = line.split('#').next().unwrap_or_default().trim();
            let message = if requirement.is_empty() {
                return None;
            } else if requirement.starts_with('-') {
                "options do not belong into a lock file"
            } else if !requirement.contains("==") {
                "the requirement has no exact version"
            } else if !requirement.contains("--hash=") {
                "the requirement has no hash"
            } else {
                return None;
            };
            Some((span, message))
        })
        .collect()
}

/// The lines of a requirements file, joined where they end in a backslash, each with the place of
/// its first line.
fn logical_lines(text: &str) -> impl Iterator<Item = (Span, String)> {
    let mut lines = text.split_inclusive('\n');
    let mut start = 0;
    std::iter::from_fn(move || {
        let mut joined = String::new();
        let mut first = None;
        for line in lines.by_ref() {
            let content = line.trim_end();
            first.get_or_insert(Span::new(start, start + content.len()));
            start += line.len();
            match content.strip_suffix('\\') {
                Some(part) => joined.push_str(part),
                None => {
                    joined.push_str(content);
                    break;
                }
            }
        }
        first.map(|span| (span, joined))
    })
}
