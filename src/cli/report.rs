//! `mastery report`: recorded reports, merged and rendered.

use std::path::{Path, PathBuf};

use clap::Args;

use super::error::Error;
use super::global::GlobalArgs;
use super::output::{Output, OutputArgs};
use crate::exit_code::ExitCode;
use crate::report::merge::{MergeError, merge};
use crate::report::{Report, json};
use crate::source::{self, ReadError};

/// The largest report that is read: one of ten thousand cases has 20 MB.
const LARGEST_REPORT: u64 = 256 * 1024 * 1024;

/// Merge reports of shards, and render what was recorded
///
/// Reads what `--format json` has written. The exit code is that of the merged report.
#[derive(Args, Debug)]
pub(crate) struct ReportArgs {
    /// Reports (`--format json`): all shards of a run, what `mastery lint` found, or one of a whole run
    #[arg(value_name = "FILE", required = true)]
    pub files: Vec<PathBuf>,

    /// Tell what has changed since this report, in formats that do (Markdown)
    #[arg(long, value_name = "FILE")]
    pub base: Option<PathBuf>,

    #[command(flatten)]
    pub output: OutputArgs,
}

/// Runs the command.
pub(super) fn run_report(args: &ReportArgs, global: &GlobalArgs) -> Result<ExitCode, Error> {
    // Before anything is read: what is wrong with a report may be told in its own words.
    let output = Output::begin(global, &args.output)?;
    let parts = args
        .files
        .iter()
        .map(|file| Ok((file.display().to_string(), read(file)?)))
        .collect::<Result<_, Error>>()?;
    let base = args.base.as_deref().map(read).transpose()?;
    let merged = merge(parts).map_err(|error| {
        let hint = match error {
            MergeError::Missing { .. } => "give the reports of all shards of the run",
            _ => "give reports of one run only, each once",
        };
        Error::user("the reports are not one run")
            .caused_by(error)
            .hinted(hint)
    })?;
    let deny_warnings = merged.deny_warnings || global.denies_warnings();
    let report = Report {
        base: base.map(Box::new),
        deny_warnings,
        ..merged
    };
    output.publish(&report)?;
    Ok(report.exit_code())
}

fn read(file: &Path) -> Result<Report, Error> {
    let refused = |why: String| {
        Error::user(format!("`{}` can't be read", file.display()))
            .caused_by(why)
            .hinted("`--output json=FILE` of `mastery lint`, `verify` and `check` writes one")
    };
    let bytes = source::read_bytes(file, LARGEST_REPORT)
        .map_err(|error: ReadError| refused(error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| refused("it is not UTF-8".to_owned()))?;
    json::read(&text).map_err(refused)
}
