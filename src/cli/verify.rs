//! `mastery verify` and `mastery check`: run cases; lint, then run cases.

use std::ops::Range;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use globset::GlobBuilder;

use super::changed::{self, ChangedArgs};
use super::error::Error;
use super::global::GlobalArgs;
use super::lint::BaselineArgs;
use super::output::{Output, OutputArgs};
use super::runner::{RunSettings, Runner, RunnerArgs};
use super::select::{self, Checked};
use crate::diagnostic::{Diagnostic, Severity};
use crate::exit_code::ExitCode;
use crate::lint;
use crate::record::good;
use crate::report::{Report, ShardInfo};
use crate::run::interrupt::Interrupt;
use crate::verify::durations::Durations;
use crate::verify::estimate::Estimates;
use crate::verify::event::CaseReport;
use crate::verify::plan::{Plan, Planned};
use crate::verify::shard::{Partition, Shard};
use crate::verify::verdict::Verdict;

/// Options of running cases.
#[derive(Args, Debug)]
pub(crate) struct VerifyArgs {
    /// Curricula, modules or folders of curricula [default: `curricula`]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Run only cases whose id matches, such as `*/softmax/bug/*`; may be given several times
    #[arg(long = "case", value_name = "GLOB")]
    pub cases: Vec<String>,

    #[command(flatten)]
    pub run: RunArgs,

    #[command(flatten)]
    pub changed: ChangedArgs,

    #[command(flatten)]
    pub runner: RunnerArgs,

    #[command(flatten)]
    pub output: OutputArgs,
}

/// Which part of the cases is run, how often, and for how long.
#[derive(Args, Debug)]
pub(crate) struct RunArgs {
    /// Run only one of several parts, such as `2/4`; `mastery plan` says which there are
    #[arg(long, value_name = "I/N")]
    pub shard: Option<Shard>,

    /// With `--shard`: balance by what cases took in these reports (`--format json`), which must be the
    /// same for all shards; may be given several times
    #[arg(long, value_name = "FILE")]
    pub durations: Vec<PathBuf>,

    /// Begin nothing more once a case is not as expected
    #[arg(long)]
    pub fail_fast: bool,

    /// Run every case this often, each time with another seed and order of tests; what ends differently
    /// is flaky
    #[arg(long, value_name = "N", default_value_t = 1, hide_default_value = true, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub repeat: u32,

    /// Run every case with this seed; with another than 0 tests run in another order
    #[arg(long, value_name = "SEED", default_value_t = 0, hide_default_value = true, conflicts_with = "repeat", value_parser = clap::value_parser!(u32).range(..=i64::from(u32::MAX) - 1))]
    pub seed: u32,
}

impl RunArgs {
    fn seeds(&self) -> Range<u32> {
        self.seed..self.seed + self.repeat
    }
}

/// Lint, then run all cases: the gate
#[derive(Args, Debug)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub verify: VerifyArgs,

    #[command(flatten)]
    pub baseline: BaselineArgs,
}

/// What a command does besides running cases.
#[derive(Clone, Copy, Debug)]
enum Scope<'a> {
    /// `verify`: cases, and findings only where they are the reason that there are none.
    Cases,
    /// `check`: findings, then cases.
    FindingsAndCases(&'a BaselineArgs),
}

/// Runs `mastery check`.
pub(super) fn run_check(args: &CheckArgs, global: &GlobalArgs) -> Result<ExitCode, Error> {
    run_scope(
        &args.verify,
        Scope::FindingsAndCases(&args.baseline),
        global,
    )
}

/// Runs `mastery verify`.
pub(super) fn run_verify(args: &VerifyArgs, global: &GlobalArgs) -> Result<ExitCode, Error> {
    run_scope(args, Scope::Cases, global)
}

fn run_scope(args: &VerifyArgs, scope: Scope<'_>, global: &GlobalArgs) -> Result<ExitCode, Error> {
    let started = Instant::now();
    let base = std::env::current_dir()?;
    let output = Output::begin(global, &args.output)?;
    let interrupt = Interrupt::on_signals()?;
    let selections = select::select(&args.paths, &base)?;
    let checked = match scope {
        Scope::FindingsAndCases(_) => select::check(&selections, &base),
        Scope::Cases => select::check_rules(&selections, &base, &lint::rules_about_running()),
    };
    let mut plan = plan(&checked, &args.cases)?;
    let changed_since = changed::narrow(&mut plan, &checked, &args.changed, global)?;
    let shared = durations(&args.run.durations)?;
    let findings: Vec<_> = checked
        .iter()
        .flat_map(|checked| shown_findings(checked, scope))
        .collect();
    let (mut findings, mut known) = match scope {
        Scope::Cases => (findings, None),
        Scope::FindingsAndCases(baseline) => baseline.apply(findings, &base)?,
    };
    if plan.cases.is_empty()
        && changed_since.is_none()
        && findings.iter().all(|it| it.severity != Severity::Error)
    {
        if args.cases.is_empty()
            && matches!(scope, Scope::FindingsAndCases(_))
            && !findings.is_empty()
        {
            // Warnings are worth showing, also where there is nothing to run.
            let report = Report {
                diagnostics: findings,
                known,
                ..report(started, &interrupt, global)
            };
            output.publish(&report)?;
            return Ok(report.exit_code());
        }
        return Err(no_case());
    }
    let shard = args.run.shard.map(|shard| keep(&mut plan, shard, &shared));
    if args.run.shard.is_some_and(|shard| shard.index() > 1) {
        // What all shards find the first one tells.
        findings.clear();
        known = None;
    }
    let mut progress = global.progress();
    let cases = if plan.cases.is_empty() {
        Vec::new()
    } else {
        let settings = RunSettings {
            durations: shared,
            seeds: args.run.seeds(),
            fail_fast: args.run.fail_fast,
            ..RunSettings::once(&interrupt)
        };
        let runner = Runner::new(&args.runner, global, &interrupt)?;
        runner.run(&plan, &checked, settings, global, progress.as_mut())?
    };
    for checked in &checked {
        remember_good(checked, &cases, global);
    }
    let report = Report {
        diagnostics: findings,
        known,
        cases,
        shard,
        changed_since,
        ..report(started, &interrupt, global)
    };
    output.publish(&report)?;
    Ok(report.exit_code())
}

/// Runs all cases of curricula that were linted, and returns what `mastery check` would: for commands that need it to
/// be green.
pub(super) fn gate(
    checked: &[Checked],
    args: &RunnerArgs,
    global: &GlobalArgs,
) -> Result<Report, Error> {
    let started = Instant::now();
    let interrupt = Interrupt::on_signals()?;
    let plan = plan(checked, &[])?;
    let cases = if plan.cases.is_empty() {
        Vec::new()
    } else {
        let mut progress = global.progress();
        let settings = RunSettings::once(&interrupt);
        let runner = Runner::new(args, global, &interrupt)?;
        runner.run(&plan, checked, settings, global, progress.as_mut())?
    };
    for checked in checked {
        remember_good(checked, &cases, global);
    }
    let today = crate::date::today();
    let findings = checked.iter().flat_map(|it| it.shown_findings(&today));
    Ok(Report {
        diagnostics: findings.collect(),
        cases,
        ..report(started, &interrupt, global)
    })
}

/// Keeps the project as it is where its references pass, for `mastery bug record` to compare with.
pub(crate) fn remember_good(checked: &Checked, cases: &[CaseReport], global: &GlobalArgs) {
    let name = checked.curriculum.name();
    let is_reference = |it: &&CaseReport| it.curriculum == name && it.case == "reference";
    let mut references = cases.iter().filter(is_reference).peekable();
    let is_good = references.peek().is_some()
        && references.all(|it| it.verdict == Verdict::AsExpected)
        && checked.project.is_sound();
    if is_good {
        let state = good::marked_texts(&checked.project);
        // Without it the last commit counts.
        let _ = good::remember(&global.cache_dir(), &checked.curriculum.dir, &state);
    }
}

/// The error that no case was selected.
pub(super) fn no_case() -> Error {
    Error::nothing_selected("no case was selected")
        .hinted("case ids look like `foundations/binary_search/reference`")
}

/// A report with nothing in it.
fn report(started: Instant, interrupt: &Interrupt, global: &GlobalArgs) -> Report {
    Report {
        duration: started.elapsed(),
        is_interrupted: interrupt.is_set(),
        deny_warnings: global.denies_warnings(),
        ..Report::default()
    }
}

/// What reports of earlier runs say of how long cases take.
pub(super) fn durations(files: &[PathBuf]) -> Result<Durations, Error> {
    let mut durations = Durations::default();
    for file in files {
        let read = Durations::read(file).map_err(|why| {
            Error::user(format!("`{}` tells no durations", file.display()))
                .caused_by(why)
                .hinted("`mastery verify --format json` writes a report that does")
        })?;
        durations.fill_from(read);
    }
    Ok(durations)
}

/// Keeps a shard of a plan.
fn keep(plan: &mut Plan, shard: Shard, shared: &Durations) -> ShardInfo {
    let estimates = Estimates::new(plan, shared);
    let partition = Partition::new(plan, &estimates, shard.of());
    let info = ShardInfo {
        shard,
        plan_cases: plan.cases.len(),
        partition: partition.digest(plan),
    };
    plan.keep_shard(&partition, shard);
    info
}

fn shown_findings(checked: &Checked, scope: Scope<'_>) -> Vec<Diagnostic> {
    match scope {
        Scope::FindingsAndCases(_) => checked.shown_findings(&crate::date::today()),
        Scope::Cases if checked.curriculum.manifest.is_some() => Vec::new(),
        // Without a manifest there is no case that could tell of it.
        Scope::Cases => checked.findings.clone(),
    }
}

pub(super) fn plan(checked: &[Checked], globs: &[String]) -> Result<Plan, Error> {
    let mut plan = Plan::default();
    for checked in checked {
        plan.add(&Planned {
            curriculum: &checked.curriculum,
            project: &checked.project,
            findings: &checked.findings,
            blocks_running: lint::blocks_running,
            only: checked.only_modules().as_ref(),
        });
    }
    if !globs.is_empty() {
        let globs: Vec<_> = globs
            .iter()
            .map(|glob| {
                // Ids are no paths: a star goes over slashes.
                GlobBuilder::new(glob)
                    .literal_separator(false)
                    .build()
                    .map_err(|error| {
                        Error::user(format!("`{glob}` is no glob")).caused_by(error.kind())
                    })
            })
            .collect::<Result<_, _>>()?;
        let matchers: Vec<_> = globs.iter().map(globset::Glob::compile_matcher).collect();
        plan.retain(|id| matchers.iter().any(|matcher| matcher.is_match(id)));
    }
    Ok(plan)
}
