//! The texts of a recorded bug, from what its author and its tests said.

use crate::curriculum::id::title_of;
use crate::curriculum::schema_line::{SIGN, Schemas};
use crate::curriculum::{Curriculum, Module};
use crate::record::draft::Draft;
use crate::record::expectation::{Expectation, bare};
use crate::run::outcome::RunResult;

/// What the author says of a bug on the command line.
pub(super) struct Words<'a> {
    pub(super) name: &'a str,
    pub(super) title: Option<&'a str>,
    pub(super) symptom: Option<&'a str>,
}

impl Words<'_> {
    /// The bug's file. Of the failures in `runs` those of the first are quoted.
    pub(super) fn draft(
        &self,
        curriculum: &Curriculum,
        module: &Module,
        expect: &Expectation,
        runs: &[&RunResult],
        rewrite: Option<&str>,
    ) -> String {
        let seen = runs
            .first()
            .map_or(Vec::new(), |run| failures_of(run, expect));
        let title = self
            .title
            .map_or_else(|| title_of(self.name), str::to_owned);
        Draft {
            schema_line: schema_line(curriculum, module),
            id: self.name,
            title: &title,
            rewrite,
            symptom: self.symptom,
            expect,
            seen: &seen,
        }
        .text()
    }
}

/// What the failed tests that have to fail said, one for each.
fn failures_of(run: &RunResult, expect: &Expectation) -> Vec<(String, String)> {
    let first = |name: &String| {
        let failed = run.tests.iter().filter(|test| test.outcome.is_failure());
        let mut failed = failed.filter(|test| bare(&test.id) == name);
        let message = failed.next()?.message.as_deref()?.lines().next()?;
        let short = name.rsplit("::").next().unwrap_or(name);
        Some((short.to_owned(), message.to_owned()))
    };
    expect.fail.iter().filter_map(first).collect()
}

/// The line that says the schema; `None` where there are none.
fn schema_line(curriculum: &Curriculum, module: &Module) -> Option<String> {
    let manifest = curriculum.manifest.as_ref()?;
    let schemas = Schemas::of(&curriculum.dir, Some(&manifest.document.file));
    let folder = schemas.seen_from(&format!("modules/{}/bugs/bug.yaml", module.id));
    (!schemas.is_missing).then(|| format!("# {SIGN} $schema={folder}/bug.schema.json"))
}
