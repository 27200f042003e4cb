"""From a cell of a comparison to the options of the sweep that it is."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping
from typing import Any, cast

from tuner.arms import Choice
from tuner.budgets import Budget
from tuner.comparison.terms import Cell, Terms
from tuner.errors import SpecError, UsageError
from tuner.options import SweepOptions
from tuner.planning import Plan, resolve_plan
from tuner.scenario import Scenario
from tuner.scenario.resources import Resources, overridden
from tuner.schedulers import SCHEDULERS
from tuner.simulation.options import sweep_options

__all__ = ["cell_options", "check_contestants", "sweep_name"]

_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_.]+")
_LONGEST_PART = 40


def cell_options(terms: Terms, cell: Cell, scenario: Scenario) -> SweepOptions:
    """Return the keywords of `tuner.run` for a cell, but for where its sweep lies.

    Without a number of trials of its own, a run has as many as the budget can pay for. A
    population is the exception: its size is part of the method.
    """
    contestant = terms.arm(cell.arm)
    options: dict[str, Any] = {**terms.options, **contestant.options}
    gpus = _gpus(scenario, options.get("resources"))
    bounds = _bounds(terms.budget, gpus)
    if options.get("num_samples") is not None or _is_population(contestant.arm.scheduler):
        bounds.pop("num_samples")
    searcher = contestant.arm.searcher
    options |= {**bounds, "scheduler": str(contestant.arm.scheduler), "seed": cell.seed}
    options |= {} if searcher is None else {"searcher": str(searcher)}
    return cast(SweepOptions, {**options, "name": sweep_name(terms, cell)})


def sweep_name(terms: Terms, cell: Cell) -> str:
    """Return a name for the sweep of a cell: readable, and unlike that of any other."""
    task = list(terms.tasks).index(cell.task)
    arm = [each.label for each in terms.arms].index(cell.arm)
    parts = (f"{task:02d}", cell.task, f"{arm:02d}", cell.arm, f"seed{cell.seed}")
    return "-".join(_NOT_IN_A_NAME.sub("_", part)[:_LONGEST_PART].strip("_") for part in parts)


def check_contestants(terms: Terms, scenarios: Mapping[str, Scenario]) -> dict[Cell, Plan]:
    """Plan a run of every arm on every task, so that what cannot work is refused at once.

    Returns:
        The plans of the first seed.

    Raises:
        UsageError: An arm cannot run on a task, or the budget cannot be spent.
    """
    cells = [cell for cell in terms.cells() if cell.seed == terms.seeds[0]]
    return {cell: _checked_plan(terms, cell, scenarios[cell.task]) for cell in cells}


def _checked_plan(terms: Terms, cell: Cell, scenario: Scenario) -> Plan:
    contestant = terms.arm(cell.arm)
    try:
        if terms.how == "simulated":
            sweep_options({**terms.options, **contestant.options})
        plan = resolve_plan(scenario, cell_options(terms, cell, scenario))
    except UsageError as error:
        raise type(error)(f"{contestant.label} on {cell.task}: {error}") from error
    if terms.budget.unit == "gpu_seconds" and not plan.spec.resources.get("gpu"):
        raise SpecError(
            f"a budget of GPU time is for trials that take GPUs, and those of {cell.task} take "
            f"{dict(plan.spec.resources)}; give resources={{'gpu': 1}} (--gpus-per-trial 1), or a "
            "budget in epochs or seconds"
        )
    return plan


def _bounds(budget: Budget, gpus: float) -> dict[str, Any]:
    """Return how many trials a budget can pay for; each takes an epoch at least."""
    if budget.unit in ("trials", "epochs"):
        return {"num_samples": math.ceil(budget.amount)}
    # Some trial holds a worker as long as a sweep runs.
    seconds = budget.amount if budget.unit == "seconds" else budget.amount / (gpus or 1)
    return {"num_samples": -1, "time_budget_s": seconds}


def _gpus(scenario: Scenario, asked: Resources | None) -> float:
    """Return how many GPUs a trial takes."""
    if asked is not None:
        resources = overridden(scenario.resources, scenario.bundles, asked)
        scenario = dataclasses.replace(scenario, resources=resources)  # type: ignore[arg-type]
    return float(scenario.resources.get("gpu", 0))


def _is_population(scheduler: Choice) -> bool:
    entry = SCHEDULERS.get(scheduler.name)  # others are refused where a run is planned
    return entry is not None and entry.population
