"""How many trials may be under way at once. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

__all__ = ["Concurrency", "concurrency", "rationed"]

_AHEAD_WHERE_NODES_COME = 64  # trials that ask for a worker, for an autoscaler to see
_AHEAD_WHERE_SHAPES_DIFFER = 2  # trials that wait, so that one of them may fit what is free


@dataclass(frozen=True)
class Concurrency:
    """Bounds on what is under way; None for none.

    Attributes:
        trials: Trials that wait for a worker or run.
        waiting: Trials that wait for a worker.
        workers: Workers, whether they have a trial or not.
    """

    trials: int | None
    waiting: int
    workers: int | None


def concurrency(
    slots: int,
    *,
    bound: int | None,
    population: int | None,
    growing: bool,
    mixed: bool = False,
    at_most: bool = False,
    bracket: int | None = None,
) -> Concurrency:
    """Return the bounds that fit a cluster and a scheduler.

    A trial is suggested only when a slot is free for it, so that the searcher has learned from
    all that ended before. A population is the exception: all of it must exist from the start,
    and takes turns.

    Args:
        slots: How many trials the cluster holds now.
        bound: The user's ``max_concurrent_trials``, if any.
        population: How many trials must exist from the start; None for schedulers without.
        growing: Whether nodes may be added, where trials wait for them.
        mixed: Whether ``slots`` says little because trials differ in what they take.
        at_most: Whether trials differ, and ``slots`` of the smallest would fit.
        bracket: How many trials the scheduler's largest bracket holds; None without brackets.
            Ray's HyperBand fills a bracket with trials that are alive together, so that many
            must exist, waiting, for it to halve at all.
    """
    slots = max(slots, 1)
    if population is not None:
        return Concurrency(None, population, None if growing or mixed or at_most else slots)
    if growing:
        return Concurrency(bound, bound or max(2 * slots, _AHEAD_WHERE_NODES_COME), bound)
    if mixed:
        return Concurrency(bound, bound or slots, bound)
    if at_most:
        open_ = slots + _AHEAD_WHERE_SHAPES_DIFFER if bound is None else min(bound, slots)
        return Concurrency(open_ if bracket is None else None, bracket or open_, bound)
    room = slots if bound is None else min(bound, slots)
    if bracket is not None:
        return Concurrency(None, bracket, room)
    return Concurrency(room, room, room)


def rationed(bounds: Concurrency, ration: int | None) -> Concurrency:
    """Return the bounds of a sweep that may have only so many workers, as others want some.

    Args:
        bounds: Those that fit the cluster and the scheduler.
        ration: How many; None for as many as there is room for.
    """
    if ration is None:
        return bounds
    workers = ration if bounds.workers is None else min(bounds.workers, ration)
    trials = None if bounds.trials is None else min(bounds.trials, max(ration, 1))
    return replace(bounds, workers=workers, trials=trials)
