"""What it costs to keep what a sweep reports: Ray Tune's JSON and CSV loggers against the store.

10,000 trials of 50 reports with four metrics. Ray's loggers are driven as its controller drives
them; the store as the recorder does, with the journal, events, a decision per trial, and a flush
whenever one is due. Each measurement is a process of its own, and the sides take turns.

Written is in CPU seconds of the calls alone, in which both compress and format. Loaded is in
seconds, from the folder to one frame of all reports, imports apart. Memory is what is alive in
Python and Arrow beside the part that is being filled, which never grows beyond its size. The cost
per report is that of a sweep with 1,000 reports a second, on a clock that jumps, so that flushes
are as frequent as they would be.
"""

from __future__ import annotations

import gc
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import harness

TRIALS = 10_000
REPORTS = 50
CONCURRENT = 20
REPORTS_PER_S = 1_000
FEW, MANY = 500, 5_000
METRIC = "val_loss"
OBJECTIVE: dict[str, Any] = {"metric": METRIC, "mode": "min", "time_attr": "epoch"}

Results = list[dict[str, Any]]
Wave = list[tuple[str, dict[str, Any], Results]]


class Sweep:
    """A made-up sweep: trials in waves, each with its config and its results.

    Args:
        trials: How many.
        reports: Of each.
    """

    def __init__(self, trials: int, reports: int = REPORTS) -> None:
        self.trials = trials
        self.reports = reports
        self._random = random.Random(0)
        self._clock = 1.7e9

    def waves(self) -> Iterator[Wave]:
        """Yield trials that run at the same time."""
        for start in range(0, self.trials, CONCURRENT):
            names = [f"t{n:06d}" for n in range(start, min(start + CONCURRENT, self.trials))]
            yield [(name, self._config(), self._results()) for name in names]

    def _config(self) -> dict[str, Any]:
        draw = self._random
        return {
            "lr": 10 ** draw.uniform(-4, 0),
            "momentum": draw.random(),
            "layers": draw.randint(1, 5),
            "activation": draw.choice(["relu", "tanh"]),
        }

    def _results(self) -> Results:
        draw, total, results = self._random, 0.0, []
        for epoch in range(1, self.reports + 1):
            took = draw.uniform(0.9, 1.1)
            total += took
            self._clock += 0.013 * draw.random()
            results.append(
                {
                    "epoch": epoch,
                    "loss": draw.random(),
                    "accuracy": draw.random(),
                    METRIC: draw.random(),
                    "val_accuracy": draw.random(),
                    "training_iteration": epoch,
                    "time_total_s": total,
                    "timestamp": self._clock,
                }
            )
        return results


class Stopwatch:
    """CPU seconds of this process within its ``with`` blocks."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __enter__(self) -> None:
        self._started = time.process_time()

    def __exit__(self, *_: object) -> None:
        self.seconds += time.process_time() - self._started


def write_ray(trials: int, folder: Path) -> dict[str, float]:
    """Write with Ray's loggers, and the state file that makes the folder an experiment."""
    from ray.train._internal.storage import StorageContext
    from ray.tune.logger import CSVLoggerCallback, JsonLoggerCallback
    from ray.tune.utils.serialization import TuneFunctionEncoder

    # Straight to the experiment's folder, to which Ray copies them from a folder of its session.
    StorageContext.experiment_driver_staging_path = property(lambda _: str(folder / "sweep"))
    storage = StorageContext(str(folder), experiment_dir_name="sweep")
    loggers = [JsonLoggerCallback(), CSVLoggerCallback()]
    watch, states = Stopwatch(), []
    for wave in Sweep(trials).waves():
        running = []
        for name, config, results in wave:
            trial = _ray_trial(name, config, storage)
            running.append((trial, [_ray_result(trial, result) for result in results]))
        with watch:
            _log(loggers, running)
        for trial, results in running:
            trial.update_last_result(results[-1])
            states.append(trial.get_json_state())
    content = json.dumps({"trial_data": states}, cls=TuneFunctionEncoder)
    (folder / "sweep" / "experiment_state-2026-01-01_00-00-00.json").write_text(content)
    return {"cpu_s": watch.seconds}


def _ray_trial(name: str, config: dict[str, Any], storage: Any) -> Any:
    from ray.tune import PlacementGroupFactory
    from ray.tune.experiment import Trial

    trial = Trial("trivial", config=config, trial_id=name, stub=True, storage=storage)
    trial.placement_group_factory = PlacementGroupFactory([{"CPU": 1}])
    trial.init_local_path()
    return trial


def _log(loggers: Sequence[Any], running: Sequence[tuple[Any, Results]]) -> None:
    """Log some trials as Ray's controller does."""
    for logger in loggers:
        for trial, _ in running:
            logger.log_trial_start(trial)
    for iteration in range(len(running[0][1])):
        for trial, results in running:
            for logger in loggers:
                logger.log_trial_result(iteration, trial, results[iteration])
    for logger in loggers:
        for trial, _ in running:
            logger.log_trial_end(trial)


def _ray_result(trial: Any, result: dict[str, Any]) -> dict[str, Any]:
    """Return a result as Ray's controller completes it."""
    return {
        **result,
        "timestamp": int(result["timestamp"]),
        "checkpoint_dir_name": None,
        "done": False,
        "trial_id": trial.trial_id,
        "date": "2026-01-01_00-00-00",
        "time_this_iter_s": result["time_total_s"] / result["epoch"],
        "pid": 12345,
        "hostname": "worker-1",
        "node_ip": "10.0.0.1",
        "config": trial.config,
        "time_since_restore": result["time_total_s"],
        "iterations_since_restore": result["training_iteration"],
        "experiment_tag": trial.experiment_tag,
    }


def write_tuner(trials: int, folder: Path) -> dict[str, float]:
    """Write with the store."""
    import tuner.store  # noqa: F401 so that no import is measured

    watch = Stopwatch()
    with watch:
        writer = _new_writer(folder)
    for wave in Sweep(trials).waves():
        with watch:
            _record(writer, wave)
    with watch:
        writer.close()
    return {"cpu_s": watch.seconds}


def _new_writer(folder: Path, **options: Any) -> Any:
    from tuner.store import SweepLayout, SweepWriter, write_spec

    layout = SweepLayout.create(folder / "sweep")
    write_spec(layout, {"spec": OBJECTIVE})
    return SweepWriter(layout, **OBJECTIVE, **options)


def _record(writer: Any, wave: Wave) -> None:
    """Record some trials as the runtime does."""
    now = wave[0][2][0]["timestamp"]
    for name, config, _ in wave:
        _event(writer, name, now, "suggested", {"config": config})
        writer.trial(
            name, status="PENDING", config=config, attempts=1, seed=2**60, cpu=1.0, gpu=0.0
        )
        _event(writer, name, now, "started", None)
        writer.trial(name, started=now)
        writer.trial(name, status="RUNNING")
    reports = len(wave[0][2])
    for iteration in range(reports):
        for name, _, results in wave:
            writer.report({**results[iteration], "trial_id": name, "attempt": 1})
            writer.maybe_flush()
    for name, _, results in wave:
        writer.trial(name, node="worker-1")
        writer.decision(
            {
                "trial_id": name,
                "attempt": 1,
                "training_iteration": reports,
                "time": float(reports),
                "decision": "STOP",
                "reason": f"reached max_t={reports}",
                "details": {"max_t": reports, "value": results[-1][METRIC]},
                "timestamp": now,
            }
        )
        _event(writer, name, now, "ended", {"status": "TERMINATED", "outcome": "completed"})
        writer.trial(name, status="TERMINATED", outcome="completed", ended=now, error=None)
        writer.maybe_flush()


def _event(writer: Any, name: str, now: float, event: str, details: Any) -> None:
    writer.event(
        {"trial_id": name, "attempt": 1, "event": event, "details": details, "timestamp": now}
    )


def per_report(trials: int, folder: Path) -> dict[str, float]:
    """Write at a steady rate, and return the CPU seconds per report."""
    now, watch = 0.0, Stopwatch()
    writer = _new_writer(folder, clock=lambda: now)
    for wave in Sweep(trials).waves():
        with watch:
            _record(writer, wave)
        now += len(wave) * REPORTS / REPORTS_PER_S
    return {"cpu_s": watch.seconds / (trials * REPORTS)}


def memory(trials: int, folder: Path) -> dict[str, float]:
    """Write, and return the bytes that each trial after the first third leaves behind."""
    import pyarrow as pa

    def alive() -> float:
        writer.flush()
        gc.collect()
        return tracemalloc.get_traced_memory()[0] + pa.total_allocated_bytes()

    writer = _new_writer(folder)
    tracemalloc.start()
    written, before = 0, 0.0
    for wave in Sweep(trials).waves():
        _record(writer, wave)
        written += len(wave)
        if written == trials // 3:
            before = alive()
    return {"bytes": (alive() - before) / (trials - trials // 3)}


def files(trials: int, folder: Path) -> dict[str, float]:
    """Write as many reports of a tenth of the trials, and return the files of both sweeps."""
    counts = {}
    for name, sweep in {
        "many": Sweep(trials, REPORTS // 10),
        "few": Sweep(trials // 10, REPORTS),
    }.items():
        writer = _new_writer(folder / name)
        for wave in sweep.waves():
            _record(writer, wave)
        writer.close()
        counts[name] = sum(path.is_file() for path in (folder / name).rglob("*"))
    return counts


def load_ray(trials: int, folder: Path) -> dict[str, float]:
    """Load all reports as Ray's users do: the frame of each trial, and one of all."""
    import pandas as pd
    from ray.tune import ExperimentAnalysis

    started = time.perf_counter()
    frames = ExperimentAnalysis(str(folder / "sweep")).trial_dataframes
    frame = pd.concat(frames.values())
    return _loaded(started, len(frame), trials)


def load_tuner(trials: int, folder: Path) -> dict[str, float]:
    """Load all reports."""
    import tuner

    tuner.Sweep  # noqa: B018 imports pandas and pyarrow
    started = time.perf_counter()
    frame = tuner.load(folder / "sweep").reports()
    return _loaded(started, len(frame), trials)


def _loaded(started: float, rows: int, trials: int) -> dict[str, float]:
    seconds = time.perf_counter() - started
    assert rows == trials * REPORTS
    return {"wall_s": seconds}


PARTS: dict[str, Callable[[int, Path], dict[str, float]]] = {
    "write_ray": write_ray,
    "write_tuner": write_tuner,
    "load_ray": load_ray,
    "load_tuner": load_tuner,
    "per_report": per_report,
    "memory": memory,
    "files": files,
}


def measure(part: str, trials: int, folder: Path) -> dict[str, float]:
    """Run one part in a process of its own and return its figures."""
    command = [sys.executable, __file__, "--part", part, str(trials), str(folder)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def measure_alone(part: str, trials: int) -> dict[str, float]:
    """Run one part in a process and a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        return measure(part, trials, Path(folder))


def write_and_load(side: str, trials: int) -> dict[str, float]:
    """Return what one side needs to write and to load a sweep, and what it leaves on the disk."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cpu = measure(f"write_{side}", trials, folder)["cpu_s"]
        sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
        wall = measure(f"load_{side}", trials, folder)["wall_s"]
    return {"write_cpu_s": cpu, "mb": sum(sizes) / 1e6, "files": len(sizes), "load_s": wall}


def in_turns(
    names: Sequence[str], rounds: int, run: Callable[[str], dict[str, float]]
) -> dict[str, list[dict[str, float]]]:
    """Run each name once a round, in alternating order, and return all figures."""
    figures: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for turn in range(rounds):
        for name in names if turn % 2 == 0 else reversed(names):
            figures[name].append(run(name))
    return figures


def ratios(figures: dict[str, list[dict[str, float]]], key: str) -> list[float]:
    """Return the first name's figure by the second's, round by round."""
    above, below = figures.values()
    return [one[key] / other[key] for one, other in zip(above, below, strict=True)]


def show(figures: dict[str, list[dict[str, float]]]) -> None:
    """Print medians with their ranges, and the ratios within each round."""
    for key in next(iter(figures.values()))[0]:
        cells = [
            f"{name} {harness.spread([run[key] for run in runs])}" for name, runs in figures.items()
        ]
        print(f"  {key:12} {'   '.join(cells)}   ratio {harness.spread(ratios(figures, key))}")


def main() -> None:
    """Run the benchmark, or one part of it."""
    if len(sys.argv) == 5 and sys.argv[1] == "--part":
        print(json.dumps(PARTS[sys.argv[2]](int(sys.argv[3]), Path(sys.argv[4]))))
        return
    parser = harness.options(__doc__ or "")
    parser.add_argument("--rounds", type=int, help="how often each side runs")
    parser.add_argument("--trials", type=int, help="trials of a sweep")
    arguments = parser.parse_args()
    trials = arguments.trials or (TRIALS // 10 if arguments.quick else TRIALS)
    rounds = arguments.rounds or (1 if arguments.quick else 3)
    print(f"{trials} trials of {REPORTS} reports, {rounds} rounds: median (min-max)")
    sides = in_turns(["ray", "tuner"], rounds, lambda side: write_and_load(side, trials))
    show(sides)
    few, many = str(FEW), str(MANY)
    rates = in_turns([many, few], rounds, lambda size: measure_alone("per_report", int(size)))
    print(f"CPU per report, by trials, at {REPORTS_PER_S} reports a second")
    show(rates)
    figures = {
        "trials": trials,
        "sides": sides,
        "per_report": rates,
        "bytes_per_trial": measure_alone("memory", 3_000)["bytes"],
        "files": measure_alone("files", trials),
    }
    harness.finish(arguments, figures, goals(figures))


def goals(figures: dict[str, Any]) -> list[harness.Goal]:
    """Return the figures against the goals."""

    def ratio(key: str) -> float:
        return statistics.median(ratios(figures["sides"], key))

    grown = statistics.median(ratios(figures["per_report"], "cpu_s"))
    counts = figures["files"]
    return [
        harness.Goal("CPU to write, Ray / tuner", ratio("write_cpu_s"), 5, "at least"),
        harness.Goal("size, Ray / tuner", ratio("mb"), 20, "at least"),
        harness.Goal("time to load, Ray / tuner", ratio("load_s"), 25, "at least"),
        harness.Goal(
            "files added by ten times the trials", counts["many"] - counts["few"], 0, "at most"
        ),
        harness.Goal("KB in memory per trial", figures["bytes_per_trial"] / 1024, 2, "at most"),
        harness.Goal(f"CPU per report, {MANY} / {FEW} trials", grown, 1.3, "at most"),
    ]


if __name__ == "__main__":
    main()
