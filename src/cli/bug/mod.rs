//! `mastery bug`: making bugs from edits, and looking at them.

mod change;
mod draft;
mod list;
mod record;
mod restore;
mod rewrite;
mod show;
mod silent;
mod trial;

use clap::{Args, Subcommand};

use super::error::Error;
use super::global::GlobalArgs;
use crate::exit_code::ExitCode;

/// Make a bug from an edit of the reference, and look at those that there are
#[derive(Args, Debug)]
pub(crate) struct BugArgs {
    #[command(subcommand)]
    command: BugCommand,
}

#[derive(Debug, Subcommand)]
enum BugCommand {
    Record(record::RecordArgs),
    List(list::ListArgs),
    Show(show::ShowArgs),
}

/// Runs the command.
pub(super) fn run_bug(args: &BugArgs, global: &GlobalArgs) -> Result<ExitCode, Error> {
    match &args.command {
        BugCommand::Record(args) => record::run_record(args, global),
        BugCommand::List(args) => list::run_list(args),
        BugCommand::Show(args) => show::run_show(args),
    }
}
