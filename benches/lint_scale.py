"""How long `mastery lint` takes for curricula of 500, 2,000 and 10,000 modules, and what it needs of memory.

    cargo build --release && python benches/lint_scale.py [--runs N] [--schema-runs N] [--check-jsonschema PROGRAM]

Curricula are made by `generate.py` in a temporary folder and read once before anything is measured, so that they are in the page cache.
Processes are measured from outside: wall time, processor time of all threads, largest resident set.

With `--check-jsonschema` (`pip install check-jsonschema`) the schema part is measured beside it, the two programs in turn. That
program takes one schema at a time, so that it is started three times: for all manifests of modules, all bugs and all questions. All
three are counted together; nothing is fetched. Ours is `lint --only schema-violation`, which also reads the manifest and looks into all folders.
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from generate import generate

ROOT = pathlib.Path(__file__).resolve().parents[1]


def measure(command, cwd):
    """Runs a command that has to succeed; returns wall and processor seconds and MiB."""
    started = time.perf_counter()
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        sys.exit(f"{command[:4]} ended with {process.returncode}:\n{output.decode()[-2000:]}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def medians(rows):
    return [statistics.median(column) for column in zip(*rows)]


def row(*cells):
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def scale(tool, folder, sizes, kind, runs):
    row("modules", "files", "wall, median", "minimum to maximum", "processor time", "peak memory", "wall per module")
    row(*["---"] * 7)
    for size in sizes:
        name = f"{kind}_{size}"
        generate(folder / name, size, kind)
        files = [path for path in (folder / name).rglob("*") if path.is_file()]
        for path in files:
            path.read_bytes()
        results = [measure([tool, "lint", name, "--deny", "warnings"], folder) for _ in range(runs)]
        wall, cpu, memory = medians(results)
        walls = [result[0] for result in results]
        spread = f"{min(walls):.2f} to {max(walls):.2f} s"
        row(f"{size:,}", f"{len(files):,}", f"{wall:.2f} s", spread, f"{cpu:.2f} s", f"{memory:.0f} MiB", f"{wall / size * 1000:.2f} ms")


def schema_part(tool, other, folder, name, runs):
    modules = pathlib.Path(name, "modules")
    groups = {
        "module": sorted(folder.glob(f"{modules}/*/module.yaml")),
        "bug": sorted(folder.glob(f"{modules}/*/bugs/*.yaml")),
        "questions": sorted(folder.glob(f"{modules}/*/questions.yaml")),
    }
    ours, theirs = [], []
    for _ in range(runs):
        ours.append(measure([tool, "lint", "--only", "schema-violation", name], folder))
        parts = []
        for schema, files in groups.items():
            paths = [str(path.relative_to(folder)) for path in files]
            schemafile = ROOT / f"schemas/{schema}.schema.json"
            parts.append(measure([other, "--schemafile", schemafile, *paths], folder))
        wall, cpu, memory = zip(*parts)
        theirs.append((sum(wall), sum(cpu), max(memory)))
    count = sum(map(len, groups.values()))
    print(f"\nSchema part, {count:,} files of {name}, {runs} pairs of runs:\n")
    row("program", "wall, median", "processor time", "peak memory")
    row(*["---"] * 4)
    for label, results in (("check-jsonschema", theirs), ("mastery lint --only schema-violation", ours)):
        wall, cpu, memory = medians(results)
        row(label, f"{wall:.2f} s", f"{cpu:.2f} s", f"{memory:.0f} MiB")
    ratios = [medians([[b / a for a, b in zip(pair[0][:2], pair[1][:2])]]) for pair in zip(ours, theirs)]
    wall, cpu = medians(ratios)
    row("ratio, median of pairs", f"{wall:.0f}", f"{cpu:.0f}", "")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tool", type=pathlib.Path, default=ROOT / "target/release/mastery")
    parser.add_argument("--sizes", type=int, nargs="+", default=[500, 2000, 10000])
    parser.add_argument("--kind", choices=["linear", "library"], default="linear")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--schema-runs", type=int, default=3)
    parser.add_argument("--check-jsonschema", metavar="PROGRAM", type=pathlib.Path)
    arguments = parser.parse_args()
    tool = arguments.tool.absolute()
    with tempfile.TemporaryDirectory(prefix="mastery-bench-") as folder:
        folder = pathlib.Path(folder)
        print(f"load of the machine at the start: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
        scale(tool, folder, arguments.sizes, arguments.kind, arguments.runs)
        if arguments.check_jsonschema:
            smallest = f"{arguments.kind}_{min(arguments.sizes)}"
            schema_part(tool, arguments.check_jsonschema.absolute(), folder, smallest, arguments.schema_runs)


if __name__ == "__main__":
    main()
