//! The texts of a recorded bug, from what its author and its tests said.

use std::sync::Arc;

use crate::curriculum::Module;
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
            schema_line: schema_line(module),
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

fn title_of(name: &str) -> String {
    let words = name.replace(['_', '-'], " ");
    let mut chars = words.chars();
    let first = chars.next().map(|char| char.to_uppercase().to_string());
    format!("{}{}", first.unwrap_or_default(), chars.as_str())
}

/// The line that says the schema, after that of the module's own file.
fn schema_line(module: &Module) -> Option<String> {
    let file = Arc::clone(&module.manifest.as_ref()?.document.file);
    let head = file.text().lines().take_while(|line| line.starts_with('#'));
    let line = head.into_iter().find(|line| line.contains("$schema="))?;
    let (before, path) = line.split_once("$schema=")?;
    let folder = path.trim().strip_suffix("module.schema.json")?;
    let up = if folder.contains("://") || folder.starts_with('/') {
        ""
    } else {
        "../"
    };
    Some(format!("{before}$schema={up}{folder}bug.schema.json"))
}
