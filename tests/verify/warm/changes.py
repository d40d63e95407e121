"""Each test changes something that the process has, and leaves it like that."""

import builtins
import fcntl
import locale
import logging
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import types
import warnings


def test_builtins():
    builtins.planted = 1
    original = len
    builtins.len = lambda it: original(it) and 99


def test_variables():
    os.environ["PLANTED"] = "1"
    os.environ["HOME"] = "/"
    del os.environ["PATH"]


def test_folder():
    os.chdir("/")


def test_modules():
    sys.modules["planted"] = types.ModuleType("planted")
    sys.modules["json"] = types.ModuleType("json")
    del sys.modules["_pytest.config"]


def test_path():
    sys.path[:] = ["/planted"]
    sys.meta_path.clear()
    sys.path_importer_cache.clear()


def test_warnings():
    warnings.filterwarnings("error", module="a.planted")
    warnings.showwarning = None


def test_logging():
    logging.getLogger("planted").addHandler(logging.StreamHandler())
    logging.getLogger().setLevel(logging.DEBUG)
    logging.disable(logging.CRITICAL)


def test_signals():
    for number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGCHLD, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2, signal.SIGCHLD])


def test_umask():
    os.umask(0o777)


def test_limits():
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    resource.setrlimit(resource.RLIMIT_CPU, (100, 100))
    resource.setrlimit(resource.RLIMIT_DATA, (1 << 30, 1 << 30))


def test_locale():
    locale.setlocale(locale.LC_ALL, "C")


def test_random():
    random.seed(99)
    random.random()


def test_priority():
    os.nice(19)
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def test_recursion():
    sys.setrecursionlimit(5000)


def test_files():
    case = os.path.dirname(os.getcwd())
    for path in ("home/.profile", "home/.pythonrc.py", "tmp/file", "project/planted.py", "project/conftest.py"):
        with open(os.path.join(case, path), "w") as file:
            file.write("raise ValueError\n")
    os.makedirs("tests/__pycache__")


def test_lock_at_the_top():
    with open("../lock", "w") as file:
        file.write("x")
    os.mkdir("../lock.d")


def test_lock_that_is_a_folder():
    os.makedirs("../lock/lock/lock")


def test_lock_that_is_a_link():
    os.symlink("/etc", "../lock")
    os.symlink("/etc", "../etc")
    os.mkfifo("../pipe")


def test_memory_files():
    for name in ("planted", "lock"):
        with open("/dev/shm/" + name, "w") as file:
            file.write("x")
    os.makedirs("/dev/shm/folder/inner")
    os.symlink("/etc", "/dev/shm/link")
    os.chmod("/dev/shm/folder", 0)
    for name in ("planted", "lock"):
        with open("/proc/self/mountinfo") as file:
            if "size=1073741824k" not in file.read():
                os.unlink("/dev/shm/" + name)


def test_mode_of_memory_folder():
    try:
        os.chmod("/dev/shm", 0o500)
    except OSError:
        pass  # it is not the case's


def test_pipes():
    for fd in (0, 3):
        fcntl.fcntl(fd, fcntl.F_SETFL, os.O_NONBLOCK | os.O_APPEND)
    for fd in range(3, 64):
        try:
            fcntl.fcntl(fd, fcntl.F_SETFL, os.O_NONBLOCK)
            fcntl.fcntl(fd, 1031, 4096 if fd % 2 else 1 << 20)
        except OSError:
            pass


def test_modes():
    for folder in ("tests", "../home", "../tmp", "..", "."):
        os.chmod(folder, 0)


def test_set_group_bits():
    for folder in ("../home", "..", "."):
        os.chmod(folder, 0o3777)


def test_removal():
    shutil.rmtree("../home")
    shutil.rmtree(os.getcwd(), ignore_errors=True)


def test_replaced_folders():
    shutil.rmtree("../home")
    os.symlink("/etc", "../home")
    os.rename("../tmp", "../elsewhere")
    with open("../tmp", "w") as file:
        file.write("x")


def test_descriptors():
    if os.fork() == 0:
        os.closerange(0, 64)
        os._exit(0)
    os.wait()


def test_processes():
    for _ in range(3):
        subprocess.Popen(["sh", "-c", "trap '' TERM HUP; (setsid sleep 1000 &) ; sleep 1000"])
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            while True:
                signal.pause()
        os._exit(0)


def test_stopped_process():
    if os.fork() == 0:
        os.kill(os.getpid(), signal.SIGSTOP)


def test_pytest():
    import _pytest.assertion.util
    import pytest

    pytest.raises = None
    _pytest.assertion.util._reprcompare = None
    pytest.main = None
