//! `--fix`: writes what findings say puts them right.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use crate::diagnostic::fix::{self, Fix};
use crate::diagnostic::{Diagnostic, escape};
use crate::git;
use crate::project::export::replace_file;
use crate::source::SourceFile;

/// What begins a file that says its encoding in its first bytes.
const BYTE_ORDER_MARK: &str = "\u{feff}";

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
        let metadata = path.symlink_metadata().map_err(|error| error.to_string())?;
        if metadata.is_symlink() {
            return Err("it is a symbolic link".to_owned());
        }
        if metadata.permissions().readonly() {
            return Err("it may not be written".to_owned());
        }
        let on_disk = fs::read_to_string(&path).map_err(|error| error.to_string())?;
        let (mark, text) = match on_disk.strip_prefix(BYTE_ORDER_MARK) {
            Some(text) => (BYTE_ORDER_MARK, text),
            None => ("", on_disk.as_str()),
        };
        if text != self.file.text() {
            return Err("it was changed in the meantime".to_owned());
        }
        let content = format!("{mark}{}", self.text);
        replace_file(&path, content.as_bytes()).map_err(|error| error.to_string())
    }
}
