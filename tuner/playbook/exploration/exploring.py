"""`explore`: a quasi-random search over the roles of hyperparameters, within a budget.

Quasi-random points cover the space evenly and, unlike a search that learns, in a way that does not
depend on what was found; so what is seen can be asked about afterwards (Bousquet et al. 2017,
1706.03200). Every combination of the scientific choices gets the same number of trials, with the
same points in the other hyperparameters.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Unpack

from tuner import space as spaces
from tuner.arms import Choice, parse_choice
from tuner.budgets import Budget, budget_text, parse_budget
from tuner.errors import SpecError
from tuner.forecast import Forecast, plan
from tuner.options import SweepOptions
from tuner.places import Uri
from tuner.planning import Plan, resolve_plan
from tuner.playbook.exploration.affording import affordable_trials
from tuner.playbook.exploration.roles import cast_roles, check_storable, without_grids
from tuner.plurals import counted
from tuner.scenario import Scenario, load_scenario
from tuner.searchers.parameters import Options, parameters
from tuner.searchers.quasi_random import strata
from tuner.simulation import ClusterModel
from tuner.store import Sweep
from tuner.store.record import SweepRecord
from tuner.sweep import run_plan

__all__ = ["Exploration", "explore", "plan_exploration"]

_EVEN = ("halton", "sobol")
_REHEARSALS = 3  # simulations per number of trials, until it is found


@dataclass(frozen=True)
class Exploration:
    """An exploration that can start.

    Attributes:
        plan: The sweep.
        forecast: What it will take.
        budget: What it may take; None where the number of trials was given.
        roles: Of all that were given one, by the flat name.
        fixed: The values of the fixed ones.
        strata: How many combinations of scientific choices get the same number of trials each.
        remarks: What the user should know, a line each.
    """

    plan: Plan
    forecast: Forecast
    budget: Budget | None
    roles: Mapping[str, str]
    fixed: Mapping[str, Any]
    strata: int
    remarks: tuple[str, ...]

    def run(self, progress: str = "auto") -> Sweep:
        """Run it, as `tuner.run` runs a sweep."""
        return run_plan(self.plan, progress=progress)


def explore(
    scenario: str | Scenario,
    budget: Budget | str | None = None,
    *,
    scientific: Iterable[str] = (),
    nuisance: Iterable[str] = (),
    fix: Mapping[str, Any] | None = None,
    seconds_per_epoch: float | None = None,
    like: str | Path | Uri | SweepRecord | None = None,
    cluster: ClusterModel | str | None = None,
    **options: Unpack[SweepOptions],
) -> Sweep:
    """Explore a scenario's space, and return the sweep.

    Args:
        scenario: As of `tuner.run`.
        budget: Such as ``"100trials"``, ``"500epochs"``, ``"2h"`` or ``"8gpuh"``: as many trials
            are run as fit into it by `tuner.plan`. None for ``num_samples``.
        scientific: Hyperparameters whose effect is asked for, by flat name or its last part.
        nuisance: Those that are tuned for each value of the scientific ones; all of which nothing
            else is said.
        fix: Values of those that stay.
        seconds_per_epoch: How long a unit of ``time_attr`` takes, for budgets of time.
        like: An earlier sweep from which that is learned.
        cluster: Where it is to run, for budgets of wall time; see `tuner.plan`.
        **options: Those of `tuner.run`. Without a scheduler no trial is stopped early; without a
            searcher it is a Halton sequence.

    Raises:
        UsageError: As of `tuner.run`; or a role or the budget cannot be carried out.
    """
    progress, callbacks = options.pop("progress", "auto"), options.pop("callbacks", ())
    exploration = plan_exploration(
        scenario,
        budget,
        scientific=scientific,
        nuisance=nuisance,
        fix=fix,
        seconds_per_epoch=seconds_per_epoch,
        like=like,
        cluster=cluster,
        **options,
    )
    return run_plan(exploration.plan, callbacks=callbacks, progress=progress)


def plan_exploration(
    scenario: str | Scenario,
    budget: Budget | str | None = None,
    *,
    scientific: Iterable[str] = (),
    nuisance: Iterable[str] = (),
    fix: Mapping[str, Any] | None = None,
    seconds_per_epoch: float | None = None,
    like: str | Path | Uri | SweepRecord | None = None,
    cluster: ClusterModel | str | None = None,
    **options: Unpack[SweepOptions],
) -> Exploration:
    """Return the exploration that `explore` would run, with what it will take."""
    declared = load_scenario(scenario)
    points = options.get("points_to_evaluate") or ()
    cast = cast_roles(declared, scientific=scientific, nuisance=nuisance, fix=fix, points=points)
    chosen = without_grids(cast.scenario)
    own_space = bool(cast.fixed) or spaces.has_grid(declared.space)
    if own_space:
        check_storable(chosen.space)
    name = f"{chosen.name}-explore-{time.strftime('%Y%m%d-%H%M%S')}"
    given: SweepOptions = {"scheduler": "fifo", "searcher": "halton", "name": name, **options}
    cells = _stratify(chosen, cast.scientific, given)

    def forecast(trials: int, simulations: int = _REHEARSALS) -> Forecast:
        asked: SweepOptions = {**given, "num_samples": trials}
        return plan(
            chosen,
            cluster=cluster,
            seconds_per_epoch=seconds_per_epoch,
            like=like,
            simulations=simulations,
            **asked,
        )

    limit = _as_budget(budget, given)
    remarks = []
    if limit is not None:
        affordable = affordable_trials(limit, forecast)
        trials = _whole_rounds(affordable, cells, limit)
        if trials < affordable:
            remarks.append(
                f"{counted(trials, 'trial')}, not {affordable}, so that each of {cells} "
                "combinations of scientific choices gets the same number"
            )
        given["num_samples"] = trials
    resolved = resolve_plan(chosen, given)
    spec = dataclasses.replace(resolved.spec, own_space=own_space, roles=dict(cast.roles))
    ready = dataclasses.replace(resolved, spec=spec)
    return Exploration(
        plan=ready,
        forecast=forecast(ready.num_trials or 1, simulations=20),
        budget=limit,
        roles=cast.roles,
        fixed=cast.fixed,
        strata=cells,
        remarks=tuple(remarks),
    )


def _stratify(scenario: Scenario, scientific: Iterable[str], options: SweepOptions) -> int:
    """Have a quasi-random searcher give each combination of scientific choices its turn.

    Returns:
        How many combinations there are; 1 with another searcher.
    """
    found = parameters(scenario.space)
    choices = [name for name in scientific if isinstance(found.get(name), Options)]
    searcher = options["searcher"]
    chosen = parse_choice(searcher) if isinstance(searcher, str) else None
    if not choices or chosen is None or chosen.name not in _EVEN or chosen.options:
        return 1
    options["searcher"] = str(Choice(chosen.name, {"over": ",".join(choices)}))
    return len(strata(scenario.space, choices))


def _as_budget(budget: Budget | str | None, options: SweepOptions) -> Budget | None:
    if budget is not None and options.get("num_samples") is not None:
        raise SpecError(
            f"a budget decides the number of trials, got budget={str(budget)!r} and num_samples="
            f"{options['num_samples']}; leave one of them out"
        )
    return parse_budget(budget) if isinstance(budget, str) else budget


def _whole_rounds(trials: int, strata: int, budget: Budget) -> int:
    """Return how many trials give each of the strata the same number.

    Raises:
        SpecError: There are fewer trials than strata.
    """
    if trials < strata:
        raise SpecError(
            f"{budget_text(budget)} pays for {counted(trials, 'trial')}, but the scientific "
            f"choices have {strata} combinations, each of which needs one; raise the budget, or "
            "make some of them nuisance"
        )
    return trials - trials % strata
