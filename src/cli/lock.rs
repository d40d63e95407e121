//! `mastery lock`: pins what the tests of a curriculum need.

use std::path::{Path, PathBuf};

use clap::Args;
use semver::VersionReq;

use super::error::Error;
use super::global::GlobalArgs;
use super::select;
use crate::curriculum::REQUIREMENTS;
use crate::exit_code::ExitCode;
use crate::run::environment::EnvironmentOptions;
use crate::run::environment::lock::{LockRequest, lock};
use crate::run::interrupt::Interrupt;
use crate::source::path;
use crate::verify::event::Event;

/// Pin what the tests need, with hashes: write `requirements.txt` from `requirements.in`
#[derive(Args, Debug)]
pub(crate) struct LockArgs {
    /// Curricula or folders of curricula [default: `curricula`]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Take the newest versions, also where those of the old lock would do
    #[arg(long)]
    pub upgrade: bool,
}

/// Runs the command.
pub(super) fn run_lock(args: &LockArgs, global: &GlobalArgs) -> Result<ExitCode, Error> {
    let base = std::env::current_dir()?;
    let interrupt = Interrupt::on_signals()?;
    let checked = select::check(&select::select(&args.paths, &base)?, &base);
    let options = EnvironmentOptions {
        python: None,
        active: None,
        cache_dir: global.cache_dir(),
        for_all_users: false,
    };
    let mut progress = global.progress();
    let mut locked = 0;
    for checked in &checked {
        let curriculum = &checked.curriculum;
        let Some(manifest) = &curriculum.manifest else {
            return Err(Error::user(format!(
                "the manifest of `{}` can't be read",
                curriculum.shown
            ))
            .hinted("`mastery lint` says why"));
        };
        let settings = manifest.value.environment.clone().unwrap_or_default();
        let name = settings
            .requirements
            .as_ref()
            .map_or(REQUIREMENTS, |path| path.as_str());
        let output = curriculum.dir.join(name);
        let input = output.with_extension("in");
        if settings.requirements.is_none() && !input.exists() {
            continue;
        }
        let request = LockRequest {
            input,
            output: output.clone(),
            python: settings.python.unwrap_or(VersionReq::STAR),
            indexes: settings.indexes.iter().map(ToString::to_string).collect(),
            upgrade: args.upgrade,
        };
        let mut on_step = |step| {
            progress.event(&Event::Environment {
                curriculum: curriculum.name(),
                step,
            });
        };
        let has_changed = lock(&request, &options, &interrupt, &mut on_step)?;
        tell(&output, &base, has_changed, global);
        locked += 1;
    }
    if locked == 0 {
        return Err(
            Error::nothing_selected("there is no `requirements.in` to lock")
                .hinted("list what the tests need in it, such as `pytest`"),
        );
    }
    Ok(ExitCode::Success)
}

fn tell(output: &Path, base: &Path, has_changed: bool, global: &GlobalArgs) {
    if !global.quiet {
        let what = if has_changed { "wrote" } else { "unchanged:" };
        anstream::eprintln!("{what} `{}`", path::shown(output, base));
    }
}
