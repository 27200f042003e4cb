"""What a person should know before paying: what is wasted, and what to change. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ray.tune.schedulers import HyperBandScheduler, TrialScheduler

from tuner.forecast.results import Forecast
from tuner.plurals import counted
from tuner.schedulers import ASHA, HyperBand, PromotionASHA
from tuner.schedulers.freeze_thaw import FreezeThaw
from tuner.simulation import ClusterModel

__all__ = [
    "assumptions",
    "cluster_warnings",
    "loss_warnings",
    "price_warnings",
    "scheduler_warnings",
]

_IDLES = 0.6  # a cluster that trains a smaller share of its time
_LOSES = 0.2  # a sweep that trains a larger share in vain


def scheduler_warnings(scheduler: TrialScheduler, trials: int, max_t: int) -> Iterator[str]:
    """Yield what a scheduler cannot do well with so many trials."""
    if isinstance(scheduler, HyperBand):
        yield from _short_bracket(*_last_of(scheduler, trials), trials)
    elif type(scheduler) is HyperBandScheduler:
        yield from _short_bracket(*_last_of_rays(scheduler, trials), trials)
    elif isinstance(scheduler, ASHA | PromotionASHA):
        rungs = [at for ladder in scheduler.ladders for at in ladder.milestones if at < max_t]
        factor = scheduler.ladders[0].reduction_factor
        if not rungs:
            yield (
                f"nothing is ever stopped: no rung lies below max_t={max_t}; lower grace_period "
                "or raise max_t"
            )
        elif trials < factor:
            yield (
                f"rungs that keep one in {factor:g} do little with {counted(trials, 'trial')}; "
                f"num_samples={round(factor * factor)} or more fills two"
            )


def cluster_warnings(
    found: Forecast,
    cluster: ClusterModel,
    resources: Mapping[str, float],
    time_budget_s: float | None,
) -> Iterator[str]:
    """Yield what a cluster will do without, and whether a time budget ends the sweep early."""
    if found.slots > found.trials:
        yield (
            f"{found.slots - found.trials} of {found.slots} slots are never used: a smaller "
            f"cluster is as fast, or num_samples={found.slots} takes no longer to start"
        )
    elif found.utilisation.expected < _IDLES * (1 - found.lost):
        yield (
            f"the cluster trains {found.utilisation.expected:.0%} of its time: trials wait for "
            "each other, or few are left at the end; take fewer slots, or more trials"
        )
    yield from _unused_gpus(cluster, resources)
    if time_budget_s is not None and found.wall_s is not None:
        share = time_budget_s / found.wall_s.expected
        if share < 1:
            yield (
                f"the time budget ends the sweep after about {share:.0%} of its time; raise it, "
                "take more slots, or lower num_samples"
            )


def loss_warnings(found: Forecast, saves_every: int) -> Iterator[str]:
    """Yield what would keep more of the work of lost workers.

    Args:
        found: The forecast.
        saves_every: A trial saves every so many reports; 0 for never.
    """
    if found.lost > _LOSES and saves_every != 1:
        often = f"only every {saves_every} reports" if saves_every else "at no report"
        yield (
            f"{found.lost:.0%} of what is trained is in vain, as workers are lost and trials save "
            f"{often}; checkpoint_frequency=1 keeps more of it, where they can save"
        )


def price_warnings(found: Forecast, price: float | None) -> Iterator[str]:
    """Yield why a price buys nothing."""
    if price is not None and found.wall_s is not None and found.gpu_hours is None:
        yield (
            "price_per_gpu_hour has nothing to count, as trials take no GPU; give one a GPU or a "
            "share: resources={'gpu': 1} (--gpus-per-trial 1)"
        )


def assumptions(
    found: Forecast, scheduler: TrialScheduler, *, named: bool, given: bool
) -> Iterator[str]:
    """Yield what a forecast takes for granted, and what it lacks.

    Args:
        found: The forecast.
        scheduler: Of the sweep.
        named: Whether the cluster was named.
        given: Whether the curves were.
    """
    if found.basis != "exact" and not given:
        yield (
            "trials are taken to be exchangeable: where a searcher learns, later ones are better, "
            "and fewer of them are stopped"
        )
    if isinstance(scheduler, FreezeThaw) and not given:
        yield "what the model will expect is unknown: trials go on by rank, as in asha_promotion"
    if found.lost:
        yield f"{found.lost:.0%} of what is trained is lost with workers, and trained again"
    if not named:
        how = "one trial at a time" if found.slots == 1 else f"{found.slots} trials at a time"
        yield f"planned for {how}; name a cluster, such as 16 slots or 8x4gpu"
    if found.wall_s is None:
        yield "hours and money need seconds_per_epoch, or an earlier sweep to be like"
    if found.checkpoints.high and found.disk_mb is None:
        yield "disk needs checkpoint_mb"


def _short_bracket(
    brackets: int, size: int, regular: int, round_of: int, trials: int
) -> Iterator[str]:
    """Say that the last bracket is not full.

    Args:
        brackets: How many there are.
        size: How many trials the last one has.
        regular: How many it could have.
        round_of: How many trials fill one bracket of each kind.
        trials: How many there are in all.
    """
    if size == regular:
        return
    fewer = f"num_samples={trials - size} leaves it out, " if brackets > 1 else ""
    yield (
        f"bracket {brackets - 1} stays half empty, with {size} of {regular} trials: "
        f"{fewer}num_samples={trials - size + regular} fills it (a round of all brackets: "
        f"{round_of})"
    )


def _last_of(scheduler: HyperBand, trials: int) -> tuple[int, int, int, int]:
    brackets, plan = scheduler.plan.filled_by(trials), scheduler.plan
    last = len(brackets) - 1
    kinds = range(plan.most_aggressive + 1)
    round_of = sum(plan.whole(aggressiveness).size for aggressiveness in kinds)
    return len(brackets), brackets[last].size, plan.numbered(last, None).size, round_of


def _last_of_rays(scheduler: Any, trials: int) -> tuple[int, int, int, int]:
    kinds = [s for s in range(scheduler._s_max_1) if scheduler._get_r0(s)]
    sizes = [scheduler._get_n0(s) for s in kinds]
    number, left = 0, trials
    while left > sizes[number % len(sizes)]:
        left -= sizes[number % len(sizes)]
        number += 1
    return number + 1, left, sizes[number % len(sizes)], sum(sizes)


def _unused_gpus(cluster: ClusterModel, resources: Mapping[str, float]) -> Iterator[str]:
    there = sum(node.gpu for node in cluster.nodes)
    held = sum(cluster.places(resources)) * resources.get("gpu", 0)
    if held < there - 1e-9:
        yield (
            f"trials hold at most {held:g} of {counted(there, 'GPU')}, by what they take "
            f"(gpu={resources.get('gpu', 0):g}, cpu={resources.get('cpu', 0):g}) and the nodes "
            "have; change either"
        )
