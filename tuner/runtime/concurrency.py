"""How many trials may be under way at once. Pure."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Concurrency", "concurrency"]

_AHEAD_WHERE_NODES_COME = 64  # trials that ask for a worker, for an autoscaler to see


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
        bracket: How many trials the scheduler's largest bracket holds; None without brackets.
            Ray's HyperBand fills a bracket with trials that are alive together, so that many
            must exist, waiting, for it to halve at all.
    """
    slots = max(slots, 1)
    if population is not None:
        return Concurrency(None, population, None if growing or mixed else slots)
    if growing:
        return Concurrency(bound, bound or max(2 * slots, _AHEAD_WHERE_NODES_COME), bound)
    if mixed:
        return Concurrency(bound, bound or slots, bound)
    room = slots if bound is None else min(bound, slots)
    if bracket is not None:
        return Concurrency(None, bracket, room)
    return Concurrency(room, room, room)
