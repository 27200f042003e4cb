"""Durations, resources and points as they are typed."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.cli.spellings import duration_s, read_points, resources_of
from tuner.errors import SpecError


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (90, 90), (1.5, 1.5), ("90", 90), (" 90s ", 90), ("10m", 600), ("2h", 7200), ("1d", 86400),
        ("1h30m", 5400), ("1h 30m", 5400), ("0.5h", 1800), (".5m", 30), ("1.m", 60),
    ],
)  # fmt: skip
def test_durations(value: object, seconds: float) -> None:
    assert duration_s("--time-budget", value) == seconds


@pytest.mark.parametrize(
    "value", ["", "m", "10 minutes", "ten", "-5m", "1h-5m", "5x", "1e3", "inf", True, None, [1]]
)
def test_what_is_no_duration_is_named(value: object) -> None:
    with pytest.raises(SpecError, match=r"^--time-budget is a number of seconds, or .* got "):
        duration_s("--time-budget", value)


@given(st.integers(0, 400), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_parts_of_a_duration_add_up(days: int, hours: int, minutes: int, seconds: int) -> None:
    whole = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    assert duration_s("budget", f"{days}d{hours}h{minutes}m{seconds}s") == whole


def test_resources() -> None:
    assert resources_of(None, None, []) is None
    assert resources_of(2, 0.25, ["tpu=1", " a b = .5"]) == {
        "cpu": 2, "gpu": 0.25, "tpu": 1.0, "a b": 0.5,
    }  # fmt: skip
    assert resources_of(0, None, []) == {"cpu": 0}
    assert resources_of(None, "0.5", []) == {"gpu": 0.5}
    assert resources_of(1, "auto", []) == {"cpu": 1, "gpu": "auto"}
    with pytest.raises(SpecError, match=r"--gpus-per-trial is a number .*, or auto; got"):
        resources_of(None, "automatic", [])


@pytest.mark.parametrize("text", ["tpu", "tpu=", "=1", "tpu=one", "tpu=-1", "tpu=1=2"])
def test_a_malformed_resource_is_named(text: str) -> None:
    with pytest.raises(SpecError, match="NAME=AMOUNT"):
        resources_of(None, None, [text])


def test_a_resource_given_twice() -> None:
    with pytest.raises(SpecError, match="'cpu' is given twice"):
        resources_of(1, None, ["cpu=2"])


def test_points_come_from_a_list_of_objects(tmp_path: Path) -> None:
    file = tmp_path / "points.json"
    file.write_text('[{"lr": 0.1, "net": {"units": [1]}}, {"lr": NaN}]')
    points = read_points(file)
    assert points[0] == {"lr": 0.1, "net": {"units": [1]}}
    assert math.isnan(points[1]["lr"])


@pytest.mark.parametrize("content", ['{"lr": 1}', "[1]", "[", "\x00"])
def test_other_files_are_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "points.json"
    file.write_text(content)
    with pytest.raises(SpecError, match=r"points\.json"):
        read_points(file)
    with pytest.raises(SpecError, match="nowhere"):
        read_points(tmp_path / "nowhere.json")
