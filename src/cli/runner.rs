//! What runs cases, and the options that say how: set up once, for as many runs as a command makes.

use std::collections::HashMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use clap::Args;

use super::cache::{self, CacheArgs};
use super::error::Error;
use super::global::GlobalArgs;
use super::machinery::{ExecutorArg, Machinery, MachineryArgs};
use super::select::Checked;
use crate::curriculum::Curriculum;
use crate::report::progress::Progress;
use crate::run::cache::store::Store;
use crate::run::cache::{CacheMode, CachingExecutor};
use crate::run::environment::{Environment, Wanted};

use crate::run::interrupt::Interrupt;
use crate::run::machine;
use crate::verify::durations::Durations;
use crate::verify::estimate::Estimates;
use crate::verify::event::{CaseReport, Event};
use crate::verify::plan::Plan;
use crate::verify::scheduler::{self, RunContext};

/// What cases are run with.
#[derive(Args, Clone, Debug)]
pub(crate) struct RunnerArgs {
    #[command(flatten)]
    pub machinery: MachineryArgs,

    /// What cases run in
    #[arg(long, value_enum, default_value_t)]
    pub executor: ExecutorArg,

    #[command(flatten)]
    pub cache: CacheArgs,
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
    machinery: Machinery,
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
        let machinery = Machinery::new(
            &args.machinery,
            args.executor,
            global.cache_dir(),
            interrupt,
        )?;
        Ok(Self {
            machinery,
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
        let cache_dir = &self.machinery.options.cache_dir;
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
            CachingExecutor::new(
                self.machinery.executor.as_ref(),
                Store::in_cache(cache_dir),
                mode,
            )
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
                None => self.machinery.executor.as_ref(),
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
        let environment = Environment::resolve(
            &wanted,
            &self.machinery.options,
            &self.interrupt,
            &mut on_step,
        )?;
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
        self.machinery
            .executor
            .get_ready(&requests.collect::<Vec<_>>(), global.jobs());
    }
}
