"""Runs pytest for mastery and reports what happens over a private channel.

Usage: python driver.py REQUEST      runs one request
       python driver.py --serve      becomes a worker: imports once, then forks a child for each request

REQUEST is a JSON object with the keys

    files      test files to collect
    select     node ids; a test is run when it is one of them or inside one
    plugins    plugin modules to load
    config     the configuration file
    test_seconds  wall time that one test may take
    seed       what random generators start from; where it is not 0, tests run in an order drawn from it

The channel is file descriptor 3. Each line is one event, a JSON object with the key "event":
"collected", "collect_error", "start", "report" and, last of all, "finish". A run without the last
one did not end by itself, whatever the status of the process.

A worker reads lines of JSON from file descriptor 4 and answers each with one on 5. The first says how
to get ready, with the keys

    plugins    plugin modules to load
    preload    modules to import
    warm_up    a folder with a configuration file and tests to run once
    session    null, or the "project" and "config" for which pytest is started before the fork; then all
               requests are of that project and configuration
    narrowing  what children may still read and whom they may signal, or null; see `narrow`

and is answered by "ready" or "error". Each further one holds a "request" and the folder of its "project",
and is answered by the "status" that the child ended with and its "max_rss"; by "declined" when nothing was
run, for the project has a module that would not be found here; or by "error". A worker imports nothing of
any project.
"""

import ast
import ctypes
import fcntl
import gc
import hashlib
import importlib
import importlib.util
import json
import linecache
import os
import pathlib
import random
import signal
import stat
import struct
import sys
import time
import traceback
import warnings

PROJECT = None
NOWHERE = "/nowhere"
CHANNEL = 3
REQUESTS = 4
ANSWERS = 5
LONGEST_TEXT = 16 * 1024
# How many failures are shown as pytest shows them. It looks up sources and statements for each line of a
# traceback, which takes longer than most tests; a starter fails all of them.
FULL_TRACEBACKS = 1
LONGEST_FILE = 1024 * 1024

# No project can put others in the place of these.
LOADED_AT_START = frozenset(sys.modules)


class TestTimedOut(BaseException):
    """Raised in a test that takes too long. Not an Exception, so that few tests swallow it."""

    __test__ = False


def clip(text):
    """The text, or of a long one the beginning and the end."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    if len(text) <= LONGEST_TEXT:
        return text
    half = LONGEST_TEXT // 2
    return text[:half] + "\n... %d characters left out ...\n" % (len(text) - 2 * half) + text[-half:]


def emit(**event):
    """Writes one event to the channel, whole."""
    data = (json.dumps(event) + "\n").encode()
    while data:
        data = data[os.write(CHANNEL, data) :]


def modules_asked_for(name, tb):
    """The missing module, and those in it that the statement which failed asks for.

    `from basics.numbers import mean` says only that there is no `basics` where that is so.
    """
    names = {name}
    while tb.tb_next is not None:
        tb = tb.tb_next
    try:
        with open(tb.tb_frame.f_code.co_filename, "rb") as file:
            statements = ast.walk(ast.parse(file.read()))
        package = tb.tb_frame.f_globals.get("__package__") or ""
        for node in statements:
            if not isinstance(node, (ast.Import, ast.ImportFrom)):
                continue
            if not node.lineno <= tb.tb_lineno <= (node.end_lineno or node.lineno):
                continue
            asked = [alias.name for alias in node.names]
            if isinstance(node, ast.ImportFrom):
                start = importlib.util.resolve_name("." * node.level + (node.module or ""), package)
                asked = [start] + [start + "." + alias for alias in asked if alias != "*"]
            names.update(module for module in asked if module.startswith(name + "."))
    except (OSError, SyntaxError, ValueError, ImportError, RecursionError):
        pass  # what was told by the exception has to do
    return sorted(names)


def places_of(names):
    """The files of the project in which modules would be looked for."""
    roots = [os.path.join(PROJECT, folder) for folder in sys.path if isinstance(folder, str)]
    roots = [root for root in dict.fromkeys(roots) if os.path.join(root, "").startswith(PROJECT + os.sep)]
    paths = (os.path.join(root, *name.split(".")) for name in names for root in roots)
    return [path + ending for path in paths for ending in (".py", os.sep + "__init__.py")]


def describe(error):
    """What an exception is, where it was raised and which module it misses."""
    # pytest wraps what a test module raises on import; the original says more.
    if type(error).__name__ == "CollectError" and error.__cause__ is not None:
        error = error.__cause__
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    places = []
    if isinstance(error, ModuleNotFoundError) and error.name and error.__traceback__:
        places = places_of(modules_asked_for(error.name, error.__traceback__))
    owner = getattr(error, "obj", None)
    owner_file = getattr(owner, "__file__", None) if isinstance(error, AttributeError) else None
    return {
        "type": type(error).__name__,
        "text": clip(text_of(error)),
        "is_syntax": isinstance(error, SyntaxError),
        "is_missing_module": isinstance(error, ModuleNotFoundError),
        "places": places,
        "module": getattr(error, "name", None) if isinstance(error, ImportError) else None,
        "module_file": getattr(error, "path", None) if isinstance(error, ImportError) else owner_file,
        "is_missing_name": isinstance(error, (ImportError, NameError, AttributeError)),
        "file": last.tb_frame.f_code.co_filename if last else None,
    }


def text_of(error):
    """An exception as it is shown behind its traceback."""
    try:
        return "".join(traceback.format_exception_only(type(error), error)).strip()
    except Exception:  # an exception that can't even be shown
        return type(error).__name__


def short_traceback(error):
    """The lines of the project that an exception went through, and the exception, as pytest's short ones."""
    lines = []
    for frame, number in traceback.walk_tb(error.__traceback__):
        code = frame.f_code
        if code.co_filename.startswith(PROJECT + os.sep):
            lines.append("%s:%d: in %s" % (code.co_filename, number, code.co_name))
            lines.append("    " + linecache.getline(code.co_filename, number).strip())
    return "\n".join(lines + ["E   " + line for line in text_of(error).splitlines()])


def seed_generators(seed):
    """Sets the generators that modules share, so that a run can be repeated."""
    random.seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


class Reporter:
    """The plugin: selects the tests and reports what becomes of them."""

    def __init__(self, await_request=None):
        self.await_request = await_request
        self.errors = {}
        self.armed = False
        self.failures = 0

    def take(self, request):
        self.select = request["select"]
        self.test_seconds = request["test_seconds"]
        self.seed = request["seed"]
        signal.signal(signal.SIGALRM, self.on_alarm)

    # Collection

    def is_selected(self, nodeid, select):
        return nodeid == select or (
            nodeid.startswith(select) and nodeid[len(select) : len(select) + 1] in ("[", ":")
        )

    def pytest_collection(self, session):
        if self.await_request is not None:
            self.await_request(session, self)

    def pytest_collection_modifyitems(self, session, config, items):
        chosen, left_out = [], []
        found = set()
        for item in items:
            hits = [select for select in self.select if self.is_selected(item.nodeid, select)]
            found.update(hits)
            (chosen if hits else left_out).append(item)
        if self.seed:
            random.Random(self.seed).shuffle(chosen)
        items[:] = chosen
        if left_out:
            config.hook.pytest_deselected(items=left_out)
        emit(
            event="collected",
            ids=[item.nodeid for item in chosen],
            missing=[select for select in self.select if select not in found],
        )

    def pytest_exception_interact(self, node, call, report):
        if report.when == "collect":
            self.errors[report.nodeid, report.when] = describe(call.excinfo.value)

    def pytest_collectreport(self, report):
        if report.failed:
            error = self.errors.get((report.nodeid, report.when))
            if error is None:
                error = {"type": "CollectError", "text": clip(report.longreprtext)}
            emit(event="collect_error", id=report.nodeid, error=error)

    # Running

    def pytest_collection_finish(self, session):
        seed_generators(self.seed)

    def pytest_runtest_logstart(self, nodeid, location):
        emit(event="start", id=nodeid)

    def limited(self):
        """Wraps one phase of a test: what takes too long is interrupted, again and again."""
        self.armed = True
        signal.setitimer(signal.ITIMER_REAL, self.test_seconds, 0.5)
        try:
            return (yield)
        finally:
            self.armed = False
            signal.setitimer(signal.ITIMER_REAL, 0)

    def on_alarm(self, number, frame):
        if self.armed:
            raise TestTimedOut("the test took more than %g s" % self.test_seconds)

    def pytest_runtest_makereport(self, item, call):
        if call.excinfo is not None:
            self.failures += 1
            if self.failures > FULL_TRACEBACKS:
                item.config.option.tbstyle = "no"
        report = yield
        if call.excinfo is not None:
            self.errors[report.nodeid, report.when] = describe(call.excinfo.value)
            report.mastery_timed_out = call.excinfo.errisinstance(TestTimedOut)
            if self.failures > FULL_TRACEBACKS:
                report.mastery_traceback = short_traceback(call.excinfo.value)
        return report

    def pytest_runtest_logreport(self, report):
        failed = report.outcome == "failed"
        error = self.errors.pop((report.nodeid, report.when), None) if failed else None
        emit(
            event="report",
            id=report.nodeid,
            phase=report.when,
            outcome=report.outcome,
            is_xfail=hasattr(report, "wasxfail"),
            timed_out=failed and getattr(report, "mastery_timed_out", False),
            seconds=report.duration,
            error=error,
            traceback=clip(getattr(report, "mastery_traceback", None) or report.longreprtext) if failed else None,
        )

    def pytest_sessionfinish(self, session, exitstatus):
        emit(event="finish", status=int(exitstatus))


def decorate(pytest):
    """Makes hooks of the reporter's methods. Apart from the class, so that pytest is imported late."""
    wrapper = pytest.hookimpl(wrapper=True)
    Reporter.pytest_runtest_makereport = wrapper(Reporter.pytest_runtest_makereport)
    for phase in ("setup", "call", "teardown"):

        def limit(self, item):
            return (yield from self.limited())

        setattr(Reporter, "pytest_runtest_" + phase, wrapper(limit))
    last = pytest.hookimpl(trylast=True)
    Reporter.pytest_collection_modifyitems = last(Reporter.pytest_collection_modifyitems)
    first = pytest.hookimpl(tryfirst=True)
    Reporter.pytest_collection = first(Reporter.pytest_collection)


def options(config, rootdir, plugins):
    """Arguments that every run of pytest gets."""
    arguments = ["-p", "no:cacheprovider", "--rootdir=" + rootdir, "--confcutdir=" + rootdir, "-c", config]
    arguments += ["--continue-on-collection-errors", "--maxfail=0", "--color=no", "--tb=short", "-q"]
    for plugin in plugins:
        arguments += ["-p", plugin]
    return arguments


def run_pytest(arguments, reporter):
    """Runs pytest in this process and returns its status."""
    import pytest

    decorate(pytest)
    return int(pytest.main(arguments, plugins=[reporter]))


def end(status):
    """Ends this process. Interpreters with PyTorch take longer to go than to run the tests."""
    flush()
    os._exit(status)


def flush():
    sys.stdout.flush()
    sys.stderr.flush()


def run(request, project):
    """Runs one request in this process and ends it."""
    global PROJECT
    PROJECT = project
    # Tests see what they would see under `python -m pytest`.
    sys.argv = ["pytest"]
    sys.path[0] = project
    os.set_inheritable(CHANNEL, False)
    seed_generators(request["seed"])
    reporter = Reporter()
    reporter.take(request)
    end(run_pytest(options(request["config"], project, request["plugins"]) + request["files"], reporter))


# The worker

# Linux alone can tell.
GET_PIPE_SIZE = getattr(fcntl, "F_GETPIPE_SZ", None)
SET_PIPE_SIZE = getattr(fcntl, "F_SETPIPE_SZ", None)


def answer(**message):
    os.write(ANSWERS, (json.dumps(message) + "\n").encode())


def warm_up(folder):
    """Runs pytest once, so that all it imports is there, and puts back what it changes.

    Plugins would keep what they have seen of it, and are left out.
    """
    import pytest

    variables, path = dict(os.environ), sys.path[:]
    arguments = options(os.path.join(folder, "pytest.ini"), folder, [])
    with warnings.catch_warnings():
        pytest.main(arguments + ["--import-mode=importlib", os.path.join(folder, "tests", "warm_up", "test_warm_up.py")])
    os.environ.clear()
    os.environ.update(variables)
    sys.path[:] = path
    for name, module in list(sys.modules.items()):
        if (getattr(module, "__file__", None) or "").startswith(folder):
            del sys.modules[name]


def get_ready(setup):
    """Imports what cases need, and returns what pytest alone imports of it."""
    import pytest  # noqa: F401

    of_pytest = frozenset(sys.modules)
    for name in setup["preload"]:
        importlib.import_module(name)
    warm_up(setup["warm_up"])
    return of_pytest


def refuse_threads():
    """Only the thread that forks lives on in the child; what others hold is locked for ever."""
    threads = len(os.listdir("/proc/self/task")) if os.path.isdir("/proc/self/task") else 1
    if threads > 1:
        raise RuntimeError("%d threads run after the import" % threads)


def shadowed(project, of_pytest):
    """A module that is loaded here where a process that starts in the project would find the project's.

    Python looks first in the project's own folder, from the start, and later in any that tests or settings
    name; that is none that is a package.
    """
    top = True
    for folder, folders, files in os.walk(project):
        folders[:] = [name for name in folders if not name.startswith(".")]
        if top or "__init__.py" not in files:
            names = [name.split(".")[0] for name in files if name.endswith((".py", ".pyc", ".so"))]
            names += [name for name in folders if os.path.exists(os.path.join(folder, name, "__init__.py"))]
            others = LOADED_AT_START if top else of_pytest
            for name in names:
                if name in sys.modules and name not in others:
                    return name
        top = False
    return None


def call(number, *arguments):
    """A system call that raises what goes wrong."""
    result = ctypes.CDLL(None, use_errno=True).syscall(ctypes.c_long(number), *arguments)
    if result < 0:
        raise OSError(ctypes.get_errno(), "system call %d: %s" % (number, os.strerror(ctypes.get_errno())))
    return result


def narrow(narrowing):
    """Enters a Landlock domain below the worker's.

    It takes the reading of the worker's /proc entry and of all others but this process's own, and, where
    the kernel knows how, signals to all that is not part of this case.
    """
    create_ruleset, add_rule, restrict_self = 444, 445, 446  # the same on all architectures
    # A domain refuses to move files between folders unless it is told otherwise.
    read_file, read_dir, refer, path_beneath = 1 << 2, 1 << 3, 1 << 13, 1
    attributes = struct.pack("=QQQ", read_file | read_dir | refer, 0, narrowing["scoped"])
    attributes = attributes[: narrowing["attribute_bytes"]]
    ruleset = call(create_ruleset, attributes, ctypes.c_size_t(len(attributes)), 0)
    rights = [(path, read_file | read_dir) for path in narrowing["read"]]
    rights += [(path, read_file | read_dir | refer) for path in narrowing["write"]]
    for path, right in rights:
        try:
            fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            continue  # what is not there can't be read
        if not stat.S_ISDIR(os.fstat(fd).st_mode):
            right = read_file
        call(add_rule, ruleset, path_beneath, struct.pack("=Qi", right, fd), 0)
        os.close(fd)
    call(restrict_self, ruleset, 0)
    os.close(ruleset)


def cut_off(narrowing):
    """Separates this process from the worker that it was forked from."""
    os.setsid()
    if sys.platform == "linux":
        die_with_parent, kill = 1, signal.SIGKILL
        ctypes.CDLL(None).prctl(die_with_parent, kill)
    if narrowing:
        narrow(narrowing)
    os.close(REQUESTS)
    os.close(ANSWERS)


class Rewritten:
    """Test files as pytest rewrites them, kept so that a file that many cases have is rewritten once.

    Rewriting reads a file and runs nothing of it. A worker has the cases' project at the same path each
    time, which is part of the code.
    """

    def __init__(self, module):
        self.original = module._rewrite_test
        self.codes = {}
        # Those of the next case, which gets to see no others.
        self.own = {}

    def key(self, path):
        """What a file holds, with its path; None for what a worker should keep its hands off."""
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
        with open(fd, "rb") as file:
            about = os.fstat(fd)
            if not stat.S_ISREG(about.st_mode) or about.st_size > LONGEST_FILE:
                return None
            return str(path), hashlib.sha256(file.read(LONGEST_FILE)).digest()

    def rewrite(self, path, config):
        try:
            key = self.key(path)
            if key is not None and key not in self.codes:
                with warnings.catch_warnings(record=True) as told:
                    code = self.original(path, config)
                if told:
                    return  # the child is the one to tell
                self.codes[key] = code
            if key is not None:
                self.own[key] = self.codes[key]
        except Exception:
            pass  # the child will tell

    def begin(self):
        self.own = {}

    def forget_others(self):
        self.codes = self.own

    def __call__(self, path, config):
        try:
            code = self.codes.get(self.key(path))
        except OSError:
            code = None
        return code or self.original(path, config)


class Worker:
    """Forks a child for each request, and answers how it ended."""

    def __init__(self, setup, requests):
        self.setup = setup
        self.requests = requests
        self.rewritten = None
        self.owner = os.getpid()
        self.of_pytest = get_ready(setup)

    def next(self, before_fork=None):
        """Returns the next request, in the child that is forked for it. Never returns in the worker."""
        refuse_threads()
        # Else each child would print it.
        flush()
        pipes = {fd: fcntl.fcntl(fd, GET_PIPE_SIZE) for fd in (1, 2, CHANNEL)} if GET_PIPE_SIZE else {}
        answer(ready=True)
        for line in self.requests:
            message = json.loads(line)
            name = shadowed(message["project"], self.of_pytest)
            if name is not None:
                answer(declined=name)
                continue
            if before_fork:
                before_fork(message)
            # Settings of pipes are all that a case could leave behind in them.
            for fd in (0, 1, 2, CHANNEL):
                fcntl.fcntl(fd, fcntl.F_SETFL, 0)
            for fd, size in pipes.items():
                if fcntl.fcntl(fd, GET_PIPE_SIZE) != size:
                    fcntl.fcntl(fd, SET_PIPE_SIZE, size)
            try:
                pid = os.fork()
            except OSError as error:
                answer(error=str(error))
                continue
            if pid == 0:
                self.become_child(message)
                return message
            _, status, usage = os.wait4(pid, 0)
            answer(status=status, max_rss=usage.ru_maxrss)
        os._exit(0)

    def become_child(self, message):
        try:
            os.chdir(message["project"])
            cut_off(self.setup["narrowing"])
        except BaseException as error:
            answer(error="a child can't begin: " + text_of(error))
            os._exit(120)

    def serve(self):
        """Forks before anything of pytest is set up."""
        message = self.next()
        sys.path.insert(0, None)
        importlib.invalidate_caches()
        run(message["request"], message["project"])

    def serve_in_session(self):
        """Starts pytest, and forks when it would collect tests."""
        global PROJECT
        PROJECT = self.setup["session"]["project"]
        sys.argv = ["pytest"]
        # The project's place, behind what its configuration puts in front.
        sys.path.insert(0, NOWHERE)
        os.chdir(PROJECT)
        arguments = options(self.setup["session"]["config"], PROJECT, self.setup["plugins"])
        # Without an argument pytest would look for one.
        status = run_pytest(arguments + [self.setup["warm_up"]], Reporter(self.await_request))
        if os.getpid() == self.owner:
            raise RuntimeError("pytest ends with status %d before it collects tests" % status)
        end(status)

    def await_request(self, session, reporter):
        try:
            message = self.next_in_session(session.config)
        except Exception as error:
            # pytest would take it for an error of a test.
            answer(error=text_of(error))
            os._exit(120)
        config = session.config
        request = message["request"]
        seed_generators(request["seed"])
        sys.path[sys.path.index(NOWHERE)] = PROJECT
        importlib.invalidate_caches()
        # As pytest leaves it when it has started.
        capture = config.pluginmanager.getplugin("capturemanager")
        capture.start_global_capturing()
        capture.suspend_global_capture()
        terminal = config.pluginmanager.getplugin("terminalreporter")
        if hasattr(terminal, "_session_start"):
            terminal._session_start = type(terminal._session_start)()
        elif hasattr(terminal, "_sessionstarttime"):
            terminal._sessionstarttime = time.time()
        config.args = request["files"]
        reporter.take(request)

    def next_in_session(self, config):
        # Files that hold what is captured would be shared by all children.
        capture = config.pluginmanager.getplugin("capturemanager")
        capture.stop_global_capturing()
        os.chdir("/")
        for module in list(sys.modules.values()):
            if (getattr(module, "__file__", None) or "").startswith(PROJECT + os.sep):
                raise RuntimeError("starting pytest imports `%s`" % module.__name__)
        rewrite = sys.modules.get("_pytest.assertion.rewrite")
        if hasattr(rewrite, "_rewrite_test"):
            self.rewritten = rewrite._rewrite_test = Rewritten(rewrite)
        gc.collect()
        gc.freeze()
        message = self.next(lambda message: self.rewrite(message, config))
        if self.rewritten:
            self.rewritten.forget_others()
        return message

    def rewrite(self, message, config):
        if self.rewritten:
            self.rewritten.begin()
            for file in message["request"]["files"]:
                self.rewritten.rewrite(pathlib.Path(PROJECT, file), config)


def serve():
    for fd in (CHANNEL, REQUESTS, ANSWERS):
        os.set_inheritable(fd, False)
    del sys.path[0]
    requests = open(REQUESTS, encoding="utf-8", closefd=False)
    setup = json.loads(requests.readline())
    owner = os.getpid()
    try:
        worker = Worker(setup, requests)
        if setup["session"]:
            worker.serve_in_session()
        else:
            worker.serve()
    except BaseException as error:  # also one that wants to end the process
        if os.getpid() != owner:
            raise
        answer(error=text_of(error))
        os._exit(120)


# Not in processes that `multiprocessing` spawns, which import the program that started them.
if __name__ == "__main__":
    if sys.argv[1:] == ["--serve"]:
        serve()
    else:
        run(json.loads(sys.argv[1]), os.getcwd())
