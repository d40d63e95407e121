//! Workers: nothing of one case reaches the next, no case harms the worker, and each ends as it would in a
//! fresh process.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use mastery::run::environment::identity::Identity;
use mastery::run::environment::{Environment, Origin, interpreter::Interpreter};
use mastery::run::executor::{Executor, FreshExecutor, RunRequest, Task};
use mastery::run::interrupt::Interrupt;
use mastery::run::launcher::Launcher;
use mastery::run::outcome::{Outcome, RunResult};
use mastery::run::sandbox::support::Support;
use mastery::run::sandbox::{Policy, SandboxMode};
use mastery::run::warm::WarmExecutor;
use mastery::run::working_copy::RunDir;
use mastery::source::tree::{Entry, Tree};
use regex::Regex;

use crate::hostile::{poll, processes_with, wait_for};
use crate::parity::differences;
use crate::support::{Run, Sandbox, copy, folders, managed_python};

/// Longer than any worker takes to get ready here.
const READY_TIME: Duration = Duration::from_secs(120);

static PYTHON: LazyLock<PathBuf> = LazyLock::new(managed_python);

/// Files of a project.
type Files<'a> = &'a [(&'a str, &'a str)];

/// A case: the files of its project, of which those below `tests` that pytest would find are run.
#[derive(Clone)]
struct Case {
    tree: Arc<Tree>,
    tests: Vec<String>,
    prepare: Option<Vec<String>>,
    timeout: Duration,
    memory_mib: u64,
    seed: u32,
}

impl Case {
    fn new(files: Files<'_>) -> Self {
        let tree: Tree = files
            .iter()
            .map(|(path, text)| ((*path).to_owned(), Entry::file(text.as_bytes())))
            .collect();
        let is_test = |path: &str| {
            let name = path.rsplit('/').next().unwrap_or(path);
            name.starts_with("test_") || name.starts_with("check_")
        };
        let tests = tree.iter().map(|(path, _)| path.to_owned());
        Self {
            tests: tests.filter(|path| is_test(path)).collect(),
            tree: Arc::new(tree),
            prepare: None,
            timeout: Duration::from_secs(60),
            memory_mib: 1024,
            seed: 0,
        }
    }

    /// A case that is a file of tests.
    fn test(text: &str) -> Self {
        Self::new(&[("tests/test_it.py", text)])
    }
}

/// Both executors on one environment.
struct Bench {
    // Before the folder of their working copies.
    warm: WarmExecutor,
    fresh: FreshExecutor,
    environment: Arc<Environment>,
    _sandbox: Sandbox,
}

impl Bench {
    fn new() -> Self {
        Self::with(Sandbox::new(), environment_of(&PYTHON), READY_TIME)
    }

    /// One whose environment has more modules.
    fn with_modules(modules: Files<'_>, change: impl Fn(&mut Environment)) -> Self {
        Self::with_modules_within(modules, change, READY_TIME)
    }

    fn with_modules_within(
        modules: Files<'_>,
        change: impl Fn(&mut Environment),
        ready_time: Duration,
    ) -> Self {
        let sandbox = Sandbox::new();
        let mut environment = environment_of(&python_with(&sandbox, modules));
        change(&mut environment);
        Self::with(sandbox, environment, ready_time)
    }

    fn with(sandbox: Sandbox, environment: Environment, ready_time: Duration) -> Self {
        let tool = PathBuf::from(env!("CARGO_BIN_EXE_mastery"));
        let support = Support::probe(&tool).unwrap();
        let policy = Policy::new(SandboxMode::Auto, &support).unwrap();
        let launcher = Arc::new(Launcher::new(tool, Interrupt::new()).unwrap());
        let fresh = || {
            let run_dir = RunDir::create(sandbox.path()).unwrap();
            FreshExecutor::new(Arc::clone(&launcher), run_dir, policy.clone()).unwrap()
        };
        Self {
            warm: WarmExecutor::new(fresh(), ready_time).unwrap(),
            fresh: fresh(),
            environment: Arc::new(environment),
            _sandbox: sandbox,
        }
    }

    fn request(&self, case: &Case) -> RunRequest {
        RunRequest {
            tree: Arc::clone(&case.tree),
            task: Task::Pytest {
                node_ids: case.tests.clone(),
            },
            prepare: case.prepare.clone(),
            timeout: case.timeout,
            test_timeout: case.timeout,
            memory_bytes: case.memory_mib << 20,
            seed: case.seed,
            environment: Arc::clone(&self.environment),
        }
    }

    fn warm(&self, case: &Case) -> RunResult {
        self.warm.run(&self.request(case))
    }

    fn fresh(&self, case: &Case) -> RunResult {
        self.fresh.run(&self.request(case))
    }

    /// Runs a case in both ways, and returns how it ended, which must be the same.
    #[track_caller]
    fn both(&self, case: &Case) -> RunResult {
        let (fresh, warm) = (self.fresh(case), self.warm(case));
        assert_eq!(essence(&fresh), essence(&warm), "{fresh:#?} {warm:#?}");
        warm
    }

    /// As [`Self::both`]; then a case runs that finds everything as it should be.
    #[track_caller]
    fn both_and_after(&self, case: &Case) -> RunResult {
        let result = self.both(case);
        self.assert_sound(&result);
        result
    }

    /// Runs a case that finds everything as it should be, on the same worker.
    #[track_caller]
    fn assert_sound(&self, before: &RunResult) {
        let after = self.warm(&Case::test(STATE));
        assert_eq!(after.outcome, Outcome::Passed, "{before:#?} {after:#?}");
        assert_eq!(self.warm.notes(), Vec::<String>::new(), "{before:#?}");
    }
}

/// The environment of an interpreter.
fn environment_of(python: &Path) -> Environment {
    let python = Interpreter::probe(python.as_os_str(), None).unwrap();
    Environment {
        path: vec![python.executable.parent().unwrap().to_owned()],
        readable: python.readable(),
        python: Some(python),
        origin: Some(Origin::Given),
        pytest_plugins: Vec::new(),
        preload: Vec::new(),
        identity: Identity::default(),
    }
}

/// An interpreter with pytest and modules of our own.
fn python_with(sandbox: &Sandbox, modules: Files<'_>) -> PathBuf {
    let venv = sandbox.path().join("venv");
    let made = Command::new(&*PYTHON)
        .args(["-I", "-m", "venv", "--without-pip"])
        .arg(&venv)
        .status();
    assert!(made.unwrap().success());
    let packages = |venv: &Path| folders(&venv.join("lib")).remove(0).join("site-packages");
    let from = packages(PYTHON.parent().unwrap().parent().unwrap());
    copy(&from, &packages(&venv));
    for (path, text) in modules {
        fs::write(packages(&venv).join(path), text).unwrap();
    }
    venv.join("bin/python")
}

/// What both have to agree on. Addresses of objects are others in each process.
fn essence(result: &RunResult) -> String {
    let tests = result
        .tests
        .iter()
        .map(|test| (&test.id, test.outcome, &test.message));
    let text = format!(
        "{:?} {:?} {:#?} {:?} {:?}",
        result.outcome,
        result.detail,
        tests.collect::<Vec<_>>(),
        result.missing_tests,
        result.collection_errors,
    );
    let address = Regex::new("0x[0-9a-f]+").unwrap();
    address.replace_all(&text, "0x…").into_owned()
}

/// Texts of the failures of a result.
fn messages(result: &RunResult) -> Vec<&str> {
    let tests = result.tests.iter();
    tests.filter_map(|test| test.message.as_deref()).collect()
}

/// Tests of a case that finds everything as it should be.
const STATE: &str = include_str!("warm/state.py");

// State

/// What a process looks like from inside, told as the message of a failure.
#[test]
fn processes_look_alike_from_inside() {
    let bench = Bench::new();
    let plain = Case::new(&[("tests/test_it.py", include_str!("warm/looks.py"))]);
    let with_conftest = Case::new(&[
        ("tests/test_it.py", include_str!("warm/looks.py")),
        ("conftest.py", ""),
    ]);
    for case in [plain, with_conftest] {
        let result = bench.both(&case);
        assert_eq!(messages(&result).len(), 1, "{result:#?}");
    }
}

#[test]
fn nothing_of_a_case_reaches_the_next() {
    let bench = Bench::new();
    bench.assert_sound(&bench.warm(&Case::test(STATE)));
    let changes = include_str!("warm/changes.py");
    let names = Regex::new(r"(?m)^def (test_\w+)").unwrap();
    let names: Vec<_> = names.captures_iter(changes).collect();
    assert!(names.len() > 20, "the changes were found");
    for name in names {
        let mut case = Case::test(changes);
        case.tests = vec![format!("tests/test_it.py::{}", &name[1])];
        let result = bench.warm(&case);
        // pytest may stumble over it afterwards.
        assert_eq!(messages(&result), Vec::<&str>::new(), "{result:#?}");
        bench.assert_sound(&result);
    }
}

#[test]
fn output_of_a_case_that_was_ended_is_not_that_of_the_next() {
    let bench = Bench::new();
    let mut loud = Case::test(
        "
import os
import sys
import time


def test_loud():
    sys.stdout.write('the first case')
    sys.__stdout__.write('the first case')
    os.write(1, b'the first case')
    os.write(3, b'{\"event\": \"the first')
    time.sleep(1000)
",
    );
    loud.timeout = Duration::from_millis(1500);
    assert_eq!(bench.warm(&loud).outcome, Outcome::TimedOut);
    let next = bench.warm(&Case::test("def test_a():\n    assert False\n"));
    assert_eq!(next.outcome, Outcome::Failed, "{next:#?}");
    assert!(!next.output.contains("the first case"), "{next:#?}");
}

// Stale code

#[test]
fn files_that_differ_in_a_character_have_their_own_results() {
    let bench = Bench::new();
    for conftest in [None, Some(("conftest.py", ""))] {
        for number in 0..6 {
            let text = |template: &str| template.replace('#', &number.to_string());
            // Each of them says what number it is from.
            let (module, helper, settings) = (text("N = #\n"), text("H = #\n"), text("C = #\n"));
            let test = text(
                "
import compileall
import subprocess
import sys

import helper
from pack import settings
from pack.module import N


def test_it():
    code = 'from pack.module import N; print(N)'
    run = subprocess.run([sys.executable, '-B', '-c', code], capture_output=True, text=True)
    compileall.compile_dir('.', quiet=2)
    assert (N, helper.H, settings.C, run.stdout.strip()) == 'case #'
",
            );
            let mut files = vec![
                ("pack/__init__.py", ""),
                ("pack/module.py", module.as_str()),
                ("pack/settings.py", settings.as_str()),
                ("tests/helper.py", helper.as_str()),
                ("tests/test_it.py", test.as_str()),
            ];
            files.extend(conftest);
            let result = bench.warm(&Case::new(&files));
            let expected = format!("({number}, {number}, {number}, '{number}') == 'case {number}'");
            assert!(messages(&result)[0].contains(&expected), "{result:#?}");
        }
    }
}

#[test]
fn a_test_file_of_another_case_is_not_seen() {
    let bench = Bench::new();
    let secret = Case::new(&[(
        "tests/test_other.py",
        "def test_a():\n    assert 'secret'\n",
    )]);
    assert_eq!(bench.warm(&secret).outcome, Outcome::Passed);
    let result = bench.warm(&Case::test(
        "
import sys
import _pytest.assertion.rewrite as rewrite


def test_others():
    paths = [str(key[0]) for key in rewrite._rewrite_test.codes]
    assert [path.rsplit('/', 1)[1] for path in paths] == ['test_it.py']
",
    ));
    assert_eq!(result.outcome, Outcome::Passed, "{result:#?}");
}

#[test]
fn warnings_of_a_test_file_are_told_by_each_case_and_no_other() {
    let bench = Bench::new();
    let dubious = Case::test("def test_a():\n    assert ('\\d', 1)\n");
    let warned = |result: &RunResult| result.output.matches("assertion is always true").count();
    let (fresh, first, second) = (
        bench.fresh(&dubious),
        bench.warm(&dubious),
        bench.warm(&dubious),
    );
    assert!(warned(&fresh) > 0, "{fresh:#?}");
    assert_eq!(warned(&first), warned(&fresh), "{first:#?}");
    assert_eq!(warned(&second), warned(&fresh), "{second:#?}");
    let next = bench.warm(&Case::test("def test_a():\n    pass\n"));
    assert!(!next.output.contains("warning"), "{next:#?}");
}

/// What a preparation makes of a test file is opened by nobody but its own case.
#[test]
fn test_file_that_is_none_is_left_to_its_case() {
    let bench = Bench::new();
    for (prepare, outcome) in [
        (
            "rm tests/test_it.py; ln -s /dev/zero tests/test_it.py",
            None,
        ),
        ("rm tests/test_it.py; mkfifo tests/test_it.py", None),
        ("echo 'x = 1' > conftest.py", Some(Outcome::Passed)),
    ] {
        let mut case = Case::test("def test_a():\n    pass\n");
        case.prepare = Some(["sh", "-c", prepare].map(str::to_owned).into());
        case.timeout = Duration::from_secs(3);
        case.memory_mib = 256;
        let result = bench.both_and_after(&case);
        if let Some(outcome) = outcome {
            assert_eq!(result.outcome, outcome, "{result:#?}");
        }
    }
}

// Seeds

#[test]
fn seeds_decide_what_is_drawn() {
    let bench = Bench::new();
    let draw = |seed| {
        let mut case = Case::test(
            "
import random

AT_IMPORT = random.random()


def test_draw():
    raise ValueError(AT_IMPORT, random.random(), hash('text'), list({'a', 'b', 'c', 'd'}))
",
        );
        case.seed = seed;
        let result = bench.both(&case);
        // On a worker that has run it already.
        assert_eq!(essence(&bench.warm(&case)), essence(&result));
        essence(&result)
    };
    assert_ne!(draw(0), draw(1));
}

// Attacks

/// Each ends alike in both, and the next case on the same worker is right.
#[test]
fn attacks_end_alike_and_harm_no_worker() {
    let bench = Bench::new();
    let attacks = include_str!("warm/attacks.py");
    let (head, _) = attacks.split_once("\ndef test_").unwrap();
    let names = Regex::new(r"(?m)^def (test_\w+)").unwrap();
    let names: Vec<_> = names.captures_iter(attacks).collect();
    assert!(
        !head.is_empty() && names.len() > 20,
        "the attacks were found"
    );
    for name in names {
        let mut case = Case::test(attacks);
        case.tests = vec![format!("tests/test_it.py::{}", &name[1])];
        case.memory_mib = 512;
        if name[1].starts_with("test_endless") {
            case.timeout = Duration::from_millis(1500);
        }
        let result = bench.both_and_after(&case);
        let is_denied = name[1].starts_with("test_denied");
        assert!(
            !is_denied || result.outcome == Outcome::Passed,
            "{result:#?}"
        );
    }
}

// Preload

#[test]
fn what_can_not_be_preloaded_is_told_once_and_cases_run_in_fresh_processes() {
    let bodies = [
        (
            "raises",
            "raise ValueError('no such device')\n",
            "no such device",
        ),
        ("exits", "raise SystemExit(3)\n", "SystemExit: 3"),
        ("leaves", "import os\nos._exit(7)\n", "it ended"),
        (
            "crashes",
            "import ctypes\nctypes.string_at(0)\n",
            "it ended",
        ),
        (
            "threads",
            "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n",
            "2 threads run",
        ),
        (
            "hangs",
            "import threading\nthreading.Event().wait()\n",
            "said nothing within",
        ),
    ];
    let modules: Vec<_> = bodies
        .iter()
        .map(|(name, body, _)| (format!("preload_{name}.py"), *body))
        .collect();
    let modules: Vec<_> = modules
        .iter()
        .map(|(name, body)| (&**name, *body))
        .collect();
    for (name, _, said) in bodies {
        let ready_time = if name == "hangs" {
            Duration::from_secs(2)
        } else {
            READY_TIME
        };
        let bench = Bench::with_modules_within(
            &modules,
            |environment| environment.preload = vec![format!("preload_{name}")],
            ready_time,
        );
        let passes = Case::test("def test_a():\n    pass\n");
        let fails = Case::test("def test_a():\n    assert False\n");
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| assert_eq!(bench.warm(&passes).outcome, Outcome::Passed));
                scope.spawn(|| assert_eq!(bench.warm(&fails).outcome, Outcome::Failed));
            }
        });
        let notes = bench.warm.notes();
        assert_eq!(notes.len(), 1, "{name}: {notes:?}");
        assert!(notes[0].contains(said), "{name}: {notes:?}");
    }
}

#[test]
fn what_a_preload_prints_is_no_case_s() {
    let noise =
        "import os\nprint('noise')\nos.write(1, b'noise' * 100000)\nos.write(3, b'noise')\n";
    let bench = Bench::with_modules(&[("noisy.py", noise)], |environment| {
        environment.preload = vec!["noisy".to_owned()];
    });
    for _ in 0..2 {
        let result = bench.warm(&Case::test(STATE));
        assert_eq!(result.outcome, Outcome::Passed, "{result:#?}");
        assert!(!result.output.contains("noise"), "{result:#?}");
    }
    assert_eq!(bench.warm.notes(), Vec::<String>::new());
}

#[test]
fn plugins_of_the_environment_work_alike() {
    let plugin = "
import pytest

STARTED = []


def pytest_addoption(parser):
    parser.addini('tiny', 'a setting', default='none')


def pytest_configure(config):
    STARTED.append(config.getini('tiny'))


@pytest.fixture
def tiny():
    return STARTED


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.name, reverse=True)
";
    let bench = Bench::with_modules(&[("tiny_plugin.py", plugin)], |environment| {
        environment.pytest_plugins = vec!["tiny_plugin".to_owned()];
    });
    let test = "def test_a(tiny):\n    assert tiny == 0\n\n\ndef test_b():\n    pass\n";
    for settings in [
        "[pytest]\n",
        "[pytest]\ntiny = some\n",
        "[pytest]\ntestpaths = tests\n",
    ] {
        let case = Case::new(&[("tests/test_it.py", test), ("pytest.ini", settings)]);
        let result = bench.both_and_after(&case);
        assert_eq!(
            result.tests[0].id, "tests/test_it.py::test_b",
            "{result:#?}"
        );
    }
}

// Projects

#[test]
fn projects_of_all_kinds_end_alike() {
    let bench = Bench::new();
    let varied = ("tests/test_it.py", include_str!("warm/varied.py"));
    let settings = |file, text| Case::new(&[varied, (file, text)]);
    let src = [
        ("src/inner.py", "VALUE = 3\n"),
        (
            "tests/test_it.py",
            "import inner\n\n\ndef test_a():\n    assert inner.VALUE == 4\n",
        ),
    ];
    let with_src = |file, text| Case::new(&[src[0], src[1], (file, text)]);
    let cases = [
        Case::new(&[varied]),
        settings(
            "conftest.py",
            "import pytest\n\n\n@pytest.fixture\ndef from_conftest():\n    return 1\n",
        ),
        settings(
            "tests/conftest.py",
            "def pytest_itemcollected(item):\n    item.name += '!'\n",
        ),
        settings("conftest.py", "raise SystemExit(3)\n"),
        settings("conftest.py", "raise ValueError('no')\n"),
        settings("conftest.py", "import nothing_of_the_kind\n"),
        settings("conftest.py", "import os\nos._exit(0)\n"),
        settings("conftest.py", "pytest_plugins = ['helper_plugin']\n"),
        settings(
            "conftest.py",
            "def pytest_sessionstart():\n    raise KeyboardInterrupt\n",
        ),
        settings(
            "conftest.py",
            "def pytest_configure():\n    print('hello')\n    import sys\n    sys.path.insert(0, 'src')\n",
        ),
        settings("pytest.ini", "[pytest]\nfilterwarnings = error\n"),
        settings(
            "pytest.ini",
            "[pytest]\nfilterwarnings = error::kinds.Mine\n",
        ),
        settings(
            "pytest.ini",
            "[pytest]\naddopts = -s -v --import-mode=importlib --strict-markers\n",
        ),
        settings("pytest.ini", "[pytest]\naddopts = --no-such-option\n"),
        settings(
            "pytest.ini",
            "[pytest]\nmarkers =\n    slow: takes long\nxfail_strict = true\nunknown_key = 1\n",
        ),
        settings("pytest.ini", "[pytest]\nxfail_strict = banana\n"),
        settings("pytest.ini", "[pytest]\nminversion = 99\n"),
        settings(
            "pytest.ini",
            "[pytest]\nlog_file = log.txt\nlog_file_level = INFO\n",
        ),
        settings(
            "pytest.ini",
            "[pytest]\npython_functions = check_*\npython_classes = Check*\n",
        ),
        settings("tox.ini", "[pytest]\naddopts = -p no:capture\n"),
        settings("setup.cfg", "[tool:pytest]\ntestpaths = tests\n"),
        settings(
            "pyproject.toml",
            "[tool.pytest.ini_options]\nminversion = \"6\"\naddopts = \"-ra\"\n",
        ),
        with_src("pytest.ini", "[pytest]\npythonpath = src\n"),
        with_src(
            "pyproject.toml",
            "[tool.pytest.ini_options]\npythonpath = [\"src\"]\n",
        ),
        with_src("conftest.py", "import sys\nsys.path.insert(0, 'src')\n"),
        with_src("setup.cfg", "[tool:other]\npythonpath = src\n"),
        Case::new(&[
            ("tests/check_it.py", "def test_a():\n    assert 0\n"),
            ("pytest.ini", "[pytest]\npython_files = check_*.py\n"),
        ]),
        Case::new(&[
            ("pack/__init__.py", ""),
            ("pack/tests/__init__.py", ""),
            (
                "pack/tests/test_in.py",
                "from .. import __name__ as name\n\n\ndef test_a():\n    assert name == 0\n",
            ),
            ("pack/conftest.py", ""),
        ]),
        Case::new(&[
            ("tests/test_a.py", "def test_a(:\n"),
            ("tests/test_b.py", "def test_b():\n    pass\n"),
        ]),
        Case::new(&[("tests/test_a.py", "from basics import nothing\n")]),
        Case::new(&[("tests/test_a.py", "x = 1\n")]),
    ];
    for case in &cases {
        bench.both(case);
    }
    // What is wrong with settings is the business of each case, and told nowhere else.
    assert_eq!(bench.warm.notes(), Vec::<String>::new());
}

/// A module of the project that pytest, or Python, has of the same name.
#[test]
fn modules_named_like_others_end_alike() {
    let bench = Bench::new();
    let test = |name: &str| {
        format!(
            "
import {name}


def test_name():
    assert {name}.VALUE == 3


def test_difference():
    assert {{'a': [1, 2]}} == {{'a': [1, 3]}}
"
        )
    };
    for name in [
        "difflib",
        "pprint",
        "queue",
        "statistics",
        "tomllib",
        "unittest",
        "numbers",
        "json",
    ] {
        let test = test(name);
        let module = format!("{name}.py");
        let (in_src, in_tests) = (format!("src/{name}.py"), format!("tests/{name}.py"));
        let package = format!("{name}/__init__.py");
        let it = ("tests/test_it.py", test.as_str());
        for files in [
            vec![it, (module.as_str(), "VALUE = 3\n")],
            vec![it, (package.as_str(), "VALUE = 3\n")],
            vec![it, (in_tests.as_str(), "VALUE = 3\n")],
            vec![
                it,
                (in_src.as_str(), "VALUE = 3\n"),
                ("pytest.ini", "[pytest]\npythonpath = src\n"),
            ],
            vec![
                it,
                (in_src.as_str(), "VALUE = 3\n"),
                ("conftest.py", "import sys\nsys.path.insert(0, 'src')\n"),
            ],
        ] {
            bench.both(&Case::new(&files));
        }
    }
    assert_eq!(bench.warm.notes(), Vec::<String>::new());
}

// The tool

#[test]
fn case_of_a_worker_that_is_killed_is_run_in_a_fresh_process() {
    let sandbox = Sandbox::with_base();
    let marker = format!("mastery-warm-lost-{}", std::process::id());
    let test = "
import os
import sys


def test_wait():
    if '--serve' in sys.orig_argv:
        os.execvp('sh', ['sh', '-c', 'while :; do sleep 1000; done; : {MARKER}'])
";
    let file = "curricula/base/project/tests/test_mean.py";
    sandbox.write(file, test.replace("{MARKER}", &marker));
    let arguments = [
        "verify",
        "--case",
        "base/mean/reference",
        "--format",
        "json",
    ];
    let mut command = sandbox.command(&arguments);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut tool = command.spawn().unwrap();
    wait_for(|| !processes_with(&marker).is_empty(), &mut tool);
    let worker = parent_of_process_with(&marker);
    // SAFETY: a plain system call.
    assert_eq!(unsafe { libc::kill(worker, libc::SIGKILL) }, 0);
    let run = Run::of(tool.wait_with_output().unwrap(), sandbox.path()).success();
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["cases"][0]["verdict"], "as_expected", "{report:#}");
    let note = "a worker was lost, and its case was run in a fresh process: it ended";
    assert_eq!(run.stderr.matches(note).count(), 1, "{}", run.shown());
    assert_eq!(processes_with(&marker), Vec::<String>::new());
}

/// The parent of the process that has a word in its arguments.
fn parent_of_process_with(word: &str) -> i32 {
    let dirs = fs::read_dir("/proc").unwrap().flatten();
    let stat = dirs.map(|entry| entry.path()).find_map(|path| {
        let arguments = fs::read(path.join("cmdline")).ok()?;
        let has_word = String::from_utf8_lossy(&arguments).contains(word);
        has_word.then(|| fs::read_to_string(path.join("stat")).ok())?
    });
    let stat = stat.expect("it runs");
    let (_, behind_name) = stat.rsplit_once(')').unwrap();
    behind_name
        .split_whitespace()
        .nth(1)
        .unwrap()
        .parse()
        .unwrap()
}

/// A tool that is stopped while a worker imports, or has a case, leaves nothing.
#[test]
fn tool_that_is_stopped_leaves_nothing() {
    let sandbox = Sandbox::with_base();
    let wait = "import subprocess\nsubprocess.run(['sh', '-c', '(setsid sleep 1000 &); sleep 1000; : {MARKER}'])\n";
    let word = |kind: &str| format!("mastery-warm-stop-{kind}-{}", std::process::id());
    let preload = wait.replace("{MARKER}", &word("import"));
    let python = python_with(&sandbox, &[("waits.py", &preload)]);
    let test = format!(
        "def test_wait():\n    {}",
        wait.replace("{MARKER}", &word("case"))
            .replace('\n', "\n    ")
    );
    sandbox.write("curricula/base/project/tests/test_mean.py", test);
    let manifest = "curricula/base/curriculum.yaml";
    let without = sandbox.read(manifest);
    let with = without.replace("environment:\n", "environment:\n  preload: [waits]\n");
    for (kind, text) in [("case", &without), ("import", &with)] {
        sandbox.write(manifest, text);
        for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGKILL] {
            let temp = sandbox.path().join(format!("tmp-{kind}-{signal}"));
            fs::create_dir(&temp).unwrap();
            let mut command = sandbox.command(&["verify", "--case", "base/mean/reference"]);
            command
                .arg("--python")
                .arg(&python)
                .env("TMPDIR", &temp)
                .stdout(Stdio::null())
                .stderr(Stdio::piped());
            let mut tool = command.spawn().unwrap();
            wait_for(|| !processes_with(&word(kind)).is_empty(), &mut tool);
            let id = i32::try_from(tool.id()).unwrap();
            // SAFETY: a plain system call.
            assert_eq!(unsafe { libc::kill(id, signal) }, 0);
            let output = tool.wait_with_output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            poll(|| processes_with(&word(kind)).is_empty());
            // A tool that is killed can't remove its folder; the next one does.
            if signal != libc::SIGKILL {
                assert_eq!(fs::read_dir(&temp).unwrap().count(), 0, "{said}");
                assert!(!said.contains("no worker"), "{said}");
            }
        }
    }
}

#[test]
fn older_pytest_ends_alike() {
    let sandbox = Sandbox::with_base();
    let lock = include_str!("warm/pytest8.txt");
    sandbox.write("curricula/base/requirements.txt", lock);
    sandbox.replace("curricula/base/curriculum.yaml", "\">=3.10\"", "\">=3.11\"");
    let tests = "curricula/base/project/tests/test_mean.py";
    sandbox.write(tests, include_str!("warm/varied.py"));
    let differences = differences(&sandbox, "1");
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
