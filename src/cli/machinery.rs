//! What runs code on this machine, and the options that say how: sandbox, workers, interpreter.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::error::Error;
use crate::run::environment::{EnvironmentOptions, PYTHON_VARIABLE};
use crate::run::executor::{Executor, FreshExecutor};
use crate::run::interrupt::Interrupt;
use crate::run::launcher::Launcher;
use crate::run::sandbox::support::Support;
use crate::run::sandbox::{Policy, SandboxMode};
use crate::run::warm::{READY_TIME, WarmExecutor};
use crate::run::working_copy::RunDir;

/// What code is run with.
#[derive(Args, Clone, Debug)]
pub(crate) struct MachineryArgs {
    /// How much to insist on the sandbox
    #[arg(long, value_enum, default_value_t)]
    pub sandbox: SandboxArg,

    /// Use this Python, which must have what the lock file pins
    #[arg(long, value_name = "PROGRAM", env = PYTHON_VARIABLE, hide_env = true)]
    pub python: Option<OsString>,
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

/// What runs code on this machine.
pub(crate) struct Machinery {
    /// Runs requests.
    pub(crate) executor: Box<dyn Executor>,
    /// How environments are chosen.
    pub(crate) options: EnvironmentOptions,
}

impl Machinery {
    /// Finds out what this machine can enforce, and gets ready to run; `interrupt` ends what is running.
    pub(crate) fn new(
        args: &MachineryArgs,
        executor: ExecutorArg,
        cache_dir: PathBuf,
        interrupt: &Interrupt,
    ) -> Result<Self, Error> {
        let tool = std::env::current_exe()?;
        let policy = policy(args.sandbox.into(), &tool)?;
        let options = EnvironmentOptions {
            python: args.python.clone(),
            active: std::env::var_os("VIRTUAL_ENV")
                .filter(|it| !it.is_empty())
                .map(PathBuf::from),
            cache_dir,
            for_all_users: policy.own_user,
        };
        let launcher = Arc::new(Launcher::new(tool, interrupt.clone())?);
        let run_dir = RunDir::create(&std::env::temp_dir())?;
        let fresh = FreshExecutor::new(launcher, run_dir, policy)?;
        let executor: Box<dyn Executor> = match executor {
            ExecutorArg::Fresh => Box::new(fresh),
            ExecutorArg::Warm => Box::new(WarmExecutor::new(fresh, READY_TIME)?),
        };
        Ok(Self { executor, options })
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
