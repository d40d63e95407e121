"""What the gate takes for a pull request that changes documents, one module, or everything.

python benches/gate.py RUNS [MASTERY]

Makes a repository of both curricula and three branches of it, and runs what the jobs of curriculum.yml run, one after
the other on this machine: which part is concerned, lint, the plan, all shards, the merged report. No result is
known (`--no-cache`); environments are there.
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
RUNS = int(sys.argv[1]) if len(sys.argv) > 1 else 3
MASTERY = Path(sys.argv[2] if len(sys.argv) > 2 else ROOT / "target/release/mastery").resolve()
CHANGES = ROOT / ".github/scripts/changes.sh"


def git(place, *arguments):
    settings = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *settings, *arguments], cwd=place, check=True, capture_output=True)


def documents(place):
    (place / "README.md").write_text("How to contribute.\n")


def one_module(place):
    """Something that all cases of a module depend on, and no other."""
    manifest = place / "curricula/cs336_a1/modules/softmax/module.yaml"
    changed = re.sub(r"timeout_seconds: (\d+)", r"timeout_seconds: 1\1", manifest.read_text(), count=1)
    assert changed != manifest.read_text()
    manifest.write_text(changed)


def its_tests(place):
    """What every module of a curriculum has in its working copies."""
    with (place / "curricula/cs336_a1/project/tests/test_softmax.py").open("a") as tests:
        tests.write("\n\n# The tests of one module have changed.\n")


def everything(place):
    (place / "src").mkdir()
    (place / "src/main.rs").write_text("// The tool has changed.\n")


BRANCHES = {"documents": documents, "one module": one_module, "its tests": its_tests, "everything": everything}


def repository(place):
    for name in ["cs336_a1", "foundations"]:
        shutil.copytree(ROOT / "curricula" / name, place / "curricula" / name)
    git(place, "init", "--quiet", "-b", "main")
    git(place, "add", "--all")
    git(place, "commit", "--quiet", "-m", "main")


def branch(place, change):
    """A merge of a branch into the main one, as it is checked out for a pull request."""
    git(place, "checkout", "--quiet", "-B", "pull", "main")
    change(place)
    git(place, "add", "--all")
    git(place, "commit", "--quiet", "-m", "pull")
    git(place, "checkout", "--quiet", "-B", "merge", "main")
    git(place, "merge", "--quiet", "--no-ff", "-m", "merge", "pull")


def mastery(place, *arguments):
    done = subprocess.run([MASTERY, *arguments], cwd=place, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def gate(place, temporary):
    """What the jobs run; returns how many cases were run."""
    output = temporary / "output"
    output.write_text("")
    variables = {**os.environ, "GITHUB_EVENT_NAME": "pull_request", "GITHUB_OUTPUT": str(output), "RUNNER_TEMP": str(temporary)}
    subprocess.run([CHANGES], cwd=place, env=variables, check=True, capture_output=True)
    told = dict(line.split("=", 1) for line in output.read_text().splitlines())
    if told["scope"] == "none":
        return 0
    since = ["--changed-since", told["since"]] if told["since"] else []
    reports = [temporary / "lint.json"]
    mastery(place, "lint", "--output", f"json={reports[0]}")
    matrix = mastery(place, "plan", "--shards", "4", "--shard-seconds", "60", *since)
    shards = [part.split('"')[0] for part in matrix.split('"shard":"')[1:]]
    for shard in shards:
        reports.append(temporary / f"shard-{shard.replace('/', '-')}.json")
        mastery(place, "verify", "--sandbox=require", "--no-cache", f"--shard={shard}", *since,
                "--output", f"json={reports[-1]}")
    mastery(place, "report", *reports, "--output", f"html={temporary / 'report.html'}",
            "--output", f"markdown={temporary / 'summary.md'}", "--output", f"sarif={temporary / 'report.sarif'}")
    return sum(report.read_text().count('"verdict":') for report in reports)


def main():
    with tempfile.TemporaryDirectory(prefix="mastery-bench-") as place:
        place = Path(place)
        project = place / "project"
        project.mkdir()
        repository(project)
        seconds = {name: [] for name in BRANCHES}
        cases = {}
        for _ in range(RUNS):
            for name, change in BRANCHES.items():
                branch(project, change)
                temporary = place / "temporary"
                shutil.rmtree(temporary, ignore_errors=True)
                temporary.mkdir()
                begin = time.perf_counter()
                cases[name] = gate(project, temporary)
                seconds[name].append(time.perf_counter() - begin)
        full = statistics.median(seconds["everything"])
        for name, times in seconds.items():
            middle = statistics.median(times)
            print(f"{name}: {cases[name]} cases, {middle:.2f} s ({min(times):.2f} to {max(times):.2f}), "
                  f"{middle / full:.3f} of everything, n = {len(times)}")


main()
