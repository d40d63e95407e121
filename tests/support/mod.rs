//! What the end-to-end tests share: a place of their own, the real binary, fixtures laid over a base.
#![allow(dead_code, reason = "each test binary uses a part of it")]
#![allow(clippy::unwrap_used, reason = "a test that can't go on panics")]

pub(crate) mod terminal;
pub(crate) mod watched;

use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

/// The folder of all fixtures.
pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// Variables that the tool may need from the outside: where programs are, and how package indexes
/// are reached. Everything else is cleared.
const PASSED_ON: &[&str] = &[
    "PATH",
    "HOME",
    "MASTERY_CACHE_DIR",
    "XDG_CACHE_HOME",
    "LLVM_PROFILE_FILE",
];
const PASSED_ON_PREFIXES: &[&str] = &[
    "PIP_",
    "UV_",
    "SSL_",
    "HTTP",
    "http",
    "NO_PROXY",
    "REQUESTS_",
];

/// A folder of a test's own, in which the tool is run.
pub(crate) struct Sandbox {
    dir: tempfile::TempDir,
}

/// What a run of the tool left behind.
#[must_use]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Sandbox {
    /// Returns an empty one.
    pub(crate) fn new() -> Self {
        let dir = tempfile::Builder::new()
            .prefix("mastery-test-")
            .tempdir()
            .unwrap();
        // Cases may run as other users.
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        Self { dir }
    }

    /// Returns one with the base curriculum and a fixture over it, in `curricula/base`.
    pub(crate) fn with_overlay(overlay: &Path) -> Self {
        let sandbox = Self::new();
        let target = sandbox.path().join("curricula/base");
        copy(&fixtures().join("base"), &target);
        lay_over(overlay, &target);
        sandbox
    }

    /// Returns one with the base curriculum.
    pub(crate) fn with_base() -> Self {
        let sandbox = Self::new();
        copy(
            &fixtures().join("base"),
            &sandbox.path().join("curricula/base"),
        );
        sandbox
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Writes a file, with the folders on the way to it.
    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path().join(path)).unwrap()
    }

    /// Replaces a text that is in a file once.
    pub(crate) fn replace(&self, path: &str, from: &str, to: &str) {
        let text = self.read(path);
        assert_eq!(text.matches(from).count(), 1, "`{from}` in {path}");
        self.write(path, text.replace(from, to));
    }

    /// A command that runs the tool in here, its environment cleared.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mastery"));
        command
            .args(arguments)
            .current_dir(self.path())
            .stdin(Stdio::null());
        clear(&mut command);
        command
    }

    /// Runs the tool.
    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        Run::of(self.command(arguments).output().unwrap(), self.path())
    }

    /// Runs the tool with `--format json` and returns its document.
    pub(crate) fn json(&self, arguments: &[&str]) -> (i32, Value) {
        let run = self.run(&[arguments, &["--format", "json"]].concat());
        let document = serde_json::from_str(&run.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}{}", run.stdout, run.stderr));
        (run.code, document)
    }

    /// Everything that is in here, as `path content`, to compare before and after.
    pub(crate) fn listing(&self) -> Vec<String> {
        let mut lines = Vec::new();
        list(self.path(), self.path(), &mut lines);
        lines.sort();
        lines
    }
}

/// Clears the environment of a command but for what the tool may need. Results of other runs are not
/// taken, and none are left to the user who runs the tests.
pub(crate) fn clear(command: &mut Command) {
    command.env_clear();
    command.env("MASTERY_NO_CACHE", "1");
    for (key, value) in std::env::vars_os() {
        let name = key.to_string_lossy();
        if PASSED_ON.contains(&&*name) || PASSED_ON_PREFIXES.iter().any(|p| name.starts_with(p)) {
            command.env(&key, value);
        }
    }
}

impl Run {
    pub(crate) fn of(output: Output, base: &Path) -> Self {
        let text = |bytes: Vec<u8>| redact(&String::from_utf8(bytes).unwrap(), base);
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// Exit code and both streams, for a snapshot.
    pub(crate) fn shown(&self) -> String {
        let mut shown = format!("exit code: {}\n", self.code);
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !text.is_empty() {
                shown.push_str(&format!("----- {name}\n{text}"));
            }
        }
        shown
    }

    #[track_caller]
    pub(crate) fn success(self) -> Self {
        assert_eq!(self.code, 0, "{}", self.shown());
        self
    }
}

/// Takes out what differs from run to run: the test's folder, times, memory.
pub(crate) fn redact(text: &str, base: &Path) -> String {
    let base = base.to_string_lossy();
    let text = text.replace(&*base, "[BASE]");
    let times = regex::Regex::new(r"\b\d+(\.\d+)? s\b").unwrap();
    let text = times.replace_all(&text, "[TIME]");
    // Columns that hold a time are as wide as the time was.
    let padding = regex::Regex::new(r" +\[TIME\]").unwrap();
    let text = padding.replace_all(&text, " [TIME]");
    // Which cases are the slowest is told when a run takes long enough.
    let slowest = regex::Regex::new(r"(?m)^slowest: .*\n\n?").unwrap();
    slowest.replace_all(&text, "").into_owned()
}

/// A report with everything in it that differs from run to run made the same.
pub(crate) fn steady(mut value: Value) -> Value {
    match &mut value {
        Value::Object(map) => {
            for (key, inner) in map.iter_mut() {
                let is_measured = key.ends_with("_ms") || key.ends_with("_mib");
                *inner = if is_measured && inner.is_number() {
                    0.into()
                } else {
                    steady(inner.take())
                };
            }
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| *item = steady(item.take())),
        _ => {}
    }
    value
}

/// Copies a folder.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            copy(&entry.path(), &target);
        } else if kind.is_symlink() {
            let _ = fs::remove_file(&target);
            symlink(fs::read_link(entry.path()).unwrap(), target).unwrap();
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Lays a fixture over a copy of the base: its files replace others, and what its `DELETE` names,
/// a path a line, goes. The fixture that its `UPON` names comes between the two. Its `README.md` and
/// `expected` are about the fixture and no part of it.
pub(crate) fn lay_over(overlay: &Path, target: &Path) {
    if let Ok(between) = fs::read_to_string(overlay.join("UPON")) {
        lay_over(&fixtures().join(between.trim()), target);
    }
    let deleted = fs::read_to_string(overlay.join("DELETE")).unwrap_or_default();
    for path in deleted.lines() {
        let path = target.join(path);
        if path.is_dir() {
            fs::remove_dir_all(&path).unwrap();
        } else {
            fs::remove_file(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
    }
    copy(overlay, target);
    for name in ["README.md", "DELETE", "UPON", "expected"] {
        let _ = fs::remove_file(target.join(name));
    }
}

fn list(dir: &Path, base: &Path, lines: &mut Vec<String>) {
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        let path = entry.path();
        let name = path.strip_prefix(base).unwrap().display().to_string();
        if entry.file_type().unwrap().is_dir() {
            lines.push(format!("{name}/"));
            list(&path, base, lines);
        } else {
            let mut content = Vec::new();
            let _ = fs::File::open(&path).and_then(|mut file| file.read_to_end(&mut content));
            let mode = path.symlink_metadata().unwrap().permissions().mode();
            lines.push(format!(
                "{name} {mode:o} {}",
                String::from_utf8_lossy(&content)
            ));
        }
    }
}

/// What must come out of a tree with a planted defect, and nothing else: its file `expected`.
pub(crate) struct Expected {
    /// A line `lint PATH:LINE RULE` for each finding, or `lint PATH RULE` where it has no line, without
    /// `lint`. The path is that in the curriculum. Sorted.
    pub(crate) findings: Vec<String>,
    /// A line for each case that is not as expected: its id without the curriculum, its verdict, and a
    /// part of what was seen.
    pub(crate) cases: Vec<(String, String, String)>,
}

impl Expected {
    pub(crate) fn of(tree: &Path) -> Self {
        let text = fs::read_to_string(tree.join("expected")).unwrap();
        let (mut findings, mut cases) = (Vec::new(), Vec::new());
        for line in text.lines() {
            if let Some(finding) = line.strip_prefix("lint ") {
                findings.push(finding.to_owned());
            } else {
                let mut words = line.splitn(3, ' ').map(str::to_owned);
                let (id, verdict) = (words.next().unwrap(), words.next().unwrap());
                cases.push((id, verdict, words.next().unwrap_or_default()));
            }
        }
        findings.sort();
        assert!(
            !findings.is_empty() || !cases.is_empty(),
            "{} expects nothing",
            tree.display()
        );
        Self { findings, cases }
    }

    /// Whether lint alone tells what is wrong, so that nothing has to be run.
    pub(crate) fn is_of_lint(&self) -> bool {
        self.cases.is_empty()
    }
}

/// The folders of a fixture folder, sorted.
pub(crate) fn folders(dir: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}

/// The name of a folder.
pub(crate) fn name_of(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// Whether the tests run as root.
pub(crate) fn is_root() -> bool {
    // SAFETY: a plain system call.
    unsafe { libc::geteuid() == 0 }
}

/// An ordinary user without an entry anywhere, for tests that root runs.
pub(crate) const ORDINARY_USER: u32 = 54_321;

/// Makes a command run as the ordinary user, without any groups. Takes root.
pub(crate) fn run_as_ordinary_user(command: &mut Command) {
    command.uid(ORDINARY_USER).gid(ORDINARY_USER);
}

/// Gives everything below a path to the ordinary user.
pub(crate) fn give_to_ordinary_user(path: &Path) {
    chown(path, Some(ORDINARY_USER), Some(ORDINARY_USER)).unwrap();
    if path.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            give_to_ordinary_user(&entry.unwrap().path());
        }
    }
}

/// The interpreter of the environment that the tool has made for the base curriculum, for runs of
/// users who have no folder of their own to make one in.
pub(crate) fn managed_python() -> PathBuf {
    let sandbox = Sandbox::with_base();
    let _ = sandbox
        .run(&["verify", "--case", "base/mean/reference"])
        .success();
    let (_, doctor) = sandbox.json(&["doctor"]);
    let lock = fs::read(fixtures().join("base/requirements.txt")).unwrap();
    let lock = blake3::hash(&lock).to_hex().to_string();
    let environments = Path::new(doctor["cache_dir"].as_str().unwrap()).join("environments");
    folders(&environments)
        .into_iter()
        .find(|dir| {
            let about = fs::read_to_string(dir.join("mastery-environment.json"));
            about.is_ok_and(|about| about.contains(&lock))
        })
        .expect("the run above has made it")
        .join("bin/python")
}

/// Makes a command unable to make namespaces, as on systems that forbid them.
pub(crate) fn forbid_namespaces(command: &mut Command) {
    use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};
    let filter = SeccompFilter::new(
        [(libc::SYS_unshare, Vec::new())].into(),
        SeccompAction::Allow,
        SeccompAction::Errno(libc::EPERM.unsigned_abs()),
        std::env::consts::ARCH.try_into().unwrap(),
    );
    let program = BpfProgram::try_from(filter.unwrap()).unwrap();
    // SAFETY: the filter was made before; applying it is two system calls.
    unsafe {
        command.pre_exec(move || seccompiler::apply_filter(&program).map_err(io::Error::other));
    }
}
