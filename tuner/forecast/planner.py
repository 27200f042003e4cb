"""`tuner.plan`: what a sweep will take, before it runs."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Unpack

from tuner.errors import SpecError
from tuner.forecast.accounting import sum_up, with_hours
from tuner.forecast.advice import (
    assumptions,
    cluster_warnings,
    loss_warnings,
    price_warnings,
    scheduler_warnings,
)
from tuner.forecast.exchangeable import ExchangeableCurves, Placeholders
from tuner.forecast.pace import Pace, as_sweep, check_amount
from tuner.forecast.rehearsal import Rehearsal, rehearse
from tuner.forecast.results import Forecast
from tuner.option_values import whole
from tuner.options import SweepOptions
from tuner.places import Uri
from tuner.planning import Plan, resolve_plan
from tuner.scenario import Scenario, load_scenario
from tuner.simulation import ClusterModel, CurveSource
from tuner.simulation.nodes import ONE_NODE_EACH
from tuner.simulation.options import as_cluster
from tuner.store.record import SweepRecord

__all__ = ["plan"]

_SECONDS = "time_total_s"
_MOST_EPOCHS = 100_000  # in all simulations, if the first takes no more


def plan(
    scenario: str | Scenario,
    *,
    cluster: ClusterModel | str | None = None,
    seconds_per_epoch: float | None = None,
    like: str | Path | Uri | SweepRecord | None = None,
    curves: CurveSource | None = None,
    price_per_gpu_hour: float | None = None,
    checkpoint_mb: float | None = None,
    simulations: int = 20,
    **options: Unpack[SweepOptions],
) -> Forecast:
    """Say what the sweep will take that `tuner.run` would run with the same options.

    Rungs and epochs follow from the scheduler where they can. Everything else is from simulated
    sweeps, of trials none of which is special, or over the curves that are given.

    Args:
        scenario: As of `tuner.run`.
        cluster: Where it is to run, such as ``"8x4gpu"`` (`tuner.simulation.parse_cluster`); None
            for ``max_concurrent_trials`` slots, or a single one.
        seconds_per_epoch: How long a unit of ``time_attr`` takes.
        like: An earlier sweep from which that is learned, and the size of a checkpoint.
        curves: What trials report, and how long that takes them.
        price_per_gpu_hour: Of one GPU.
        checkpoint_mb: The size of a checkpoint, in MiB.
        simulations: How many sweeps are simulated; fewer of large ones.
        **options: Those of `tuner.run`; without a seed, 0.

    Raises:
        UsageError: As of `tuner.run`; or the number of trials is unknown, or a value is none.
        NoResultError: ``like`` holds no report.
    """
    if sum(given is not None for given in (seconds_per_epoch, like, curves)) > 1:
        raise SpecError(
            "how long an epoch takes is known from one source, got more of seconds_per_epoch, "
            "like and curves; choose one"
        )
    seconds = check_amount("seconds_per_epoch", seconds_per_epoch)
    price = check_amount("price_per_gpu_hour", price_per_gpu_hour)
    size = check_amount("checkpoint_mb", checkpoint_mb)
    whole("simulations", simulations, at_least=1)
    given: SweepOptions = {"seed": 0, **options}
    first = resolve_plan(load_scenario(scenario), given)
    trials = _number_of_trials(first)
    if first.spec.time_attr == _SECONDS:
        seconds = _already_in_seconds(seconds)
    where = as_cluster({**options, "cluster": cluster})
    pace = as_sweep(like) if like is not None else Pace((seconds or 1.0,))
    rehearsals = list(_rehearsals(first, given, curves, where, pace, simulations))
    found = sum_up(first, trials, where, rehearsals)
    if curves is not None or like is not None or seconds is not None:
        found = with_hours(found, first.spec.resources, where, rehearsals, price)
    size = size or pace.checkpoint_mb
    if size is not None:
        found = replace(found, disk_mb=found.checkpoints * size)
    return replace(
        found,
        warnings=(
            *scheduler_warnings(first.scheduler, found.trials, found.max_t),
            *cluster_warnings(found, where, first.spec.resources, first.spec.time_budget_s),
            *loss_warnings(found, first.spec.checkpoint_frequency),
            *price_warnings(found, price),
        ),
        remarks=(
            *assumptions(
                found, first.scheduler, named=cluster is not None, given=curves is not None
            ),
            *([ONE_NODE_EACH] if first.spec.bundles else []),
            *first.remarks,
        ),
    )


def _number_of_trials(first: Plan) -> int:
    if first.num_trials is None:
        raise SpecError(
            "a plan needs the number of trials, got a sweep that only its time bounds; name "
            "num_samples"
        )
    return first.num_trials


def _already_in_seconds(given: float | None) -> float:
    if given is not None:
        raise SpecError(
            f"the scenario counts time in seconds ({_SECONDS}), got seconds_per_epoch={given:g} as "
            "well; leave it out"
        )
    return 1.0


def _rehearsals(
    first: Plan,
    options: SweepOptions,
    curves: CurveSource | None,
    cluster: ClusterModel,
    pace: Pace,
    most: int,
) -> Iterator[Rehearsal]:
    """Simulate the sweep under one seed after the other, more often if it is small."""
    spec, left = first.spec, most
    arm: SweepOptions = {}
    if "scheduler" in options:
        arm["scheduler"] = options["scheduler"]
    if "searcher" in options:
        arm["searcher"] = options["searcher"]
    while left:
        seed = spec.seed + most - left
        again: SweepOptions = {**options, **copy.deepcopy(arm), "seed": seed}
        fresh = resolve_plan(first.scenario, again)
        if curves is None and first.population is None:
            fresh = replace(fresh, searcher=Placeholders(), warm_start=None)
        source = curves or ExchangeableCurves(spec.objectives, spec.max_t, pace.seconds, seed)
        done = rehearse(fresh, source, cluster)
        yield done
        left = min(left, _MOST_EPOCHS // max(done.epochs, 1) + 1) - 1
