//! What an author has changed, and since when.

use std::path::Path;

use crate::cli::error::Error;
use crate::cli::select::Checked;
use crate::curriculum::id::ModuleId;
use crate::diagnostic::{Location, Severity};
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

/// What `--since` calls the last state that was seen to pass.
const VERIFIED: &str = "verified";

/// What an author has changed, and what that is compared with.
pub(super) struct Change {
    pub(super) files: Vec<ChangedFile>,
    /// The good state, as the end of a sentence that begins with "as".
    pub(super) since: String,
}

/// What the author has changed since a good state of the project: the last commit, or the last state in which
/// the references passed. Where both would do and differ, nobody but the author knows which is meant.
pub(super) fn find_change(
    since: Option<&str>,
    cache_dir: &Path,
    edited: &Checked,
    module: &ModuleId,
) -> Result<Change, Error> {
    let dir = &edited.curriculum.dir;
    let compared = |state: &good::MarkedTexts| changed_solution(state, &edited.project, module);
    let verified = good::recall(cache_dir, dir);
    let verified = verified.filter(|_| since.is_none_or(|since| since == VERIFIED));
    let since_verified = "`mastery verify` last saw it pass";
    let revision = since.unwrap_or("HEAD");
    let since_revision = format!("it was at `{revision}`");
    let (committed, why) = if since == Some(VERIFIED) {
        (None, "`mastery verify` has not seen it pass".to_owned())
    } else {
        match state_at(dir, revision) {
            Ok(Some(state)) => (Some(state), String::new()),
            Ok(None) => (
                None,
                format!("the curriculum was not there at `{revision}`"),
            ),
            Err(error) if since.is_some() => return Err(Error::user(error.to_string())),
            Err(error) => (None, error.to_string()),
        }
    };
    let since_commit = |files| {
        Ok(Change {
            files,
            since: since_revision.clone(),
        })
    };
    let since_last_pass = |files| {
        Ok(Change {
            files,
            since: since_verified.to_owned(),
        })
    };
    match (committed.as_ref().map(compared), verified.as_ref().map(compared)) {
        (Some(Ok(all)), Some(Ok(last))) if all != last => Err(changed_twice(module)),
        (Some(Err(Unrecordable::Unchanged)), _) => Err(unchanged(module, &since_revision)),
        (Some(Ok(all)), _) => since_commit(all),
        (_, Some(Ok(last))) => since_last_pass(last),
        (_, Some(Err(Unrecordable::Unchanged))) => Err(unchanged(module, since_verified)),
        (_, Some(Err(Unrecordable::More(places)))) | (Some(Err(Unrecordable::More(places))), None) => {
            Err(more(module, &places))
        }
        (None, None) => Err(Error::user("it is not known what the solution was before the edit")
            .caused_by(why)
            .hinted("commit it, or let `mastery verify` see it pass; then edit it, and run this again")),
    }
}

fn changed_twice(module: &ModuleId) -> Error {
    let message = format!(
        "the solution of `{module}` was changed before `mastery verify` last saw it pass, and after"
    );
    Error::user(message)
        .hinted("`--since verified` takes what came after for the bug, and leaves what came before in the reference")
        .hinted("`--since HEAD` takes all of it for the bug")
}

fn unchanged(module: &ModuleId, since: &str) -> Error {
    Error::user(format!("the solution of `{module}` is as {since}"))
        .hinted("edit it in `project/` as the bug would look, then run this again")
        .hinted("`--since REV` compares with another commit")
}

fn more(module: &ModuleId, places: &[(Location, String)]) -> Error {
    let mut error = Error::user(format!("more than the solution of `{module}` was changed"));
    for (location, what) in places {
        let line = location
            .position()
            .map_or(String::new(), |at| format!(":{}", at.line));
        error = error.caused_by(format!("{}{line}: {what}", location.shown_path()));
    }
    error
        .hinted("undo what is no part of this bug, or record it first where it is one of another module")
        .hinted("what belongs to the reference can be committed")
}

fn state_at(dir: &Path, revision: &str) -> Result<Option<good::MarkedTexts>, RevisionError> {
    let temporary = tempfile::tempdir()?;
    let found = git::write_folder_at(dir, revision, temporary.path())?;
    Ok(found.then(|| good::marked_texts_of(&Tree::read(&temporary.path().join("project")).0)))
}
