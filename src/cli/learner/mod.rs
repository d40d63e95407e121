//! The command line of learners: arguments in, an exit code out. One file a command.

mod ask;
mod build;
mod challenge;
mod cleanup;
mod course;
mod desk;
mod doctor;
mod export;
mod findings;
mod fix;
mod flag_issue;
mod hint;
mod history;
mod init;
mod justify;
mod list;
mod next;
mod page;
mod program;
mod reset;
mod select;
mod show;
mod status;
mod submit;
mod test;
mod tester;
mod watch;
mod work;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::global::ColorMode;
use crate::exit_code::ExitCode;
use crate::run::environment::cache_dir;

/// Build it, explain it, find the bug in it: a course in your own editor and git repository
#[derive(Debug, Parser)]
#[command(
    name = "mastery-learn",
    version,
    max_term_width = 100,
    disable_help_subcommand = true,
    after_help = "Without a command it says what to do next.\n\nExit codes: 0 it went well, 1 your work did not \
                  pass, 2 could not run, 4 there is nothing to do it with, 70 a bug in the program, 130 interrupted."
)]
struct Cli {
    #[command(flatten)]
    global: LearnerArgs,

    #[command(subcommand)]
    command: Option<Command>,
}

/// Options that every command shares.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Global options")]
pub(crate) struct LearnerArgs {
    /// Work in this folder instead of the current one
    #[arg(short = 'C', long, global = true, value_name = "DIR")]
    pub project: Option<PathBuf>,

    /// Take the course from this bundle, or from this folder of a curriculum
    #[arg(long, global = true, value_name = "PATH", env = "MASTERY_COURSE")]
    pub course: Option<PathBuf>,

    /// Plain lines for screen readers and files: no tables, no colours
    #[arg(long, global = true, env = "MASTERY_PLAIN", value_parser = clap::builder::FalseyValueParser::new())]
    pub plain: bool,

    /// When to use colours
    #[arg(long, global = true, value_enum, default_value_t)]
    pub color: ColorMode,

    /// Keep Python environments in this folder [default: the user's cache folder]
    #[arg(long, global = true, value_name = "DIR", env = cache_dir::VARIABLE, hide_env = true)]
    pub cache_dir: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::InitArgs),
    Status(status::StatusArgs),
    Show(show::ShowArgs),
    Submit(submit::SubmitArgs),
    StartChallenge(challenge::StartChallengeArgs),
    List(list::ListArgs),
    Select(select::SelectArgs),
    Hint(hint::HintArgs),
    Test(test::TestArgs),
    Reset(reset::ResetArgs),
    History(history::HistoryArgs),
    Export(export::ExportArgs),
    Cleanup(cleanup::CleanupArgs),
    FlagIssue(flag_issue::FlagIssueArgs),
    Watch(watch::WatchArgs),
    Doctor(doctor::DoctorArgs),
}

/// Runs the command that `arguments` ask for, the name of the program first.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return super::usage_error(&error),
    };
    if cli.global.plain {
        anstream::ColorChoice::Never.write_global();
    } else {
        cli.global.color.apply();
    }
    let result = match &cli.command {
        None => next::run_next(&cli.global),
        Some(Command::Init(args)) => init::run_init(args, &cli.global),
        Some(Command::Status(args)) => status::run_status(args, &cli.global),
        Some(Command::Show(args)) => show::run_show(args, &cli.global),
        Some(Command::Submit(args)) => submit::run_submit(args, &cli.global),
        Some(Command::StartChallenge(args)) => challenge::run_start_challenge(args, &cli.global),
        Some(Command::List(args)) => list::run_list(args, &cli.global),
        Some(Command::Select(args)) => select::run_select(args, &cli.global),
        Some(Command::Hint(args)) => hint::run_hint(args, &cli.global),
        Some(Command::Test(args)) => test::run_test(args, &cli.global),
        Some(Command::Reset(args)) => reset::run_reset(args, &cli.global),
        Some(Command::History(args)) => history::run_history(args, &cli.global),
        Some(Command::Export(args)) => export::run_export(args, &cli.global),
        Some(Command::Cleanup(args)) => cleanup::run_cleanup(args, &cli.global),
        Some(Command::FlagIssue(args)) => flag_issue::run_flag_issue(args, &cli.global),
        Some(Command::Watch(args)) => watch::run_watch(args, &cli.global),
        Some(Command::Doctor(args)) => doctor::run_doctor(args, &cli.global),
    };
    super::end(result)
}
