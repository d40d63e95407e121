//! `mastery lint`: schemas and rules, all findings at once.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;

use super::error::Error;
use super::global::GlobalArgs;
use super::select;
use crate::exit_code::ExitCode;
use crate::report::Report;

/// Check files against schemas and rules, without running anything
#[derive(Args, Debug)]
pub(crate) struct LintArgs {
    /// Curricula, modules or folders of curricula [default: `curricula`]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
}

/// Runs the command.
pub(super) fn run_lint(args: &LintArgs, global: &GlobalArgs) -> Result<ExitCode, Error> {
    let started = Instant::now();
    let base = std::env::current_dir()?;
    let checked = select::check(&select::select(&args.paths, &base)?, &base);
    let today = crate::date::today();
    let report = Report {
        diagnostics: checked
            .iter()
            .flat_map(|checked| checked.shown_findings(&today))
            .collect(),
        duration: started.elapsed(),
        deny_warnings: global.denies_warnings(),
        ..Report::default()
    };
    global.print(&report)?;
    Ok(report.exit_code())
}
