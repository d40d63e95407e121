"""What the learner's program takes: to start, to hand something in, beside the tests themselves; and bundles.

python benches/learner.py RUNS [MASTERY] [MASTERY_LEARN]

Bundles both curricula, and one whose only validator does nothing, so that handing in takes what the program takes. For
cs336_a1 the same tests are run in turn by `submit` and by `python -m pytest` in the environment of the course.
"""

import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUNS = int(sys.argv[1]) if len(sys.argv) > 1 else 10
MASTERY = Path(sys.argv[2] if len(sys.argv) > 2 else ROOT / "target/release/mastery").resolve()
LEARN = Path(sys.argv[3] if len(sys.argv) > 3 else ROOT / "target/release/mastery-learn").resolve()


def timed(command, **options):
    """Seconds that a command takes, and what it ends with."""
    begin = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, **options)
    return time.perf_counter() - begin, done.returncode


def shown(name, seconds):
    """Prints a line: median, minimum and maximum in milliseconds."""
    low, middle, high = min(seconds), statistics.median(seconds), max(seconds)
    print(f"{name}: {middle * 1000:.1f} ms ({low * 1000:.1f} to {high * 1000:.1f}), n = {len(seconds)}", flush=True)
    return middle


def bundle(curriculum, target):
    seconds, code = timed([MASTERY, "bundle", curriculum, "-o", target, "--runtime", LEARN, "--no-check", "--force"])
    assert code == 0, code
    return seconds


def begin(folder, course):
    """A project of a course, in a folder of its own."""
    subprocess.run([course, "init", folder], check=True, capture_output=True)
    return folder


def main():
    with tempfile.TemporaryDirectory(prefix="mastery-bench-") as place:
        place = Path(place)
        sizes = {}
        for name in ["foundations", "cs336_a1"]:
            file = place / name
            shown(f"bundle of {name}", [bundle(ROOT / "curricula" / name, file) for _ in range(RUNS)])
            sizes[name] = file.stat().st_size
        runtime = LEARN.stat().st_size
        for name, size in sizes.items():
            print(f"{name}: {size / 1e6:.2f} MB, of which {(size - runtime) / 1e3:.1f} kB are the course")

        idle = place / "idle"
        shutil.copytree(ROOT / "curricula/foundations", idle)
        module = idle / "modules/log_summary/module.yaml"
        text = re.sub(r"(?m)^    command: .*$", '    command: ["true"]', module.read_text())
        module.write_text(text)
        bundle(idle, place / "idle-course")

        course = place / "cs336_a1"
        project = begin(place / "project", course)
        for arguments in [["--version"], [], ["status"], ["list"]]:
            name = " ".join(arguments) or "(what next)"
            shown(f"start: {name}", [timed([course, *arguments], cwd=project)[0] for _ in range(RUNS * 2)])

        other = begin(place / "other", place / "idle-course")
        subprocess.run([place / "idle-course", "select", "log_summary"], cwd=other, check=True, capture_output=True)
        command = [place / "idle-course", "test"]
        shown("test with a validator that does nothing", [timed(command, cwd=other)[0] for _ in range(RUNS)])

        environments = Path(os.environ.get("MASTERY_CACHE_DIR", "/var/cache/mastery")) / "environments"
        with_torch = environments.glob("*/lib/python*/site-packages/torch/__init__.py")
        python = next(iter(with_torch)).parents[4] / "bin/python"
        pytest = [python, "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/test_softmax.py"]
        environment = {
            "PATH": os.environ["PATH"],
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "OMP_NUM_THREADS": "1",
        }
        ours, theirs = [], []
        for _ in range(RUNS):
            ours.append(timed([course, "test"], cwd=project)[0])
            theirs.append(timed(pytest, cwd=project, env={**environment, "PYTHONPATH": str(project)})[0])
        a = shown("cs336_a1 softmax: test", ours)
        b = shown("cs336_a1 softmax: python -m pytest", theirs)
        ratios = [x / y for x, y in zip(ours, theirs)]
        print(f"ratio of pairs: {statistics.median(ratios):.3f}; difference of medians {1000 * (a - b):.0f} ms")


main()
