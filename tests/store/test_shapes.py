"""The short way of a report leads where the long way does."""

from __future__ import annotations

import math
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scripted import OPTIONS, alike, new_layout, report, stored

from tuner.store import SweepWriter
from tuner.store.journal import read_journal
from tuner.store.shapes import KnownShapes

VALUES = (
    st.floats()
    | st.integers(-3, 3)
    | st.sampled_from([2**31 - 1, 2**31, -(2**31) - 1, 2**53 + 1, 10**400])
    | st.booleans()
    | st.sampled_from(["", "relu", 'quo"te\\\n%s', "é", "\ud800", "nan"])
    | st.none()
    | st.lists(st.floats(), max_size=2)
)
NAMES = st.sampled_from(["loss", "a", "b%s", 'q"{}', "$tuple", "é"])
ROWS = st.lists(
    st.builds(
        lambda trial_id, epoch, metrics: {
            **report(trial_id, 1, **metrics)[1],
            "epoch": epoch,
        },
        st.sampled_from(["t", "ü", 'q"']),
        st.integers(1, 3) | st.floats(0, 3),
        st.dictionaries(NAMES, VALUES, max_size=4),
    ),
    max_size=12,
)
FLOATS = {"loss": math.nan, "a": -0.0, "b%s": math.inf, 'q"{}': 5e-324}


@given(ROWS)
@example([{**report("t", 1)[1], **FLOATS}] * 3)
@example([{**report("t", 1)[1], "loss": value} for value in (1, 2, 2**40, 10**400, 3)])
@example([{**report("t", 1)[1], "act": act} for act in ("relu", "\ud800", "tanh")])
@example([{**report(trial_id, 1)[1], "loss": 0.5} for trial_id in ("t", "\ud800", "t")])
@example([{**report("t", 1)[1], "$tuple": "relu"}] * 3)
@settings(deadline=None, max_examples=50)
def test_known_shapes_change_nothing(rows: list[dict[str, Any]]) -> None:
    results = []
    for learn in (KnownShapes.learn, lambda *_: None):
        with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
            patch.setattr(KnownShapes, "learn", learn)
            layout = new_layout(Path(name))
            writer = SweepWriter(layout, **OPTIONS)
            for row in rows:
                writer.report(row)
            records = read_journal(layout)
            writer.close()
            results.append((records, stored(layout)))
    (short, short_tables), (long, long_tables) = results
    assert [record.seq for record in short] == [record.seq for record in long]
    for one, other in zip(short, long, strict=True):
        assert alike(one.row, other.row)
        assert {name: type(value) for name, value in one.row.items()} == {
            name: type(value) for name, value in other.row.items()
        }
    assert alike(short_tables, long_tables)


def test_a_known_row_takes_the_short_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layout = new_layout(tmp_path)
    writer = SweepWriter(layout, **OPTIONS)
    writer.report(report("a", 1, loss=0.5, steps=7, act="relu")[1])
    monkeypatch.setattr("tuner.store.writer.flatten", None)
    writer.report(report("b", 2, loss=math.nan, steps=8, act="tanh")[1])
    first, second = (record.row for record in read_journal(layout))
    assert list(map(type, second.values())).count(float) == 5
    assert second["steps"] == 8.0
    assert (second["training_iteration"], second["act"]) == (2, "tanh")
    assert first.keys() == second.keys()


def test_floats_keep_every_bit(tmp_path: Path) -> None:
    values = [math.nan, -math.nan, math.inf, -math.inf, -0.0, 5e-324, 1.7976931348623157e308, 0.1]
    layout = new_layout(tmp_path)
    writer = SweepWriter(layout, **OPTIONS)
    for value in values:
        writer.report(report("a", 1, loss=value)[1])
    read = [record.row["loss"] for record in read_journal(layout)]
    assert list(map(repr, read)) == list(map(repr, values))


def test_what_changes_the_row_it_gave_changes_nothing_stored(tmp_path: Path) -> None:
    layout = new_layout(tmp_path)
    writer = SweepWriter(layout, **OPTIONS)
    row = report("a", 1, loss=0.5)[1]
    for loss in (0.5, 0.25):
        row["loss"] = loss
        writer.report(row)
    row["loss"] = 9.0
    writer.close()
    assert [each["loss"] for each in stored(layout)["reports"][1]] == [0.5, 0.25]
