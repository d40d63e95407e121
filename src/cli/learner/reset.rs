//! `reset`: progress is forgotten, and with `--files` the course's files come back.

use std::io::{self, IsTerminal as _};

use clap::Args;

use super::desk::Desk;
use super::page::{Page, Tone};
use super::{LearnerArgs, ask, program, work};
use crate::bundle::course::CourseModule;
use crate::cli::error::Error;
use crate::exit_code::ExitCode;
use crate::learn::challenge_tree::ChallengeTree;
use crate::learn::notice;
use crate::learn::replacement::{Change, Replacement};
use crate::learn::snapshot::Line;
use crate::learn::state::Time;
use crate::run::interrupt::Interrupt;

/// Begin a module, or everything, anew
///
/// Progress is forgotten; attempts and answers are kept in the history. Your files stay as they are, unless `--files`
/// asks for those that the course began with; what you had is kept, see `history`.
#[derive(Args, Debug)]
#[command(group = clap::ArgGroup::new("what").required(true))]
pub(crate) struct ResetArgs {
    /// The module
    #[arg(value_name = "MODULE", group = "what")]
    pub module: Option<String>,

    /// All modules
    #[arg(long, group = "what")]
    pub all: bool,

    /// Put back the files that the course began with, too: all that the module edits
    #[arg(long)]
    pub files: bool,

    /// Do it without asking
    #[arg(short, long)]
    pub yes: bool,
}

/// Runs the command.
pub(super) fn run_reset(args: &ResetArgs, global: &LearnerArgs) -> Result<ExitCode, Error> {
    let interrupt = Interrupt::on_signals()?;
    let mut desk = Desk::open(global)?;
    let mut page = Page::new(global);
    for notice in std::mem::take(&mut desk.notices) {
        page.notice(&notice)?;
    }
    let (_, standing) = desk.standing()?;
    let modules: Vec<CourseModule> = match &args.module {
        Some(name) => vec![desk.module(Some(name), &standing)?.clone()],
        None => desk.loaded.course.modules.clone(),
    };
    let what = match modules.as_slice() {
        [module] => format!("`{}`", module.id()),
        _ => "all modules".to_owned(),
    };
    let files = if args.files {
        " and your files of it"
    } else {
        ""
    };
    if !args.yes && !confirmed(&format!("Forget the progress in {what}{files}?"))? {
        page.text("Nothing was changed.")?;
        return Ok(ExitCode::Success);
    }
    let _lock = desk.lock(&interrupt)?;
    let snapshots = work::snapshots(&desk);
    let why = format!("before a reset of {what}");
    let project = desk.place.project().to_owned();
    let snapshot = snapshots.take(&project, Line::Project, &why)?;
    for notice in notice::lines(&snapshot.notices) {
        page.notice(&notice)?;
    }
    let given = |path: &str| -> Change {
        let entry = desk.loaded.course.starter.get(path);
        (path.to_owned(), entry.cloned())
    };
    let paths = modules.iter().flat_map(CourseModule::edited);
    let changes = paths.filter(|_| args.files).map(given).collect();
    let place = desk.place.clone();
    let replacement = Replacement::plan(&place, &snapshot.tree, changes)?;
    for module in &modules {
        work::keep_challenge(&desk, module.id(), &why)?;
    }
    let only = args.module.is_some().then(|| modules[0].id().clone());
    desk.store.reset(only.as_ref(), Time::now())?;
    for module in &modules {
        ChallengeTree::at(&desk.place.own(), module.id()).remove()?;
    }
    replacement.run()?;
    if args.files {
        let back = program::command(&format!("history {} --to DIR", snapshot.id));
        page.command("What you had is kept; to get it back:", &back)?;
    }
    page.verdict(Tone::Good, "reset:", &what)?;
    Ok(ExitCode::Success)
}

/// Asks on a terminal; elsewhere nobody can say yes.
fn confirmed(question: &str) -> Result<bool, Error> {
    if !io::stdin().is_terminal() {
        return Err(Error::user("nobody can be asked here").hinted("say so with `--yes`"));
    }
    ask::yes_or_no(question)
}
