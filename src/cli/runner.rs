//! What runs cases, and the options that say how: set up once, for as many runs as a command makes.

use std::collections::HashMap;
use std::ffi::OsString;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use clap::{Args, ValueEnum};

use super::cache::{self, CacheArgs};
use super::error::Error;
use super::global::GlobalArgs;
use super::select::Checked;
use crate::curriculum::Curriculum;
use crate::report::progress::Progress;
use crate::run::cache::store::Store;
use crate::run::cache::{CacheMode, CachingExecutor};
use crate::run::environment::{Environment, EnvironmentOptions, PYTHON_VARIABLE, Wanted};
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
use crate::verify::plan::Plan;
use crate::verify::scheduler::{self, RunContext};

/// What cases are run with.
#[derive(Args, Clone, Debug)]
pub(crate) struct RunnerArgs {
    /// How much to insist on the sandbox
    #[arg(long, value_enum, default_value_t)]
    pub sandbox: SandboxArg,

    /// What cases run in
    #[arg(long, value_enum, default_value_t)]
    pub executor: ExecutorArg,

    /// Use this Python, which must have what the lock file pins
    #[arg(long, value_name = "PROGRAM", env = PYTHON_VARIABLE, hide_env = true)]
    pub python: Option<OsString>,

    #[command(flatten)]
    pub cache: CacheArgs,
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

/// How a plan is run.
#[derive(Debug)]
pub(crate) struct RunSettings<'a> {
    /// What cases took, as far as the command line tells.
    pub durations: Durations,
    /// The seeds that every case is run with.
    pub seeds: Range<u32>,
    /// Whether nothing begins any more once a case is not as expected.
    pub fail_fast: bool,
    /// Whether what is known is run all the same.
    pub anew: bool,
    /// Whether nothing begins any more for another reason. What is running is ended by the interrupt that
    /// the runner was made with alone.
    pub interrupt: &'a Interrupt,
}

impl<'a> RunSettings<'a> {
    /// Every case once, all of them.
    pub(crate) fn once(interrupt: &'a Interrupt) -> Self {
        Self {
            durations: Durations::default(),
            seeds: 0..1,
            fail_fast: false,
            anew: false,
            interrupt,
        }
    }
}

/// Runs plans. Workers and their imports are kept from one to the next.
pub(crate) struct Runner {
    executor: Box<dyn Executor>,
    options: EnvironmentOptions,
    mode: Option<CacheMode>,
    /// The environments of curricula, by their folders, with what they were made ready for. Workers are kept for
    /// cases of the same one.
    environments: Mutex<HashMap<PathBuf, (String, Arc<Environment>)>>,
    interrupt: Interrupt,
}

impl Runner {
    /// Finds out what this machine can enforce, and gets ready to run; `interrupt` ends what is running.
    pub(crate) fn new(
        args: &RunnerArgs,
        global: &GlobalArgs,
        interrupt: &Interrupt,
    ) -> Result<Self, Error> {
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
        let launcher = Arc::new(Launcher::new(tool, interrupt.clone())?);
        let run_dir = RunDir::create(&std::env::temp_dir())?;
        let fresh = FreshExecutor::new(launcher, run_dir, policy)?;
        let executor: Box<dyn Executor> = match args.executor {
            ExecutorArg::Fresh => Box::new(fresh),
            ExecutorArg::Warm => Box::new(WarmExecutor::new(fresh, READY_TIME)?),
        };
        Ok(Self {
            executor,
            options,
            mode: args.cache.mode(),
            environments: Mutex::default(),
            interrupt: interrupt.clone(),
        })
    }

    /// Runs a plan, and returns the reports of its cases but for those that another shard reports.
    pub(crate) fn run(
        &self,
        plan: &Plan,
        checked: &[Checked],
        settings: RunSettings<'_>,
        global: &GlobalArgs,
        progress: &mut dyn Progress,
    ) -> Result<Vec<CaseReport>, Error> {
        let environments = self.environments(plan, checked, progress)?;
        let cache_dir = &self.options.cache_dir;
        // What ends differently only now and then is not found by looking up how it ended.
        let mode = self.mode.filter(|_| settings.seeds.len() == 1);
        let mode = mode.map(|mode| {
            if settings.anew {
                CacheMode::Refresh
            } else {
                mode
            }
        });
        let caching = mode.map(|mode| {
            CachingExecutor::new(self.executor.as_ref(), Store::in_cache(cache_dir), mode)
        });
        let mut known = Durations::default();
        for curriculum in &plan.curricula {
            known.fill_from(Durations::recorded(cache_dir, curriculum));
        }
        known.fill_from(settings.durations);
        let context = RunContext {
            environments: &environments,
            executor: match &caching {
                Some(caching) => caching,
                None => self.executor.as_ref(),
            },
            estimates: &Estimates::new(plan, &known),
            jobs: global.jobs(),
            // A tenth is for everything else that runs here.
            memory_bytes: machine::memory_bytes().map_or(u64::MAX, |bytes| bytes / 10 * 9),
            seeds: settings.seeds,
            fail_fast: settings.fail_fast,
            interrupt: settings.interrupt,
        };
        let reports = scheduler::run(plan, &context, &mut |event| {
            progress.event(&event);
        });
        if let Some(Err(error)) = caching.map(CachingExecutor::finish) {
            cache::note_failure(cache_dir, &error, global);
        }
        for curriculum in &plan.curricula {
            // The next run is only scheduled less well without it.
            let _ = Durations::record(cache_dir, curriculum, reports.iter());
        }
        let cases = reports.into_iter().zip(&plan.cases);
        Ok(cases
            .filter(|(_, case)| !case.is_pulled_in)
            .map(|(report, _)| report)
            .collect())
    }

    /// The environments of all curricula of which something is run.
    fn environments(
        &self,
        plan: &Plan,
        checked: &[Checked],
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
            environments.push(Some(self.environment(&checked.curriculum, progress)?));
        }
        Ok(environments)
    }

    /// The environment of a curriculum: the one of the run before, if it asks for the same.
    fn environment(
        &self,
        curriculum: &Curriculum,
        progress: &mut dyn Progress,
    ) -> Result<Arc<Environment>, Error> {
        let wanted = Wanted::by(curriculum);
        let made_for = wanted.fingerprint();
        let known = || {
            self.environments
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        if let Some((known_for, environment)) = known().get(&curriculum.dir)
            && *known_for == made_for
        {
            return Ok(Arc::clone(environment));
        }
        let name = curriculum.name();
        let mut on_step = |step| {
            progress.event(&Event::Environment {
                curriculum: name.clone(),
                step,
            });
        };
        let environment =
            Environment::resolve(&wanted, &self.options, &self.interrupt, &mut on_step)?;
        let environment = Arc::new(environment);
        known().insert(curriculum.dir.clone(), (made_for, Arc::clone(&environment)));
        Ok(environment)
    }

    /// Gets ready for running the cases of a plan, as far as they are run in environments that are there from an
    /// earlier run.
    pub(crate) fn get_ready(&self, plan: &Plan, checked: &[Checked], global: &GlobalArgs) {
        let environment_of = |curriculum: &Curriculum| {
            let known = self
                .environments
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            let environment = known.get(&curriculum.dir);
            environment.map(|(_, environment)| Arc::clone(environment))
        };
        let environments: Vec<_> = checked
            .iter()
            .map(|checked| environment_of(&checked.curriculum))
            .collect();
        let requests = plan.cases.iter().filter_map(|case| {
            let environment = environments[case.curriculum].as_ref()?;
            Some(case.input.as_ref().ok()?.request(environment, 0))
        });
        self.executor
            .get_ready(&requests.collect::<Vec<_>>(), global.jobs());
    }
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
