//! Python interpreters: finding them and asking what they are.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use semver::{Version, VersionReq};
use serde::{Deserialize, Serialize};

/// Asks an interpreter what it is; see the file.
const PROBE: &str = include_str!("probe.py");

/// What an interpreter says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interpreter {
    /// The program.
    pub executable: PathBuf,
    /// Major, minor and patch version.
    pub version: Version,
    /// `CPython` and the like.
    pub implementation: String,
    /// The folder of the environment that it belongs to.
    pub prefix: PathBuf,
    /// The folder of the installation that the environment was made from.
    pub base_prefix: PathBuf,
    /// Where its libraries are.
    pub libraries: Vec<PathBuf>,
    /// What a lock file pins and the environment lacks.
    pub missing: Vec<String>,
}

impl Interpreter {
    /// Asks the interpreter at `program`, and with a `lock` file also what it lacks of that.
    ///
    /// Nothing that is installed for it is run on the start (`-S`): neither `.pth` files nor
    /// `sitecustomize`. It must be one that the author chose; see `of_environment`.
    ///
    /// # Errors
    ///
    /// Why it can't be asked, in a line.
    pub fn probe(program: &OsStr, lock: Option<&Path>) -> Result<Self, String> {
        let output = Command::new(program)
            .args(["-I", "-S", "-c", PROBE])
            .args(lock)
            .stdin(Stdio::null())
            .output()
            .map_err(|error| error.to_string())?;
        serde_json::from_slice(&output.stdout).map_err(|_| {
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            let last = text.lines().rev().find(|line| !line.trim().is_empty());
            last.unwrap_or("it says nothing of itself")
                .trim()
                .to_owned()
        })
    }

    /// The interpreter of the environment `dir` that was made from this one. It is not asked: its
    /// packages may have replaced it.
    pub(super) fn of_environment(&self, dir: &Path) -> Self {
        let is_of_base = |path: &&PathBuf| path.starts_with(&self.base_prefix);
        Self {
            executable: dir.join("bin/python"),
            prefix: dir.to_owned(),
            libraries: self.libraries.iter().filter(is_of_base).cloned().collect(),
            missing: Vec::new(),
            ..self.clone()
        }
    }

    /// Where packages of an environment of this interpreter are.
    pub(super) fn site_packages(&self) -> PathBuf {
        self.prefix
            .join(format!("lib/{}/site-packages", self.minor_name()))
    }

    /// Its name with the minor version, as in `python3.12`.
    fn minor_name(&self) -> String {
        format!("python{}.{}", self.version.major, self.version.minor)
    }

    /// Whether any user of the machine can run it.
    ///
    /// Cases of root run as users of their own, to whom an interpreter below somebody's home folder
    /// is often closed.
    pub fn is_reachable_by_all(&self) -> bool {
        let program = self.executable.canonicalize();
        program.is_ok_and(|program| is_reachable_by_all(&program))
            && self
                .libraries
                .iter()
                .chain([&self.prefix])
                .all(|path| is_reachable_by_all(path))
    }

    /// What a case must read to run it. Of an installation its own parts only: beside them may lie
    /// what has nothing to do with it.
    pub fn readable(&self) -> Vec<PathBuf> {
        let mut paths = vec![self.executable.clone()];
        paths.extend(self.executable.canonicalize());
        if self.prefix != self.base_prefix && !is_shared(&self.prefix) {
            // An environment holds nothing else.
            paths.push(self.prefix.clone());
        }
        for prefix in [&self.prefix, &self.base_prefix] {
            paths.extend(self.parts_of(prefix));
        }
        paths.extend(self.libraries.iter().cloned());
        paths
    }

    /// What belongs to this interpreter below a prefix.
    fn parts_of(&self, prefix: &Path) -> Vec<PathBuf> {
        let minor = self.minor_name();
        let mut parts = vec![prefix.join("include").join(&minor)];
        for lib in ["lib", "lib64"].map(|lib| prefix.join(lib)) {
            parts.push(lib.join(&minor));
            let files = std::fs::read_dir(lib).into_iter().flatten().flatten();
            parts.extend(
                files
                    .map(|entry| entry.path())
                    .filter(|it| is_shared_library(it)),
            );
        }
        if !is_shared(prefix) {
            parts.push(prefix.join("bin"));
        }
        parts
    }
}

/// Whether a file is a library such as `libpython3.12.so.1.0`.
fn is_shared_library(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_library = name.starts_with("lib") && (name.contains(".so") || name.ends_with(".dylib"));
    is_library && path.is_file()
}

/// The folders of an installation that hold programs and what they need; none where everything that
/// a user has would be among it.
pub(super) fn parts_of_prefix(prefix: &Path) -> impl Iterator<Item = PathBuf> {
    let parts = ["bin", "lib", "lib64", "libexec", "share", "include"];
    let parts = if is_shared(prefix) { &[] } else { &parts[..] };
    parts
        .iter()
        .map(|part| prefix.join(part))
        .collect::<Vec<_>>()
        .into_iter()
}

/// Whether a folder holds more than one installation: a user's home, what is above it, or the
/// `.local` in one.
fn is_shared(prefix: &Path) -> bool {
    is_shared_by(prefix, etcetera::home_dir().ok().as_deref())
}

fn is_shared_by(prefix: &Path, home: Option<&Path>) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let real_prefix = real(prefix);
    let of_home = home.is_some_and(|home| {
        real(home).starts_with(&real_prefix) || real(&home.join(".local")) == real_prefix
    });
    of_home
        || [prefix, &real_prefix]
            .iter()
            .any(|path| path.ends_with(".local"))
}

/// Whether every user may look into all folders on the way to `path` and read what is there.
pub(super) fn is_reachable_by_all(path: &Path) -> bool {
    const READ: u32 = 0o004;
    const SEARCH: u32 = 0o001;
    let mode = |path: &Path| path.metadata().map_or(0, |metadata| metadata.mode());
    mode(path) & READ != 0
        && path
            .ancestors()
            .skip(1)
            .all(|parent| mode(parent) & SEARCH != 0)
}

/// An interpreter that was found and why it was not taken, where it was not.
#[derive(Debug)]
pub struct Candidate {
    /// The interpreter.
    pub interpreter: Interpreter,
    /// Why it can't be used; `None` when it can.
    pub objection: Option<String>,
}

/// Finds interpreters on the PATH and in the usual places, the preferred ones first, and judges
/// each. Stops behind the first that can be used.
pub fn find(wanted: &VersionReq, for_all_users: bool) -> Vec<Candidate> {
    let mut seen = HashSet::new();
    let mut candidates = Vec::new();
    for program in programs() {
        let Ok(interpreter) = Interpreter::probe(program.as_os_str(), None) else {
            continue;
        };
        if !seen.insert(interpreter.executable.clone()) {
            continue;
        }
        let objection = if !wanted.matches(&interpreter.version) {
            Some(format!("its version is {}", interpreter.version))
        } else if for_all_users && !interpreter.is_reachable_by_all() {
            Some("unprivileged users can't read it, and cases run as such".to_owned())
        } else {
            None
        };
        let is_usable = objection.is_none();
        candidates.push(Candidate {
            interpreter,
            objection,
        });
        if is_usable {
            break;
        }
    }
    candidates
}

/// Returns an interpreter whose pip can install into other environments, `preferred` if it can.
pub(super) fn program_with_pip(preferred: &Path) -> Option<PathBuf> {
    std::iter::once(preferred.to_owned())
        .chain(programs())
        .find(|program| {
            // The option came with pip 22.3. With it pip runs itself again under that program, which
            // here does nothing and succeeds.
            let asked = Command::new(program)
                .args(["-I", "-m", "pip", "--python", "/bin/true", "--version"])
                .stdin(Stdio::null())
                .output();
            asked.is_ok_and(|output| output.status.success())
        })
}

/// Programs that may be interpreters: `python3` and `python` on the PATH, then versioned ones from
/// new to old, then the system's.
fn programs() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<_> = std::env::split_paths(&path)
        .filter(|dir| dir.is_absolute())
        .collect();
    let names = ["python3".to_owned(), "python".to_owned()]
        .into_iter()
        .chain((8..30).rev().map(|minor| format!("python3.{minor}")));
    let mut found: Vec<PathBuf> = Vec::new();
    for name in names {
        found.extend(
            folders
                .iter()
                .map(|dir| dir.join(&name))
                .filter(|path| path.is_file()),
        );
    }
    let system = ["/usr/bin/python3", "/usr/local/bin/python3"].map(PathBuf::from);
    found.extend(system.into_iter().filter(|path| path.is_file()));
    let mut seen = HashSet::new();
    found.retain(|path| seen.insert(path.clone()));
    found
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn an_interpreter_is_found_and_knows_itself() {
        let candidates = find(&VersionReq::parse(">=3.8").unwrap(), false);
        let found = &candidates
            .last()
            .expect("this machine has a Python")
            .interpreter;
        assert!(found.executable.is_file());
        assert_eq!(found.version.major, 3);
        assert!(!found.libraries.is_empty());
    }

    #[test]
    fn versions_that_are_not_wanted_are_told() {
        let candidates = find(&VersionReq::parse("<3").unwrap(), false);
        assert!(!candidates.is_empty());
        for candidate in candidates {
            let objection = candidate.objection.expect("no Python 2");
            assert!(objection.starts_with("its version is 3."), "{objection}");
        }
    }

    #[test]
    fn what_a_lock_pins_and_is_not_there_is_missing() {
        let dir = tempfile::tempdir().unwrap();
        let lock = dir.path().join("requirements.txt");
        let text =
            "no-such-package==1.0 \\\n    --hash=sha256:00\nother==2 ; python_version < '3' \\\n";
        fs::write(&lock, text).unwrap();
        let python = find(&VersionReq::STAR, false)
            .pop()
            .unwrap()
            .interpreter
            .executable;
        let probed = Interpreter::probe(python.as_os_str(), Some(&lock)).unwrap();
        assert_eq!(probed.missing[0], "no-such-package==1.0");
    }

    #[test]
    fn home_folders_are_shared_and_installations_are_not() {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("home/me");
        fs::create_dir_all(home.join(".local/bin")).unwrap();
        fs::create_dir_all(home.join(".pyenv/versions/3.12.1")).unwrap();
        std::os::unix::fs::symlink(home.join(".local"), dir.path().join("link")).unwrap();
        for shared in [
            "home/me",
            "home/me/.local",
            "home",
            "",
            "link",
            "home/other/.local",
        ] {
            let prefix = dir.path().join(shared);
            assert!(is_shared_by(&prefix, Some(&home)), "{shared}");
        }
        for own in [
            "home/me/.pyenv/versions/3.12.1",
            "home/me/.cargo",
            "opt/python",
            "home/other",
        ] {
            let prefix = dir.path().join(own);
            assert!(!is_shared_by(&prefix, Some(&home)), "{own}");
        }
        assert!(is_shared_by(Path::new("/"), Some(&home)));
    }

    #[test]
    fn of_an_installation_only_its_own_parts_are_opened() {
        let dir = tempfile::tempdir().unwrap();
        for prefix in ["sw", "home/.local"] {
            let prefix = dir.path().join(prefix);
            for folder in ["bin", "lib/python3.12", "lib/other", "share/secrets"] {
                fs::create_dir_all(prefix.join(folder)).unwrap();
            }
            for file in [
                "bin/python3.12",
                "bin/other",
                "lib/libpython3.12.so.1.0",
                "lib/notes.txt",
            ] {
                fs::write(prefix.join(file), "").unwrap();
            }
            let python = Interpreter {
                executable: prefix.join("bin/python3.12"),
                version: Version::new(3, 12, 1),
                implementation: "CPython".to_owned(),
                prefix: prefix.clone(),
                base_prefix: prefix.clone(),
                libraries: vec![prefix.join("lib/python3.12")],
                missing: Vec::new(),
            };
            let readable = python.readable();
            let opens = |path: &str| readable.iter().any(|it| prefix.join(path).starts_with(it));
            for path in [
                "bin/python3.12",
                "lib/python3.12/os.py",
                "lib/libpython3.12.so.1.0",
            ] {
                assert!(opens(path), "{path}");
            }
            for path in ["lib/other", "lib/notes.txt", "share/secrets"] {
                assert!(!opens(path), "{path}");
            }
            assert_eq!(opens("bin/other"), prefix.ends_with("sw"));
        }
    }

    #[test]
    fn program_that_is_no_python_is_told_from_one() {
        assert!(Interpreter::probe("/bin/true".as_ref(), None).is_err());
        assert!(Interpreter::probe("/nonexistent".as_ref(), None).is_err());
    }

    #[test]
    fn closed_folder_on_the_way_makes_a_file_unreachable() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o700)).unwrap();
        assert!(!is_reachable_by_all(&file));
        fs::set_permissions(dir.path(), Permissions::from_mode(0o711)).unwrap();
        assert!(is_reachable_by_all(&file));
        fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
        assert!(!is_reachable_by_all(&file));
    }
}
