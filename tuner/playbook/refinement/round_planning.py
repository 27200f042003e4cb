"""From a proposed space to the sweep that searches it, as its parent was run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from ray.tune.search import Searcher

from tuner.arms import parse_choice
from tuner.budgets import Budget, parse_budget
from tuner.errors import SpecError
from tuner.forecast import Forecast
from tuner.forecast import plan as forecast
from tuner.options import SweepOptions
from tuner.places import Place, place_of
from tuner.planning import DEFAULT_SEARCHER, Plan, resolve_plan
from tuner.playbook.exploration.affording import affordable_trials
from tuner.playbook.exploration.roles import check_storable
from tuner.playbook.positions import searchable
from tuner.playbook.refinement.lineage import Lineage, descend
from tuner.playbook.refinement.refining import Refinement
from tuner.replanning import RUN_SETTINGS
from tuner.scenario import Scenario
from tuner.searchers import learns
from tuner.searchers.parameters import parameters
from tuner.space import contains, has_grid, to_json
from tuner.spec import SweepSpec
from tuner.store import Sweep
from tuner.store.past import past_trials
from tuner.stored_scenarios import stored_scenario

__all__ = ["next_lineage", "plan_round", "storage_of"]


def plan_round(
    parent: Sweep,
    proposal: Refinement,
    scenario: str | Scenario | None,
    budget: Budget | str | None,
    options: SweepOptions,
) -> Plan:
    """Return the plan of the sweep that searches a proposed space.

    Raises:
        UsageError: As of `tuner.run`; or nothing is left to search, or the space cannot be stored.
    """
    spec = parent.spec
    if (max_t := options.get("max_t")) is not None:
        proposal = proposal.trained_to(max_t)
    check_storable(proposal.space)
    if not parameters(searchable(to_json(proposal.space))):
        raise SpecError(
            f"a space has something to search, and nothing is left of that of {parent.place}; "
            "adopt its best configuration (tuner adopt)"
        )
    chosen = _in_space(stored_scenario(spec, scenario), proposal)
    lineage = next_lineage(parent, proposal)
    given = _settings(parent, chosen, proposal, options) | dict(options)
    given = {"name": lineage.name, **given}
    given["storage_path"] = storage_of(parent, options)
    if budget is not None:
        given["num_samples"] = _afforded(budget, chosen, given, parent)
    plan = resolve_plan(chosen, cast(SweepOptions, given))
    refined = replace(
        plan.spec,
        own_space=True,
        own_objectives=spec.own_objectives,
        own_limits=sorted({*spec.own_limits, *plan.spec.own_limits}),
        roles=dict(proposal.roles),
        lineage=lineage.to_json(),
    )
    return replace(plan, spec=refined)


def _in_space(scenario: Scenario, proposal: Refinement) -> Scenario:
    """Return the scenario in the proposed space.

    Raises:
        SpecError: It names what population-based training may change by positions that moved.
    """
    moved = [name for name in scenario.mutable or () if proposal.paths.get(name, name) != name]
    if moved:
        raise SpecError(
            f"mutable names {', '.join(moved)} by the position of a branch, which is another one "
            "in the refined space; leave mutable out, or paste the refined space into a scenario"
        )
    return scenario.with_space(proposal.space)


def _settings(
    parent: Sweep, scenario: Scenario, proposal: Refinement, options: SweepOptions
) -> dict[str, Any]:
    """Return how the parent was run, but for what the options say."""
    spec = parent.spec
    given = {name: value for name in RUN_SETTINGS if (value := getattr(spec, name)) is not None}
    searcher = options.get("searcher") or _searcher(spec, scenario)
    given |= {
        "scheduler": options.get("scheduler") or _named("scheduler", spec.scheduler),
        "searcher": searcher,
        "num_samples": spec.num_samples or len(parent.trials()),
        "grace_period": spec.grace_period,
        "max_t": proposal.max_t,
        "seed": spec.seed + 1,
    }
    if spec.resources:
        given["resources"] = list(spec.bundles) or [dict(spec.resources)]
    if _learns(searcher) and _teaches(parent, scenario):
        given["warm_start"] = [parent]
    return given


def _named(role: str, spelled: str) -> str:
    """Return a scheduler or a searcher that was named.

    Raises:
        SpecError: It was an object.
    """
    if "." in spelled.partition(":")[0]:
        raise SpecError(
            f"the sweep's {role} was an object, {spelled}, which nothing stores; name the {role} "
            "of the round"
        )
    return spelled


def _learns(searcher: str | Searcher) -> bool:
    return isinstance(searcher, str) and learns(parse_choice(searcher))


def _searcher(spec: SweepSpec, scenario: Scenario) -> str:
    """Return what suggests in a round: the sweep's searcher, or one that learns."""
    searcher = _named("searcher", spec.searcher)
    return searcher if _learns(searcher) or has_grid(scenario.space) else DEFAULT_SEARCHER


def _teaches(parent: Sweep, scenario: Scenario) -> bool:
    """Say whether a trial of the parent lies in the new space, so that there is what to learn."""
    past, _ = past_trials(parent, scenario.objectives, scenario.time_attr)
    return any(not contains(scenario.space, trial.config) for trial in past)


def _afforded(
    budget: Budget | str, scenario: Scenario, given: Mapping[str, Any], parent: Sweep
) -> int:
    limit = parse_budget(budget) if isinstance(budget, str) else budget
    cold = {name: value for name, value in given.items() if name not in ("warm_start", "name")}

    def forecast_of(trials: int) -> Forecast:
        options = cast(SweepOptions, {**cold, "num_samples": trials})
        return forecast(scenario, like=parent, simulations=3, **options)

    return affordable_trials(limit, forecast_of)


def next_lineage(parent: Sweep, proposal: Refinement | None = None) -> Lineage:
    """Return the lineage of the round that follows a sweep, with what it changes, if known."""
    return descend(parent.spec, parent.place, proposal.changes if proposal else ())


def storage_of(parent: Sweep, options: SweepOptions) -> Place:
    """Return the folder or URI in which the round after a sweep lies."""
    given = options.get("storage_path")
    return _beside(parent.place) if given is None else place_of(given)


def _beside(place: Place) -> Place:
    return place.absolute().parent if isinstance(place, Path) else place.parent
