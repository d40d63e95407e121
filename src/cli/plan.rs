//! `mastery plan`: the cases that would be run, and shards for a CI matrix.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use super::changed::{self, ChangedArgs};
use super::error::Error;
use super::format::Format;
use super::global::GlobalArgs;
use super::{select, verify};
use crate::exit_code::ExitCode;
use crate::plural::count;
use crate::verify::estimate::Estimates;
use crate::verify::plan::Plan;
use crate::verify::shard::{MOST_SHARDS, Partition};

/// Show which cases there are and how long they may take, or shards for a CI matrix
///
/// Runs nothing. The same files give the same answer on every machine.
#[derive(Args, Debug)]
pub(crate) struct PlanArgs {
    /// Curricula, modules or folders of curricula [default: `curricula`]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Plan only cases whose id matches, such as `*/softmax/bug/*`; may be given several times
    #[arg(long = "case", value_name = "GLOB")]
    pub cases: Vec<String>,

    /// Print so many shards as a JSON matrix on one line, for `--shard` of `mastery verify`
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=i64::from(MOST_SHARDS)))]
    pub shards: Option<u16>,

    /// Fewer shards where they would take less than so many seconds: a machine has to be started for each
    #[arg(long, value_name = "SECONDS", requires = "shards", value_parser = clap::value_parser!(u32).range(1..))]
    pub shard_seconds: Option<u32>,

    #[command(flatten)]
    pub changed: ChangedArgs,

    /// Go by what cases took in these reports (`--format json`); may be given several times
    #[arg(long, value_name = "FILE")]
    pub durations: Vec<PathBuf>,
}

/// What GitHub takes for a matrix.
#[derive(Serialize)]
struct Matrix {
    include: Vec<MatrixShard>,
}

#[derive(Serialize)]
struct MatrixShard {
    shard: String,
    /// Cases that it reports.
    cases: usize,
    /// What it takes when one case runs at a time, with what it only runs to judge its own by.
    seconds: f64,
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    cases: Vec<PlannedCase<'a>>,
    seconds: f64,
}

#[derive(Serialize)]
struct PlannedCase<'a> {
    id: &'a str,
    seconds: f64,
    /// Whether it shares the run of an earlier case.
    shared: bool,
    /// The rule of lint because of which it is not run.
    rule: Option<&'a str>,
}

/// Runs the command.
pub(super) fn run_plan(args: &PlanArgs, global: &GlobalArgs) -> Result<ExitCode, Error> {
    let base = std::env::current_dir()?;
    let durations = verify::durations(&args.durations)?;
    let checked = select::check(&select::select(&args.paths, &base)?, &base);
    let mut plan = verify::plan(&checked, &args.cases)?;
    let changed_since = changed::narrow(&mut plan, &checked, &args.changed, global)?;
    if plan.cases.is_empty() && changed_since.is_none() {
        let is_unreadable = checked.iter().any(|it| it.curriculum.manifest.is_none());
        return Err(if is_unreadable {
            Error::user("a manifest can't be read").hinted("`mastery lint` says why")
        } else {
            verify::no_case()
        });
    }
    let estimates = Estimates::new(&plan, &durations);
    let mut out = anstream::AutoStream::auto(io::stdout().lock());
    match args.shards {
        Some(most) => {
            let shards = worthwhile(most, total(&plan, &estimates), args.shard_seconds);
            matrix(&plan, &estimates, shards, &mut out)?;
        }
        None if global.format() == Format::Json => document(&plan, &estimates, &mut out)?,
        None => lines(&plan, &estimates, &mut out)?,
    }
    out.flush()?;
    Ok(ExitCode::Success)
}

/// How many shards there are, if each is to have so many seconds of work.
fn worthwhile(most: u16, total: Duration, seconds: Option<u32>) -> usize {
    let most = usize::from(most);
    let Some(seconds) = seconds else {
        return most;
    };
    let shards = total.as_secs() / u64::from(seconds);
    usize::try_from(shards).unwrap_or(most).clamp(1, most)
}

fn matrix(
    plan: &Plan,
    estimates: &Estimates,
    shards: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let partition = Partition::new(plan, estimates, shards);
    let include = (1..=shards)
        .map(|shard| MatrixShard {
            shard: format!("{shard}/{shards}"),
            cases: partition.count(shard),
            seconds: seconds(partition.load(shard)),
        })
        // Only the last ones can be empty, so that those before keep their numbers.
        .filter(|shard| shard.cases > 0)
        .collect();
    serde_json::to_writer(&mut *out, &Matrix { include })?;
    writeln!(out)
}

fn document(plan: &Plan, estimates: &Estimates, out: &mut dyn Write) -> io::Result<()> {
    let cases = plan.cases.iter().enumerate();
    let document = Document {
        schema: 1,
        cases: cases
            .map(|(index, case)| PlannedCase {
                id: &case.id,
                seconds: seconds(estimates.in_plan(index)),
                shared: estimates.is_shared(index),
                rule: case.input.as_ref().err().map(|not_run| not_run.rule),
            })
            .collect(),
        seconds: seconds(total(plan, estimates)),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}

fn lines(plan: &Plan, estimates: &Estimates, out: &mut dyn Write) -> io::Result<()> {
    let width = plan.cases.iter().map(|case| case.id.len()).max();
    let width = width.unwrap_or_default();
    for (index, case) in plan.cases.iter().enumerate() {
        let time = match &case.input {
            Err(not_run) => format!("not run (lint: {})", not_run.rule),
            Ok(_) if estimates.is_shared(index) => "shared".to_owned(),
            Ok(_) => format!("{:.1} s", estimates.in_plan(index).as_secs_f64()),
        };
        writeln!(out, "{:<width$}  {time:>8}", case.id)?;
    }
    writeln!(
        out,
        "\n{}, {:.1} s one after the other",
        count(plan.cases.len() as u64, "case"),
        total(plan, estimates).as_secs_f64()
    )
}

fn total(plan: &Plan, estimates: &Estimates) -> Duration {
    let cases = 0..plan.cases.len();
    cases.map(|index| estimates.in_plan(index)).sum()
}

/// Seconds with one digit behind the point: more would be pretence.
fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 10.0).round() / 10.0
}
