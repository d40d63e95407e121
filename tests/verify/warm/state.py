"""Everything is as a process finds it that has just begun."""

import builtins
import fcntl
import locale
import logging
import os
import random
import resource
import signal
import sys
import threading
import warnings


def test_variables_and_folders():
    case = os.path.dirname(os.getcwd())
    assert os.path.basename(os.getcwd()) == "project"
    assert os.environ["HOME"] == case + "/home" and os.environ["TMPDIR"] == case + "/tmp"
    assert set(os.environ) <= set(
        "PATH HOME TMPDIR USER LOGNAME LANG LC_ALL TZ TERM PYTHONHASHSEED PYTHONDONTWRITEBYTECODE"
        " PYTHONNOUSERSITE PYTEST_DISABLE_PLUGIN_AUTOLOAD OMP_NUM_THREADS OPENBLAS_NUM_THREADS"
        " MKL_NUM_THREADS MASTERY_PYTHON VIRTUAL_ENV PYTEST_CURRENT_TEST PYTEST_VERSION".split()
    ), sorted(os.environ)
    assert os.listdir(case + "/home") == [] and os.listdir(case + "/tmp") == []
    assert sorted(os.listdir(case)) == ["home", "project", "tmp"]
    assert [os.stat(folder).st_mode & 0o7777 for folder in (case, case + "/home", ".")] == [0o700] * 3
    assert os.listdir(".") == ["tests"] and os.listdir("tests") == ["test_it.py"]


def test_memory_files():
    with open("/proc/self/mountinfo") as file:
        is_own = "size=1073741824k" in file.read()
    if is_own:
        assert os.listdir("/dev/shm") == []
        assert os.stat("/dev/shm").st_mode & 0o7777 == 0o1777
        with open("/dev/shm/file", "w") as file:
            file.write("x")


def test_descriptors():
    links = {}
    for fd in range(256):
        try:
            links[fd] = os.readlink("/proc/self/fd/%d" % fd)
        except OSError:
            pass
    assert links[3].startswith("pipe:") and links[0] == "/dev/null"
    pipes = {link for link in links.values() if link.startswith("pipe:")}
    assert len(pipes) == 2, links
    own = os.path.dirname(os.getcwd())
    allowed = ("pipe:", "/dev/null", own + "/tmp/", "/proc/", "/tmp/")
    assert all(link.startswith(allowed) for link in links.values()), links
    for fd, link in links.items():
        if link.startswith("pipe:"):
            assert fcntl.fcntl(fd, fcntl.F_GETFL) == os.O_WRONLY
            assert fcntl.fcntl(fd, 1032) == 65536


def test_limits_and_priority():
    old = os.umask(0)
    os.umask(old)
    assert old == 0o022
    assert os.getpriority(os.PRIO_PROCESS, 0) == os.getpriority(os.PRIO_PROCESS, os.getppid())
    assert os.sched_getaffinity(0) == os.sched_getaffinity(os.getppid())
    assert os.sched_getscheduler(0) == os.SCHED_OTHER
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (4096, 4096)
    assert resource.getrlimit(resource.RLIMIT_CPU) == (resource.RLIM_INFINITY,) * 2


def test_signals():
    defaults = {signal.SIGINT: signal.default_int_handler, signal.SIGPIPE: signal.SIG_IGN}
    for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP, signal.SIGALRM, signal.SIGXFSZ}:
        if number < signal.SIGRTMIN:
            assert signal.getsignal(number) == defaults.get(number, signal.SIG_DFL), number
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == set()


def test_interpreter():
    assert not hasattr(builtins, "planted") and len is builtins.len and len("ab") == 2
    assert "planted" not in sys.modules and not any("planted" in folder for folder in sys.path)
    assert sys.argv == ["pytest"]
    assert not any(".planted" in str(entry) for entry in warnings.filters)
    assert logging.getLogger("planted").handlers == [] and logging.getLogger().level == logging.WARNING
    assert locale.setlocale(locale.LC_ALL) == "C.UTF-8" or "C.UTF-8" in locale.setlocale(locale.LC_CTYPE)
    assert threading.active_count() == 1
    assert sys.getrecursionlimit() == 1000


def test_generator():
    own = random.Random(0)
    assert (random.random(), random.random()) == (own.random(), own.random())
