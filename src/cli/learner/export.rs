//! `export`: everything that is kept of a learner's work.

use clap::Args;

use super::LearnerArgs;
use super::desk::Desk;
use super::page::Page;
use crate::cli::error::Error;
use crate::exit_code::ExitCode;

/// Print all that is kept of your work as a JSON document: attempts, answers, times
#[derive(Args, Debug)]
pub(crate) struct ExportArgs {}

/// Runs the command.
pub(super) fn run_export(_: &ExportArgs, global: &LearnerArgs) -> Result<ExitCode, Error> {
    let desk = Desk::open(global)?;
    desk.tell_aside();
    let document = desk.store.export()?;
    let text = serde_json::to_string_pretty(&document).expect("it holds text and numbers");
    writeln!(Page::new(global).out(), "{text}")?;
    Ok(ExitCode::Success)
}
