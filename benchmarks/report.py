"""How large a report is, how long it takes to write, and how soon a browser shows it.

Sweeps of 10, 1,000 and 10,000 trials are simulated (ASHA and random search on LCBench's surrogate
where that is there, on the recording of digits_mlp elsewhere). Each report is written in a process
of its own, opened in a headless Chromium from the file, and timed from navigation to the first
figure on the screen, and until all figures are drawn. The browser's figures are the median of
several openings, each with an empty profile.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import Goal, finish, options

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "browsing"))

from browsing import Browser, find_chromium

import tuner
from tuner.errors import TunerError

if TYPE_CHECKING:
    from browsing import Page

TRIALS = (10, 1000, 10_000)
QUICK = (10, 1000)
MOST_MB, MOST_S = 10.0, 3.0

WRITE = """
import sys, time, tuner, tuner.reporting
began, cpu = time.perf_counter(), time.process_time()
tuner.report(sys.argv[1], output=sys.argv[2])
print(time.perf_counter() - began, time.process_time() - cpu)
"""

# From the beginning of the navigation until the browser has painted what was drawn.
SHOWN = """new Promise((done) => {
  const look = () => {
    if (document.querySelector('.plot svg.main-svg') === null) requestAnimationFrame(look);
    else requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())));
  };
  look();
})"""
DRAW_ALL = """(async () => {
  const began = performance.now();
  const plots = [...document.querySelectorAll('.plot')].filter((each) => !each.closest('details'));
  for (const plot of plots) {
    plot.scrollIntoView();
    while (plot.querySelector('svg.main-svg') === null) await new Promise(requestAnimationFrame);
  }
  return [plots.length, performance.now() - began];
})()"""


def main() -> None:
    parser = options(str(__doc__).partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5, help="how often each is opened")
    arguments = parser.parse_args()
    program = find_chromium()
    if program is None:
        sys.exit("this benchmark needs a Chrome or Chromium: apt install chromium")
    figures: dict[str, Any] = {}
    print(f"{'trials':>7} {'reports':>8} {'MB':>6} {'write s':>8} {'CPU s':>6} {'shown s':>8} "
          f"{'figures':>8} {'all s':>6}")  # fmt: skip
    with tempfile.TemporaryDirectory() as scratch:
        for trials in QUICK if arguments.quick else TRIALS:
            sweep = simulated(trials, scratch)
            found = measure(sweep, Path(scratch), program, arguments.rounds)
            figures[str(trials)] = found
            print(line(trials, found), flush=True)
    finish(arguments, figures, goals(figures))


def simulated(trials: int, folder: str) -> str:
    """Return the folder of a sweep of so many trials."""
    sweep_options: dict[str, Any] = {
        "scheduler": "asha", "searcher": "random", "num_samples": trials, "cluster": "64",
        "seed": 0, "storage_path": folder, "name": f"trials-{trials}",
    }  # fmt: skip
    try:
        sweep = tuner.simulate("lcbench:189873", **sweep_options)
    except TunerError:  # the data set is not on this machine
        sweep = tuner.simulate("digits_mlp", **sweep_options)
    return str(sweep.place)


def measure(sweep: str, scratch: Path, program: str, rounds: int) -> dict[str, Any]:
    file = scratch / "report.html"
    told = subprocess.run(
        [sys.executable, "-c", WRITE, sweep, str(file)], check=True, capture_output=True, text=True
    )
    wall, cpu = map(float, told.stdout.split())
    shown, drawn, number = [], [], 0
    for round_ in range(rounds):
        profile = scratch / f"{file.parent.name}-{round_}-{time.monotonic_ns()}"
        with Browser(program, profile, patience=600.0) as browser:
            page = open_at_first_figure(browser, file)
            shown.append(page.evaluate(SHOWN) / 1e3)
            number, took = page.evaluate(DRAW_ALL)
            drawn.append(took / 1e3)
            page.check_sound()
    return {
        "reports": len(tuner.load(sweep).reports()),
        "megabytes": file.stat().st_size / 1e6,
        "write_s": wall,
        "write_cpu_s": cpu,
        "shown_s": statistics.median(shown),
        "figures": number,
        "all_drawn_s": statistics.median(drawn),
    }


def open_at_first_figure(browser: Browser, file: Path) -> Page:
    """Return the page, which shows its first figure as soon as it can."""
    return browser.open(f"{file.as_uri()}#learning-curves", settle=False)


def line(trials: int, found: Mapping[str, Any]) -> str:
    return (
        f"{trials:>7,} {found['reports']:>8,} {found['megabytes']:>6.2f} {found['write_s']:>8.1f} "
        f"{found['write_cpu_s']:>6.1f} {found['shown_s']:>8.2f} {found['figures']:>8} "
        f"{found['all_drawn_s']:>6.2f}"
    )


def goals(figures: Mapping[str, Mapping[str, Any]]) -> list[Goal]:
    largest = max(figures, key=int)
    found = figures[largest]
    return [
        Goal(f"MB of a report of {int(largest):,} trials", found["megabytes"], MOST_MB, "at most"),
        Goal(
            f"seconds from opening a report of {int(largest):,} trials to its first figure",
            found["shown_s"], MOST_S, "at most",
        ),
    ]  # fmt: skip


if __name__ == "__main__":
    main()
