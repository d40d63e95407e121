"""Draws the pictures of the README from real runs.

    cargo build --release && python docs/images/render.py

needs `rich` (PyPI), which turns what a terminal shows into SVG.
"""

import pathlib
import shutil
import subprocess
import tempfile

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOL = ROOT / "target/release/mastery"


def record(name: str, folder: pathlib.Path, arguments: list[str], width: int) -> None:
    command = [TOOL, *arguments, "--color", "always"]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    console = Console(record=True, width=width, file=open("/dev/null", "w"))
    console.print(Text(f"$ mastery {' '.join(arguments)}"))
    console.print(Text.from_ansi(run.stdout))
    console.save_svg(str(ROOT / f"docs/images/{name}.svg"), title="mastery", theme=MONOKAI)


with tempfile.TemporaryDirectory() as temporary:
    folder = pathlib.Path(temporary)
    folder.chmod(0o755)
    shutil.copytree(ROOT / "curricula/foundations", folder / "curricula/foundations")
    record("green", folder, ["check", "curricula/foundations"], 100)

    # A bug that changes nothing.
    bug = folder / "curricula/foundations/modules/binary_search/bugs/last_place_missing.yaml"
    text = bug.read_text()
    assert text.count("fix: len(values) - 1") == 1
    bug.write_text(text.replace("fix: len(values) - 1", "fix: len(values) - 0"))
    record("red", folder, ["check", "--case", "*/binary_search/bug/last_place_missing/rewrite"], 112)
