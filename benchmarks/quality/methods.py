"""One worker, a budget of epochs: tuner's arms, Optuna's samplers and SMAC3, each run once."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

import tuner
from quality.curves import METRIC, curve, described, task_of
from quality.peer_process import search_with

__all__ = ["MAX_T", "PEERS", "Run", "keywords", "run_method"]

MAX_T = 52
PEERS = ("optuna gp", "optuna tpe+hyperband", "smac", "smac hyperband")


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


def run_method(method: str, task: str, seed: int, budget: int, python: str | None) -> Run:
    """Run a method until its budget, in epochs, is used up.

    Args:
        method: One of `PEERS`, or an arm of tuner.
        task: What to search.
        seed: Of the method.
        budget: In epochs; a trial that goes on does not pay for the same epoch again.
        python: Of the environment with SMAC3.
    """
    logging.disable(logging.WARNING)
    if method.startswith("optuna"):
        values, suggestions, cpu_s = _optuna(method, task, seed, budget)
    elif method.startswith("smac"):
        kind = method.partition(" ")[2] or "full"
        found = search_with(
            str(python), "smac_search.py", task, MAX_T, method=kind, seed=seed, budget=budget
        )
        values, suggestions, cpu_s = found["values"], found["suggestions"], found["cpu_s"]
    else:
        values, suggestions, cpu_s = _arm(method, task, seed, budget)
    counted = np.array(values[:budget])
    best = np.maximum.accumulate(counted)
    return Run(method, task, seed, best, float(counted.min()), suggestions, cpu_s)


def keywords(arm: str) -> dict[str, Any]:
    """Return the keywords of ``tuner.simulate`` for an arm."""
    scheduler, _, searcher = arm.partition("+")
    return {"scheduler": scheduler, **({"searcher": searcher} if searcher else {})}


def _arm(arm: str, task: str, seed: int, budget: int) -> tuple[list[float], int, float]:
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
    values = reports[METRIC].to_numpy(dtype=float)
    return values.tolist(), reports["trial_id"].nunique(), time.process_time() - began


def _optuna(method: str, task: str, seed: int, budget: int) -> tuple[list[float], int, float]:
    """Run a study; whoever is pruned ends where Hyperband says."""
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
        config = {each["name"]: _suggested(trial, each) for each in described(task)}
        pruned = False
        for epoch, value in enumerate(curve(task, MAX_T, config)[0], start=1):
            seen.append(value)
            trial.report(value, epoch)
            pruned = epoch < MAX_T and trial.should_prune()
            if pruned:
                break
        state = optuna.trial.TrialState.PRUNED if pruned else optuna.trial.TrialState.COMPLETE
        study.tell(trial, None if pruned else value, state=state)
    return seen, len(study.trials), time.process_time() - began


def _suggested(trial: Any, parameter: dict[str, Any]) -> int | float:
    suggest = trial.suggest_int if parameter["integer"] else trial.suggest_float
    found: int | float = suggest(
        parameter["name"], parameter["lower"], parameter["upper"], log=parameter["log"]
    )
    return found
