//! `mastery lint`: schemas and rules, all findings at once.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;

use super::error::Error;
use super::global::GlobalArgs;
use super::select;
use crate::exit_code::ExitCode;
use crate::lint::{self, rule::Rule};
use crate::report::Report;

/// Check files against schemas and rules, without running anything
#[derive(Args, Debug)]
pub(crate) struct LintArgs {
    /// Curricula, modules or folders of curricula [default: `curricula`]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Check these rules alone; may be given several times
    #[arg(long, value_name = "RULE", value_parser = rule)]
    pub only: Vec<&'static dyn Rule>,
}

fn rule(name: &str) -> Result<&'static dyn Rule, String> {
    lint::rule(name).ok_or_else(|| {
        let names = lint::rules::ALL.iter().map(|rule| rule.meta().name);
        match crate::suggest::did_you_mean(name, names) {
            Some(help) => format!("there is no such rule; {help}"),
            None => "there is no such rule".to_owned(),
        }
    })
}

/// Runs the command.
pub(super) fn run_lint(args: &LintArgs, global: &GlobalArgs) -> Result<ExitCode, Error> {
    let started = Instant::now();
    let base = std::env::current_dir()?;
    let rules = if args.only.is_empty() {
        lint::rules::ALL
    } else {
        &args.only
    };
    let checked = select::check_rules(&select::select(&args.paths, &base)?, &base, rules);
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
    // A large curriculum takes a while to take apart, and the process ends anyway.
    std::mem::forget(checked);
    global.print(&report)?;
    Ok(report.exit_code())
}
