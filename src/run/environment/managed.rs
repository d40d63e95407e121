//! Environments that the tool makes by itself: one per lock file and interpreter, made once.
//!
//! What is installed is a stranger's. Nothing of it is run here, outside of any sandbox: only wheels
//! are installed, which takes no code of theirs, and from then on the environment's own interpreter,
//! which a wheel may have replaced, is left to cases. What has to be known of it is known of the
//! interpreter that it was made from.

use std::fs::{self, File, Permissions, TryLockError};
use std::io::{self, BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use semver::{Version, VersionReq};
use serde::{Deserialize, Serialize};

use super::identity::Program;
use super::interpreter::{Interpreter, program_with_pip};
use super::{EnvironmentError, Step};
use crate::diagnostic::escape;
use crate::run::interrupt::Interrupt;

/// Written last; an environment without it was not finished.
const READY: &str = "mastery-environment.json";

/// Lines of a failed installer that are shown.
const SHOWN_LINES: usize = 15;

/// What an environment says of itself.
#[derive(Serialize, Deserialize)]
struct About {
    /// The interpreter that it was made from.
    python: PathBuf,
    version: Version,
    /// The digest of the lock file.
    lock: String,
    /// What the interpreter said of itself; not there in environments of older versions.
    base: Option<KnownBase>,
}

/// What an interpreter said of itself when it was last asked.
#[derive(Serialize, Deserialize)]
struct KnownBase {
    interpreter: Interpreter,
    /// The program as it was then.
    program: Program,
}

impl About {
    fn new(base: &Interpreter, lock: String) -> Self {
        Self {
            python: base.executable.clone(),
            version: base.version.clone(),
            lock,
            base: Some(KnownBase {
                interpreter: base.clone(),
                program: Program::at(&base.executable),
            }),
        }
    }

    /// The interpreter that the environment in `dir` was made from. It is asked only if it is another
    /// program than the last time: starting it is most of what finding an environment takes.
    fn base(self, dir: &Path) -> Option<Interpreter> {
        if let Some(known) = self.base
            && known.program == Program::at(&self.python)
        {
            return Some(known.interpreter);
        }
        let base = Interpreter::probe(self.python.as_os_str(), None).ok()?;
        // What can't be noted is asked again.
        let _ = Self::new(&base, self.lock).write(dir);
        Some(base)
    }

    /// Writes it in one step, so that no other run sees a half of it.
    fn write(&self, dir: &Path) -> io::Result<()> {
        let mut file = tempfile::Builder::new()
            .permissions(Permissions::from_mode(0o644))
            .tempfile_in(dir)?;
        serde_json::to_writer(&mut file, self)?;
        file.persist(dir.join(READY))?;
        Ok(())
    }
}

/// The interpreters of environments that were made for a lock file before, the newest Python first.
///
/// Asking what they were made from takes a fraction of looking for one to make another from.
pub(super) fn existing(
    parent: &Path,
    lock_text: &[u8],
    wanted: &VersionReq,
) -> impl Iterator<Item = Interpreter> {
    let lock = digest(lock_text);
    let mut found: Vec<_> = fs::read_dir(parent)
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let dir = entry.ok()?.path();
            let about: About = serde_json::from_slice(&fs::read(dir.join(READY)).ok()?).ok()?;
            let python = dir.join("bin/python");
            (about.lock == lock && wanted.matches(&about.version) && python.exists())
                .then_some((about, dir))
        })
        .collect();
    found.sort_by(|(a, a_dir), (b, b_dir)| {
        (&b.version, &b.python, b_dir).cmp(&(&a.version, &a.python, a_dir))
    });
    found.into_iter().filter_map(|(about, dir)| {
        let version = about.version.clone();
        let base = about.base(&dir)?;
        (base.version == version).then(|| base.of_environment(&dir))
    })
}

fn digest(lock_text: &[u8]) -> String {
    blake3::hash(lock_text).to_hex().to_string()
}

/// An environment to be.
pub(super) struct Plan<'a> {
    /// The folder of all environments.
    pub(super) parent: PathBuf,
    /// What it is made from.
    pub(super) base: &'a Interpreter,
    /// The lock file's content.
    pub(super) lock_text: &'a [u8],
    /// What of it is given to an installer.
    pub(super) pins: &'a str,
    /// Indexes besides the one that the machine is set up with.
    pub(super) indexes: Vec<String>,
}

impl Plan<'_> {
    /// Where the environment is or will be.
    fn dir(&self) -> PathBuf {
        let mut hasher = blake3::Hasher::new();
        let base = self.base.executable.to_string_lossy();
        let version = self.base.version.to_string();
        for field in [self.lock_text, base.as_bytes(), version.as_bytes()] {
            hasher.update(&(field.len() as u64).to_le_bytes());
            hasher.update(field);
        }
        let digest = hasher.finalize().to_hex();
        let minor = format!("{}.{}", self.base.version.major, self.base.version.minor);
        self.parent.join(format!("python{minor}-{}", &digest[..16]))
    }

    /// Returns the environment's interpreter, after making the environment where it is not there.
    ///
    /// Runs at the same time make it once: one makes it, the others wait.
    pub(super) fn ensure(
        &self,
        interrupt: &Interrupt,
        on_step: &mut dyn FnMut(Step),
    ) -> Result<Interpreter, EnvironmentError> {
        let dir = self.dir();
        let is_ready = || dir.join(READY).exists() && dir.join("bin/python").exists();
        if is_ready() {
            return Ok(self.base.of_environment(&dir));
        }
        let place = |error: io::Error| EnvironmentError::Place {
            path: dir.clone(),
            error,
        };
        fs::create_dir_all(&self.parent).map_err(place)?;
        let lock = File::create(lock_path(&dir)).map_err(place)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                on_step(Step::Waiting);
                lock.lock().map_err(place)?;
            }
            Err(TryLockError::Error(error)) => return Err(place(error)),
        }
        if is_ready() {
            return Ok(self.base.of_environment(&dir));
        }
        if dir.exists() {
            // Left by a run that was killed on the way.
            fs::remove_dir_all(&dir).map_err(place)?;
        }
        let made = self.make(&dir, interrupt, on_step);
        if let Err(error) = made {
            let _ = fs::remove_dir_all(&dir);
            return Err(error);
        }
        let about = About::new(self.base, digest(self.lock_text));
        about.write(&dir).map_err(place)?;
        Ok(self.base.of_environment(&dir))
    }

    fn make(
        &self,
        dir: &Path,
        interrupt: &Interrupt,
        on_step: &mut dyn FnMut(Step),
    ) -> Result<(), EnvironmentError> {
        on_step(Step::Making {
            path: dir.to_owned(),
            python: self.base.version.clone(),
        });
        let place = |error: io::Error| EnvironmentError::Place {
            path: dir.to_owned(),
            error,
        };
        // Installers get the pins as they were checked, and nothing that lies around beside them.
        let work = tempfile::Builder::new()
            .prefix(".installing-")
            .tempdir_in(&self.parent)
            .map_err(place)?;
        let pins = work.path().join("requirements.txt");
        fs::write(&pins, self.pins).map_err(place)?;
        let mut run = |command: &mut Command| run(command, interrupt, on_step);
        let python = dir.join("bin/python");
        let indexes = self
            .indexes
            .iter()
            .flat_map(|index| ["--extra-index-url", index.as_str()]);
        if let Some(uv) = find_uv() {
            let mut venv = Command::new(&uv);
            venv.args(["venv", "--no-project", "--no-config", "--python"]);
            run(venv.arg(&self.base.executable).arg(dir))?;
            let mut install = Command::new(&uv);
            install.args(["pip", "install", "--python"]).arg(&python);
            // uv would obey a `pyproject.toml` or `uv.toml` where we were started, or above.
            run(install
                .current_dir("/")
                .args(INSTALL_PINS)
                .args(indexes)
                .arg("-r")
                .arg(&pins))?;
            // uv would have the new environment's own interpreter do it.
            let mut compile = Command::new(&self.base.executable);
            compile.args(["-I", "-S", "-c", COMPILE]);
            return run(compile.arg(self.base.of_environment(dir).site_packages()));
        }
        // An environment without pip is made in a tenth of the time. A pip in it would be one that a
        // wheel could change while it runs.
        let mut venv = Command::new(&self.base.executable);
        run(venv.args(["-I", "-m", "venv", "--without-pip"]).arg(dir))?;
        let pip = match program_with_pip(&self.base.executable) {
            Some(pip) => pip,
            None => {
                let with_pip = work.path().join("pip");
                let mut venv = Command::new(&self.base.executable);
                run(venv.args(["-I", "-m", "venv"]).arg(&with_pip))?;
                with_pip.join("bin/python")
            }
        };
        let mut install = Command::new(pip);
        install
            .args(["-I", "-m", "pip", "--python"])
            .arg(&python)
            .args(["install", "--compile", "--no-input"])
            .args(["--progress-bar", "off"]);
        run(install
            .args(INSTALL_PINS)
            .args(indexes)
            .arg("-r")
            .arg(&pins))
    }
}

/// The file that is locked while an environment is made.
fn lock_path(dir: &Path) -> PathBuf {
    // Names of environments hold dots; an ending must not take the place of what is behind one.
    let mut name = dir.file_name().unwrap_or_default().to_owned();
    name.push(".lock");
    dir.with_file_name(name)
}

/// For pip and uv alike: what was locked, and no code of a package to build it.
const INSTALL_PINS: &[&str] = &["--require-hashes", "--only-binary", ":all:"];

/// Compiles a folder; what can't be compiled, such as a template, is passed over.
const COMPILE: &str =
    "import compileall, sys; compileall.compile_dir(sys.argv[1], quiet=2, workers=0)";

/// The `uv` on the PATH.
pub(super) fn find_uv() -> Option<PathBuf> {
    super::find_on_path("uv")
}

/// Runs an installer with its output told line by line.
pub(super) fn run(
    command: &mut Command,
    interrupt: &Interrupt,
    on_step: &mut dyn FnMut(Step),
) -> Result<(), EnvironmentError> {
    let name = command.get_program().to_string_lossy().into_owned();
    let failed = |output: String| EnvironmentError::Installer {
        program: name.clone(),
        output,
    };
    let (reader, writer) = io::pipe().map_err(|error| failed(error.to_string()))?;
    let twin = writer
        .try_clone()
        .map_err(|error| failed(error.to_string()))?;
    command.stdin(Stdio::null()).stdout(writer).stderr(twin);
    // Its own group, so that Ctrl-C reaches it through us and it can't be left half done unseen.
    command.process_group(0);
    // SAFETY: the call is safe between fork and exec. What is installed must be readable for the
    // users that cases run as, whatever the author's umask.
    unsafe {
        command.pre_exec(|| {
            libc::umask(0o022);
            Ok(())
        });
    }
    let mut child = command.spawn().map_err(|error| failed(error.to_string()))?;
    // The command holds the writing ends; the output would never end.
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let guard = interrupt.kill_group_on_stop(child.id());
    let mut lines = Vec::new();
    for line in BufReader::new(reader).split(b'\n').map_while(Result::ok) {
        let line = escape::bytes(&line).trim_end().to_owned();
        if !line.is_empty() {
            on_step(Step::Line(line.clone()));
            lines.push(line);
        }
    }
    let status = child.wait().map_err(|error| failed(error.to_string()))?;
    drop(guard);
    if interrupt.is_set() {
        return Err(EnvironmentError::Interrupted);
    }
    if status.success() {
        return Ok(());
    }
    let first = lines.len().saturating_sub(SHOWN_LINES);
    Err(failed(lines[first..].join("\n")))
}
