"""When workers were held: from what the record says, in lanes that never overlap."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuner.errors import NoResultError
from tuner.figures.stretches import busy, lanes, stretches

COLUMNS = ["trial_id", "timestamp", "seq"]


def marks(column: str, *rows: tuple[str | None, float, int, str]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=[*COLUMNS, column])


TRIALS = pd.DataFrame(
    {"trial_id": ["a", "b"], "outcome": ["completed", None], "node": ["n1", None]}
)


def test_a_pause_ends_a_stretch_and_a_later_start_begins_another() -> None:
    events = marks(
        "event",
        (None, 90.0, 0, "nodes"),
        ("a", 100.0, 1, "started"),
        ("b", 101.0, 2, "started"),
        ("a", 105.0, 5, "started"),
        ("a", 109.0, 6, "ended"),
    )
    decisions = marks("decision", ("a", 103.0, 3, "PAUSE"), ("a", 105.0, 4, "RESUME"))
    found = stretches(events, decisions, TRIALS)
    assert found.values.tolist() == [
        ["a", 0.0, 3.0, "completed", "n1"],
        ["b", 1.0, 9.0, "running", "workers"],
        ["a", 5.0, 9.0, "completed", "n1"],
    ]


def test_what_ran_when_a_driver_was_lost_holds_no_worker_until_it_starts_again() -> None:
    events = marks(
        "event",
        ("a", 100.0, 1, "started"),
        ("b", 101.0, 2, "started"),
        ("b", 104.0, 3, "saved"),
        (None, 900.0, 4, "resumed"),
        ("a", 905.0, 5, "started"),
        ("a", 909.0, 6, "ended"),
    )
    found = stretches(events, marks("decision"), TRIALS)
    spans = found[["trial_id", "begin", "end"]].values.tolist()
    assert spans == [["a", 0.0, 4.0], ["b", 1.0, 4.0], ["a", 805.0, 809.0]]


def test_without_a_start_there_is_nothing_to_draw() -> None:
    with pytest.raises(NoResultError, match="no trial was taken up"):
        stretches(marks("event"), marks("decision"), TRIALS)


SPANS = st.lists(
    st.tuples(st.integers(0, 50), st.integers(1, 20), st.sampled_from(["n1", "n2"])),
    min_size=1,
    max_size=40,
)


@settings(max_examples=25)
@given(SPANS)
def test_lanes_never_overlap_and_are_no_more_than_were_busy_at_once(
    spans: list[tuple[int, int, str]],
) -> None:
    rows = sorted((begin, begin + length, node) for begin, length, node in spans)
    frame = pd.DataFrame(rows, columns=["begin", "end", "node"]).astype(
        {"begin": float, "end": float}
    )
    found = lanes(frame)
    for _, lane in found.groupby(["node", "lane"]):
        assert (lane["begin"].to_numpy()[1:] >= lane["end"].to_numpy()[:-1]).all()
    for _, node in found.groupby("node"):
        assert node["lane"].nunique() == busy(node)[1].max()


@settings(max_examples=25)
@given(SPANS)
def test_busy_workers_add_up_to_the_time_that_was_held(spans: list[tuple[int, int, str]]) -> None:
    rows = [(float(begin), float(begin + length)) for begin, length, _ in spans]
    frame = pd.DataFrame(rows, columns=["begin", "end"])
    times, counts = busy(frame)
    assert (np.diff(times) > 0).all()
    assert counts[-1] == 0
    assert (np.diff(times) * counts[:-1]).sum() == pytest.approx(
        (frame["end"] - frame["begin"]).sum()
    )
