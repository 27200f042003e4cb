"""What is written as a launch file is read back as it was."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.cli.launch_file import read_launch_file
from tuner.cli.launch_text import launch_text
from tuner.errors import SpecError

texts = st.text(st.characters(exclude_categories=("Cs",)))
values = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)


@given(values)
def test_every_value_comes_back(value: object) -> None:
    assert tomllib.loads(launch_text({"key": value})) == {"key": value}


def test_options_come_back(tmp_path: Path) -> None:
    options = {
        "scenario": "digits_mlp", "scheduler": "asha:reduction_factor=3", "num_samples": -1,
        "time_budget_s": 600.0, "resources": {"cpu": 2.0, "gpu": 0.25}, "tags": ["a", "b"],
        "notes": 'why "so"\nand 🦉', "fail_fast": True, "warm_start": ["s3://bucket/x"],
    }  # fmt: skip
    file = tmp_path / "launch.toml"
    file.write_text(launch_text(options))
    assert read_launch_file(file) == options


def test_what_toml_cannot_say() -> None:
    with pytest.raises(SpecError, match="points has None"):
        launch_text({"points": [{"norm": None}]})
