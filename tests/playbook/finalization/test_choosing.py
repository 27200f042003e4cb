"""Which configurations go into an ensemble."""

from __future__ import annotations

from pathlib import Path

import pytest
from in_process import InProcess

import tuner
from tuner.errors import SpecError
from tuner.playbook.finalization.choosing import choose_several
from tuner.playbook.studied import studied_sweep


@pytest.fixture
def sweep(ray: InProcess, scenario_path: Path, tmp_path: Path) -> tuner.Sweep:
    """The longer a trial trains, the better: four of patience 0 are before two of patience 3."""
    points = [
        {"rate": rate, "spread": 0.0, "patience": patience}
        for patience, rate in ((0, 0.5), (0, 0.4), (0, 0.3), (0, 0.2), (3, 1e-3), (3, 1.1e-3))
    ]
    found = ray.run(str(scenario_path), points_to_evaluate=points, storage_path=str(tmp_path))
    assert [each.config["patience"] for each in found.best(6)] == [0, 0, 0, 0, 3, 3]
    return found


@pytest.mark.parametrize(
    ("count", "patience"),
    [
        (2, [0, 3]),
        (3, [0, 0, 3]),
        (4, [0, 0, 3, 3]),
        (5, [0, 0, 0, 3, 3]),
        (6, [0, 0, 0, 3, 3, 0]),  # there are no others
    ],
)
def test_a_value_that_varies_is_in_no_more_than_half(
    sweep: tuner.Sweep, count: int, patience: list[int]
) -> None:
    chosen = choose_several(studied_sweep(sweep.path, "final", {}), count, "patience")
    assert [each.config["patience"] for each in chosen.candidates] == patience
    assert chosen.chosen_by.endswith("no configuration twice, mixed by patience")


def test_of_each_value_the_best_are_taken(sweep: tuner.Sweep) -> None:
    studied, best = studied_sweep(sweep.path, "final", {}), sweep.best(6)
    chosen = choose_several(studied, 3, "patience")
    assert [each.label for each in chosen.candidates] == [
        best[place].trial_id for place in (0, 1, 4)
    ]
    plain = choose_several(studied, 3)
    assert [each.label for each in plain.candidates] == [each.trial_id for each in best[:3]]


def test_fewer_configurations_than_were_asked_for_are_said(sweep: tuner.Sweep) -> None:
    studied = studied_sweep(sweep.path, "final", {})
    assert choose_several(studied, 6).remarks == ()
    (told,) = choose_several(studied, 50).remarks
    assert told == (
        "50 configurations were asked for, and the sweep has 6 different ones with a value"
    )


def test_what_varies_is_a_hyperparameter(sweep: tuner.Sweep) -> None:
    with pytest.raises(SpecError, match=r"no 'patiense' to vary; did you mean 'patience'"):
        tuner.finalize(sweep.path, ensemble=2, varied="patiense")
