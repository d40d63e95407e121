//! `mastery verify` and `mastery check`: run cases; lint, then run cases.

use std::ffi::OsString;
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
use crate::report::Report;
use crate::report::progress::Progress;
use crate::run::cache::CachingExecutor;
use crate::run::cache::store::Store;
use crate::run::environment::{Environment, EnvironmentOptions, PYTHON_VARIABLE};
use crate::run::executor::{Executor, FreshExecutor};
use crate::run::interrupt::Interrupt;
use crate::run::launcher::Launcher;
use crate::run::sandbox::support::Support;
use crate::run::sandbox::{Policy, SandboxMode};
use crate::run::working_copy::RunDir;
use crate::verify::event::{CaseReport, Event};
use crate::verify::plan::{Plan, Planned};
use crate::verify::scheduler::{self, RunContext};

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

    /// Use this Python, which must have what the lock file pins
    #[arg(long, value_name = "PROGRAM", env = PYTHON_VARIABLE, hide_env = true)]
    pub python: Option<OsString>,

    #[command(flatten)]
    pub changed: ChangedArgs,

    #[command(flatten)]
    pub cache: CacheArgs,
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
    let findings: Vec<_> = checked
        .iter()
        .flat_map(|checked| shown_findings(checked, scope))
        .collect();
    let (findings, known) = match scope {
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
            let report = report(findings, known, Vec::new(), started, &interrupt, global);
            global.print(&report)?;
            return Ok(report.exit_code());
        }
        return Err(Error::nothing_selected("no case was selected")
            .hinted("case ids look like `foundations/binary_search/reference`"));
    }
    let mut progress = global.progress();
    let cases = run(&plan, &checked, args, global, &interrupt, progress.as_mut())?;
    let report = report(findings, known, cases, started, &interrupt, global);
    global.print(&report)?;
    Ok(report.exit_code())
}

fn report(
    diagnostics: Vec<Diagnostic>,
    known: Option<usize>,
    cases: Vec<CaseReport>,
    started: Instant,
    interrupt: &Interrupt,
    global: &GlobalArgs,
) -> Report {
    Report {
        diagnostics,
        known,
        cases,
        duration: started.elapsed(),
        is_interrupted: interrupt.is_set(),
        deny_warnings: global.denies_warnings(),
    }
}

fn shown_findings(checked: &Checked, scope: Scope<'_>) -> Vec<Diagnostic> {
    match scope {
        Scope::FindingsAndCases(_) => checked.shown_findings(&crate::date::today()),
        Scope::Cases if checked.curriculum.manifest.is_some() => Vec::new(),
        // Without a manifest there is no case that could tell of it.
        Scope::Cases => checked.findings.clone(),
    }
}

fn plan(checked: &[Checked], globs: &[String]) -> Result<Plan, Error> {
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

fn run(
    plan: &Plan,
    checked: &[Checked],
    args: &VerifyArgs,
    global: &GlobalArgs,
    interrupt: &Interrupt,
    progress: &mut dyn Progress,
) -> Result<Vec<CaseReport>, Error> {
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
    let launcher = Launcher::new(tool, interrupt.clone())?;
    let run_dir = RunDir::create(&std::env::temp_dir())?;
    let executor = FreshExecutor::new(launcher, run_dir, policy)?;
    let mut run = |executor: &dyn Executor| {
        let context = RunContext {
            environments: &environments,
            executor,
            jobs: global.jobs(),
            interrupt,
        };
        scheduler::run(plan, &context, &mut |event| progress.event(&event))
    };
    let Some(mode) = args.cache.mode() else {
        return Ok(run(&executor));
    };
    let caching = CachingExecutor::new(&executor, Store::in_cache(&options.cache_dir), mode);
    let cases = run(&caching);
    if let Err(error) = caching.finish() {
        cache::note_failure(&options.cache_dir, &error, global);
    }
    Ok(cases)
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
