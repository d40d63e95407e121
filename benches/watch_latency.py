"""How long it takes from a save to the result that `mastery watch` prints.

    cargo build --release && python benches/watch_latency.py [--saves N] [--curriculum DIR] [--file FILE --line TEXT]

A copy of a curriculum is watched in a pipe. A line of a solution is changed again and again, each time to something new, so that no
result of it is known. Measured is the wall time from before the file is written until the last line of its check is
there, until the reference of the module is judged, and until the cases of the module have, which come before those of others. Before the first save workers have had time to get ready, as they have when an
author has opened a file.
"""

import argparse
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
WAITING = "waiting for changes"


def check(watch):
    """Reads the lines of one check; returns them, and when the reference, the module and the last line were there."""
    lines, first, module = [], None, None
    for line in watch.stdout:
        lines.append(line.rstrip("\n"))
        # What is known is told at once, and does not answer whether what was written is right.
        if first is None and "/reference (" in line and "from the cache" not in line:
            first = time.perf_counter()
        if line.rstrip().endswith("to come"):
            module = time.perf_counter()
        if line.startswith(WAITING):
            return lines, first, module, time.perf_counter()
    raise SystemExit("the watch has ended:\n" + "\n".join(lines))


def row(name, times):
    if not times:
        return
    print(f"| {name} | {len(times)} | {statistics.median(times):.2f} s | {min(times):.2f} to {max(times):.2f} s |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tool", type=pathlib.Path, default=ROOT / "target/release/mastery")
    parser.add_argument("--saves", type=int, default=20)
    parser.add_argument("--curriculum", type=pathlib.Path, default=ROOT / "curricula/cs336_a1")
    parser.add_argument("--file", default="project/cs336_basics/layers.py")
    parser.add_argument("--line", default="self.weight = nn.Parameter(torch.ones(d_model, device=device, dtype=dtype))", help="a line of a solution, which stands there once and near no patch")
    parser.add_argument("--pause", type=float, default=8.0, help="seconds before the first save")
    arguments = parser.parse_args()
    print(f"load average before: {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(prefix="mastery-bench-") as folder:
        curriculum = pathlib.Path(folder) / "curricula" / arguments.curriculum.name
        shutil.copytree(arguments.curriculum, curriculum)
        pathlib.Path(folder).chmod(0o755)
        file = curriculum / arguments.file
        text = file.read_text()
        if text.count(arguments.line) != 1:
            raise SystemExit(f"`{arguments.line}` stands {text.count(arguments.line)} times in {file}")
        command = [arguments.tool.absolute(), "watch", "--verbose"]
        with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as watch:
            check(watch)
            time.sleep(arguments.pause)
            firsts, modules, lasts = [], [], []
            for number in range(arguments.saves):
                # What is written ends alike and is another tree each time.
                changed = f"{arguments.line}  # {time.time_ns()}"
                started = time.perf_counter()
                file.write_text(text.replace(arguments.line, changed))
                lines, first, module, last = check(watch)
                lasts.append(last - started)
                if first is not None:
                    firsts.append(first - started)
                if module is not None:
                    modules.append(module - started)
                print(f"{number + 1}: {lasts[-1]:.2f} s  {lines[-2]}", flush=True)
            watch.terminate()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"processor time of everything: {used.ru_utime + used.ru_stime:.1f} s")
    print(f"load average after: {os.getloadavg()[0]:.1f}\n")
    print("| | saves | median | minimum to maximum |\n| --- | --- | --- | --- |")
    row("until the reference of the module is judged", firsts)
    row("until the cases of the module have ended", modules)
    row("until all is told", lasts)


if __name__ == "__main__":
    main()
