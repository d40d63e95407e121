"""Each test tries something that is none of its business, and passes when it is denied."""

import ctypes
import os
import resource
import signal
import socket
import subprocess
import sys

import pytest

OUTSIDE = "{OUTSIDE}"
BASE = "{BASE}"
LIBC = ctypes.CDLL(None, use_errno=True)


def syscall(number, *arguments):
    """Makes a system call and returns the error that it ends with, 0 for none."""
    ctypes.set_errno(0)
    result = LIBC.syscall(number, *arguments)
    return ctypes.get_errno() if result == -1 else 0


EPERM, EACCES, ENOSYS, EROFS = 1, 13, 38, 30

# Files


@pytest.mark.parametrize(
    "path",
    [
        OUTSIDE + "/new",
        OUTSIDE + "/secret.txt",
        BASE + "/curricula/base/project/basics/numbers.py",
        BASE + "/curricula/base/project/__pycache__",
        BASE + "/home/.profile",
        BASE + "/tmp/new",
        "/tmp/{MARKER}",
        "/var/tmp/{MARKER}",
        os.path.dirname(sys.executable) + "/new",
        os.path.dirname(os.__file__) + "/new.py",
        "../../new",
        "../../shared/mastery_pytest.py",
    ],
)
def test_write(path):
    with pytest.raises(OSError):
        open(path, "w")


@pytest.mark.parametrize("path", [OUTSIDE + "/dir/file.txt", BASE + "/curricula/base/curriculum.yaml"])
def test_other_changes(path):
    for change in (
        lambda: os.remove(path),
        lambda: os.rename(path, path + "x"),
        lambda: os.truncate(path, 0),
        lambda: os.link(path, "link"),
        lambda: os.mkdir(os.path.dirname(path) + "/new"),
        lambda: os.symlink(path, os.path.dirname(path) + "/new"),
    ):
        with pytest.raises(OSError):
            change()


@pytest.mark.parametrize(
    "path",
    [
        OUTSIDE + "/secret.txt",
        BASE + "/home/.ssh/id",
        BASE + "/curricula/base/modules/double/questions.yaml",
        "/etc/passwd",
        "/etc/shadow",
        "/proc/1/environ",
        "/proc/%d/environ" % os.getppid(),
        "/proc/%d/maps" % os.getppid(),
        "/dev/tty",
    ],
)
def test_read(path):
    with pytest.raises(OSError):
        open(path, "rb").read()


@pytest.mark.parametrize("path", [OUTSIDE, BASE, "/root", "/home", "/proc", "/tmp"])
def test_list(path):
    with pytest.raises(OSError):
        os.listdir(path)


def test_owner_and_attributes():
    open("own", "w").close()
    with pytest.raises(PermissionError):
        os.chown("own", 0, 0)
    with pytest.raises(PermissionError):
        os.setxattr("own", "user.x", b"x")


# Secrets


def test_environment():
    assert "MASTERY_TEST_SECRET" not in os.environ
    assert "the variable" not in open("/proc/self/environ").read()
    assert os.environ["HOME"].endswith("/home") and os.environ["HOME"] != BASE + "/home"


def test_descriptors():
    for number in range(4, 256):
        try:
            target = os.readlink("/proc/self/fd/%d" % number)
        except OSError:
            continue
        assert "secret" not in target and not target.startswith("socket")


# Network


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_NETLINK])
@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW])
def test_socket(family, kind):
    with pytest.raises(OSError):
        socket.socket(family, kind)


def test_pairs_of_sockets():
    one, other = socket.socketpair()
    one.send(b"x")
    assert other.recv(1) == b"x"
    for call in (lambda: one.bind("\0x"), lambda: one.connect("/dev/log"), lambda: one.listen(1)):
        with pytest.raises(PermissionError):
            call()
    with pytest.raises(PermissionError):
        socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)


# Other processes


def test_signals():
    for pid in (os.getppid(), -1, 1):
        with pytest.raises(OSError):
            os.kill(pid, signal.SIGKILL)
    own = {os.getpid()}
    for pid in range(2, 65536):
        if pid not in own:
            with pytest.raises(OSError):
                os.kill(pid, 0)


def test_limits_of_other_processes():
    with pytest.raises(PermissionError):
        resource.prlimit(os.getppid(), resource.RLIMIT_CPU, (1, 1))


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="numbers of system calls")
@pytest.mark.parametrize(
    "number",
    [463, 466, 467, 469, 101, 310, 311, 165, 166, 161, 155, 272, 308, 250, 248, 321, 298, 323, 304, 29, 64, 68, 240, 429, 442],
)
def test_forbidden_calls(number):
    assert syscall(number, 0, 0, 0, 0, 0, 0) in (EPERM, EACCES)


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="numbers of system calls")
@pytest.mark.parametrize("number", [435, 425, 426, 427, 319, 447, 0x40000000 + 41, 0x40000000 + 521])
def test_unknown_calls(number):
    assert syscall(number, 0, 0, 0, 0, 0, 0) == ENOSYS


@pytest.mark.parametrize("flag", [0x00020000, 0x10000000, 0x20000000, 0x40000000, 0x04000000, 0x08000000])
def test_namespaces(flag):
    assert LIBC.unshare(flag) == -1
    clone, sigchld = 56, 17
    if os.uname().machine == "x86_64":
        assert syscall(clone, flag | sigchld, 0, 0, 0, 0) == EPERM


# Memory


def test_files_in_memory():
    with pytest.raises(OSError):
        os.memfd_create("x")


# Who it is


def test_user():
    status = dict(line.split(":\t", 1) for line in open("/proc/self/status").read().splitlines() if ":\t" in line)
    assert os.getuid() != 0 and os.geteuid() != 0
    assert int(status["CapEff"], 16) == 0 and int(status["CapPrm"], 16) == 0
    assert status["NoNewPrivs"] == "1"
    with pytest.raises(OSError):
        os.setuid(0)


def test_no_terminal():
    with pytest.raises(OSError):
        os.open("/dev/tty", os.O_RDWR)
    assert not any(os.isatty(number) for number in range(3))


def test_size_of_a_file():
    with pytest.raises(OSError):
        os.posix_fallocate(os.open("large", os.O_RDWR | os.O_CREAT), 0, 1 << 30)


# What ordinary tests need


def test_ordinary_things_work(tmp_path):
    (tmp_path / "file").write_text("x")
    os.chmod(tmp_path / "file", 0o600)
    open("/dev/null", "w").write("x")
    assert len(os.urandom(8)) == 8
    assert subprocess.run(["sh", "-c", "echo $HOME"], capture_output=True, check=True).stdout
    assert os.cpu_count() >= 1
    assert open("/proc/cpuinfo").read(1)
