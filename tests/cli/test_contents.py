"""The pure parts of what is said of a sweep."""

from __future__ import annotations

from pathlib import Path

import pytest

from tuner.cli.contents import learning_curves, stopped_trials
from tuner.store import SweepLayout, SweepWriter, load, write_spec
from tuner.store.digest import error_line, reason_class


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("rung 9: 0.5 is above the cut 0.4 of 12 trials", "rung 9"),
        ("bracket s=2: waits at 3 for 4 of 9 trials", "bracket s=2"),
        ("reached max_t=27", "reached max_t=27"),
        ("best 0.3 is above the median 1e-05 of 5", "best # is above the median # of #"),
        ("copied t00012", "copied t00012"),
        ("loss is nan", "loss is #"),
        ("loss is -inf", "loss is #"),
        ("", ""),
    ],
)  # fmt: skip
def test_reasons_are_classed_without_their_numbers(reason: str, expected: str) -> None:
    assert reason_class(reason) == expected


@pytest.mark.parametrize(
    ("traceback", "expected"),
    [
        ('Traceback:\n  File "x", line 1\n    f()\nValueError: bad\nmore\n', "ValueError: bad"),
        ("ValueError: bad", "ValueError: bad"),
        ("ray::f()\nValueError: bad\n\n", "ValueError: bad"),
        ('  File "x", line 1\n    f()', "f()"),
        ("", ""),
    ],
)
def test_the_line_that_names_the_exception(traceback: str, expected: str) -> None:
    assert error_line(traceback) == expected


def test_curves_and_stopped_trials(sweep_folder: Path) -> None:
    sweep = load(sweep_folder)
    curves = learning_curves(sweep)
    assert curves["t1"] == [(1.0, 0.9), (2.0, 0.5), (3.0, 0.25)]
    assert set(curves) == {"t1", "t2", "t4", "t5"}
    assert stopped_trials(sweep) == {"t2"}


def test_a_sweep_without_reports_has_no_curves(sweep_folder: Path, tmp_path: Path) -> None:
    layout = SweepLayout.create(tmp_path / "empty")
    SweepWriter(layout, metric="loss", mode="min", time_attr="epoch").close()
    write_spec(layout, {"schema_version": 1, "spec": load(sweep_folder).spec.to_json()})
    assert learning_curves(load(tmp_path / "empty")) == {}
