//! The Python environment of a curriculum, and the programs that its validators call.
//!
//! The tool makes environments by itself and keeps them. An author's own is used where it is asked
//! for, or is active and has what the lock file pins.

pub mod cache_dir;
pub mod identity;
pub mod interpreter;
pub mod lock;
mod managed;
pub mod requirements;
mod toolchain;

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use semver::{Version, VersionReq};

use crate::curriculum::document::{self, Validator};
use crate::curriculum::{Curriculum, REQUIREMENTS};
use crate::run::interrupt::Interrupt;

use identity::{Identity, Program};
use interpreter::{Candidate, Interpreter};
use requirements::Refused;

/// Variable that names an interpreter, as `--python` does.
pub const PYTHON_VARIABLE: &str = "MASTERY_PYTHON";

/// What cases of one curriculum run in.
#[derive(Clone, Debug)]
pub struct Environment {
    /// The interpreter; `None` when no module needs Python.
    pub python: Option<Interpreter>,
    /// Where the interpreter comes from; `None` when there is none.
    pub origin: Option<Origin>,
    /// Folders of programs, searched in order.
    pub path: Vec<PathBuf>,
    /// What cases may read besides the system's own.
    pub readable: Vec<PathBuf>,
    /// Plugin modules that pytest loads.
    pub pytest_plugins: Vec<String>,
    /// Modules that a worker imports once for all cases.
    pub preload: Vec<String>,
    /// What it is told from others by.
    pub identity: Identity,
}

/// Where an interpreter comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// `--python` or its variable.
    Given,
    /// The active virtual environment.
    Active,
    /// The tool made its environment.
    Managed,
}

/// How environments are chosen.
#[derive(Clone, Debug)]
pub struct EnvironmentOptions {
    /// `--python` or its variable.
    pub python: Option<OsString>,
    /// The active virtual environment.
    pub active: Option<PathBuf>,
    /// Where the tool keeps environments.
    pub cache_dir: PathBuf,
    /// Whether cases run as users of their own, who must be able to read everything.
    pub for_all_users: bool,
}

/// What is asked of an environment.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Whose environment it is, for messages.
    pub name: String,
    /// What the curriculum says of it.
    pub settings: document::Environment,
    /// The lock file; `None` where there is none.
    pub lock: Option<PathBuf>,
    /// Whether tests are run by pytest, so that there has to be a lock file.
    pub uses_pytest: bool,
}

impl Wanted {
    /// What a curriculum asks for.
    pub fn by(curriculum: &Curriculum) -> Self {
        let manifest = curriculum.manifest.as_ref();
        let settings = manifest.and_then(|it| it.value.environment.clone());
        let settings = settings.unwrap_or_default();
        let builds = curriculum.modules.iter();
        let mut builds = builds.filter_map(|module| module.manifest.as_ref()?.value.build.as_ref());
        Self {
            name: curriculum.shown.clone(),
            lock: lock_file(curriculum, &settings),
            settings,
            uses_pytest: builds.any(|build| matches!(build.validator, Validator::Pytest(_))),
        }
    }

    /// A text that tells one from another: what is asked for, and what the lock file holds now.
    pub fn fingerprint(&self) -> String {
        let lock = self.lock.as_ref().and_then(|path| std::fs::read(path).ok());
        let lock = lock.map(|text| blake3::hash(&text));
        format!("{:?} {lock:?}", self.settings)
    }
}

/// What happens while an environment is made ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// It is being made.
    Making {
        /// Where it will be.
        path: PathBuf,
        /// The version of Python.
        python: Version,
    },
    /// Another run is making it.
    Waiting,
    /// A line of the installer.
    Line(String),
    /// Something that the author should know.
    Note(String),
}

/// Why there is no environment.
#[derive(Debug, thiserror::Error)]
pub enum EnvironmentError {
    /// The lock file is not there or can't be read.
    #[error("the lock file `{path}` can't be read: {error}")]
    Lock {
        /// The lock file.
        path: String,
        /// What the system says.
        error: io::Error,
    },
    /// The lock file holds something else than pins.
    #[error("line {} of the lock file `{path}` is refused: `{}`: {}", refused.line, refused.text, refused.reason)]
    Refused {
        /// The lock file.
        path: String,
        /// The line.
        refused: Refused,
    },
    /// Modules use pytest and nothing brings it.
    #[error("modules of `{0}` are validated by pytest, and it has no lock file")]
    NoLock(String),
    /// The interpreter that was asked for can't be used.
    #[error("`{}` can't be used: {reason}", program.to_string_lossy())]
    Given {
        /// The interpreter.
        program: OsString,
        /// Why not.
        reason: String,
    },
    /// No interpreter of the wanted version.
    #[error("no Python {wanted} was found{}", list(candidates))]
    NoPython {
        /// The versions that the curriculum works with.
        wanted: VersionReq,
        /// What was found instead.
        candidates: Vec<Candidate>,
    },
    /// A program that command validators call is not there.
    #[error("the curriculum needs the program `{0}`, which is not on the PATH")]
    NoTool(String),
    /// A program that command validators call, where cases can't run it.
    #[error("`{}` can't be run: unprivileged users can't read it, and cases run as such", .0.display())]
    ClosedTool(PathBuf),
    /// An installer failed.
    #[error("`{program}` failed:\n{output}")]
    Installer {
        /// The installer.
        program: String,
        /// The end of what it printed.
        output: String,
    },
    /// The place of environments can't be written.
    #[error("the environment `{}` can't be made: {error}", path.display())]
    Place {
        /// The environment.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The run was stopped.
    #[error("interrupted")]
    Interrupted,
}

fn list(candidates: &[Candidate]) -> String {
    candidates.iter().fold(String::new(), |list, candidate| {
        let path = candidate.interpreter.executable.display();
        let objection = candidate.objection.as_deref().unwrap_or("usable");
        format!("{list}\n  `{path}`: {objection}")
    })
}

impl EnvironmentError {
    /// What to do about it.
    pub fn hints(&self) -> Vec<String> {
        let hint = |text: &str| vec![text.to_owned()];
        match self {
            Self::Lock { .. } | Self::NoLock(_) => hint(
                "list what the tests need in `requirements.in` (pytest, for one) and run `mastery lock`",
            ),
            Self::Refused { .. } => hint(
                "a lock file comes from strangers and holds pins only: let `mastery lock` write it",
            ),
            Self::Given { .. } => hint(
                "install the lock file into it, or leave the choice out and let mastery make an environment",
            ),
            Self::NoPython { candidates, .. } => {
                let is_closed = candidates.iter().any(|it| {
                    it.objection
                        .as_ref()
                        .is_some_and(|why| why.contains("unprivileged"))
                });
                if is_closed {
                    vec![
                        "run mastery as an ordinary user, or install Python where all users can \
                         read it"
                            .to_owned(),
                    ]
                } else {
                    hint("install one of these versions, or name it with `--python`")
                }
            }
            Self::NoTool(name) => vec![format!("install `{name}`")],
            Self::ClosedTool(_) => {
                hint("run mastery as an ordinary user, or install it where all users can read it")
            }
            Self::Installer { output, .. } => installer_hints(output),
            Self::Place { .. } => {
                vec![format!(
                    "name a folder that can be written with {}",
                    cache_dir::VARIABLE
                )]
            }
            Self::Interrupted => Vec::new(),
        }
    }
}

/// What the words of pip and uv mean to somebody who has not asked for them.
fn installer_hints(output: &str) -> Vec<String> {
    let text = output.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let hint = if says(&["do not match the hashes", "hash mismatch"]) {
        "what the index offers is not what was locked: find out why before you run `mastery lock`"
    } else if says(&[
        "name resolution",
        "connection",
        "dns error",
        "network is unreachable",
        "error sending request",
        "max retries",
        "timed out",
    ]) {
        "the package index can't be reached: check the network, or set an index for pip or uv"
    } else if says(&[
        "no matching distribution",
        "no solution found",
        "not found in the package registry",
        "has no usable wheels",
    ]) {
        "a locked package is not on the index as a wheel for this Python and system: check \
         `indexes` in `curriculum.yaml`, or run `mastery lock`"
    } else if says(&["no such option: --python"]) {
        "update pip of this Python to 22.3 or newer, or install uv"
    } else if says(&["no space left"]) {
        "the disk is full: free some space, or keep environments elsewhere with MASTERY_CACHE_DIR"
    } else if says(&["ensurepip", "python3-venv"]) {
        "install the `venv` module of this Python (on Debian: `apt install python3-venv`), or uv"
    } else {
        return Vec::new();
    };
    vec![hint.to_owned()]
}

impl Environment {
    /// Makes an environment ready.
    ///
    /// # Errors
    ///
    /// See [`EnvironmentError`].
    pub fn resolve(
        wanted: &Wanted,
        options: &EnvironmentOptions,
        interrupt: &Interrupt,
        on_step: &mut dyn FnMut(Step),
    ) -> Result<Self, EnvironmentError> {
        let settings = &wanted.settings;
        let mut environment = Self {
            python: None,
            origin: None,
            path: Vec::new(),
            readable: Vec::new(),
            pytest_plugins: settings
                .pytest_plugins
                .iter()
                .map(ToString::to_string)
                .collect(),
            preload: settings.preload.iter().map(ToString::to_string).collect(),
            identity: Identity::default(),
        };
        environment.add_tools(settings, options)?;
        match &wanted.lock {
            Some(lock) => {
                let text = std::fs::read(lock).map_err(|error| EnvironmentError::Lock {
                    path: lock.display().to_string(),
                    error,
                })?;
                let (python, origin) = python(lock, &text, settings, options, interrupt, on_step)?;
                environment.identity.add_python(&python, origin, &text);
                environment.path.insert(0, parent(&python.executable));
                environment.readable.extend(python.readable());
                environment.python = Some(python);
                environment.origin = Some(origin);
            }
            None if wanted.uses_pytest => {
                return Err(EnvironmentError::NoLock(wanted.name.clone()));
            }
            None => {}
        }
        Ok(environment)
    }

    /// The PATH of cases: the environment's own programs, then the system's.
    pub fn path_variable(&self) -> String {
        let system = ["/usr/local/bin", "/usr/bin", "/bin"].map(PathBuf::from);
        let folders: Vec<_> = self
            .path
            .iter()
            .chain(&system)
            .map(|dir| dir.to_string_lossy())
            .collect();
        folders.join(":")
    }

    fn add_tools(
        &mut self,
        settings: &document::Environment,
        options: &EnvironmentOptions,
    ) -> Result<(), EnvironmentError> {
        for tool in &settings.tools {
            let found = all_on_path(tool.as_str()).map(toolchain::program_behind);
            let found: Vec<_> = found.map(|it| (Program::at(&it), it)).collect();
            // Under root the first one may be the user's own, and the next one for everybody.
            let is_open = |(program, _): &&(Program, PathBuf)| {
                !options.for_all_users || interpreter::is_reachable_by_all(&program.target)
            };
            let (identity, found) = match (found.iter().find(is_open), found.first()) {
                (Some(open), _) => open.clone(),
                (None, Some((closed, _))) => {
                    return Err(EnvironmentError::ClosedTool(closed.target.clone()));
                }
                (None, None) => return Err(EnvironmentError::NoTool(tool.to_string())),
            };
            let program = identity.target.clone();
            self.identity.programs.push(identity);
            self.path.push(parent(&found));
            self.readable.extend([found, program.clone()]);
            if let Some(prefix) = program.parent().and_then(Path::parent) {
                self.readable.extend(interpreter::parts_of_prefix(prefix));
            }
        }
        Ok(())
    }
}

fn parent(path: &Path) -> PathBuf {
    path.parent().unwrap_or(path).to_owned()
}

/// The lock file: the one that is named, or the usual one where it is there.
fn lock_file(curriculum: &Curriculum, settings: &document::Environment) -> Option<PathBuf> {
    match &settings.requirements {
        Some(path) => Some(curriculum.dir.join(path.as_str())),
        None => Some(curriculum.dir.join(REQUIREMENTS)).filter(|path| path.exists()),
    }
}

fn python(
    lock: &Path,
    lock_text: &[u8],
    settings: &document::Environment,
    options: &EnvironmentOptions,
    interrupt: &Interrupt,
    on_step: &mut dyn FnMut(Step),
) -> Result<(Interpreter, Origin), EnvironmentError> {
    let pins = requirements::pins_of(lock_text).map_err(|refused| EnvironmentError::Refused {
        path: lock.display().to_string(),
        refused,
    })?;
    let wanted = settings.python.clone().unwrap_or(VersionReq::STAR);
    if let Some(program) = &options.python {
        return match usable(program, lock, &wanted, options) {
            Ok(python) => Ok((python, Origin::Given)),
            Err(reason) => Err(EnvironmentError::Given {
                program: program.clone(),
                reason,
            }),
        };
    }
    if let Some(dir) = &options.active {
        let program = dir.join("bin/python").into_os_string();
        match usable(&program, lock, &wanted, options) {
            Ok(python) => return Ok((python, Origin::Active)),
            Err(reason) => on_step(Step::Note(format!(
                "the active environment `{}` is not used: {reason}",
                dir.display()
            ))),
        }
    }
    let environments = options.cache_dir.join("environments");
    // What it was made from may be gone, or belong to another user.
    let existing = managed::existing(&environments, lock_text, &wanted)
        .find(|python| !options.for_all_users || python.is_reachable_by_all());
    if let Some(python) = existing {
        return Ok((python, Origin::Managed));
    }
    let mut candidates = interpreter::find(&wanted, options.for_all_users);
    let base = match candidates.pop() {
        Some(Candidate {
            interpreter,
            objection: None,
        }) => interpreter,
        other => {
            candidates.extend(other);
            return Err(EnvironmentError::NoPython { wanted, candidates });
        }
    };
    let plan = managed::Plan {
        parent: environments,
        base: &base,
        lock_text,
        pins: &pins,
        indexes: settings.indexes.iter().map(ToString::to_string).collect(),
    };
    Ok((plan.ensure(interrupt, on_step)?, Origin::Managed))
}

/// Asks an interpreter of the author's own whether it will do.
fn usable(
    program: &OsString,
    lock: &Path,
    wanted: &VersionReq,
    options: &EnvironmentOptions,
) -> Result<Interpreter, String> {
    let python = Interpreter::probe(program, Some(lock))?;
    if !wanted.matches(&python.version) {
        return Err(format!(
            "its version is {} and the curriculum wants {wanted}",
            python.version
        ));
    }
    if let Some(first) = python.missing.first() {
        let more = match python.missing.len() - 1 {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        return Err(format!("it lacks {first}{more}"));
    }
    if options.for_all_users && !python.is_reachable_by_all() {
        return Err("unprivileged users can't read it, and cases run as such".to_owned());
    }
    Ok(python)
}

/// The program called `name` on the PATH.
pub(crate) fn find_on_path(name: &str) -> Option<PathBuf> {
    all_on_path(name).next()
}

/// All programs of that name, in the order in which they are looked for.
fn all_on_path(name: &str) -> impl Iterator<Item = PathBuf> {
    use std::os::unix::fs::PermissionsExt as _;
    let is_program = |path: &PathBuf| {
        path.metadata()
            .is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
    };
    let path = std::env::var_os("PATH").unwrap_or_default();
    let dirs: Vec<_> = std::env::split_paths(&path).collect();
    dirs.into_iter()
        .filter(|dir| dir.is_absolute())
        .map(move |dir| dir.join(name))
        .filter(is_program)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_installers_are_explained() {
        for (output, part) in [
            (
                "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM",
                "not what was locked",
            ),
            ("Hash mismatch for `torch==2`", "not what was locked"),
            ("Temporary failure in name resolution", "can't be reached"),
            (
                "error: Request failed\n  Caused by: dns error",
                "can't be reached",
            ),
            (
                "ERROR: No matching distribution found for x",
                "not on the index",
            ),
            (
                "OSError: [Errno 28] No space left on device",
                "disk is full",
            ),
        ] {
            assert!(installer_hints(output)[0].contains(part), "{output}");
        }
        assert!(installer_hints("something else").is_empty());
    }

    #[test]
    fn programs_are_found_on_the_path() {
        assert!(find_on_path("sh").is_some_and(|path| path.is_absolute()));
        assert_eq!(find_on_path("no-such-program-anywhere"), None);
    }
}
