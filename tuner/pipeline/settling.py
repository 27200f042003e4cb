"""From a request to a study that can start: all that can be refused is refused here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

from tuner.arms import parse_choice
from tuner.budgets import Budget, parse_budget
from tuner.errors import SpecError
from tuner.forecast import plan as forecast
from tuner.option_values import whole
from tuner.options import SweepOptions
from tuner.pipeline.dividing import FEWEST_TRIALS, divide
from tuner.pipeline.request import Final, Request
from tuner.pipeline.settled import Settled
from tuner.planning import DEFAULT_SEARCHER, resolve_plan
from tuner.playbook.exploration.affording import forecast_amount
from tuner.playbook.exploration.exploring import Exploration, plan_exploration
from tuner.playbook.finalization.making import check_predicts
from tuner.playbook.repeats import check_can_divide
from tuner.scenario import Scenario
from tuner.schedulers import SCHEDULERS
from tuner.seeds import new_seed

__all__ = ["plan_explorer", "round_options", "settle_study"]


def settle_study(request: Request, scenario: Scenario, running: Mapping[str, Any]) -> Settled:
    """Check what is asked for, and divide the budget.

    Args:
        request: What decides.
        scenario: What is to be tuned.
        running: How sweeps run.

    Raises:
        UsageError: The budget is too small, or something in the request cannot work.
    """
    final, why = _final(request, scenario)
    seed = request.options.get("seed")
    seed = new_seed() if seed is None else seed
    budget = parse_budget(request.budget)
    first = plan_explorer(request, scenario, None, seed, running)
    spec, chosen = first.plan.spec, first.plan.scenario
    resolve_plan(chosen, {**round_options(request), "num_samples": FEWEST_TRIALS})
    wanted = request.wanted(final)
    division = divide(budget, _cost_of(request, chosen, budget, spec.max_t, running), wanted)
    if first.strata > 1:  # the exploration's share may not pay for a trial of each
        share = Budget(division.explore, budget.unit)
        plan_explorer(request, scenario, share, seed, running)
    shown = ("callbacks", "progress")
    return Settled(
        request=request,
        scenario=scenario.name,
        source=scenario.source,
        metric=spec.metric,
        mode=spec.mode,
        time_attr=spec.time_attr,
        max_t=spec.max_t,
        seed=seed,
        division=division,
        final=final,
        why_final=why,
        running={name: value for name, value in running.items() if name not in shown},
    )


def plan_explorer(
    request: Request,
    scenario: Scenario,
    budget: Budget | None,
    seed: int,
    running: Mapping[str, Any],
    place: Path | None = None,
) -> Exploration:
    """Return the exploration of a study.

    Args:
        request: What decides.
        scenario: What is tuned.
        budget: Of the exploration; None where that is yet unknown.
        seed: Of the exploration.
        running: How it runs.
        place: Its folder; None where it is only planned.
    """
    given: dict[str, Any] = {**request.options, **request.explorer, **running, "seed": seed}
    given.pop("callbacks", None)
    given.pop("progress", None)
    if place is not None:
        given |= {"name": place.name, "storage_path": str(place.parent)}
    return plan_exploration(
        scenario,
        budget,
        scientific=request.scientific,
        nuisance=request.nuisance,
        fix=request.fix,
        seconds_per_epoch=request.seconds_per_epoch,
        like=request.like,
        cluster=request.cluster,
        **cast(SweepOptions, given),
    )


def round_options(request: Request) -> SweepOptions:
    """Return how the rounds of refine are run, where that is not as the exploration was.

    They train as long as the exploration where the user has named ``max_t``; otherwise refine may
    lengthen them. A scheduler that needs a searcher of its own gets it.
    """
    asked = request.options
    scheduler = asked.get("scheduler", request.explorer["scheduler"])
    entry = SCHEDULERS.get(parse_choice(scheduler).name)
    own = entry.searcher if entry is not None else None
    searcher = asked.get("searcher") or own or DEFAULT_SEARCHER
    given: SweepOptions = {"scheduler": scheduler, "searcher": searcher}
    return given | {"max_t": asked["max_t"]} if "max_t" in asked else given


def _final(request: Request, scenario: Scenario) -> tuple[Final, str]:
    """Return what can become a model, and what it cannot be for which reason.

    Raises:
        SpecError: What is asked for takes more than the trainable has.
    """
    if request.folds is not None or request.ensemble is not None:
        check_can_divide(scenario)
    if request.ensemble is not None:
        whole("ensemble", request.ensemble, at_least=2)
        whole("ensemble_folds", request.ensemble_folds, at_least=2)
        check_predicts(scenario)
        return "ensemble", ""
    try:
        check_predicts(scenario)
    except SpecError as error:
        return "none", str(error)
    try:
        check_can_divide(scenario)
    except SpecError as error:
        return "kept", str(error)
    return "refit", ""


def _cost_of(
    request: Request, scenario: Scenario, budget: Budget, max_t: int, running: Mapping[str, Any]
) -> Callable[[int], float]:
    """Return what so many full trainings take, in the unit of a budget."""
    if budget.unit == "trials":
        return float
    if budget.unit == "epochs":
        return lambda trainings: float(trainings * max_t)
    kept = ("resources", "max_t", "placement")
    given = {name: value for name, value in request.options.items() if name in kept}
    given["max_concurrent_trials"] = running.get("max_concurrent_trials")

    @cache
    def cost_of(trainings: int) -> float:
        options = {**given, "scheduler": "fifo", "searcher": "random", "num_samples": trainings}
        found = forecast(
            scenario,
            cluster=request.cluster,
            seconds_per_epoch=request.seconds_per_epoch,
            like=request.like,
            simulations=1,
            **cast(SweepOptions, options),
        )
        return forecast_amount(found, budget)

    return cost_of
