"""What a case costs beyond the process that it runs.

    cargo build --release && python benches/case_overhead.py [CURRICULUM] [RUNS]

A case's wall time counts from the scheduler's request to its result: making the working copy,
starting the supervisor, setting up the sandbox, ending what is left, removing the working copy.
Its process's time counts from the start of the validator to its end. One case runs at a time.
"""

import json
import pathlib
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
TOOL = ROOT / "target/release/mastery"

curriculum = sys.argv[1] if len(sys.argv) > 1 else "curricula/foundations"
runs = int(sys.argv[2]) if len(sys.argv) > 2 else 3

overheads = []
for _ in range(runs):
    command = [TOOL, "verify", curriculum, "--jobs", "1", "--sandbox", "require", "--no-cache", "--format", "json"]
    report = json.loads(subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout)
    ran = [case for case in report["cases"] if not case["cached"] and not case["shared"]]
    overheads += [case["duration_ms"] - case["process_ms"] for case in ran]

overheads.sort()
print(f"{curriculum}: {len(overheads)} cases in {runs} runs")
print(f"median {statistics.median(overheads):.1f} ms")
print(f"90th percentile {overheads[len(overheads) * 9 // 10]:.1f} ms")
print(f"maximum {overheads[-1]:.1f} ms")
