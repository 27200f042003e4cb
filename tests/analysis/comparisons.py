"""Comparisons made up for the tests: written out run by run, or drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from tuner.analysis import Outcomes
from tuner.budgets import Budget, Unit

Steps = Sequence[tuple[float, float]]
"""Spend and value of each incumbent of a run."""

OVERHEADS = ("start_s", "save_s", "load_s", "wait_s", "lost_s", "suggest_s")


def outcomes_of(
    cells: Mapping[tuple[str, str, int], Steps],
    *,
    budget: float = 100.0,
    unit: Unit = "epochs",
    modes: Mapping[str, str] | None = None,
    worst: Mapping[str, float] | None = None,
    failed: Sequence[tuple[str, str, int]] = (),
) -> Outcomes:
    """Return outcomes of runs that spent the whole budget, each known by its incumbents."""
    runs, incumbents = [], []
    for (task, arm, seed), steps in cells.items():
        mode = (modes or {}).get(task, "min")
        values = [value for _, value in steps]
        best, low = (min, max) if mode == "min" else (max, min)
        runs.append(
            {"task": task, "arm": arm, "seed": seed, "mode": mode, "error": "",
             "status": "failed" if (task, arm, seed) in failed else "finished",
             "best": best(values, default=np.nan),
             "worst": low([*values, *([worst[task]] if worst else [])], default=np.nan),
             "utilisation": 0.5, "withheld_epochs": 0.0, **spent(budget),
             **dict.fromkeys(OVERHEADS, 1.0)}
        )  # fmt: skip
        incumbents += [
            {"task": task, "arm": arm, "seed": seed, "value": value, "trial_id": "t", **spent(at)}
            for at, value in steps
        ]
    columns = ["task", "arm", "seed", "value", "trial_id", *spent(0)]
    return Outcomes(
        pd.DataFrame(runs), pd.DataFrame(incumbents, columns=columns), Budget(budget, unit)
    )


def spent(epochs: float) -> dict[str, float]:
    """Ten epochs a trial, two seconds an epoch, half a GPU."""
    return {
        "trials": epochs / 10,
        "epochs": epochs,
        "seconds": 2 * epochs,
        "gpu_seconds": epochs,
    }


def drawn_outcomes(
    arms: Mapping[str, float],
    *,
    tasks: int = 6,
    seeds: int = 10,
    budget: float = 1000.0,
    seed: int = 0,
) -> Outcomes:
    """Return outcomes of arms that draw that many values per ten epochs, uniform in (0, 1)."""
    random = np.random.default_rng(seed)
    cells: dict[tuple[str, str, int], Steps] = {}
    for task in range(tasks):
        for arm, pace in arms.items():
            for number in range(seeds):
                count = max(2, int(pace * budget / 10))
                values = random.random(count) ** (1 + 0.2 * task)
                best = np.minimum.accumulate(values)
                improves = np.flatnonzero(np.diff(best, prepend=np.inf))
                spends = (improves + 1) * budget / count
                cells[f"task-{task}", arm, number] = list(zip(spends, best[improves], strict=True))
    worst = {f"task-{task}": 1.0 for task in range(tasks)}
    return outcomes_of(cells, budget=budget, worst=worst)
