//! `--changed-since`: only the cases that differ from those of a revision.

use std::collections::BTreeSet;
use std::fs;

use clap::Args;

use super::error::Error;
use super::global::GlobalArgs;
use super::select::Checked;
use crate::curriculum;
use crate::diagnostic::Sink;
use crate::git::{self, RevisionError};
use crate::lint;
use crate::plural::count;
use crate::project::Project;
use crate::report::ChangedSince;
use crate::run::environment::Wanted;
use crate::verify::changed::changed_cases;
use crate::verify::plan::{Plan, Planned};

/// Which cases are run, by what has changed.
#[derive(Args, Clone, Debug)]
pub(crate) struct ChangedArgs {
    /// Run only cases that differ from this commit, and those that they are judged with
    ///
    /// What counts is what would be run and what is expected of it: a changed prompt reruns nothing, a
    /// changed lock file everything. Files that git does not track count as well.
    #[arg(long, value_name = "REV")]
    pub changed_since: Option<String>,
}

/// What is known of a curriculum's cases.
enum Changed {
    /// All are to be run.
    All,
    /// All are to be run, for it can't be told which differ.
    Unknown(String),
    /// These differ.
    Cases(BTreeSet<String>),
}

/// Keeps the cases that differ from those of a revision. Returns what there was before, if anything was asked for.
pub(super) fn narrow(
    plan: &mut Plan,
    checked: &[Checked],
    args: &ChangedArgs,
    global: &GlobalArgs,
) -> Result<Option<ChangedSince>, Error> {
    let Some(revision) = &args.changed_since else {
        return Ok(None);
    };
    let all = plan.cases.len();
    if all == 0 {
        return Ok(None);
    }
    let mut wanted = BTreeSet::new();
    for (index, checked) in checked.iter().enumerate() {
        let changed = changed(plan, index, checked, revision)?;
        if let Changed::Unknown(reason) = &changed
            && !global.quiet
        {
            anstream::eprintln!(
                "note: all cases of `{}` are run: {reason}",
                checked.curriculum.shown
            );
        }
        match changed {
            Changed::Cases(cases) => wanted.extend(cases),
            Changed::All | Changed::Unknown(_) => {
                let own = plan.cases.iter().filter(|case| case.curriculum == index);
                wanted.extend(own.map(|case| case.id.clone()));
            }
        }
    }
    plan.retain(|id| wanted.contains(id));
    if !global.quiet {
        if plan.cases.is_empty() {
            anstream::eprintln!("nothing to run: no case differs from `{revision}`");
        } else {
            let differing = wanted.len();
            anstream::eprintln!(
                "{differing} of {} differ from `{revision}`",
                count(all as u64, "case")
            );
        }
    }
    Ok(Some(ChangedSince {
        revision: revision.clone(),
        plan_cases: all,
    }))
}

fn changed(plan: &Plan, index: usize, checked: &Checked, revision: &str) -> Result<Changed, Error> {
    let now = &checked.curriculum;
    let temporary = tempfile::tempdir()?;
    // A curriculum that can't be read is called by its folder.
    let name = now.dir.file_name().unwrap_or("curriculum".as_ref());
    let dir = temporary.path().join(name);
    fs::create_dir(&dir)?;
    match git::write_folder_at(&now.dir, revision, &dir) {
        Ok(true) => {}
        Ok(false) => return Ok(Changed::All),
        Err(RevisionError::Unreadable(reason)) => {
            return Ok(Changed::Unknown(format!(
                "`{revision}` can't be read: {reason}"
            )));
        }
        Err(error) => return Err(refused(&error)),
    }
    let sink = Sink::new();
    let before = curriculum::load(&dir, temporary.path(), &sink);
    if before.manifest.is_none() {
        return Ok(Changed::Unknown(format!(
            "its manifest can't be read as it was at `{revision}`"
        )));
    }
    if Wanted::by(now).fingerprint() != Wanted::by(&before).fingerprint() {
        return Ok(Changed::All);
    }
    let (project, findings) = Project::parse(&before);
    sink.extend(findings);
    let mut plan_before = Plan::default();
    plan_before.add(&Planned {
        curriculum: &before,
        project: &project,
        findings: &sink.into_sorted(),
        blocks_running: lint::blocks_running,
        only: checked.only_modules().as_ref(),
    });
    Ok(Changed::Cases(changed_cases(plan, index, &plan_before)))
}

fn refused(error: &RevisionError) -> Error {
    let refused = Error::user(error.to_string());
    match error {
        RevisionError::NoCommit {
            revision,
            is_shallow: true,
            ..
        } => refused
            .hinted("this clone is shallow: only a part of the history was fetched")
            .hinted(format!(
                "fetch it with `git fetch origin {revision}`, or set `fetch-depth: 0` for actions/checkout"
            )),
        RevisionError::NoCommit { .. } => {
            refused.hinted("`git fetch` brings what others have; `git log` shows what there is")
        }
        // Only git itself knows the folder that it means.
        RevisionError::NoRepository { message, .. } if message.contains("owned") => refused
            .hinted("`git config --global --add safe.directory DIR` lets git use that of another user"),
        RevisionError::NoRepository { .. } | RevisionError::Unreadable(_) => refused,
    }
}
