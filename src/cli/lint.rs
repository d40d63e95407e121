//! `mastery lint`: schemas and rules, all findings at once.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;

use super::error::Error;
use super::fix::{self, FixedFile};
use super::global::GlobalArgs;
use super::output::{Output, OutputArgs};
use super::select;
use crate::diagnostic::Diagnostic;
use crate::exit_code::ExitCode;
use crate::lint::baseline::{Baseline, Compared};
use crate::lint::{self, rule::Rule};
use crate::plural::count;
use crate::project::export::replace_file;
use crate::report::Report;
use crate::source::path;

/// How often what was fixed is looked at again: a fix can make room for another.
const ROUNDS: usize = 8;

/// Check files against schemas and rules, without running anything
#[derive(Args, Debug)]
pub(crate) struct LintArgs {
    /// Files, modules, curricula or folders of curricula [default: `curricula`]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Put right what has one right answer
    #[arg(long)]
    pub fix: bool,

    /// With `--fix`: show the changes and make none
    #[arg(long, requires = "fix")]
    pub dry_run: bool,

    /// Check these rules alone; may be given several times
    #[arg(long, value_name = "RULE", value_parser = rule)]
    pub only: Vec<&'static dyn Rule>,

    #[command(flatten)]
    pub baseline: BaselineArgs,

    #[command(flatten)]
    pub output: OutputArgs,
}

/// Options of known findings.
#[derive(Args, Debug)]
pub(crate) struct BaselineArgs {
    /// Count only findings that are not in this file
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,

    /// Write what is found now to the file of `--baseline`
    #[arg(long, requires = "baseline")]
    pub update_baseline: bool,
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
    let output = Output::begin(global, &args.output)?;
    let mut findings = find(args, &base)?;
    if args.dry_run {
        return show_fixes(&fix::plan(&findings));
    }
    if args.fix {
        for _ in 0..ROUNDS {
            if write_fixes(&fix::plan(&findings), &base) == 0 {
                break;
            }
            findings = find(args, &base)?;
        }
    }
    let (diagnostics, known) = args.baseline.apply(findings, &base)?;
    let report = Report {
        diagnostics,
        known,
        duration: started.elapsed(),
        deny_warnings: global.denies_warnings(),
        ..Report::default()
    };
    output.publish(&report)?;
    Ok(report.exit_code())
}

fn find(args: &LintArgs, base: &Path) -> Result<Vec<Diagnostic>, Error> {
    let rules = if args.only.is_empty() {
        lint::rules::ALL
    } else {
        &args.only
    };
    let selections = select::select(&args.paths, base)?;
    let checked = select::check_read(&selections, base, rules, lint::extent_for(rules));
    let today = crate::date::today();
    let findings = checked
        .iter()
        .flat_map(|checked| checked.shown_findings(&today))
        .collect();
    // A large curriculum takes a while to take apart, and the process ends soon.
    std::mem::forget(checked);
    Ok(findings)
}

fn show_fixes(files: &[FixedFile]) -> Result<ExitCode, Error> {
    let mut out = std::io::stdout().lock();
    for file in files {
        out.write_all(file.diff().as_bytes())?;
    }
    out.flush()?;
    Ok(if files.is_empty() {
        ExitCode::Success
    } else {
        ExitCode::Findings
    })
}

/// Writes the fixes, and returns how many files were changed.
fn write_fixes(files: &[FixedFile], base: &Path) -> usize {
    let mut err = anstream::stderr();
    let mut written = 0;
    for file in files {
        // Whether it can be told or not, the files are what was asked for.
        let _ = match file.write(base) {
            Ok(()) => {
                written += 1;
                let findings = count(file.count as u64, "finding");
                writeln!(err, "fixed {findings} in {}", file.path())
            }
            Err(reason) => writeln!(err, "left alone: {} ({reason})", file.path()),
        };
    }
    written
}

impl BaselineArgs {
    /// Takes known findings out, and returns the others with how many are known.
    pub(super) fn apply(
        &self,
        findings: Vec<Diagnostic>,
        base: &Path,
    ) -> Result<(Vec<Diagnostic>, Option<usize>), Error> {
        let Some(file) = &self.baseline else {
            return Ok((findings, None));
        };
        let file = path::absolute(file, base);
        let folder = file.parent().unwrap_or(&file);
        // Paths count from the file, so that it does not matter where the tool is run.
        let path_of = |shown: &str| path::shown(&base.join(shown), folder);
        if self.update_baseline {
            let text = Baseline::of(&findings, path_of).to_text();
            replace_file(&file, text.as_bytes()).map_err(|error| {
                Error::user(format!("`{}` can't be written", file.display())).caused_by(error)
            })?;
        }
        let text = fs::read_to_string(&file).map_err(|error| {
            Error::user(format!("`{}` can't be read", file.display()))
                .caused_by(error)
                .hinted("`--update-baseline` makes it")
        })?;
        let baseline = Baseline::read(&text).map_err(|reason| {
            Error::user(format!("`{}` is no baseline", file.display())).caused_by(reason)
        })?;
        let Compared { new, known, gone } = baseline.compare(findings, path_of);
        if gone > 0 {
            let gone = count(gone as u64, "finding");
            let _ = writeln!(
                anstream::stderr(),
                "{gone} of the baseline no longer there; `--update-baseline` takes them out"
            );
        }
        Ok((new, Some(known)))
    }
}
