//! `cleanup`: removes what can be made again.

use std::fs;

use clap::Args;

use super::LearnerArgs;
use super::desk::Desk;
use super::page::{Page, Tone};
use crate::cli::error::Error;
use crate::exit_code::ExitCode;
use crate::learn::challenge_tree::ChallengeTree;
use crate::learn::progress::StageState;
use crate::learn::shadow::Shadow;
use crate::run::interrupt::Interrupt;

/// Remove what can be made again: the copy that is tested, trees of challenges that are over, answers that were handed in
///
/// Your files, your progress and the snapshots of your work stay.
#[derive(Args, Debug)]
pub(crate) struct CleanupArgs {}

/// Runs the command.
pub(super) fn run_cleanup(_: &CleanupArgs, global: &LearnerArgs) -> Result<ExitCode, Error> {
    let interrupt = Interrupt::on_signals()?;
    let desk = Desk::open(global)?;
    let mut page = Page::new(global);
    for notice in &desk.notices {
        page.notice(notice)?;
    }
    let _lock = desk.lock(&interrupt)?;
    let (record, standing) = desk.standing()?;
    let own = desk.place.own();
    let mut removed = Vec::new();
    let shadow = Shadow::at(&own);
    if shadow.path().symlink_metadata().is_ok() {
        shadow.remove()?;
        removed.push("the copy that is tested".to_owned());
    }
    for module in &desk.loaded.course.modules {
        let tree = ChallengeTree::at(&own, module.id());
        let is_open = record.open_challenge(module.id()).is_some();
        if !is_open && tree.path().symlink_metadata().is_ok() {
            tree.remove()?;
            removed.push(format!("the challenge of {}", module.id()));
        }
    }
    let answers = desk.place.answers();
    let is_done = |state: &StageState| matches!(state, StageState::Done(_) | StageState::Absent);
    if standing.modules.iter().all(|it| is_done(&it.justify)) && answers.is_dir() {
        fs::remove_dir_all(&answers)?;
        removed.push("answers that were handed in".to_owned());
    }
    if removed.is_empty() {
        page.text("There is nothing to remove.")?;
    }
    for what in removed {
        page.verdict(Tone::Good, "removed:", &what)?;
    }
    Ok(ExitCode::Success)
}
