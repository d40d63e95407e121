//! What an author has changed, and since when.

use std::path::Path;

use crate::cli::error::Error;
use crate::cli::select::Checked;
use crate::curriculum::id::ModuleId;
use crate::diagnostic::Severity;
use crate::git::{self, RevisionError};
use crate::record::change::{ChangedFile, Unrecordable, changed_solution};
use crate::record::good;
use crate::report::Report;
use crate::source::tree::Tree;

/// Errors that keep anything of the module from being run.
pub(super) fn what_blocks(checked: &Checked) -> Option<Report> {
    let broken: Vec<_> = checked
        .findings
        .iter()
        .filter(|it| it.severity == Severity::Error)
        .filter(|it| {
            let path = it.location.shown_path();
            let inner = checked.curriculum.inner_path(path).unwrap_or(path);
            inner.starts_with("project/") || !inner.contains('/') || inner.ends_with("module.yaml")
        })
        .cloned()
        .collect();
    (!broken.is_empty()).then(|| Report {
        diagnostics: broken,
        ..Report::default()
    })
}

/// What the author has changed since a good state of the project.
pub(super) fn find_change(
    since: Option<&str>,
    cache_dir: &Path,
    edited: &Checked,
    module: &ModuleId,
) -> Result<Vec<ChangedFile>, Error> {
    let dir = &edited.curriculum.dir;
    let mut states = Vec::new();
    if since.is_none() {
        states = good::recall(cache_dir, dir);
    }
    let revision = since.unwrap_or("HEAD");
    let why = match state_at(dir, revision) {
        Ok(Some(state)) => {
            states.push(state);
            None
        }
        Ok(None) => Some(format!("the curriculum was not there at `{revision}`")),
        Err(error) if since.is_some() => return Err(Error::user(error.to_string())),
        Err(error) => Some(error.to_string()),
    };
    if let (Some(why), true) = (why, states.is_empty()) {
        let error = Error::user("it is not known what the solution was before the edit");
        return Err(error.caused_by(why).hinted(
            "commit it, or let `mastery verify` see it pass; then edit it, and run this again",
        ));
    }
    let mut more = None;
    for state in states {
        match changed_solution(&state, &edited.project, module) {
            Ok(changed) => return Ok(changed),
            Err(Unrecordable::Unchanged) => {}
            Err(Unrecordable::More(places)) => more = more.or(Some(places)),
        }
    }
    let Some(places) = more else {
        return Err(
            Error::user(format!("the solution of `{module}` is as it was"))
                .hinted("edit it in `project/` as the bug would look, then run this again"),
        );
    };
    let mut error = Error::user(format!("more than the solution of `{module}` was changed"));
    for (location, what) in places {
        let line = location
            .position()
            .map_or(String::new(), |at| format!(":{}", at.line));
        error = error.caused_by(format!("{}{line}: {what}", location.shown_path()));
    }
    Err(error
        .hinted("commit what is no part of the bug, or let `mastery verify` see it pass first"))
}

fn state_at(dir: &Path, revision: &str) -> Result<Option<good::MarkedTexts>, RevisionError> {
    let temporary = tempfile::tempdir()?;
    let found = git::write_folder_at(dir, revision, temporary.path())?;
    Ok(found.then(|| good::marked_texts_of(&Tree::read(&temporary.path().join("project")).0)))
}
