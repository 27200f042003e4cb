"""From simulated sweeps to a forecast."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

from tuner.forecast.estimates import Estimate, PlannedRung
from tuner.forecast.rehearsal import Rehearsal
from tuner.forecast.results import Basis, Forecast
from tuner.forecast.rungs import exact_rungs, fewest_at
from tuner.planning import Plan
from tuner.simulation import ClusterModel

__all__ = ["sum_up", "with_hours"]

_MOST_ROWS = 12
_HOUR = 3600.0


def sum_up(
    first: Plan, trials: int, cluster: ClusterModel, rehearsals: Sequence[Rehearsal]
) -> Forecast:
    """Return what is known without knowing how long an epoch takes.

    Args:
        first: The sweep; its scheduler is fresh.
        trials: How many it has.
        cluster: Where it is to run.
        rehearsals: At least one.
    """
    spec = first.spec
    basis, rungs = _rungs(first, trials, rehearsals)
    simulated = Estimate.of([each.epochs for each in rehearsals])
    slots = sum(cluster.places(spec.resources))
    return Forecast(
        scenario=spec.scenario,
        arm=spec.arm,
        time_attr=spec.time_attr,
        trials=trials,
        max_t=spec.max_t,
        basis=basis,
        rungs=tuple(rungs),
        epochs=_total(basis, rungs, simulated),
        simulated_epochs=simulated,
        simulations=len(rehearsals),
        cluster=str(cluster),
        slots=slots,
        utilisation=Estimate.of([r.usage.utilisation for r in rehearsals]),
        lost=_lost(rehearsals),
        rounds=Estimate.of([_rounds(r) for r in rehearsals]),
        wall_s=None,
        cpu_hours=None,
        gpu_hours=None,
        cluster_gpu_hours=None,
        cost=None,
        cluster_cost=None,
        checkpoints=Estimate.of([r.checkpoints for r in rehearsals]),
        disk_mb=None,
        warnings=(),
        remarks=(),
    )


def with_hours(
    found: Forecast,
    resources: Mapping[str, float],
    cluster: ClusterModel,
    rehearsals: Sequence[Rehearsal],
    price: float | None,
) -> Forecast:
    """Return a forecast with what follows once it is known how long an epoch takes.

    Args:
        found: The forecast.
        resources: What a trial takes.
        cluster: Where it is to run.
        rehearsals: In true seconds.
        price: Of a GPU for an hour; None if nobody knows.
    """
    gpus = resources.get("gpu", 0)
    wall_s = Estimate.of([r.usage.makespan_s for r in rehearsals])
    held_h = Estimate.of([r.held_s for r in rehearsals]) * (1 / _HOUR)
    there = sum(node.gpu for node in cluster.nodes) or found.slots * gpus
    gpu_hours = held_h * gpus if gpus else None
    cluster_hours = wall_s * (there / _HOUR) if gpus else None
    return replace(
        found,
        wall_s=wall_s,
        cpu_hours=held_h * resources["cpu"] if resources.get("cpu") else None,
        gpu_hours=gpu_hours,
        cluster_gpu_hours=cluster_hours,
        cost=gpu_hours * price if gpu_hours and price else None,
        cluster_cost=cluster_hours * price if cluster_hours and price else None,
    )


def _lost(rehearsals: Sequence[Rehearsal]) -> float:
    lost_s = sum(each.usage.lost_s for each in rehearsals)
    return lost_s / sum(each.usage.train_s + each.usage.lost_s for each in rehearsals)


def _rounds(rehearsal: Rehearsal) -> float:
    """Return how many epochs a trial could have trained while the sweep ran."""
    usage = rehearsal.usage
    return usage.makespan_s * rehearsal.epochs / (usage.train_s + usage.lost_s)


def _rungs(
    first: Plan, trials: int, rehearsals: Sequence[Rehearsal]
) -> tuple[Basis, list[PlannedRung]]:
    max_t = first.spec.max_t
    exact = exact_rungs(first.scheduler, trials, max_t)
    if exact:
        return "exact", exact
    if first.population is not None:
        return "simulated", [PlannedRung(0, 0, max_t, Estimate.exact(trials))]
    fewest = fewest_at(first.scheduler, trials, max_t)
    rungs = []
    for start, time in pairwise([0, *(fewest or _stops(max_t, rehearsals))]):
        reaching = Estimate.of([each.reaching(time) for each in rehearsals])
        if fewest:
            reaching = Estimate(fewest[time], reaching.expected, trials)
        rungs.append(PlannedRung(0, start, time, reaching))
    return "expected" if fewest else "simulated", rungs


def _stops(max_t: int, rehearsals: Sequence[Rehearsal]) -> list[int]:
    """Return where trials ended, or some of these times if there are many."""
    ends = sorted({end for each in rehearsals for end in each.reached if end})
    if len(ends) <= _MOST_ROWS:
        return ends
    return [time for time in (3**k for k in range(_MOST_ROWS)) if time < max_t] + [max_t]


def _total(basis: Basis, rungs: Sequence[PlannedRung], simulated: Estimate) -> Estimate:
    if basis == "simulated":
        return simulated
    low, high = (sum(getattr(rung.epochs, end) for rung in rungs) for end in ("low", "high"))
    return Estimate(low, low if basis == "exact" else simulated.expected, high)
