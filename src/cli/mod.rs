//! The command line: arguments in, an exit code out. One file a command.

mod answer;
mod bug;
mod build;
mod bundle;
mod cache;
mod changed;
mod doctor;
mod editor;
mod error;
mod explain;
mod fix;
mod format;
mod global;
mod import;
pub mod learner;
mod lint;
mod lock;
mod machinery;
mod module;
mod new;
mod output;
mod plan;
mod preview;
mod prompt;
mod report;
mod runner;
mod schema;
mod select;
mod verify;
mod watch;
mod width;

use std::ffi::OsString;

use clap::{Parser, Subcommand};

use crate::exit_code::ExitCode;

use error::Error;
use global::GlobalArgs;

/// Lint, verify, build and gate programming curricula
#[derive(Debug, Parser)]
#[command(
    name = "mastery",
    version,
    max_term_width = 100,
    disable_help_subcommand = true,
    after_help = "Exit codes: 0 nothing wrong, 1 findings, 2 could not run, 4 nothing selected, \
                  70 a bug in mastery, 130 interrupted."
)]
struct Cli {
    #[command(flatten)]
    global: GlobalArgs,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(verify::CheckArgs),
    Lint(lint::LintArgs),
    Explain(explain::ExplainArgs),
    /// Run cases: solutions, starters, variants and bugs against their validators
    Verify(verify::VerifyArgs),
    Watch(watch::WatchArgs),
    Plan(plan::PlanArgs),
    Report(report::ReportArgs),
    Bug(bug::BugArgs),
    Answer(answer::AnswerArgs),
    Preview(preview::PreviewArgs),
    New(new::NewArgs),
    Build(build::BuildArgs),
    Bundle(bundle::BundleArgs),
    Lock(lock::LockArgs),
    Import(import::ImportArgs),
    Schema(schema::SchemaArgs),
    Cache(cache::CacheCommandArgs),
    Doctor(doctor::DoctorArgs),
}

impl Command {
    /// Whether it ends with a report, which there are more formats for than for the answers of other commands.
    fn has_report(&self) -> bool {
        matches!(
            self,
            Self::Check(_) | Self::Lint(_) | Self::Verify(_) | Self::Report(_)
        )
    }
}

/// Runs the command that `arguments` ask for, the name of the program first.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => return usage_error(&error),
    };
    cli.global.color.apply();
    end(dispatch(&cli))
}

/// Prints what is wrong with arguments, or the help that they ask for.
fn usage_error(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    // Help and version are no errors, though they come as one.
    if error.use_stderr() {
        ExitCode::CouldNotRun
    } else {
        ExitCode::Success
    }
}

/// What a command ends with; an error is printed.
fn end(result: Result<ExitCode, Error>) -> ExitCode {
    result.unwrap_or_else(|error| {
        error.print(&mut anstream::stderr());
        error.exit_code()
    })
}

fn dispatch(cli: &Cli) -> Result<ExitCode, Error> {
    let global = &cli.global;
    if !cli.command.has_report() {
        global.format().expect_basic()?;
    }
    match &cli.command {
        Command::Check(args) => verify::run_check(args, global),
        Command::Lint(args) => lint::run_lint(args, global),
        Command::Explain(args) => explain::run_explain(args),
        Command::Verify(args) => verify::run_verify(args, global),
        Command::Watch(args) => watch::run_watch(args, global),
        Command::New(args) => new::run_new(args, global),
        Command::Plan(args) => plan::run_plan(args, global),
        Command::Report(args) => report::run_report(args, global),
        Command::Bug(args) => bug::run_bug(args, global),
        Command::Answer(args) => answer::run_answer(args, global),
        Command::Preview(args) => preview::run_preview(args, global),
        Command::Build(args) => build::run_build(args, global),
        Command::Bundle(args) => bundle::run_bundle(args, global),
        Command::Lock(args) => lock::run_lock(args, global),
        Command::Import(args) => import::run_import(args, global),
        Command::Cache(args) => cache::run_cache(args, global),
        Command::Schema(args) => schema::run_schema(args),
        Command::Doctor(args) => doctor::run_doctor(args, global),
    }
}
