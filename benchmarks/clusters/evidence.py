"""What a sweep's record, and what its trials wrote down, show. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import pandas as pd

from clusters.work import Epoch

_ENDS = ("failing", "ended")


class Stay(NamedTuple):
    """A trial's time on one worker, as the sweep recorded it.

    Attributes:
        trial: The trial's id.
        node: The worker's host.
        gpus: Ids of its GPUs.
        began: Unix seconds.
        ended: Unix seconds.
    """

    trial: str
    node: str
    gpus: tuple[str, ...]
    began: float
    ended: float


def stays(events: pd.DataFrame, decisions: pd.DataFrame) -> list[Stay]:
    """Return where each trial was from when to when; a stay without a report has no place.

    Args:
        events: Of the sweep.
        decisions: Likewise.
    """
    pauses = decisions[decisions.decision.isin(("PAUSE", "EXPLOIT"))].assign(event="paused")
    rows = pd.concat([events, pauses]).sort_values("seq")
    found: list[Stay] = []
    for trial, told in rows.dropna(subset=["trial_id"]).groupby("trial_id"):
        began, place = None, None
        for event in told.itertuples():
            if event.event == "started":
                began, place = event.timestamp, None
            elif event.event == "placed":
                place = event.details["node"], tuple(event.details["gpus"])
            elif event.event in (*_ENDS, "paused") and began is not None and place is not None:
                found.append(Stay(str(trial), *place, began, event.timestamp))
                began = None
    return found


def most_on_a_gpu(spans: Iterable[tuple[str, Sequence[str], float, float]]) -> Counter[str]:
    """Return how many were on each GPU at once at most.

    Args:
        spans: Node, GPUs, begin and end of each.
    """
    changes: dict[str, list[tuple[float, int]]] = defaultdict(list)
    for node, gpus, began, ended in spans:
        for gpu in gpus:
            changes[f"{node}/{gpu}"] += [(began, 1), (ended, -1)]
    most: Counter[str] = Counter()
    for gpu, moments in changes.items():
        now = 0
        for _, change in sorted(moments):
            now += change
            most[gpu] = max(most[gpu], now)
    return most


def repeated(trained: Sequence[Epoch]) -> dict[str, int]:
    """Return for each trial how many epochs it trained again."""
    done: dict[str, list[int]] = defaultdict(list)
    for epoch in trained:
        done[epoch.trial].append(epoch.number)
    return {trial: len(numbers) - len(set(numbers)) for trial, numbers in done.items()}


def losses(events: pd.DataFrame) -> Counter[str]:
    """Return how often each trial lost its worker with its node."""
    failing = events[events.event == "failing"]
    excused = [bool((details or {}).get("excuse")) for details in failing.details]
    return Counter(failing.trial_id[excused])


def unreported(
    reports: pd.DataFrame, decisions: pd.DataFrame, outcomes: pd.Series, max_t: int
) -> list[str]:
    """Return the trials that completed without a report of each epoch that they trained.

    What a trial of a population copied was trained, and reported, by another.

    Args:
        reports: Of the sweep.
        decisions: Likewise.
        outcomes: Of its trials, by id.
        max_t: How many epochs a trial that is not stopped trains.
    """
    copied: dict[str, float] = defaultdict(float)
    for told in decisions[decisions.decision == "EXPLOIT"].itertuples():
        copied[told.trial_id] = max(copied[told.trial_id], told.details["source_time"])
    missing = []
    for trial, outcome in outcomes.items():
        own = {int(epoch) for epoch in reports.epoch[reports.trial_id == trial]}
        last = max(own, default=0)
        owed = {epoch for epoch in range(1, last + 1) if epoch > copied[str(trial)]}
        if not own or not owed <= own or (outcome == "completed" and last != max_t):
            missing.append(str(trial))
    return sorted(missing)
