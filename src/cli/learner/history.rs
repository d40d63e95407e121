//! `history`: what the learner had, and how to get it back.

use std::cmp::Reverse;
use std::path::PathBuf;

use clap::Args;

use super::LearnerArgs;
use super::desk::{Desk, folder, shown};
use super::page::{Cell, Page, Tone};
use crate::cli::error::Error;
use crate::exit_code::ExitCode;
use crate::learn::snapshot::{Line, SnapshotId, Snapshots, Taken, without_each_save};
use crate::learn::state::Time;
use crate::project::export::{Existing, ExportError, export};

/// Snapshots that are listed without `--all`.
const LISTED: usize = 20;

/// List the snapshots of your work, or write one into a new folder
#[derive(Args, Debug)]
pub(crate) struct HistoryArgs {
    /// The snapshot: the beginning of its name
    #[arg(value_name = "SNAPSHOT", requires = "to")]
    pub snapshot: Option<String>,

    /// Write it into this folder, which must be new or empty
    #[arg(long, value_name = "DIR", requires = "snapshot")]
    pub to: Option<PathBuf>,

    /// List all: not the latest alone, and each save while files were watched
    #[arg(long)]
    pub all: bool,
}

/// Runs the command.
pub(super) fn run_history(args: &HistoryArgs, global: &LearnerArgs) -> Result<ExitCode, Error> {
    let desk = Desk::open(global)?;
    let mut page = Page::new(global);
    for notice in &desk.notices {
        page.notice(notice)?;
    }
    let snapshots = Snapshots::at(&desk.place.own());
    let modules = &desk.loaded.course.modules;
    let challenges = modules.iter().map(|module| Line::Challenge(module.id()));
    let is_each_listed = args.all || args.snapshot.is_some();
    let mut taken = Vec::new();
    for line in std::iter::once(Line::Project).chain(challenges) {
        let all = snapshots.list(line);
        taken.extend(if is_each_listed {
            all
        } else {
            without_each_save(all)
        });
    }
    taken.sort_by_key(|it| Reverse(it.at));
    match (&args.snapshot, &args.to) {
        (Some(name), Some(to)) => {
            let id = named(&taken, name)?;
            let target = folder(global)?.join(to);
            let tree = snapshots.read(id)?;
            export(&tree, &target, Existing::Keep).map_err(|error| match error {
                ExportError::NotEmpty(_) => {
                    Error::user(error.to_string()).hinted("name a new folder")
                }
                error => Error::user(error.to_string()),
            })?;
            page.verdict(Tone::Good, "written:", &format!("`{}`", shown(&target)))?;
        }
        _ => {
            let count = if args.all { usize::MAX } else { LISTED };
            let rows: Vec<_> = taken
                .iter()
                .take(count)
                .map(|it| {
                    vec![
                        Cell::plain(&it.id.as_str()[..12]),
                        Cell::plain(readable(Time::from(it.at))),
                        Cell::plain(it.why.clone()),
                    ]
                })
                .collect();
            if rows.is_empty() {
                page.text("There are no snapshots yet; each submit takes one.")?;
            }
            if let Some(latest) = taken.first() {
                page.table(&["snapshot", "when", "why"], &rows)?;
                page.blank()?;
                let example = format!("history {} --to ../again", &latest.id.as_str()[..12]);
                page.next("To have one again, in a new folder:", &example)?;
            }
        }
    }
    Ok(ExitCode::Success)
}

/// A time for people: without what programs need.
fn readable(time: Time) -> String {
    time.to_string().replace('T', " ").replace('Z', " UTC")
}

/// The one snapshot whose name begins so.
fn named<'t>(taken: &'t [Taken], name: &str) -> Result<&'t SnapshotId, Error> {
    let mut found: Vec<_> = taken
        .iter()
        .map(|it| &it.id)
        .filter(|id| id.as_str().starts_with(name))
        .collect();
    found.dedup();
    match found.as_slice() {
        [id] => Ok(id),
        [] => Err(Error::user(format!("there is no snapshot `{name}`"))),
        _ => Err(Error::user(format!(
            "more than one snapshot begins with `{name}`"
        ))),
    }
}
