"""Draws the picture of docs/reports.md from a real run.

    cargo build --release && python docs/images/page.py

needs `playwright` (PyPI) and Chromium.
"""

import pathlib
import subprocess
import tempfile

from playwright.sync_api import sync_playwright

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOL = ROOT / "target/release/mastery"
MODULE = "cs336_a1/softmax"

with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
    path = pathlib.Path(temporary) / "report.html"
    subprocess.run([TOOL, "check", "curricula/cs336_a1", "--quiet", f"--output=html={path}"], cwd=ROOT, check=True)
    browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
    page = browser.new_page(viewport={"width": 1180, "height": 900}, color_scheme="light")
    page.goto(f"{path.as_uri()}#module-{MODULE}")
    page.locator(f"details[data-module='{MODULE}'] .kill").screenshot(path=ROOT / "docs/images/report.png")
    browser.close()
