"""Runs pytest for mastery and reports what happens over a private channel.

Usage: python driver.py REQUEST, where REQUEST is a JSON object with the keys

    files      test files to collect
    select     node ids; a test is run when it is one of them or inside one
    plugins    plugin modules to load
    config     the configuration file
    test_seconds  wall time that one test may take
    seed       what random generators start from; where it is not 0, tests run in an order drawn from it

The channel is file descriptor 3. Each line is one event, a JSON object with the key "event":
"collected", "collect_error", "start", "report" and, last of all, "finish". A run without the last
one did not end by itself, whatever the status of the process.
"""

import ast
import importlib.util
import json
import os
import random
import signal
import sys
import traceback

CHANNEL = 3
PROJECT = os.getcwd()
LONGEST_TEXT = 16 * 1024


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
    frames = traceback.extract_tb(error.__traceback__)
    try:
        text = "".join(traceback.format_exception_only(type(error), error)).strip()
    except Exception:  # an exception that can't even be shown
        text = type(error).__name__
    places = []
    if isinstance(error, ModuleNotFoundError) and error.name and error.__traceback__:
        places = places_of(modules_asked_for(error.name, error.__traceback__))
    owner = getattr(error, "obj", None)
    owner_file = getattr(owner, "__file__", None) if isinstance(error, AttributeError) else None
    return {
        "type": type(error).__name__,
        "text": clip(text),
        "is_syntax": isinstance(error, SyntaxError),
        "is_missing_module": isinstance(error, ModuleNotFoundError),
        "places": places,
        "module": getattr(error, "name", None) if isinstance(error, ImportError) else None,
        "module_file": getattr(error, "path", None) if isinstance(error, ImportError) else owner_file,
        "is_missing_name": isinstance(error, (ImportError, NameError, AttributeError)),
        "file": frames[-1].filename if frames else None,
        "line": frames[-1].lineno if frames else None,
    }


def seed_generators(seed):
    """Sets the generators that modules share, so that a run can be repeated."""
    random.seed(seed)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(seed)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


class Reporter:
    """The plugin: selects the tests and reports what becomes of them."""

    def __init__(self, request):
        self.select = request["select"]
        self.test_seconds = request["test_seconds"]
        self.seed = request["seed"]
        self.errors = {}
        self.armed = False

    # Collection

    def is_selected(self, nodeid, select):
        return nodeid == select or (
            nodeid.startswith(select) and nodeid[len(select) : len(select) + 1] in ("[", ":")
        )

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
        report = yield
        if call.excinfo is not None:
            self.errors[report.nodeid, report.when] = describe(call.excinfo.value)
            report.mastery_timed_out = call.excinfo.errisinstance(TestTimedOut)
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
            traceback=clip(report.longreprtext) if failed else None,
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


def main():
    request = json.loads(sys.argv[1])
    # Tests see what they would see under `python -m pytest`.
    sys.argv = ["pytest"]
    sys.path[0] = os.getcwd()
    os.set_inheritable(CHANNEL, False)
    import pytest

    decorate(pytest)
    reporter = Reporter(request)
    signal.signal(signal.SIGALRM, reporter.on_alarm)
    arguments = [
        "-p",
        "no:cacheprovider",
        "--rootdir=" + os.getcwd(),
        "--confcutdir=" + os.getcwd(),
        "-c",
        request["config"],
        "--continue-on-collection-errors",
        "--maxfail=0",
        "--color=no",
        "--tb=short",
        "-q",
    ]
    for plugin in request["plugins"]:
        arguments += ["-p", plugin]
    status = pytest.main(arguments + request["files"], plugins=[reporter])
    sys.stdout.flush()
    sys.stderr.flush()
    # Interpreters with PyTorch take longer to go than to run the tests.
    os._exit(int(status))


main()
