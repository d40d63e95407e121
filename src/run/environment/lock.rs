//! `mastery lock`: pins everything that a curriculum's tests need, with hashes.
//!
//! Resolving for all platforms at once is uv's work. Where there is no uv the tool installs one for
//! itself.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use semver::{Op, VersionReq};

use super::interpreter::{self, Candidate, Interpreter, program_with_pip};
use super::managed::{find_uv, run};
use super::{EnvironmentError, EnvironmentOptions, Step};
use crate::run::interrupt::Interrupt;

/// What is to be locked.
#[derive(Debug)]
pub struct LockRequest {
    /// What the author wrote: `requirements.in`.
    pub input: PathBuf,
    /// What is written: `requirements.txt`.
    pub output: PathBuf,
    /// Versions of Python that the curriculum works with.
    pub python: VersionReq,
    /// Indexes besides the one that the machine is set up with.
    pub indexes: Vec<String>,
    /// Whether newer versions are to be taken where the old lock would do.
    pub upgrade: bool,
}

/// Writes the lock file, whole or not at all. Returns whether it changed.
///
/// # Errors
///
/// See [`EnvironmentError`].
pub fn lock(
    request: &LockRequest,
    options: &EnvironmentOptions,
    interrupt: &Interrupt,
    on_step: &mut dyn FnMut(Step),
) -> Result<bool, EnvironmentError> {
    let unreadable = |error| EnvironmentError::Lock {
        path: request.input.display().to_string(),
        error,
    };
    fs::metadata(&request.input).map_err(unreadable)?;
    let mut candidates = interpreter::find(&request.python, false);
    let base = match candidates.pop() {
        Some(Candidate {
            interpreter,
            objection: None,
        }) => interpreter,
        other => {
            candidates.extend(other);
            return Err(EnvironmentError::NoPython {
                wanted: request.python.clone(),
                candidates,
            });
        }
    };
    let uv = match find_uv() {
        Some(uv) => uv,
        None => own_uv(&base, options, interrupt, on_step)?,
    };
    let unwritable = |error| EnvironmentError::Place {
        path: request.output.clone(),
        error,
    };
    let dir = request.output.parent().unwrap_or(Path::new("."));
    let draft = tempfile::Builder::new()
        .prefix(".requirements-")
        .tempdir_in(dir)
        .map_err(unwritable)?;
    let draft_file = draft.path().join("requirements.txt");
    let before = fs::read(&request.output).ok();
    if let Some(before) = before.as_ref().filter(|_| !request.upgrade) {
        // uv keeps the versions of the file that it writes to, where they still fit.
        fs::write(&draft_file, before).map_err(unwritable)?;
    }
    let mut command = Command::new(uv);
    command
        .args([
            "pip",
            "compile",
            "--universal",
            "--generate-hashes",
            "--quiet",
        ])
        // What has no wheel can't be installed; nothing has to be built to see what it needs.
        .args(["--only-binary", ":all:"])
        .args(["--no-annotate", "--custom-compile-command", "mastery lock"])
        .arg("--python")
        .arg(&base.executable)
        .args(["--python-version", &lowest_version(&request.python, &base)])
        .args(
            request
                .indexes
                .iter()
                .flat_map(|index| ["--extra-index-url", index.as_str()]),
        )
        .arg("--output-file")
        .arg(&draft_file)
        .arg(&request.input);
    run(&mut command, interrupt, on_step)?;
    let after = fs::read(&draft_file).map_err(unwritable)?;
    if before.as_ref() == Some(&after) {
        return Ok(false);
    }
    fs::rename(&draft_file, &request.output).map_err(unwritable)?;
    Ok(true)
}

/// The lowest Python that the lock must work with: what is pinned works with all above.
fn lowest_version(wanted: &VersionReq, base: &Interpreter) -> String {
    wanted
        .comparators
        .iter()
        .filter(|comparator| matches!(comparator.op, Op::GreaterEq | Op::Exact | Op::Greater))
        .map(|comparator| (comparator.major, comparator.minor.unwrap_or(0)))
        .max()
        .map_or_else(
            || format!("{}.{}", base.version.major, base.version.minor),
            |(major, minor)| format!("{major}.{minor}"),
        )
}

/// Returns the uv that the tool keeps for itself, after installing it.
fn own_uv(
    base: &Interpreter,
    options: &EnvironmentOptions,
    interrupt: &Interrupt,
    on_step: &mut dyn FnMut(Step),
) -> Result<PathBuf, EnvironmentError> {
    let dir = options.cache_dir.join("tools/uv");
    let program = dir.join("bin/uv");
    if program.exists() {
        return Ok(program);
    }
    on_step(Step::Note(
        "uv is not on the PATH; installing one for mastery itself".to_owned(),
    ));
    fs::create_dir_all(&options.cache_dir).map_err(|error| EnvironmentError::Place {
        path: dir.clone(),
        error,
    })?;
    let mut venv = Command::new(&base.executable);
    let mut install = match program_with_pip(&base.executable) {
        Some(pip) => {
            run(
                venv.args(["-I", "-m", "venv", "--without-pip"]).arg(&dir),
                interrupt,
                on_step,
            )?;
            let mut install = Command::new(pip);
            install
                .args(["-I", "-m", "pip", "--python"])
                .arg(dir.join("bin/python"));
            install
        }
        None => {
            run(
                venv.args(["-I", "-m", "venv"]).arg(&dir),
                interrupt,
                on_step,
            )?;
            let mut install = Command::new(dir.join("bin/python"));
            install.args(["-I", "-m", "pip"]);
            install
        }
    };
    run(
        install
            .args(["install", "--no-input", "--progress-bar", "off"])
            .args(["--only-binary", ":all:", "uv"]),
        interrupt,
        on_step,
    )?;
    Ok(program)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lowest_version_is_the_strictest_lower_bound() {
        let base = Interpreter {
            executable: PathBuf::new(),
            version: semver::Version::new(3, 12, 1),
            implementation: "CPython".to_owned(),
            prefix: PathBuf::new(),
            base_prefix: PathBuf::new(),
            libraries: Vec::new(),
            missing: Vec::new(),
        };
        for (wanted, lowest) in [
            (">=3.11,<3.14", "3.11"),
            (">=3.9,>=3.10", "3.10"),
            ("=3.13", "3.13"),
            ("<4", "3.12"),
        ] {
            let wanted = VersionReq::parse(wanted).unwrap();
            assert_eq!(lowest_version(&wanted, &base), lowest, "{wanted}");
        }
    }
}
