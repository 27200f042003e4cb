"""How good the search is: the YAHPO Gym paper's protocol, and time to quality on many workers.

Part 1 (Pfisterer et al. 2022, arXiv 2109.03670): LCBench's surrogate, epochs 1 to 52, maximise
``val_accuracy``, one worker, 6,544 epochs in all. The regret of a run is the best value that it
has seen so far, at whatever epoch, as a share of (best - worst) over all evaluations of all
methods on the task and a dense search. tuner's arms run in its simulator; Optuna's GP sampler
trains each configuration in full, and its TPE is pruned by its Hyperband; so SMAC3, on full
trainings and with Hyperband.

Part 2: the same surrogate without its first and last epoch, 25 and 100 workers, a budget of
simulated seconds: how much sooner an arm reaches what random search has reached in the end, beside
Syne Tune's ASHA and its multi-fidelity methods.

SMAC3 and Syne Tune need an environment of their own (``peers/requirements.txt``; ``--peers`` names
its Python). Set OMP_NUM_THREADS=1: more threads than processes make the models slower.

The settings of ``freeze_thaw+mfgp`` were chosen on tasks 126025, 167104, 167185, 167201, 168329,
168908, 168910, 189866 and 189906, none of them those of part 1.
"""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import Executor, ProcessPoolExecutor
from itertools import product
from typing import Any

import numpy as np
from harness import Goal, finish, options
from quality.curves import extremes
from quality.many_workers import RANDOM, times_sooner
from quality.methods import PEERS, Run, run_method

TASKS = ("167168", "189873")
BUDGET = 6544
SHARES = (0.1, 0.25, 1.0)
PUBLISHED = {"167168": (0.161, 0.121), "189873": (0.267, 0.165)}  # random search, 25 and 100 %
OURS = "freeze_thaw+mfgp"  # the default
ASHA = "asha:reduction_factor=3+random"
METHODS = (RANDOM, "asha:reduction_factor=3+hyperopt", OURS)
SYNE = ("syne asha", "syne bohb", "syne ashabore", "syne ashacqr")
WORKERS = (25, 100)
SECONDS = 3600.0  # of part 2
MANY = (
    *("3945", "7593", "34539", "126026", "126029", "146212", "167149", "167152", "167161"),
    *("167181", "167184", "167190", "167200", "168330", "168331", "168335", "168868"),
    *("189354", "189865", "189905"),
)


def main() -> None:
    parser = options(__doc__ or "")
    parser.add_argument("--seeds", type=int, default=10, help="of part 1")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--methods", nargs="*", help="of part 1")
    parser.add_argument("--tasks", nargs="*", default=list(TASKS), help="of part 1")
    parser.add_argument("--many", nargs="*", default=list(MANY), help="tasks of part 2")
    parser.add_argument("--rivals", nargs="*", help="Syne Tune's methods in part 2")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="simulated, of part 2")
    parser.add_argument("--workers", nargs="*", type=int, default=list(WORKERS), help="of part 2")
    parser.add_argument("--part", type=int, choices=(1, 2), action="append")
    parser.add_argument("--peers", metavar="PYTHON", help="with SMAC3 and Syne Tune")
    asked = parser.parse_args()
    figures: dict[str, Any] = {}
    goals: list[Goal] = []
    with ProcessPoolExecutor(asked.processes) as pool:
        if 1 in (asked.part or [1, 2]):
            goals += one_worker(asked, pool, figures)
        if 2 in (asked.part or [1, 2]):
            goals += many_workers(asked, pool, figures)
    finish(asked, figures, [] if asked.quick else goals)


def one_worker(asked: argparse.Namespace, pool: Executor, figures: dict[str, Any]) -> list[Goal]:
    """Run part 1, print a table per task, and return the figures against the goals."""
    peers = [peer for peer in PEERS if asked.peers or not peer.startswith("smac")]
    methods = asked.methods or [*METHODS, *peers]
    seeds, budget = (1, BUDGET // 10) if asked.quick else (asked.seeds, BUDGET)
    cells = [
        (method, task, seed, budget, asked.peers)
        for seed, task, method in product(range(seeds), asked.tasks, methods)
    ]
    runs: list[Run] = []
    for run in pool.map(run_method, *zip(*cells, strict=True)):
        runs.append(run)
        told = " ".join(f"{run.best[_last(run, share)]:.2f}" for share in SHARES)
        print(f"{run.method} {run.task} {run.seed}: {told}, {run.suggestions} trials, "
              f"{run.cpu_s:.0f} CPU s", file=sys.stderr, flush=True)  # fmt: skip
    goals = []
    for task in asked.tasks:
        table = figures[task] = regrets(runs, task, 200 if asked.quick else 5000)
        print(f"\n{task}: mean regret at {SHARES} of {BUDGET:,} epochs")
        for method, row in table.items():
            both = zip(row["regret"], row["error"], strict=True)
            shown = "  ".join(f"{regret:.4f}±{error:.4f}" for regret, error in both)
            print(f"  {method:34} {shown}  {row['cpu_s_per_trial']:.3f} CPU s per trial")
        goals += part_one_goals(task, table)
    return goals


def regrets(runs: list[Run], task: str, dense: int) -> dict[str, Any]:
    """Return by method the mean regret at each share of the budget, and what a suggestion took."""
    here = [run for run in runs if run.task == task]
    low, high = extremes(task, dense)
    worst = min(low, *(run.worst for run in here))
    best = max(high, *(run.best[-1] for run in here))
    table: dict[str, Any] = {}
    for method in dict.fromkeys(run.method for run in here):
        mine = [run for run in here if run.method == method]
        at = [
            [(best - run.best[_last(run, share)]) / (best - worst) for share in SHARES]
            for run in mine
        ]
        table[method] = {
            "regret": np.mean(at, axis=0).tolist(),
            "error": (np.std(at, axis=0) / max(len(mine) - 1, 1) ** 0.5).tolist(),
            "median": np.median(at, axis=0).tolist(),
            "runs": len(mine),
            "cpu_s_per_trial": sum(r.cpu_s for r in mine) / sum(r.suggestions for r in mine),
        }
    return table


def _last(run: Run, share: float) -> int:
    """Return the place of the last epoch within a share of the budget."""
    return min(int(share * BUDGET), len(run.best)) - 1


def part_one_goals(task: str, table: dict[str, Any]) -> list[Goal]:
    """Return ``default`` against the best peer, and random search against the paper."""
    goals = []
    peers = [row["regret"] for method, row in table.items() if method in PEERS]
    if OURS in table and peers:
        own, best = table[OURS]["regret"], np.min(peers, axis=0)
        for share, mine, theirs, factor in zip(SHARES, own, best, (0.5, 0.5, 1.0), strict=True):
            goals.append(
                Goal(f"{task}: default's regret at {share:.0%}", mine, factor * theirs, "at most")
            )
        took = table[OURS]["cpu_s_per_trial"]
        goals.append(Goal(f"{task}: CPU s per trial of default", took, 0.5, "at most"))
    if RANDOM in table and task in PUBLISHED:
        measured = table[RANDOM]["regret"][1:]
        for share, mine, theirs in zip(SHARES[1:], measured, PUBLISHED[task], strict=True):
            what = f"{task}: random search at {share:.0%}, off the published {theirs}"
            goals.append(Goal(what, abs(mine - theirs), 0.05, "at most"))
    return goals


def many_workers(asked: argparse.Namespace, pool: Executor, figures: dict[str, Any]) -> list[Goal]:
    """Run part 2, print a line per number of workers, and return the figures against the goals."""
    tasks = asked.many[:2] if asked.quick else asked.many
    seconds = asked.seconds / 3 if asked.quick else asked.seconds
    rivals = (list(SYNE) if asked.rivals is None else asked.rivals) if asked.peers else []
    methods = [ASHA, OURS, *rivals]
    for workers in asked.workers:
        cells = [(methods, task, workers, 0, seconds, asked.peers) for task in tasks]
        found = []
        for task, times in zip(
            tasks, pool.map(times_sooner, *zip(*cells, strict=True)), strict=True
        ):
            found.append(times)
            told = ", ".join(f"{method} {sooner:.2f}x" for method, sooner in times.items())
            print(f"{workers} workers, {task}: {told}", file=sys.stderr, flush=True)
        sooner = {
            method: float(np.exp(np.mean([np.log(each[method]) for each in found])))
            for method in found[0]
        }
        figures[f"{workers} workers"] = {
            "geometric mean": sooner,
            "tasks": dict(zip(tasks, found, strict=True)),
        }
        print(f"\n{workers} workers, {len(tasks)} tasks: times sooner than random search {sooner}")
    goals = [Goal(f"{workers} workers, times sooner than random search", sooner[OURS], 10,
                  "at least")]  # fmt: skip
    if rivals:
        best = max(sooner[rival] for rival in rivals)
        goals.append(Goal("and than Syne Tune's best", sooner[OURS] / best, 1, "at least"))
    return goals


if __name__ == "__main__":
    main()
