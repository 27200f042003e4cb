"""The winner of a chain, and what it has to beat, in planted sweeps."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from stored_sweeps import planted, stored

import tuner
from tuner.errors import NoResultError
from tuner.pipeline.choosing import choose_baseline, choose_winner, selection


def sweep(folder: Path, name: str, *losses: float, **spec: Any) -> tuner.Sweep:
    configs = [{"x": number / 10, "y": 0.1} for number in range(len(losses))]
    trials = [planted(config, loss) for config, loss in zip(configs, losses, strict=True)]
    return stored(folder, trials, name=name, **spec)


def test_the_best_of_all_sweeps_wins(tmp_path: Path) -> None:
    explored = sweep(tmp_path, "explore", 0.5, 0.2, 0.9)
    worse = sweep(tmp_path, "explore-r1", 0.3, 0.4)
    better = sweep(tmp_path, "explore-r2", 0.4, 0.1)

    assert str(choose_winner([explored, worse])) == "t000001 of explore"
    found = choose_winner([explored, worse, better])
    assert (found.sweep.name, found.trial.value) == ("explore-r2", 0.1)
    assert found.why == "the best of 7 trials in 3 sweeps"
    assert choose_winner([worse]).why == "the best of 2 trials in 1 sweep"
    told = selection([explored, worse])
    assert told.startswith("the winner is the best of 5 trials in 2 sweeps: 3 trials of explore ")
    assert "2 trials of explore-r1 with " in told


def test_of_equals_the_earlier_wins(tmp_path: Path) -> None:
    sweeps = [sweep(tmp_path, name, 0.2, 0.2) for name in ("explore", "explore-r1")]

    assert str(choose_winner(sweeps)) == "t000000 of explore"


def test_higher_may_be_better(tmp_path: Path) -> None:
    sweeps = [
        sweep(tmp_path, "explore", 0.5, 0.9, mode="max"),
        sweep(tmp_path, "explore-r1", 0.2, mode="max"),
    ]

    assert choose_winner(sweeps).trial.value == 0.9


def test_a_sweep_without_a_value_is_passed_over(tmp_path: Path) -> None:
    explored = sweep(tmp_path, "explore", 0.5)
    nothing = sweep(tmp_path, "explore-r1", math.nan)

    assert choose_winner([explored, nothing]).sweep.name == "explore"
    with pytest.raises(NoResultError, match="finite"):
        choose_winner([nothing])


def test_the_baseline_is_the_default_or_the_median(tmp_path: Path) -> None:
    plain = sweep(tmp_path, "plain", 0.5, 0.2, 0.9, math.nan)
    named = sweep(tmp_path, "named", 0.9, 0.2, points_to_evaluate=[{"x": 0.0, "y": 0.1}])

    assert choose_baseline(plain).trial.value == 0.5
    assert "no default is named" in choose_baseline(plain).why
    assert choose_baseline(named).trial.trial_id == "t000000"
