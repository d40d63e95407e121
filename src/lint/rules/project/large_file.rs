//! `large-file`.

use crate::diagnostic::{Location, Sink};
use crate::lint::rule::{Context, Rule, RuleMeta, declare_rule};
use crate::source::tree::Entry;

/// Bytes that a file may have without being large.
const LIMIT: usize = 1024 * 1024;

declare_rule! {
    /// A file of the project has more than 1 MiB.
    ///
    /// ## What it does
    /// Compares the size of each file under `project/` with 1 MiB.
    ///
    /// ## Why it matters
    /// Every learner downloads it, every case gets a copy of it, and git keeps each version of it
    /// for good.
    ///
    /// ## Example
    /// ```text
    /// project/tests/data/corpus.txt      11 MiB, of which the tests read the first page
    /// ```
    ///
    /// ## Use instead
    /// A smaller sample, or a fixture that makes the data when the tests run.
    pub(crate) struct LargeFile {
        name: "large-file",
        group: Project,
        severity: Warning,
        blocks_running: false,
    }
}

impl Rule for LargeFile {
    fn meta(&self) -> &'static RuleMeta {
        &Self::META
    }

    fn check(&self, context: &Context<'_>, sink: &Sink) {
        for (path, entry) in context.curriculum.project.iter() {
            let Entry::File { content, .. } = entry else {
                continue;
            };
            if content.len() > LIMIT {
                let shown = context.curriculum.shown_path(&format!("project/{path}"));
                let message = format!("the file has {} bytes, more than 1 MiB", content.len());
                let finding = self.finding(Location::path(shown), message);
                sink.push(finding.with_help("every learner gets it"));
            }
        }
    }
}
