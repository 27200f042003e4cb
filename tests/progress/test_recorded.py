"""A record that comes piece by piece shows the same as one that comes at once."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.bundles import Shape
from tuner.progress.recorded import Recorded

KINDS = ("report", "decision", "event")
NODES = {"nodes": [{"cpu": 2.0, "gpu": 0.0}]}
STORY: list[tuple[str, dict[str, Any]]] = [
    ("event", {"event": "nodes", "trial_id": None, "details": NODES, "timestamp": 0.0}),
    ("event", {"event": "started", "trial_id": "a", "timestamp": 0.0}),
    ("report", {"trial_id": "a", "epoch": 1, "loss": 0.5}),
    ("event", {"event": "started", "trial_id": "b", "timestamp": 1.0}),
    ("report", {"trial_id": "b", "epoch": 1, "loss": 0.75}),
    (
        "decision",
        {
            "decision": "STOP", "trial_id": "b", "timestamp": 2.0,
            "details": {"rung": 1.0, "bracket": 0, "value": 0.75, "cutoff": 0.5},
        },
    ),
    ("event", {"event": "ended", "trial_id": "b", "details": {"outcome": "stopped"},
               "timestamp": 2.0}),
    ("report", {"trial_id": "a", "epoch": 2, "loss": None}),
    ("report", {"trial_id": "a", "epoch": 3, "loss": 0.25}),
    ("decision", {"decision": "EXPLOIT", "trial_id": "a", "details": {"source": "b"},
                  "timestamp": 4.0}),
]  # fmt: skip


def recorded() -> Recorded:
    return Recorded(
        "loss", "min", "epoch", takes=lambda _: (1.0, 0.0), shape=Shape.of({"cpu": 1}), fuse=1,
        at_most=None, milestones=[1, 3],
    )  # fmt: skip


def tell(found: Recorded, first: int, last: int) -> None:
    """Tell of a piece of the story."""
    pieces: dict[str, dict[str, list[Any]]] = {}
    for kind in KINDS:
        rows = [(seq, row) for seq, (of, row) in enumerate(STORY) if of == kind]
        rows = [(seq, row) for seq, row in rows if first <= seq < last]
        names = (*found.columns[kind], "seq")
        pieces[kind] = {
            name: [{**row, "seq": seq}.get(name) for seq, row in rows] for name in names
        }
    found.take(*(pieces[kind] for kind in KINDS))


def shown(found: Recorded) -> list[Any]:
    return [
        found.rungs(), found.gauges(5.0), found.curves(9), found.best, found.last, found.parents,
    ]  # fmt: skip


def test_all_of_it_at_once() -> None:
    found = recorded()
    tell(found, 0, len(STORY))
    first, second = found.rungs()
    assert (first.trials, first.passed, first.cutoff, first.best) == (2, 1, 0.5, 0.5)
    assert (second.trials, second.passed, second.best) == (1, 1, 0.25)
    sample = found.curves(9)
    assert sample.curves == {"a": [(1, 0.5), (3, 0.25)], "b": [(1, 0.75)]}
    assert sample.stopped == {"b"}
    workers, cpu = found.gauges(4.0)
    # One worker of two for 1 s, two for 1 s, one for 2 s: 5 of 8.
    assert (workers.used, workers.total, workers.mean) == (0, 2, pytest.approx(5 / 8))
    assert cpu.mean == pytest.approx(5 / 8)
    assert (found.best, found.last, found.parents) == (0.25, 4.0, {"a": "b"})


@given(st.lists(st.integers(0, len(STORY)), max_size=5))
def test_piece_by_piece_is_the_same(cuts: list[int]) -> None:
    whole, pieces = recorded(), recorded()
    tell(whole, 0, len(STORY))
    places = sorted({0, *cuts, len(STORY)})
    for first, last in pairwise(places):
        tell(pieces, first, last)
    assert shown(pieces) == shown(whole)


def test_nothing_yet() -> None:
    assert recorded().gauges(9.0) == []
