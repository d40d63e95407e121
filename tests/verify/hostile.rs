//! Hostile validators: each ends with the right outcome, and nothing is left of it.
//!
//! Everything is tried as each kind of user that the tool may run as, with and without namespaces.
//! What the kernel at hand can't prevent is listed by `doctor`, and held against that list here.

use std::collections::BTreeSet;
use std::fs;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use rayon::prelude::*;
use serde_json::Value;

use crate::support::{
    Run, Sandbox, clear, forbid_namespaces, give_to_ordinary_user, is_root, managed_python,
    run_as_ordinary_user,
};

/// Who runs the tool, and what the kernel lets them do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Root,
    RootWithoutNamespaces,
    Ordinary,
    OrdinaryWithoutNamespaces,
}

/// All modes that can be had: becoming somebody else takes root.
fn modes() -> Vec<Mode> {
    let ordinary = [Mode::Ordinary, Mode::OrdinaryWithoutNamespaces];
    let root = [Mode::Root, Mode::RootWithoutNamespaces];
    if is_root() {
        [root, ordinary].concat()
    } else {
        ordinary.to_vec()
    }
}

static PYTHON: LazyLock<PathBuf> = LazyLock::new(managed_python);

/// A curriculum with a hostile test, and things around it that are none of its business.
struct Scene {
    sandbox: Sandbox,
    mode: Mode,
    executor: &'static str,
    marker: String,
}

impl Scene {
    /// Puts `test` in place of the tests of a module. `{MARKER}` in it becomes a word that no other
    /// process has in its arguments, `{OUTSIDE}` a folder that is none of its business.
    fn new(mode: Mode, name: &str, test: &str) -> Self {
        let sandbox = Sandbox::with_base();
        let marker = format!("mastery-hostile-{name}-{mode:?}-{}", std::process::id());
        let outside = sandbox.path().join("outside");
        let text = test
            .replace("{MARKER}", &marker)
            .replace("{OUTSIDE}", &outside.to_string_lossy())
            .replace("{BASE}", &sandbox.path().to_string_lossy());
        sandbox.write("curricula/base/project/tests/test_mean.py", text);
        sandbox.write("outside/secret.txt", "the secret");
        sandbox.write("outside/dir/file.txt", "precious");
        sandbox.write("home/.ssh/id", "the key");
        for dir in ["tmp", "bin"] {
            fs::create_dir(sandbox.path().join(dir)).unwrap();
        }
        let binary = sandbox.path().join("bin/mastery");
        if fs::hard_link(env!("CARGO_BIN_EXE_mastery"), &binary).is_err() {
            fs::copy(env!("CARGO_BIN_EXE_mastery"), &binary).unwrap();
        }
        if is_root() && !matches!(mode, Mode::Root | Mode::RootWithoutNamespaces) {
            for dir in ["outside", "home", "tmp", "curricula"] {
                give_to_ordinary_user(&sandbox.path().join(dir));
            }
        }
        Self {
            sandbox,
            mode,
            executor: "warm",
            marker,
        }
    }

    /// Has the tool run cases in another way.
    fn with_executor(self, executor: &'static str) -> Self {
        Self { executor, ..self }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.sandbox.path().join(path)
    }

    /// Changes the limits of the module.
    fn limit(self, limits: &str) -> Self {
        let file = "curricula/base/modules/mean/module.yaml";
        self.sandbox
            .replace(file, "  timeout_seconds: 20\n", limits);
        self
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.path("bin/mastery"));
        command.args(arguments).current_dir(self.sandbox.path());
        clear(&mut command);
        command
            .env("HOME", self.path("home"))
            .env("TMPDIR", self.path("tmp"))
            .env("MASTERY_TEST_SECRET", "the variable");
        if is_root() && !matches!(self.mode, Mode::Root | Mode::RootWithoutNamespaces) {
            run_as_ordinary_user(&mut command);
        }
        if matches!(
            self.mode,
            Mode::RootWithoutNamespaces | Mode::OrdinaryWithoutNamespaces
        ) {
            forbid_namespaces(&mut command);
        }
        command
    }

    /// What `doctor` says that nothing here prevents.
    fn gaps(&self) -> BTreeSet<String> {
        let output = self
            .command(&["doctor", "--format", "json"])
            .output()
            .unwrap();
        let doctor: Value = serde_json::from_slice(&output.stdout).unwrap();
        let gaps = doctor["gaps"].as_array().unwrap().iter();
        gaps.map(|gap| gap["name"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Everything in the scene but what the tool keeps for its user.
    fn listing(&self) -> Vec<String> {
        let mut lines = self.sandbox.listing();
        lines.retain(|line| !line.starts_with("home/.cache"));
        lines
    }

    /// Runs the hostile tests, and returns their case. Nothing may be left: no process, no file in
    /// the place of working copies, no change outside.
    fn attack(&self) -> Value {
        let before = self.listing();
        let python = PYTHON.to_string_lossy();
        let arguments = [
            "verify",
            "--case",
            "base/mean/reference",
            "--sandbox",
            "require",
            "--executor",
            self.executor,
            "--python",
            &python,
            "--format",
            "json",
        ];
        let mut command = self.command(&arguments);
        // A descriptor that somebody forgot to close.
        let leaked = fs::File::open(self.path("outside/secret.txt")).unwrap();
        let number = leaked.as_raw_fd();
        // SAFETY: duplicates a descriptor that is open; the copy is inherited.
        unsafe {
            command.pre_exec(move || match libc::dup2(number, 77) {
                77 => Ok(()),
                _ => Err(std::io::Error::last_os_error()),
            });
        }
        let output = command.output().unwrap();
        let run = Run::of(output, self.sandbox.path());
        let report: Value =
            serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{}", run.shown()));
        let context = format!(
            "{:?} {} {}: {report:#}",
            self.mode, self.executor, self.marker
        );
        assert_eq!(
            processes_with(&self.marker),
            Vec::<String>::new(),
            "{context}"
        );
        let left: Vec<_> = fs::read_dir(self.path("tmp"))
            .unwrap()
            .flatten()
            .map(|it| it.path())
            .collect();
        assert_eq!(left, Vec::<PathBuf>::new(), "{context}");
        let after = self.listing();
        let changed = after.iter().filter(|line| !before.contains(line));
        let changed: Vec<_> = changed
            .chain(before.iter().filter(|line| !after.contains(line)))
            .collect();
        assert_eq!(changed, Vec::<&String>::new(), "{context}");
        report["cases"][0].clone()
    }
}

/// The arguments of all processes that have a word in them.
pub(crate) fn processes_with(word: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let path = entry.path().join("cmdline");
        let arguments = fs::read(path).unwrap_or_default();
        let arguments = String::from_utf8_lossy(&arguments).replace('\0', " ");
        if arguments.contains(word) {
            found.push(arguments);
        }
    }
    found
}

/// Runs one attack in all modes on a worker, and in one of them in a fresh process: what holds one holds
/// the other, by the same sandbox.
fn in_all_modes(name: &str, test: &str, check: impl Fn(&Scene, &Value) + Sync) {
    in_all_modes_with(name, test, |scene| scene, check);
}

fn in_all_modes_with(
    name: &str,
    test: &str,
    prepare: impl Fn(Scene) -> Scene + Sync,
    check: impl Fn(&Scene, &Value) + Sync,
) {
    let warm = modes().into_iter().map(|mode| (mode, "warm"));
    let runs: Vec<_> = warm.chain([(modes()[0], "fresh")]).collect();
    runs.par_iter().for_each(|(mode, executor)| {
        // Its name is also that of files which are everybody's.
        let name = format!("{name}-{executor}");
        let scene = prepare(Scene::new(*mode, &name, test)).with_executor(executor);
        let case = scene.attack();
        check(&scene, &case);
    });
}

#[track_caller]
fn assert_outcome(scene: &Scene, case: &Value, outcome: &str) {
    assert_eq!(
        case["outcome"], outcome,
        "{:?} {}: {case:#}",
        scene.mode, scene.marker
    );
}

/// Everything that must be denied, each in a test of its own that passes when it is.
#[test]
fn what_is_none_of_its_business_is_denied() {
    in_all_modes(
        "denied",
        include_str!("hostile/denied.py"),
        |scene, case| {
            assert_outcome(scene, case, "passed");
            let tests = case["tests"].as_array().unwrap();
            assert!(tests.len() > 25, "the tests were found");
            assert!(
                tests.iter().all(|test| test["outcome"] == "passed"),
                "{tests:#?}"
            );
            assert_eq!(scene.sandbox.read("outside/secret.txt"), "the secret");
        },
    );
}

/// What Landlock and seccomp leave open is denied by a mount namespace, or listed.
#[test]
fn what_the_kernel_does_not_prevent_is_listed_by_doctor() {
    in_all_modes("gaps", include_str!("hostile/gaps.py"), |scene, case| {
        let gaps = scene.gaps();
        let was_possible = |test: &str| {
            let tests = case["tests"].as_array().unwrap();
            let id = format!("tests/test_mean.py::{test}");
            let test = tests.iter().find(|it| it["id"] == id.as_str());
            test.unwrap_or_else(|| panic!("{id}: {case:#}"))["outcome"] == "passed"
        };
        let context = format!("{:?}: {gaps:?} {case:#}", scene.mode);
        for (test, gap) in [
            ("test_mode_of_own_file_outside", "metadata"),
            ("test_time_of_own_file_outside", "metadata"),
            ("test_size_of_file_outside", "stat"),
        ] {
            assert_eq!(was_possible(test), gaps.contains(gap), "{test}: {context}");
        }
        let shared = Path::new("/dev/shm").join(&scene.marker);
        let is_left = shared.exists();
        let _ = fs::remove_file(shared);
        assert!(was_possible("test_shared_memory"), "{context}");
        assert_eq!(is_left, gaps.contains("shared-memory"), "{context}");
        // What is never prevented is always listed.
        assert!(gaps.contains("disk-space"), "{context}");
        let has_namespace = matches!(scene.mode, Mode::Root | Mode::Ordinary);
        assert_eq!(gaps.contains("shared-memory"), !has_namespace, "{context}");
    });
}

#[test]
fn endless_loop_times_out() {
    let test = "
def test_loop():
    while True:
        pass


def test_after_it():
    pass
";
    let limits = "  timeout_seconds: 20\n  test_timeout_seconds: 0.3\n";
    in_all_modes_with(
        "loop",
        test,
        |scene| scene.limit(limits),
        |scene, case| {
            assert_outcome(scene, case, "timed_out");
            assert_eq!(case["tests"][0]["outcome"], "timed_out");
            assert_eq!(
                case["tests"][1]["outcome"], "passed",
                "the others still run"
            );
        },
    );
}

#[test]
fn sleep_that_ignores_all_signals_is_ended() {
    let test = "
import signal
import subprocess
import time


def test_sleep():
    for number in range(1, 65):
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    subprocess.Popen(['sh', '-c', 'trap \"\" TERM INT HUP ALRM; sleep 1000; : {MARKER}'])
    while True:
        time.sleep(1000)
";
    let limits = "  timeout_seconds: 2\n";
    in_all_modes_with(
        "sleep",
        test,
        |scene| scene.limit(limits),
        |scene, case| {
            assert_outcome(scene, case, "timed_out");
            assert_eq!(case["tests"][0]["outcome"], "timed_out");
        },
    );
}

#[test]
fn fork_bomb_is_bounded_and_ended() {
    let test = "
import os
import time


def test_fork():
    started = 0
    try:
        while started < 5000:
            if os.fork() == 0:
                try:
                    while True:
                        os.fork()
                        time.sleep(0.001)
                except OSError:
                    os.execvp('sh', ['sh', '-c', 'sleep 1000; : {MARKER}'])
            started += 1
    except OSError:
        pass
    assert started < 5000
";
    in_all_modes("bomb", test, |scene, case| {
        assert_outcome(scene, case, "passed");
    });
}

#[test]
fn daemon_that_outlives_its_parent_is_ended() {
    let test = "
import os


def test_daemon():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.setsid()
            os.closerange(0, 100)
            os.execvp('sh', ['sh', '-c', 'trap \"\" HUP TERM; while :; do sleep 1000; done; : {MARKER}'])
        os._exit(0)
";
    in_all_modes("daemon", test, |scene, case| {
        assert_outcome(scene, case, "passed");
    });
}

#[test]
fn eight_gibibytes_run_out_of_memory() {
    let test = "
def test_memory():
    kept = []
    while len(kept) < 8 * 1024:
        kept.append(bytearray(b'x') * (1024 * 1024))
";
    let limits = "  timeout_seconds: 60\n  memory_mib: 256\n";
    in_all_modes_with(
        "memory",
        test,
        |scene| scene.limit(limits),
        |scene, case| {
            assert_outcome(scene, case, "out_of_memory");
            let peak = case["peak_memory_mib"].as_f64().unwrap();
            assert!(peak < 2048.0, "it was ended long before: {peak}");
        },
    );
}

#[test]
fn memory_of_many_processes_counts_together() {
    let test = "
import os
import time


def test_memory():
    for _ in range(6):
        if os.fork() == 0:
            kept = bytearray(b'x') * (80 * 1024 * 1024)
            time.sleep(1000)
    time.sleep(1000)
";
    let limits = "  timeout_seconds: 60\n  memory_mib: 256\n";
    in_all_modes_with(
        "shares",
        test,
        |scene| scene.limit(limits),
        |scene, case| {
            assert_outcome(scene, case, "out_of_memory");
        },
    );
}

#[test]
fn memory_in_files_that_nobody_has_mapped_counts() {
    let test = "
import os
import time


def test_hold():
    file = os.open('/dev/shm/{MARKER}', os.O_RDWR | os.O_CREAT)
    os.unlink('/dev/shm/{MARKER}')
    for _ in range(150):
        os.write(file, b'x' * (1 << 20))
    kept = bytearray(b'x') * (150 << 20)
    time.sleep(1)
";
    let limits = "  timeout_seconds: 60\n  memory_mib: 256\n";
    in_all_modes_with(
        "held",
        test,
        |scene| scene.limit(limits),
        |scene, case| {
            let is_gap = scene.gaps().contains("shared-memory");
            let outcome = if is_gap { "passed" } else { "out_of_memory" };
            assert_outcome(scene, case, outcome);
        },
    );
}

#[test]
fn memory_that_processes_share_counts_once() {
    let test = "
import mmap
import os
import time


def test_share():
    file = os.open('/dev/shm/{MARKER}', os.O_RDWR | os.O_CREAT)
    os.unlink('/dev/shm/{MARKER}')
    os.ftruncate(file, 130 << 20)
    for _ in range(2):
        if os.fork() == 0:
            shared = mmap.mmap(file, 130 << 20)
            for page in range(0, 130 << 20, 4096):
                shared[page] = 1
            time.sleep(1000)
    time.sleep(2)
";
    let limits = "  timeout_seconds: 60\n  memory_mib: 256\n";
    in_all_modes_with(
        "once",
        test,
        |scene| scene.limit(limits),
        |scene, case| assert_outcome(scene, case, "passed"),
    );
}

#[test]
fn gibibyte_of_output_is_cut_off() {
    let test = "
import os


def test_output():
    line = b'x' * (1 << 20)
    for _ in range(1024):
        os.write(1, line)
";
    // pytest keeps what a test prints in a file, which may grow only so far, and prints it again.
    in_all_modes("output", test, |scene, case| {
        assert_outcome(scene, case, "broken");
        assert!(
            case["detail"]
                .as_str()
                .unwrap()
                .contains("printed more than a run may")
        );
    });
    let past_pytest = "
import os
import sys

for _ in range(1024):
    sys.__stdout__.buffer.raw.write(b'y' * (1 << 20))
    os.write(2, b'y' * (1 << 20))


def test_nothing():
    pass
";
    in_all_modes("flood", past_pytest, |scene, case| {
        assert!(
            ["failed", "broken"].contains(&case["outcome"].as_str().unwrap()),
            "{:?} {case:#}",
            scene.mode
        );
        assert!(case["output"].as_str().unwrap_or_default().len() < 1 << 20);
    });
}

#[test]
fn flood_through_the_channel_is_cut_off() {
    let test = "
import os


def test_channel():
    while True:
        os.write(3, b'{\"event\": ' * 100_000)
";
    in_all_modes("channel", test, |scene, case| {
        assert_outcome(scene, case, "broken");
    });
}

#[test]
fn links_out_of_the_working_copy_lead_nowhere_and_are_not_followed() {
    let test = "
import os

import pytest


def test_links():
    os.symlink('{OUTSIDE}', 'out')
    os.symlink('{OUTSIDE}/dir', '../home/dir')
    os.symlink('{OUTSIDE}/secret.txt', 'secret')
    with pytest.raises(PermissionError):
        open('secret').read()
    with pytest.raises(OSError):
        open('out/new', 'w')
    with pytest.raises(OSError):
        os.remove('out/dir/file.txt')
    with pytest.raises(OSError):
        os.rename('secret', '{OUTSIDE}/secret.txt')
";
    in_all_modes("links", test, |scene, case| {
        assert_outcome(scene, case, "passed");
        assert_eq!(scene.sandbox.read("outside/dir/file.txt"), "precious");
    });
}

#[test]
fn working_copy_that_deletes_itself_is_no_trouble() {
    let test = "
import os
import shutil


def test_delete():
    shutil.rmtree(os.getcwd(), ignore_errors=True)
    shutil.rmtree(os.environ['HOME'], ignore_errors=True)
    shutil.rmtree(os.environ['TMPDIR'], ignore_errors=True)
";
    in_all_modes("delete", test, |scene, case| {
        let outcome = case["outcome"].as_str().unwrap();
        assert!(
            ["passed", "failed", "broken"].contains(&outcome),
            "{:?} {case:#}",
            scene.mode
        );
    });
}

#[test]
fn read_only_folders_are_removed() {
    let test = "
import os


def test_read_only():
    os.makedirs('a/b/c')
    open('a/b/c/file', 'w').close()
    for folder in ('a/b/c', 'a/b', 'a', os.environ['TMPDIR']):
        os.chmod(folder, 0)
";
    in_all_modes("readonly", test, |scene, case| {
        assert_outcome(scene, case, "passed");
    });
}

#[test]
fn folders_nested_beyond_all_bounds_are_removed() {
    let test = "
import os


def test_nest():
    name = 'n' * 200
    for _ in range(1500):
        os.mkdir(name)
        os.chdir(name)
    open('file', 'w').close()
    os.chmod('.', 0)
";
    in_all_modes("nest", test, |scene, case| {
        assert_outcome(scene, case, "passed");
    });
}

#[test]
fn escape_sequences_and_invalid_utf8_are_shown_escaped() {
    let test = "
import os


def test_print():
    os.write(1, b'\\x1b[2J\\x1b]0;title\\x07 \\xff\\xfe \\xe2\\x80\\xae')
    raise ValueError('\\x1b[31m red \\u202e \\udcff')
";
    in_all_modes("escape", test, |scene, case| {
        assert_outcome(scene, case, "failed");
        let message = case["tests"][0]["message"].as_str().unwrap();
        assert!(message.contains("\\x1b[31m red \\u{202e}"), "{message:?}");
        let python = PYTHON.to_string_lossy();
        let arguments = [
            "verify",
            "--case",
            "base/mean/reference",
            "--python",
            &python,
            "--color",
            "never",
        ];
        let printed = scene.command(&arguments).output().unwrap().stdout;
        let printed = String::from_utf8(printed).unwrap();
        assert!(printed.contains("\\x1b"), "{printed}");
        let is_harmless = |char: char| char == '\n' || !(char.is_control() || char == '\u{202e}');
        assert!(printed.chars().all(is_harmless), "{printed:?}");
    });
}

#[test]
fn results_that_are_only_printed_do_not_count() {
    let test = "
import sys


def test_fake():
    sys.__stdout__.write('tests/test_mean.py::test_fake PASSED\\n1 passed in 0.01s\\n')
    assert False
";
    in_all_modes("fake", test, |scene, case| {
        assert_outcome(scene, case, "failed");
    });
}

/// A supervisor that is killed is an infrastructure error, and what it ran is ended.
#[test]
fn lost_supervisor_is_an_infrastructure_error_and_leaves_nothing() {
    let test = "
import os
import subprocess
import time


def test_wait():
    if os.fork() == 0:
        os.setsid()
        os.execvp('sh', ['sh', '-c', 'sleep 1000; : {MARKER}'])
    subprocess.Popen(['sh', '-c', 'sleep 1000; : {MARKER}'])
    time.sleep(1000)
";
    modes().par_iter().for_each(|mode| {
        let scene = Scene::new(*mode, "lost", test);
        let python = PYTHON.to_string_lossy();
        let arguments = [
            "verify",
            "--case",
            "base/mean/reference",
            "--python",
            &python,
            "--format",
            "json",
        ];
        let mut command = scene.command(&arguments);
        command
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null());
        let mut child = command.spawn().unwrap();
        // Both sleepers are there once the test is under way.
        wait_for(|| processes_with(&scene.marker).len() == 2, &mut child);
        let supervisor = children_of(child.id())
            .into_iter()
            .find(|pid| is_supervisor(*pid));
        let supervisor = i32::try_from(supervisor.expect("one is running")).unwrap();
        // SAFETY: a plain system call.
        assert_eq!(unsafe { libc::kill(supervisor, libc::SIGKILL) }, 0);
        let output = child.wait_with_output().unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(2), "{report:#}");
        assert_eq!(
            report["cases"][0]["verdict"], "infrastructure_error",
            "{report:#}"
        );
        assert_eq!(processes_with(&scene.marker), Vec::<String>::new());
        assert_eq!(fs::read_dir(scene.path("tmp")).unwrap().count(), 0);
    });
}

/// Waits for something that happens while the tool runs.
pub(crate) fn wait_for(mut has_happened: impl FnMut() -> bool, tool: &mut std::process::Child) {
    poll(|| {
        let is_over = has_happened();
        let status = tool.try_wait().unwrap();
        assert!(
            is_over || status.is_none(),
            "the tool ended before: {status:?}"
        );
        is_over
    });
}

/// Asks again and again; what never comes is ended by the limit of the test run.
pub(crate) fn poll(mut has_happened: impl FnMut() -> bool) {
    while !has_happened() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

fn children_of(process: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).unwrap();
    tasks
        .flatten()
        .filter_map(|task| fs::read_to_string(task.path().join("children")).ok())
        .flat_map(|text| {
            text.split_whitespace()
                .flat_map(str::parse)
                .collect::<Vec<_>>()
        })
        .collect()
}

fn is_supervisor(process: u32) -> bool {
    fs::read(format!("/proc/{process}/cmdline"))
        .is_ok_and(|text| String::from_utf8_lossy(&text).contains("__supervise"))
}

/// When the tool itself is killed, its supervisors end what they run.
#[test]
fn killed_tool_leaves_no_process() {
    let test = "
import os
import time


def test_wait():
    if os.fork() == 0:
        os.setsid()
        os.execvp('sh', ['sh', '-c', 'sleep 1000; : {MARKER}'])
    time.sleep(1000)
";
    modes().par_iter().for_each(|mode| {
        let scene = Scene::new(*mode, "killed", test);
        let python = PYTHON.to_string_lossy();
        let arguments = [
            "verify",
            "--case",
            "base/mean/reference",
            "--python",
            &python,
        ];
        let mut command = scene.command(&arguments);
        command
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null());
        let mut child = command.spawn().unwrap();
        wait_for(|| !processes_with(&scene.marker).is_empty(), &mut child);
        child.kill().unwrap();
        child.wait().unwrap();
        poll(|| processes_with(&scene.marker).is_empty());
        // Its folder is left, and is removed by the next run.
        assert_eq!(fs::read_dir(scene.path("tmp")).unwrap().count(), 1);
        fs::write(
            scene.path("curricula/base/project/tests/test_mean.py"),
            "def test_a():\n    pass\n",
        )
        .unwrap();
        assert!(scene.command(&arguments).output().unwrap().status.success());
        assert_eq!(fs::read_dir(scene.path("tmp")).unwrap().count(), 0);
    });
}

/// The folder that hostile tests must not read is readable to their user but for the sandbox.
#[test]
fn scenes_have_something_to_steal() {
    let scene = Scene::new(modes()[0], "scene", "");
    let mode = scene
        .path("outside/secret.txt")
        .metadata()
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o444, 0o444);
}
