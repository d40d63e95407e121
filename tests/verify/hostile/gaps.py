"""Each test tries something that not every kernel prevents, and passes when it was possible."""

import os


def test_mode_of_own_file_outside():
    mode = os.stat("{OUTSIDE}/dir/file.txt").st_mode
    os.chmod("{OUTSIDE}/dir/file.txt", 0o600)
    os.chmod("{OUTSIDE}/dir/file.txt", mode & 0o777)


def test_time_of_own_file_outside():
    os.utime("{OUTSIDE}/dir/file.txt")


def test_size_of_file_outside():
    assert os.stat("{OUTSIDE}/secret.txt").st_size == 10


def test_shared_memory():
    with open("/dev/shm/{MARKER}", "w") as file:
        file.write("x")
