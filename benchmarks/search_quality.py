"""How good the search is: the YAHPO Gym paper's protocol, and time to quality on many workers.

Part 1 (Pfisterer et al. 2022, arXiv 2109.03670): LCBench's surrogate, epochs 1 to 52, maximise
``val_accuracy``, one worker, 6,544 epochs in all. The regret of a run is the best value that it
has seen so far, at whatever epoch, as a share of (best - worst) over all evaluations of all
methods on the task and a dense search. tuner's arms run in its simulator; Optuna's GP sampler
trains each configuration in full, and its TPE is pruned by its Hyperband.

Part 2: the same surrogate without its first and last epoch, 25 and 100 workers, 900 simulated
seconds: how much sooner an arm reaches what random search has reached in the end.

Set OMP_NUM_THREADS=1: more threads than processes make the models slower.

The settings of ``freeze_thaw+mfgp`` were chosen on tasks 126025, 167104, 167185, 167201, 168329,
168908, 168910, 189866 and 189906, none of them those of part 1.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from harness import Goal, finish, options

import tuner
from tuner.simulation.sources import find_task

TASKS = ("167168", "189873")
BUDGET, MAX_T = 6544, 52
SHARES = (0.1, 0.25, 1.0)
SECONDS = 900.0  # of part 2
PUBLISHED = {"167168": (0.161, 0.121), "189873": (0.267, 0.165)}  # random search, 25 and 100 %
OURS = "freeze_thaw+mfgp"  # the default
ARMS = ("fifo+random", "asha:reduction_factor=3+hyperopt", OURS)
MANY = (
    *("3945", "7593", "34539", "126026", "126029", "146212", "167149", "167152", "167161"),
    *("167181", "167184", "167190", "167200", "168330", "168331", "168335", "168868"),
    *("189354", "189865", "189905"),
)


@dataclass(frozen=True)
class Run:
    """A method on a task, once: the best value so far after each epoch, and the worst of all."""

    method: str
    task: str
    seed: int
    best: np.ndarray[Any, np.dtype[np.float64]]
    worst: float
    suggestions: int
    cpu_s: float


@cache
def task_of(task: str, epochs: int) -> tuner.CurveTask:
    return find_task(f"lcbench:{task},epochs={epochs}")


def curve(task: str, config: dict[str, Any]) -> list[float]:
    found = task_of(task, MAX_T).curves.curve(config, 0)
    return [float(value) for value in found.metrics["val_accuracy"]]


def keywords(arm: str) -> dict[str, Any]:
    scheduler, _, searcher = arm.partition("+")
    return {"scheduler": scheduler, **({"searcher": searcher} if searcher else {})}


def run_arm(arm: str, task: str, seed: int, budget: int) -> Run:
    began = time.process_time()
    sweep = tuner.simulate(
        task_of(task, MAX_T),
        **keywords(arm),
        max_concurrent_trials=1,
        seed=seed,
        budget=f"{budget}epochs",
        progress="none",
    )
    reports = sweep.reports()
    values = reports["val_accuracy"].to_numpy(dtype=float)
    trials = reports["trial_id"].nunique()
    cpu_s = time.process_time() - began
    return Run(arm, task, seed, np.maximum.accumulate(values), values.min(), trials, cpu_s)


def run_optuna(method: str, task: str, seed: int, budget: int) -> Run:
    """Run a study until the budget is used up; whoever is pruned ends where Hyperband says."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    gp = method == "optuna gp"
    sampler = optuna.samplers.GPSampler(seed=seed) if gp else optuna.samplers.TPESampler(seed=seed)
    pruner = (
        optuna.pruners.NopPruner()
        if gp
        else optuna.pruners.HyperbandPruner(1, MAX_T, reduction_factor=3)
    )
    study = optuna.create_study(direction="maximize", sampler=sampler, pruner=pruner)
    seen: list[float] = []
    began = time.process_time()
    while len(seen) < budget:
        trial = study.ask()
        values = curve(task, {name: suggested(trial, name, d) for name, d in space(task)})
        pruned = False
        for epoch, value in enumerate(values, start=1):
            seen.append(value)
            trial.report(value, epoch)
            pruned = epoch < MAX_T and trial.should_prune()
            if pruned:
                break
        state = optuna.trial.TrialState.PRUNED if pruned else optuna.trial.TrialState.COMPLETE
        study.tell(trial, None if pruned else value, state=state)
    counted = np.array(seen[:budget])
    cpu_s = time.process_time() - began
    best = np.maximum.accumulate(counted)
    return Run(method, task, seed, best, counted.min(), len(study.trials), cpu_s)


def space(task: str) -> Iterable[tuple[str, Any]]:
    return list(task_of(task, MAX_T).scenario.space.items())


def suggested(trial: Any, name: str, domain: Any) -> int | float:
    log = "Log" in type(domain.get_sampler()).__name__
    if type(domain).__name__ == "Integer":
        return int(trial.suggest_int(name, domain.lower, domain.upper - 1, log=log))
    return float(trial.suggest_float(name, domain.lower, domain.upper, log=log))


def extremes(task: str, count: int) -> tuple[float, float]:
    """Return the worst and the best value of a dense random search, at any epoch."""
    rng = np.random.default_rng(0)
    curves = []
    for _ in range(count):
        config = {name: domain.sample(random_state=rng) for name, domain in space(task)}
        curves.append(curve(task, config))
    return float(np.min(curves)), float(np.max(curves))


def one(method: str, task: str, seed: int, budget: int) -> Run:
    logging.disable(logging.WARNING)
    run: Callable[..., Run] = run_optuna if method.startswith("optuna") else run_arm
    return run(method, task, seed, budget)


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
            [
                (best - run.best[min(int(s * BUDGET), len(run.best)) - 1]) / (best - worst)
                for s in SHARES
            ]
            for run in mine
        ]
        table[method] = {
            "regret": np.mean(at, axis=0).tolist(),
            "error": (np.std(at, axis=0) / max(len(mine) - 1, 1) ** 0.5).tolist(),
            "runs": len(mine),
            "cpu_s_per_trial": sum(r.cpu_s for r in mine) / sum(r.suggestions for r in mine),
        }
    return table


def times_to_quality(task: str, workers: int, seeds: int, seconds: float) -> dict[str, float]:
    """Return by arm how much sooner, in the median, random search's last best is reached.

    The budget is as many simulated seconds; a run that does not get there counts as 1.
    """
    found: dict[str, list[float]] = {}
    for seed in range(seeds):
        target, random_s = -np.inf, seconds
        for arm in ("fifo+random", "asha:reduction_factor=3+random", OURS):
            sweep = tuner.simulate(
                task_of(task, 50), **keywords(arm), max_concurrent_trials=workers, seed=seed,
                budget=f"{seconds:g}s", progress="none",
            )  # fmt: skip
            reports = sweep.reports().sort_values("timestamp")
            best = np.maximum.accumulate(reports["val_accuracy"].to_numpy(dtype=float))
            when = reports["timestamp"].to_numpy(dtype=float)
            if arm == "fifo+random":
                target = best[-1]
                random_s = when[np.argmax(best >= target)]
            reached = when[np.argmax(best >= target)] if best[-1] >= target else random_s
            found.setdefault(arm, []).append(random_s / max(reached, 1e-9))
    return {arm: float(np.median(ratios)) for arm, ratios in found.items()}


def main() -> None:
    parser = options(__doc__ or "")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument(
        "--methods", nargs="*", default=[*ARMS, "optuna gp", "optuna tpe+hyperband"]
    )
    parser.add_argument("--tasks", nargs="*", default=list(TASKS))
    parser.add_argument("--part", type=int, choices=(1, 2), action="append")
    arguments = parser.parse_args()
    parts = arguments.part or [1, 2]
    seeds = 1 if arguments.quick else arguments.seeds
    budget = BUDGET // 10 if arguments.quick else BUDGET
    figures: dict[str, Any] = {}
    goals: list[Goal] = []
    with ProcessPoolExecutor(arguments.processes) as pool:
        if 1 in parts:
            cells = [
                (m, t, s, budget)
                for s in range(seeds)
                for t in arguments.tasks
                for m in arguments.methods
            ]
            runs = []
            for run in pool.map(one, *zip(*cells, strict=True)):
                runs.append(run)
                marks = [run.best[min(int(s * BUDGET), len(run.best)) - 1] for s in SHARES]
                told = " ".join(f"{mark:.2f}" for mark in marks)
                print(f"{run.method} {run.task} {run.seed}: {told}, {run.cpu_s:.0f} CPU s",
                      file=sys.stderr, flush=True)  # fmt: skip
            for task in arguments.tasks:
                table = figures[task] = regrets(runs, task, 200 if arguments.quick else 5000)
                print(f"\n{task}: mean regret at {SHARES} of {BUDGET:,} epochs")
                for method, row in table.items():
                    shown = "  ".join(
                        f"{r:.4f}±{e:.4f}" for r, e in zip(row["regret"], row["error"], strict=True)
                    )
                    print(f"  {method:34} {shown}  {row['cpu_s_per_trial']:.3f} CPU s per trial")
                goals += [] if arguments.quick else part_one_goals(task, table)
        if 2 in parts:
            chosen = MANY[:2] if arguments.quick else MANY
            for workers in (25, 100):
                n = len(chosen)
                ratios = list(
                    pool.map(
                        times_to_quality,
                        chosen,
                        [workers] * n,
                        [1] * n,
                        [SECONDS / 3 if arguments.quick else SECONDS] * n,
                    )
                )
                arms = {
                    arm: float(np.exp(np.mean([np.log(r[arm]) for r in ratios])))
                    for arm in ratios[0]
                }
                figures[f"{workers} workers"] = {
                    "geometric mean": arms,
                    "tasks": dict(zip(chosen, ratios, strict=True)),
                }
                print(f"\n{workers} workers, {n} tasks: times sooner than random search {arms}")
            goals.append(
                Goal(
                    "100 workers, times sooner than random search",
                    figures["100 workers"]["geometric mean"][OURS],
                    10,
                    "at least",
                )
            )
    finish(arguments, figures, goals)


def part_one_goals(task: str, table: dict[str, Any]) -> list[Goal]:
    """Return ``default`` against the best peer, and random search against the paper."""
    goals = []
    peers = [row["regret"] for method, row in table.items() if method.startswith("optuna")]
    if OURS in table and peers:
        own, best = table[OURS]["regret"], np.min(peers, axis=0)
        for share, mine, theirs, factor in zip(SHARES, own, best, (0.5, 0.5, 1.0), strict=True):
            goals.append(
                Goal(f"{task}: default's regret at {share:.0%}", mine, factor * theirs, "at most")
            )
        took = table[OURS]["cpu_s_per_trial"]
        goals.append(Goal(f"{task}: CPU s per trial of default", took, 0.5, "at most"))
    if "fifo+random" in table and task in PUBLISHED:
        measured = table["fifo+random"]["regret"][1:]
        for share, mine, theirs in zip(SHARES[1:], measured, PUBLISHED[task], strict=True):
            what = f"{task}: random search at {share:.0%}, off the published {theirs}"
            goals.append(Goal(what, abs(mine - theirs), 0.05, "at most"))
    return goals


if __name__ == "__main__":
    main()
