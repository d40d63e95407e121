//! `mastery verify` and `mastery check`: run cases; lint, then run cases.

use std::ffi::OsString;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use clap::{Args, ValueEnum};
use globset::GlobBuilder;

use super::cache::{self, CacheArgs};
use super::changed::{self, ChangedArgs};
use super::error::Error;
use super::global::GlobalArgs;
use super::lint::BaselineArgs;
use super::select::{self, Checked};
use crate::diagnostic::{Diagnostic, Severity};
use crate::exit_code::ExitCode;
use crate::lint;
use crate::report::progress::Progress;
use crate::report::{Report, ShardInfo};
use crate::run::cache::CachingExecutor;
use crate::run::cache::store::Store;
use crate::run::environment::{Environment, EnvironmentOptions, PYTHON_VARIABLE};
use crate::run::executor::{Executor, FreshExecutor};
use crate::run::interrupt::Interrupt;
use crate::run::launcher::Launcher;
use crate::run::machine;
use crate::run::sandbox::support::Support;
use crate::run::sandbox::{Policy, SandboxMode};
use crate::run::warm::{READY_TIME, WarmExecutor};
use crate::run::working_copy::RunDir;
use crate::verify::durations::Durations;
use crate::verify::estimate::Estimates;
use crate::verify::event::{CaseReport, Event};
use crate::verify::plan::{Plan, Planned};
use crate::verify::scheduler::{self, RunContext};
use crate::verify::shard::{Partition, Shard};

/// Options of running cases.
#[derive(Args, Debug)]
pub(crate) struct VerifyArgs {
    /// Curricula, modules or folders of curricula [default: `curricula`]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Run only cases whose id matches, such as `*/softmax/bug/*`; may be given several times
    #[arg(long = "case", value_name = "GLOB")]
    pub cases: Vec<String>,

    /// How much to insist on the sandbox
    #[arg(long, value_enum, default_value_t)]
    pub sandbox: SandboxArg,

    /// What cases run in
    #[arg(long, value_enum, default_value_t)]
    pub executor: ExecutorArg,

    #[command(flatten)]
    pub run: RunArgs,

    /// Use this Python, which must have what the lock file pins
    #[arg(long, value_name = "PROGRAM", env = PYTHON_VARIABLE, hide_env = true)]
    pub python: Option<OsString>,

    #[command(flatten)]
    pub changed: ChangedArgs,

    #[command(flatten)]
    pub cache: CacheArgs,
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

/// How much to insist on the sandbox.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum SandboxArg {
    /// Run nothing unless Landlock (ABI 3 or later) and seccomp can be used
    Require,
    /// Use what the kernel offers
    #[default]
    Auto,
    /// Use no sandbox; validators can do what you can do
    Off,
}

/// What cases run in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExecutorArg {
    /// Start Python anew for each case
    Fresh,
    /// Import once, and fork for each case
    #[default]
    Warm,
}

impl From<SandboxArg> for SandboxMode {
    fn from(mode: SandboxArg) -> Self {
        match mode {
            SandboxArg::Require => Self::Require,
            SandboxArg::Auto => Self::Auto,
            SandboxArg::Off => Self::Off,
        }
    }
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
    let interrupt = Interrupt::on_signals()?;
    let selections = select::select(&args.paths, &base)?;
    let checked = match scope {
        Scope::FindingsAndCases(_) => select::check(&selections, &base),
        Scope::Cases => select::check_rules(&selections, &base, &lint::rules_about_running()),
    };
    let mut plan = plan(&checked, &args.cases)?;
    let is_unchanged = changed::narrow(&mut plan, &checked, &args.changed, global)?;
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
        && !is_unchanged
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
            global.print(&report)?;
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
    let with = With {
        args,
        shared,
        interrupt: &interrupt,
    };
    let cases = run(&plan, &checked, with, global, progress.as_mut())?;
    let report = Report {
        diagnostics: findings,
        known,
        cases,
        shard,
        ..report(started, &interrupt, global)
    };
    global.print(&report)?;
    Ok(report.exit_code())
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

/// What a run goes by.
struct With<'a> {
    args: &'a VerifyArgs,
    /// What cases took, as far as the command line tells.
    shared: Durations,
    interrupt: &'a Interrupt,
}

/// Runs a plan, and returns the reports of its cases but for those that another shard reports.
fn run(
    plan: &Plan,
    checked: &[Checked],
    with: With<'_>,
    global: &GlobalArgs,
    progress: &mut dyn Progress,
) -> Result<Vec<CaseReport>, Error> {
    let With {
        args,
        shared,
        interrupt,
    } = with;
    if plan.cases.is_empty() {
        return Ok(Vec::new());
    }
    let tool = std::env::current_exe()?;
    let policy = policy(args.sandbox.into(), &tool)?;
    let options = EnvironmentOptions {
        python: args.python.clone(),
        active: std::env::var_os("VIRTUAL_ENV")
            .filter(|it| !it.is_empty())
            .map(PathBuf::from),
        cache_dir: global.cache_dir(),
        for_all_users: policy.own_user,
    };
    let environments = environments(plan, checked, &options, interrupt, progress)?;
    let launcher = Arc::new(Launcher::new(tool, interrupt.clone())?);
    let run_dir = RunDir::create(&std::env::temp_dir())?;
    let fresh = FreshExecutor::new(launcher, run_dir, policy)?;
    let executor: Box<dyn Executor> = match args.executor {
        ExecutorArg::Fresh => Box::new(fresh),
        ExecutorArg::Warm => Box::new(WarmExecutor::new(fresh, READY_TIME)?),
    };
    // What ends differently only now and then is not found by looking up how it ended.
    let mode = args.cache.mode().filter(|_| args.run.repeat == 1);
    let caching = mode.map(|mode| {
        CachingExecutor::new(executor.as_ref(), Store::in_cache(&options.cache_dir), mode)
    });
    let mut known = Durations::default();
    for curriculum in &plan.curricula {
        known.fill_from(Durations::recorded(&options.cache_dir, curriculum));
    }
    known.fill_from(shared);
    let context = RunContext {
        environments: &environments,
        executor: match &caching {
            Some(caching) => caching,
            None => executor.as_ref(),
        },
        estimates: &Estimates::new(plan, &known),
        jobs: global.jobs(),
        // A tenth is for everything else that runs here.
        memory_bytes: machine::memory_bytes().map_or(u64::MAX, |bytes| bytes / 10 * 9),
        seeds: args.run.seeds(),
        fail_fast: args.run.fail_fast,
        interrupt,
    };
    let reports = scheduler::run(plan, &context, &mut |event| {
        progress.event(&event);
    });
    if let Some(Err(error)) = caching.map(CachingExecutor::finish) {
        cache::note_failure(&options.cache_dir, &error, global);
    }
    for curriculum in &plan.curricula {
        // The next run is only scheduled less well without it.
        let _ = Durations::record(&options.cache_dir, curriculum, reports.iter());
    }
    let cases = reports.into_iter().zip(&plan.cases);
    Ok(cases
        .filter(|(_, case)| !case.is_pulled_in)
        .map(|(report, _)| report)
        .collect())
}

/// What the sandbox is on this kernel.
fn policy(mode: SandboxMode, tool: &Path) -> Result<Policy, Error> {
    if mode == SandboxMode::Off {
        return Ok(Policy::default());
    }
    let support = Support::probe(tool).map_err(Error::user)?;
    Policy::new(mode, &support).ok_or_else(|| {
        Error::user("this kernel can't enforce the sandbox that is required").hinted(
            "`mastery doctor` shows what is missing; `--sandbox=auto` runs with what there is",
        )
    })
}

/// The environments of all curricula of which something is run.
fn environments(
    plan: &Plan,
    checked: &[Checked],
    options: &EnvironmentOptions,
    interrupt: &Interrupt,
    progress: &mut dyn Progress,
) -> Result<Vec<Option<Arc<Environment>>>, Error> {
    let mut environments = Vec::new();
    for (index, checked) in checked.iter().enumerate() {
        let is_needed = plan
            .cases
            .iter()
            .any(|case| case.curriculum == index && case.input.is_ok());
        if !is_needed {
            environments.push(None);
            continue;
        }
        let curriculum = checked.curriculum.name();
        let mut on_step = |step| {
            progress.event(&Event::Environment {
                curriculum: curriculum.clone(),
                step,
            });
        };
        let environment =
            Environment::resolve(&checked.curriculum, options, interrupt, &mut on_step)?;
        environments.push(Some(Arc::new(environment)));
    }
    Ok(environments)
}
