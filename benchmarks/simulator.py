"""What a simulated report costs, against a bare heap loop and against Syne Tune's simulator.

All sides train the rows of one table of ROWS curves of EPOCHS epochs on WORKERS workers. The bare
loop is the least that simulates a sweep without scheduler and searcher: it takes the next report
off a heap, makes it, keeps it in a list, compares it with the best, and puts the trial's next one
on the heap; ``bare`` makes a report a dict of metric, epoch and seconds, as trials do, and
``barest`` looks at the metric only, and keeps nothing. It trains every trial to its end, as FIFO
does. Ours suggests each configuration, calls scheduler and searcher as Ray Tune would, and tells
a history of every report; with ``parquet`` that history is written to a sweep's folder.

Figures are CPU time over the whole simulation, start of the process and planning left out; the
sides take turns, round by round. Syne Tune runs in an environment of its own
(``peers/requirements.txt``; ``--peers`` names its Python) over the same table, trials, workers
and seeds, its results kept in memory; without one, that part is left out.
"""

from __future__ import annotations

import argparse
import heapq
import json
import math
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import harness
import numpy as np
from ray import tune

import tuner
from tuner.planning import resolve_plan
from tuner.simulating import carry_out
from tuner.simulation import ClusterModel, Curve, CurveTask, Known
from tuner.simulation.onlooker import Onlooker

ROWS, EPOCHS = 1_000, 50
TRIALS, QUICK_TRIALS = 10_000, 2_000
WORKERS = 100
MANY_TRIALS, MANY_WORKERS = 1_000_000, 10_000
QUICK_MANY = 50_000
PEER_TRIALS, PEER_WORKERS = 1_000, 25
HALVING = 3  # the reduction factor of ASHA, on every side
PEERS = Path(__file__).parent / "peers" / "syne_tune_simulator.py"

Measured = tuple[int, float]  # reports, CPU seconds


class Table:
    """Curves that cross, at a pace that differs from trial to trial."""

    def __init__(self) -> None:
        random = np.random.default_rng(0)
        noise = 0.05 * random.standard_normal((ROWS, EPOCHS))
        self.loss = random.random((ROWS, 1)) + 1 / np.arange(1, EPOCHS + 1) + noise
        self.seconds = 0.5 + random.random((ROWS, 1)) + 0.1 * random.random((ROWS, EPOCHS))
        self.curves = [
            Curve({"loss": loss.tolist()}, seconds.tolist())
            for loss, seconds in zip(self.loss, self.seconds, strict=True)
        ]

    def curve(self, config: Mapping[str, Any], number: int) -> Curve:
        return self.curves[config["row"]]

    @property
    def task(self) -> CurveTask:
        scenario = tuner.Scenario(
            name="table",
            trainable=Known,
            space={"row": tune.randint(0, ROWS)},
            metric="loss",
            mode="min",
            time_attr="epoch",
            max_t=EPOCHS,
        )
        return CurveTask("table", scenario, self)


def timed(simulate: Callable[[], int]) -> Measured:
    began = time.process_time()
    reports = simulate()
    return reports, time.process_time() - began


def barest(table: Table, trials: int, workers: int) -> int:
    rows = np.random.default_rng(0).integers(ROWS, size=trials).tolist()
    queue = [
        (table.curves[rows[number]].seconds[0], number, 0) for number in range(min(workers, trials))
    ]
    heapq.heapify(queue)
    started, reports, best = len(queue), 0, math.inf
    while queue:
        now, number, epoch = heapq.heappop(queue)
        curve = table.curves[rows[number]]
        best = min(best, curve.metrics["loss"][epoch])
        reports += 1
        if epoch + 1 < EPOCHS:
            heapq.heappush(queue, (now + curve.seconds[epoch + 1], number, epoch + 1))
        elif started < trials:
            heapq.heappush(queue, (now + table.curves[rows[started]].seconds[0], started, 0))
            started += 1
    return reports


def bare(table: Table, trials: int, workers: int) -> int:
    rows = np.random.default_rng(0).integers(ROWS, size=trials).tolist()
    queue = [
        (table.curves[rows[number]].seconds[0], number, 0) for number in range(min(workers, trials))
    ]
    heapq.heapify(queue)
    started, history, best = len(queue), [], math.inf
    while queue:
        now, number, epoch = heapq.heappop(queue)
        curve = table.curves[rows[number]]
        report = {"loss": curve.metrics["loss"][epoch], "epoch": epoch + 1, "time": now}
        history.append((number, report))
        best = min(best, report["loss"])
        if epoch + 1 < EPOCHS:
            heapq.heappush(queue, (now + curve.seconds[epoch + 1], number, epoch + 1))
        elif started < trials:
            heapq.heappush(queue, (now + table.curves[rows[started]].seconds[0], started, 0))
            started += 1
    return len(history)


def simulated(table: Table, scheduler: str, trials: int, workers: int, seed: int = 0) -> Measured:
    """Run our engine as a comparison does, with a history that keeps nothing.

    Decisions are told without the words of their reasons; `recorded` has them.
    """
    asked: Any = {"scheduler": spelled(scheduler), "searcher": "random", "num_samples": trials}
    plan = resolve_plan(table.task.scenario, {**asked, "seed": seed})
    cluster, history = ClusterModel(workers), Onlooker()
    return timed(
        lambda: (
            carry_out(
                table.task, plan, cluster=cluster, budget=None, history=history, explains=False
            ).reports
        )
    )


def recorded(table: Table, scheduler: str, trials: int, workers: int) -> Measured:
    """Run `tuner.simulate`, with its history in Parquet; its set-up is part of the time."""
    with tempfile.TemporaryDirectory() as folder:
        return timed(
            lambda: (
                tuner.simulate(
                    table.task,
                    scheduler=spelled(scheduler),
                    searcher="random",
                    num_samples=trials,
                    cluster=ClusterModel(workers),
                    seed=0,
                    storage_path=folder,
                    name="recorded",
                    progress="none",
                ).epochs
            )
        )


def spelled(scheduler: str) -> str:
    return f"asha:reduction_factor={HALVING}" if scheduler == "asha" else scheduler


def peer(python: str, table: Table, scheduler: str, seed: int) -> Measured:
    """Run Syne Tune's simulator."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "table.npz"
        np.savez(file, loss=table.loss, seconds=table.seconds)
        command = [python, str(PEERS), str(file), "--scheduler", scheduler, "--seed", str(seed)]
        command += ["--trials", str(PEER_TRIALS), "--workers", str(PEER_WORKERS)]
        command += ["--reduction-factor", str(HALVING)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    told = json.loads(done.stdout.splitlines()[-1])
    return told["reports"], told["cpu_s"]


def rates(sides: Mapping[str, Callable[[int], Measured]], rounds: int) -> dict[str, list[float]]:
    """Measure each side once per round, and print reports per CPU second."""
    found: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(rounds):
        for name, side in sides.items():
            reports, cpu_s = side(number)
            found[name].append(reports / cpu_s)
            print(f"  {name:24} {reports:>10,} reports  {reports / cpu_s:>12,.0f} /s", flush=True)
    return found


def ratio(found: Mapping[str, list[float]], ours: str, theirs: str) -> list[float]:
    return [a / b for a, b in zip(found[ours], found[theirs], strict=True)]


def memory(trials: int) -> None:
    """In a process of its own: print the growth of its memory while a sweep is recorded."""
    table = Table()
    recorded(table, "asha", 2_000, 1_000)  # imports and pools
    Path("/proc/self/clear_refs").write_text("5")  # else the peak is that of who started this
    before = peak_bytes()
    reports, cpu_s = recorded(table, "asha", trials, 1_000)
    told = {"bytes": (peak_bytes() - before) / trials, "rate": reports / cpu_s}
    print(json.dumps(told))


def peak_bytes() -> int:
    status = Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(line for line in status if line.startswith("VmHWM")).split()[1])


def main() -> None:
    parser = harness.options(__doc__ or "")
    parser.add_argument("--peers", metavar="PYTHON", help="of the environment with Syne Tune")
    parser.add_argument("--memory", type=int, metavar="TRIALS", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.memory:
        memory(asked.memory)
        return
    rounds, trials = (2, QUICK_TRIALS) if asked.quick else (5, TRIALS)
    many = QUICK_MANY if asked.quick else MANY_TRIALS
    table = Table()
    print(f"{trials:,} trials on {WORKERS} workers")
    found = rates(
        {
            "barest": lambda _: timed(lambda: barest(table, trials, WORKERS)),
            "bare": lambda _: timed(lambda: bare(table, trials, WORKERS)),
            "fifo": lambda seed: simulated(table, "fifo", trials, WORKERS, seed),
            "asha": lambda seed: simulated(table, "asha", trials, WORKERS, seed),
            "fifo, parquet": lambda _: recorded(table, "fifo", trials, WORKERS),
            "asha, parquet": lambda _: recorded(table, "asha", trials, WORKERS),
        },
        rounds,
    )
    ratios = {
        f"{ours} / {theirs}": ratio(found, ours, theirs)
        for theirs in ("barest", "bare")
        for ours in ("fifo", "asha", "fifo, parquet", "asha, parquet")
    }
    print(f"{many:,} trials on {MANY_WORKERS:,} workers")
    large = rates({"asha": lambda seed: simulated(table, "asha", many, MANY_WORKERS, seed)}, 1)
    slower = statistics.median(found["asha"]) / large["asha"][0]
    done = subprocess.run(
        [sys.executable, __file__, "--memory", str(many)],
        capture_output=True,
        text=True,
        check=True,
    )
    kept = json.loads(done.stdout.splitlines()[-1])
    for name, values in ratios.items():
        print(f"{name:24} {harness.spread(values)}")
    median = {name: statistics.median(values) for name, values in ratios.items()}
    goals = [
        harness.Goal("fifo / bare, reports/s", median["fifo / bare"], 0.6, "at least"),
        harness.Goal("asha / bare, reports/s", median["asha / bare"], 0.2, "at least"),
        harness.Goal(f"time per report at {many:,} trials / {trials:,}", slower, 2, "at most"),
        harness.Goal("bytes per trial, history in Parquet", kept["bytes"], 1024, "at most"),
    ]
    if asked.peers:
        goals += against_peer(asked.peers, table, rounds, ratios)
    figures = {"rates": found, "ratios": ratios, "large": large, "memory": kept}
    harness.finish(asked, figures, goals)


def against_peer(
    python: str, table: Table, rounds: int, ratios: dict[str, list[float]]
) -> list[harness.Goal]:
    print(f"{PEER_TRIALS:,} trials on {PEER_WORKERS} workers")
    sides: dict[str, Callable[[int], Measured]] = {}
    for name in ("fifo", "asha"):
        sides[f"Syne Tune, {name}"] = lambda seed, name=name: peer(python, table, name, seed)
        sides[f"tuner, {name}"] = lambda seed, name=name: simulated(
            table, name, PEER_TRIALS, PEER_WORKERS, seed
        )
    found = rates(sides, rounds)
    goals = []
    for name in ("fifo", "asha"):
        told = f"tuner / Syne Tune, {name}"
        ratios[told] = ratio(found, f"tuner, {name}", f"Syne Tune, {name}")
        print(f"{told:24} {harness.spread(ratios[told])}")
        value = statistics.median(ratios[told])
        goals.append(harness.Goal(f"{told}, reports/s", value, 15, "at least"))
    return goals


if __name__ == "__main__":
    main()
