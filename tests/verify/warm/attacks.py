"""Each test tries to harm its worker, or the next case. What must be denied has that in its name."""

import ctypes
import fcntl
import json
import os
import signal
import sys
import threading
import time

LIBC = ctypes.CDLL(None, use_errno=True)


def call(name, *arguments):
    """Returns the error of a function, 0 for none."""
    ctypes.set_errno(0)
    return ctypes.get_errno() if getattr(LIBC, name)(*arguments) == -1 else 0


def denied(action):
    try:
        action()
    except OSError:
        return True
    return False


def test_denied_descriptors():
    for fd in (4, 5):
        assert denied(lambda: os.write(fd, b"{}\n")) or not os.readlink("/proc/self/fd/%d" % fd).startswith("pipe:")


def test_denied_files_of_the_worker():
    worker = "/proc/%d/" % os.getppid()
    for name in ("environ", "maps", "mem", "stat", "status", "cmdline", "comm", "fd/4", "fd/5", "fd/3", "root/etc", "cwd/x"):
        assert denied(lambda: open(worker + name, "rb").read()), name
        assert denied(lambda: open(worker + name, "wb").write(b"x")), name
    for name in ("", "fd", "task", "root", "cwd"):
        assert denied(lambda: os.listdir(worker + name)), name


def test_denied_signals():
    worker = os.getppid()
    for target in (worker, -worker, -1):
        assert denied(lambda: os.kill(target, signal.SIGTERM)), target
        assert denied(lambda: os.kill(target, 0)), target
    assert denied(lambda: os.killpg(worker, signal.SIGTERM))
    assert denied(lambda: os.pidfd_open(worker))


def test_denied_priorities():
    worker = os.getppid()
    assert denied(lambda: os.setpriority(os.PRIO_PROCESS, worker, 19))
    assert denied(lambda: os.setpriority(os.PRIO_PGRP, worker, 19))
    assert denied(lambda: os.setpriority(os.PRIO_USER, os.getuid(), 19))
    assert denied(lambda: os.setpriority(os.PRIO_USER, 0, 19))
    assert denied(lambda: os.sched_setaffinity(worker, os.sched_getaffinity(0)))
    assert denied(lambda: os.sched_setscheduler(worker, os.SCHED_IDLE, os.sched_param(0)))
    assert denied(lambda: os.sched_setparam(worker, os.sched_param(0)))
    # One's own are one's own.
    os.setpriority(os.PRIO_PROCESS, os.getpid(), os.getpriority(os.PRIO_PROCESS, 0))
    os.sched_setaffinity(os.getpid(), os.sched_getaffinity(0))


def test_denied_tracing():
    attach, seize = 16, 0x4206
    for request in (attach, seize):
        assert call("ptrace", request, os.getppid(), None, None)
    assert call("process_vm_readv", os.getppid(), None, 0, None, 0, 0)


def test_denied_signals_of_the_kernel():
    reader, writer = os.pipe()
    assert denied(lambda: fcntl.fcntl(reader, fcntl.F_SETOWN, os.getppid()))


def test_denied_siblings():
    clone, parent = 56, 0x8000
    if os.uname().machine == "x86_64":
        for end in (0, signal.SIGCHLD):
            ctypes.set_errno(0)
            pid = LIBC.syscall(clone, parent | end, 0, 0, 0, 0)
            if pid == 0:
                os._exit(0)
            assert pid == -1


def test_kill_own_group():
    os.kill(0, signal.SIGKILL)


def test_kill_everything():
    try:
        os.kill(-1, signal.SIGKILL)
    except PermissionError:
        pass


def test_kill_parent():
    for number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGTERM):
        try:
            os.kill(os.getppid(), number)
        except PermissionError:
            pass


def test_close_everything():
    os.closerange(0, 256)


def test_close_channel():
    os.close(3)


def test_garbage():
    os.write(3, b"\xff\xfe{\n\n[]\n\0")


def test_half_a_line():
    os.write(3, b'{"event": "fin')
    os._exit(0)


def test_forged_end():
    for event in ({"event": "collected", "ids": ["x"], "missing": []}, {"event": "finish", "status": 0}):
        os.write(3, (json.dumps(event) + "\n").encode())
    os._exit(0)


def test_forged_answers():
    for fd in range(3, 10):
        try:
            os.write(fd, b'{"status": 0, "max_rss": 1}\n{"ready": true}\n')
        except OSError:
            pass


def test_megabytes_through_the_channel():
    for _ in range(64):
        os.write(3, b"x" * (1 << 20))


def test_huge_output():
    line = b"x" * (1 << 20)
    saved = sys.__stdout__.fileno()
    for fd in range(3, 64):
        try:
            if fd != 3 and os.readlink("/proc/self/fd/%d" % fd).startswith("pipe:"):
                saved = fd
        except OSError:
            pass
    # Just above what a run may print, and then the end.
    for _ in range(64):
        os.write(saved, line)
    os.write(saved, b"y" * 30000)
    os._exit(0)


def test_other_program():
    os.execvp("sh", ["sh", "-c", "echo gone"])


def test_abort():
    os.abort()


def test_segmentation_fault():
    ctypes.string_at(0)


def test_stack_overflow():
    def inner():
        return inner()

    sys.setrecursionlimit(10**9)
    threading.stack_size(1 << 20)
    thread = threading.Thread(target=inner)
    thread.start()
    thread.join()


def test_system_exit():
    os._exit(3)


def test_exit():
    sys.exit(5)


def test_interrupt():
    os.kill(os.getpid(), signal.SIGINT)


def test_own_exit_of_a_fork():
    # A child that goes on as if it were the parent.
    if os.fork() == 0:
        os.write(3, b"")
        os._exit(0)
    os.wait()


def test_fork_bomb():
    for _ in range(2000):
        try:
            if os.fork() == 0:
                signal.pause()
        except OSError:
            break
    else:
        assert False, "there is no end to it"


def test_memory():
    kept = []
    while True:
        kept.append(bytearray(b"x") * (1 << 22))


def test_spawned_process():
    import multiprocessing

    context = multiprocessing.get_context("spawn")
    process = context.Process(target=print)
    process.start()
    process.join()
    assert process.exitcode == 0


def test_threads_that_stay():
    for _ in range(20):
        threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()


def test_endless_leader_that_ends():
    # The process ends while a thread and its children go on.
    if os.fork() == 0:
        time.sleep(1000)
    threading.Thread(target=time.sleep, args=(1000,)).start()
    LIBC.syscall(60 if os.uname().machine == "x86_64" else 93, 0)


def test_stop():
    if os.fork() == 0:
        os.kill(os.getppid(), signal.SIGCONT)
        os._exit(0)
    os.wait()
