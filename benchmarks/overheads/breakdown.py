"""Where the driver's main thread spends its time in a sweep of trivial trials.

A profiler makes calls of Python functions seem dearer than they are: its shares say where to look,
and are applied to the time of a run without it.
"""

from __future__ import annotations

import pstats
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, TypeAlias

from overheads.driver import measure
from overheads.work import Work

Function: TypeAlias = tuple[str, int, str]
"""File, line and name, as profiles have it."""

PARTS = {
    "scheduler and searcher": ("tuner/schedulers/", "tuner/searchers/", "ray/tune/schedulers/"),
    "recorder and store": ("tuner/store/", "runtime/recorder.py", "runtime/ledger.py"),
    "controller": ("tuner/runtime/", "ray/tune/", "ray/train/", "tuner/sweep.py"),
    "Ray calls": ("ray/",),
}
OTHER = "other"
_DEPTH = 30


def breakdown(quick: bool) -> None:
    """Print the share of each part, imports left out, and what that is of a run without profile."""
    work = Work(100 if quick else 1000, 2, reports=5)
    ms_per_trial = 1000 * measure("tuner", work).main_s / work.trials
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "profile"
        measure("tuner", work, file)
        stats: Any = pstats.Stats(str(file))
    seconds = by_part(stats.stats)
    total = sum(seconds.values())
    print(f"{work.trials} trivial trials of {work.reports} reports: the driver's main thread")
    for part, spent in [*seconds.most_common(), ("all", total)]:
        print(f"  {part:24} {spent / total:6.1%} {ms_per_trial * spent / total:6.2f} ms per trial")


def by_part(stats: dict[Function, Any]) -> Counter[str]:
    """Return the seconds of each part; what a library does is its caller's.

    Args:
        stats: Calls, recursive calls, own seconds, seconds and callers of each function.
    """
    shares: dict[Function, Counter[str]] = {}
    seconds: Counter[str] = Counter()
    for function, (_, _, own_s, _, _) in stats.items():
        for part, share in _shares(function, stats, shares, _DEPTH).items():
            seconds[part] += own_s * share
    return seconds


def _shares(
    function: Function, stats: dict[Function, Any], known: dict[Function, Counter[str]], depth: int
) -> Counter[str]:
    """Return how a function's own time is shared among the parts, by who called it for how long."""
    if function in known:
        return known[function]
    part = _part_of(function)
    callers = stats[function][4]
    total = sum(seconds for *_, seconds in callers.values())
    if part is not None or not total or not depth:
        known[function] = Counter({part or OTHER: 1.0})
        return known[function]
    found: Counter[str] = Counter()
    for caller, (*_, seconds) in callers.items():
        for name, share in _shares(caller, stats, known, depth - 1).items():
            found[name] += share * seconds / total
    known[function] = found
    return found


def _part_of(function: Function) -> str | None:
    path = function[0]
    if path.endswith("air/execution/_internal/actor_manager.py"):
        return "controller"
    fits = (name for name, places in PARTS.items() if any(place in path for place in places))
    return next(fits, None)
