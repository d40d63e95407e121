"""How long verifying a curriculum takes, beside starting pytest once for each case.

    cargo build --release && python benches/verify_speed.py [--runs N] [--modules N] [--every N] [--only numpy|pytorch]

Two curricula are measured: one that `generate.py` makes, whose tests use NumPy, and `curricula/cs336_a1`, whose tests use
PyTorch. Four commands take turns, N times:

    a   a shell loop that copies a tree, starts `python -m pytest` in it and removes it, as scripts that validate curricula do
    b   the same through `xargs -P2`
    c   `mastery verify --no-cache`
    d   `mastery verify` when nothing has changed

The trees of a and b are the states of the curriculum with its patches, one for each case that c runs; a rewrite takes the tree of its
bug's patch and a variant that of the reference. a and b judge nothing, have no sandbox and no limits. Whole process trees are
measured from outside: wall time, and processor time as the kernel counts it for processes that were waited for.
"""

import argparse
import json
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from generate import generate

ROOT = pathlib.Path(__file__).resolve().parents[1]

CASE = """
set -e
copy=$(mktemp -d)
cp -r "$1/." "$copy"
cd "$copy"
"$PYTHON" -m pytest -q -p no:cacheprovider $2 >/dev/null 2>&1 || true
cd /
rm -rf "$copy"
"""


def measure(command, **options):
    """Runs a command; returns its output and wall and processor seconds of it and all below it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        sys.exit(f"{command} ended with {done.returncode}:\n{done.stderr.decode()[-2000:]}{done.stdout.decode()[-2000:]}")
    return done.stdout, wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def tool_run(tool, *arguments):
    return measure([tool, *arguments], cwd=ROOT)[0]


def case_trees(tool, curriculum, folder):
    """Makes a tree for each case that is run; returns the trees with what pytest gets."""
    report = json.loads(tool_run(tool, "verify", curriculum, "--no-cache", "--format", "json"))
    module = {path.parent.name: path for path in pathlib.Path(curriculum).glob("modules/*/module.yaml")}
    trees, made = [], {}

    def state(name, *options):
        if name not in made:
            made[name] = folder / str(len(made))
            tool_run(tool, "build", curriculum, "--out", made[name], *options)
        return made[name]

    def patched(name, bug):
        key = name, bug
        if key not in made:
            tree = folder / str(len(made))
            shutil.copytree(state((name, "solved"), "--at", name, "--solved"), tree)
            patch = module[name].parent / "bugs" / f"{bug}.patch"
            if patch.exists():
                subprocess.run(["patch", "-s", "-p1", "-i", patch], cwd=tree, check=True)
            made[key] = tree
        return made[key]

    for case in report["cases"]:
        _, name, kind, *rest = case["id"].split("/")
        tests = sorted({test["id"].split("::")[0] for test in case["tests"]})
        if case["cached"] or case["shared"] or not tests:
            continue
        if kind == "complete":
            tree = state("complete", "--complete")
        elif kind == "starter":
            tree = state((name, "starter"), "--at", name)
        elif kind == "bug":
            tree = patched(name, rest[0])
        else:
            tree = state((name, "solved"), "--at", name, "--solved")
        trees.append((str(tree), " ".join(tests)))
    return report, trees


def row(*cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def compare(tool, name, curriculum, python, runs, folder, every):
    report, trees = case_trees(tool, curriculum, folder)
    cases = len(report["cases"])
    count, trees = len(trees), trees[::every]
    factor = count / len(trees)
    (folder / "case.sh").write_text(CASE)
    (folder / "list").write_bytes(b"".join(f"{tree}\0{tests}\0".encode() for tree, tests in trees))
    loop = "\n".join(f"sh {folder}/case.sh {tree} '{tests}'" for tree, tests in trees)
    (folder / "loop.sh").write_text(loop)
    environment = {**os.environ, "PYTHON": str(python), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    verify = [tool, "verify", curriculum]
    commands = {
        "a: shell loop": lambda: measure(["sh", folder / "loop.sh"], env=environment),
        "b: xargs -P2": lambda: measure(["xargs", "-0", "-n2", "-P2", "-a", folder / "list", "sh", folder / "case.sh"], env=environment),
        "c: verify --no-cache": lambda: measure([*verify, "--no-cache"]),
        "d: verify, cached": lambda: measure(verify),
    }
    # Its first run fills the cache.
    commands["d: verify, cached"]()
    results = {key: [] for key in commands}
    for _ in range(runs):
        for key, command in commands.items():
            times = command()[1:]
            results[key].append(tuple(it * (factor if key[0] in "ab" else 1) for it in times))
    print(f"\n{name}: {cases} cases, {count} of them run by pytest, {len(trees)} by a and b; {runs} runs, medians\n")
    row("", "wall", "minimum to maximum", "processor time", "processor time a case")
    row(*["---"] * 5)
    medians = {}
    for key, times in results.items():
        walls, cpus = zip(*times)
        medians[key[0]] = statistics.median(walls), statistics.median(cpus)
        wall, cpu = medians[key[0]]
        row(key, f"{wall:.2f} s", f"{min(walls):.2f} to {max(walls):.2f} s", f"{cpu:.2f} s", f"{cpu / count * 1000:.0f} ms")
    pairs = [(a[1] / c[1], b[0] / c[0]) for a, b, c in zip(*(results[key] for key in list(commands)[:3]))]
    print(f"\nmedian of pairs: processor time a/c {statistics.median(p[0] for p in pairs):.1f}, wall b/c {statistics.median(p[1] for p in pairs):.1f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tool", type=pathlib.Path, default=ROOT / "target/release/mastery")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--modules", type=int, default=30)
    parser.add_argument("--every", type=int, default=1, help="a and b run every Nth case; their times are multiplied")
    parser.add_argument("--only", choices=["numpy", "pytorch"])
    arguments = parser.parse_args()
    tool = arguments.tool.absolute()
    with tempfile.TemporaryDirectory(prefix="mastery-bench-") as folder:
        folder = pathlib.Path(folder)
        folder.chmod(0o755)
        line = next(it for it in tool_run(tool, "doctor").decode().splitlines() if it.strip().startswith("environments"))
        cache = pathlib.Path(line.split(maxsplit=1)[1])
        for kind, needed in [("numpy", "numpy"), ("pytorch", "torch")]:
            if arguments.only not in (None, kind):
                continue
            if kind == "numpy":
                curriculum = folder / "with_numpy"
                generate(curriculum, arguments.modules, numpy=True)
                tool_run(tool, "lock", curriculum)
            else:
                curriculum = ROOT / "curricula/cs336_a1"
            tool_run(tool, "verify", curriculum, "--no-cache", "--case", "*/reference")
            work = folder / kind
            work.mkdir()
            compare(tool, kind, curriculum, python_of(cache, needed), arguments.runs, work, arguments.every)


def python_of(cache, needed):
    """The interpreter that the tool has made for a curriculum that needs a module, and no more than it."""
    found = []
    for python in cache.glob("environments/*/bin/python"):
        listing = python.parents[1].glob("lib/python*/site-packages/*")
        names = {path.name for path in listing}
        if needed in names:
            found.append((len(names), python))
    if not found:
        sys.exit(f"no environment with {needed} in {cache}")
    return min(found)[1]


if __name__ == "__main__":
    main()
