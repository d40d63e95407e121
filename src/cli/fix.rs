//! `--fix`: writes what findings say puts them right.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use crate::diagnostic::fix::{self, Fix};
use crate::diagnostic::{Diagnostic, escape};
use crate::git;
use crate::project::export::replace_text;
use crate::source::SourceFile;

/// What a file becomes by its findings' fixes.
pub(super) struct FixedFile {
    file: Arc<SourceFile>,
    text: String,
    /// How many findings it puts right.
    pub(super) count: usize,
}

/// Puts the fixes of findings together, file by file.
pub(super) fn plan(findings: &[Diagnostic]) -> Vec<FixedFile> {
    let mut by_file: BTreeMap<&str, Vec<&Fix>> = BTreeMap::new();
    for fix in findings.iter().filter_map(|finding| finding.fix.as_ref()) {
        by_file.entry(fix.file.path()).or_default().push(fix);
    }
    by_file
        .into_values()
        .filter_map(|fixes| {
            let file = Arc::clone(&fixes.first()?.file);
            let (text, count) = fix::apply(file.text(), fixes);
            (text != file.text()).then_some(FixedFile { file, text, count })
        })
        .collect()
}

impl FixedFile {
    /// The path as it is shown.
    pub(super) fn path(&self) -> &str {
        self.file.path()
    }

    /// The change as a diff.
    pub(super) fn diff(&self) -> String {
        let diff = git::diff(self.path(), self.file.text(), &self.text);
        escape::text(&diff)
    }

    /// Writes the file, whole or not at all.
    ///
    /// # Errors
    ///
    /// Why the file is left as it is.
    pub(super) fn write(&self, base: &Path) -> Result<(), String> {
        let path = base.join(self.path());
        replace_text(&path, self.file.text(), &self.text)
    }
}
