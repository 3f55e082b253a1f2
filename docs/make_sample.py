"""Makes reports/sample/ and the README's picture anew: `make sample`.

Runs a drill with the silent crew, keeps its record as lines and its reports, and photographs the report's first page.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "reports" / "sample"
PICTURE = ROOT / "docs" / "report.png"
KEPT = ("record.jsonl", "review.json", "report.html", "report.md", "junit.xml", "timeline.svg")
CHROMIUM = "/usr/bin/chromium"
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def run_drill(reports: Path) -> Path:
    """A silent drill; its gate fails, which is the point of it."""
    program = Path(sys.executable).with_name("blackstart")
    words = ["run", "scenarios/vault/auth-503.yaml", "--crew", "silent", "--reports-dir", str(reports)]
    ended = subprocess.run([program, *words], cwd=ROOT, stdout=subprocess.DEVNULL, check=False)
    if ended.returncode != 1:
        raise SystemExit(f"the silent crew's drill ended with {ended.returncode}, not with a failed gate")
    return (reports / "latest").resolve()


def keep(folder: Path) -> None:
    shutil.rmtree(SAMPLE, ignore_errors=True)
    SAMPLE.mkdir(parents=True)
    for name in KEPT:
        shutil.copyfile(folder / name, SAMPLE / name)


def photograph() -> None:
    """The top of the report as a browser shows it: outcome, numbers, changes, and the timeline below."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        page = browser.new_page(viewport={"width": 1180, "height": 1000})
        page.goto((SAMPLE / "report.html").as_uri())
        svg = page.locator("svg").first.bounding_box()
        assert svg is not None
        bottom = svg["y"] + svg["height"] + 12
        page.screenshot(path=PICTURE, full_page=True, clip={"x": 0, "y": 0, "width": 1180, "height": bottom})
        browser.close()


def main() -> None:
    with tempfile.TemporaryDirectory() as reports:
        keep(run_drill(Path(reports)))
    photograph()


if __name__ == "__main__":
    main()
