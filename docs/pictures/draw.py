"""Draws the pictures of README with tuner itself: ``python docs/pictures/draw.py``.

It runs one sweep and one comparison in a scratch folder (about two minutes on 2 cores) and takes a
Chromium, for the picture of the report, and Pillow, which makes pictures small.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image

import tuner
from tuner.figures import write_figure

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "tests" / "browsing"))
from browsing import Browser, find_chromium  # noqa: E402

SWEEP = ["digits_mlp", "--scheduler", "asha", "--searcher", "hyperopt", "--seed", "0"]
TRIALS = 120
SHOWN_AT = 90  # trials: most have been stopped, some run
SHOWN = "results/digits"
ARMS = ["fifo+random", "hyperband+random", "asha+random", "asha+hyperopt"]
WIDTH, HEIGHT = 1100, 1700  # of the report's picture, in pixels of the page
WIDEST = 1520


def main() -> None:
    """Draw all three."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        terminal(folder)
        report(folder)
        comparison(folder)


def terminal(folder: Path) -> None:
    """Draw a sweep while it runs, as ``tuner watch`` shows it."""
    program = str(Path(sys.executable).with_name("tuner"))
    command = [program, "run", *SWEEP, "--num-samples", str(TRIALS)]
    running = subprocess.Popen([*command, "--name", "digits", "--progress", "none"], cwd=folder)
    while not (folder / SHOWN / "trials.parquet").is_file():
        time.sleep(0.5)
        if running.poll() is not None:
            raise SystemExit(f"the sweep ended with {running.returncode}")
    sweep = tuner.load(folder / SHOWN)
    while len(sweep.trials()) < SHOWN_AT and running.poll() is None:
        time.sleep(0.5)
    subprocess.run(
        [program, "watch", "digits", "--svg", HERE / "terminal.svg"],
        cwd=folder,
        env={**os.environ, "COLUMNS": "110", "LINES": "36"},
        check=True,
    )
    if code := running.wait():
        raise SystemExit(f"the sweep ended with {code}")


def report(folder: Path) -> None:
    """Draw the first screen of a report."""
    program = find_chromium()
    if program is None:
        raise SystemExit("the picture of the report takes a Chromium: apt-get install chromium")
    page = tuner.report(folder / SHOWN)
    with Browser(program, folder / "profile") as browser:
        shown = browser.open(page, width=WIDTH, height=HEIGHT)
        shown.scroll_through()
        shown.evaluate("scrollTo(0, 0)")
        shown.check_sound()
        small(shown.screenshot(HERE / "report.png"))


def comparison(folder: Path) -> None:
    """Draw four arms on a simulated task: the best value that each had reached by then."""
    found = tuner.compare(
        "hartmann6:seconds=60",
        ARMS,
        budget="2000epochs",
        seeds=20,
        workers=8,
        storage_path=folder,
        name="arms",
    )
    figure = tuner.plot(found, "best-so-far")
    small(write_figure(figure, HERE / "comparison.png", width=760))


def small(file: Path) -> None:
    """Store a picture at a width that pages show."""
    drawn = Image.open(file).convert("RGB")
    if drawn.width > WIDEST:
        height = round(drawn.height * WIDEST / drawn.width)
        drawn = drawn.resize((WIDEST, height), Image.Resampling.LANCZOS)
    drawn.save(file, optimize=True)


if __name__ == "__main__":
    main()
