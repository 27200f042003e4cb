"""What a trial costs besides its work: default Ray Tune against ``tuner.run``.

Trivial trials (a function that reports five times) on a local Ray with two slots. Each run is a
driver process of its own, with a Ray of its own that is up and idle before the measurement
begins; the arms take turns within a round. CPU seconds are those of all processes: driver,
raylet, GCS, workers. Ray's own start-up is in neither arm.
"""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import harness
from processes import ProcessTree, wait_for_orphans

SLOTS = 2
REPORTS = 5
SETTLE_S = 3.0
GOAL_RATIO = 20
SMALLEST_SWEEP = 50


def trivial(config: dict[str, Any]) -> None:
    """A trial that does nothing but report."""
    from ray import tune

    for i in range(REPORTS):
        tune.report({"loss": config["x"] / (i + 1), "epoch": i + 1})


def run_ray(trials: int, folder: Path) -> None:
    """Ray Tune as it comes."""
    from ray import tune

    tuner = tune.Tuner(
        trivial,
        param_space={"x": tune.uniform(0, 1)},
        tune_config=tune.TuneConfig(metric="loss", mode="min", num_samples=trials),
        run_config=tune.RunConfig(storage_path=str(folder), name="sweep"),
    )
    assert tuner.fit().num_errors == 0


def run_tuner(trials: int, folder: Path) -> None:
    """The same through tuner, with its defaults but for the arm, which is Ray Tune's default."""
    from ray import tune

    import tuner

    scenario = tuner.Scenario(
        name="trivial",
        trainable=trivial,
        space={"x": tune.uniform(0, 1)},
        metric="loss",
        mode="min",
        time_attr="epoch",
        max_t=REPORTS,
    )
    sweep = tuner.run(
        scenario,
        scheduler="fifo",
        searcher="random",
        num_samples=trials,
        storage_path=str(folder),
        name="sweep",
    )
    assert sweep.exit_code == 0
    assert len(sweep.reports()) == trials * REPORTS


ARMS: dict[str, Callable[[int, Path], None]] = {"ray": run_ray, "tuner": run_tuner}


def driver(arm: str, trials: int, folder: Path) -> None:
    """Start Ray, wait for the go, run one arm, and say how long it took."""
    import logging

    import ray

    ray.init(
        address="local",  # whatever other Ray runs on this machine
        num_cpus=SLOTS,
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
    )
    time.sleep(SETTLE_S)
    answer = os.fdopen(os.dup(1), "w")
    with Path(os.devnull).open("w") as sink, contextlib.redirect_stdout(sink):
        answer.write("ready\n")
        answer.flush()
        sys.stdin.readline()
        started = time.perf_counter()
        ARMS[arm](trials, folder)
        seconds = time.perf_counter() - started
    session = Path(ray._private.worker.global_worker.node.get_session_dir_path())
    left = sum(1 for path in (session / "artifacts").rglob("*"))
    answer.write(json.dumps({"wall_s": seconds, "temporary_files": left}) + "\n")
    answer.flush()
    sys.stdin.readline()  # stay, so that the last samples see every process


def measure(arm: str, trials: int) -> dict[str, float]:
    """Run one arm in a driver of its own and return its figures."""
    with tempfile.TemporaryDirectory() as folder, ProcessTree() as tree:
        command = [sys.executable, __file__, "--driver", arm, str(trials), folder]
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        if process.stdout.readline().strip() != "ready":
            raise SystemExit(f"the {arm} driver did not start")
        before = tree.cpu_seconds()
        process.stdin.write("go\n")
        process.stdin.flush()
        line = process.stdout.readline()
        if not line:
            raise SystemExit(f"the {arm} driver failed")
        cpu = tree.cpu_seconds() - before
        figures = json.loads(line)
        files = sum(1 for path in Path(folder).rglob("*") if path.is_file())
        workers = tree.started("ray::")
        process.stdin.write("end\n")
        process.stdin.flush()
        process.wait()
        wait_for_orphans()
    return {
        "cpu_s_per_trial": cpu / trials,
        "wall_s_per_trial": figures["wall_s"] / trials,
        "files": files,
        "temporary_files": figures["temporary_files"],
        "processes": workers,
    }


def compare(trials: int, rounds: int) -> dict[str, Any]:
    """Measure both arms in turns and return all figures."""
    runs: dict[str, list[dict[str, float]]] = {arm: [] for arm in ARMS}
    for turn in range(rounds):
        order = list(ARMS) if turn % 2 == 0 else list(reversed(ARMS))
        for arm in order:
            runs[arm].append(measure(arm, trials))
    pairs = zip(runs["ray"], runs["tuner"], strict=True)
    ratios = [ray["cpu_s_per_trial"] / ours["cpu_s_per_trial"] for ray, ours in pairs]
    show(trials, runs, ratios)
    return {"trials": trials, "runs": runs, "cpu_ratios": ratios}


def show(trials: int, runs: dict[str, list[dict[str, float]]], ratios: list[float]) -> None:
    """Print a table of medians with their ranges."""
    print(f"N={trials}, {len(ratios)} rounds: median (min-max)")
    for key in next(iter(runs.values()))[0]:
        cells = [f"{arm} {harness.spread([run[key] for run in runs[arm]])}" for arm in runs]
        print(f"  {key:18} " + "   ".join(cells))
    print(f"  CPU ratio ray/tuner {harness.spread(ratios)}", flush=True)


def main() -> None:
    """Run the benchmark, or one driver of it."""
    if len(sys.argv) == 5 and sys.argv[1] == "--driver":
        driver(sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))
        return
    parser = harness.options(__doc__ or "")
    parser.add_argument("--rounds", type=int, help="how often each arm runs")
    parser.add_argument("--trials", type=int, nargs="+", help="sweep sizes")
    arguments = parser.parse_args()
    sizes = arguments.trials or ([10, 50] if arguments.quick else [50, 200])
    rounds = arguments.rounds or (1 if arguments.quick else 3)
    results = [compare(size, rounds) for size in sizes]
    harness.finish(arguments, {"sizes": results}, goals(results))


def goals(results: list[dict[str, Any]]) -> list[harness.Goal]:
    """Return the figures against the goals, which are set for sweeps of 50 trials and more."""
    found = []
    for result in results:
        if result["trials"] < SMALLEST_SWEEP:
            continue
        ratio = statistics.median(result["cpu_ratios"])
        what = f"N={result['trials']}: CPU per trial, default Ray Tune / tuner"
        found.append(harness.Goal(what, ratio, GOAL_RATIO, "at least"))
    files = [max(run["files"] for run in result["runs"]["tuner"]) for result in results]
    grown = max(files) - min(files)
    found.append(harness.Goal("files added by more trials", grown, 0, "at most"))
    return found


if __name__ == "__main__":
    main()
