"""Refinement of stored sweeps: hard ones among them, and what is told of each."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ray import tune
from stored_sweeps import EPOCHS, Planted, curve, planted, sound, stored

import tuner
from tuner.errors import SpecError, StorageError
from tuner.space import contains, from_json, python_text, to_json

SPACE: dict[str, Any] = {"x": tune.uniform(0, 1), "y": tune.loguniform(1e-4, 1)}


def kinds(refinement: tuner.Refinement) -> dict[str, tuple[str, ...]]:
    return {change.name: change.kinds for change in refinement.changes}


def test_a_sound_sweep_is_narrowed_and_told_three_ways(tmp_path: Path) -> None:
    found = tuner.refine(stored(tmp_path, sound(60)).path, importance={})
    assert kinds(found)["x"] == ("narrow",)
    assert not contains(found.space, {"x": 0.5, "y": 0.01})
    assert (found.trials, found.good, found.time, found.round) == (60, 12, EPOCHS, 1)
    told = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert to_json(from_json(told["space"])) == to_json(dict(found.space))
    assert told["python"] == found.python == python_text(found.space)
    assert f"x: narrow: {python_text(SPACE['x'])} ->" in str(found)
    assert found.sweeps == ()


def test_a_record_will_do_and_nothing_is_written(tmp_path: Path) -> None:
    sweep = stored(tmp_path, sound(25))
    before = sorted(path for path in tmp_path.rglob("*"))
    for path in (sweep.path, tmp_path):
        path.chmod(0o555)
    try:
        tuner.refine(sweep)
    finally:
        for path in (sweep.path, tmp_path):
            path.chmod(0o755)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    "trials",
    [
        [],
        [planted({"x": 0.5, "y": 0.1}, 1.0)],
        [planted({"x": 0.5, "y": 0.1}, 1.0, outcome="failed")] * 20,
        [planted({"x": 0.5, "y": 0.1}, math.nan, outcome="diverged")] * 20,
        [planted({"x": 0.5, "y": 0.1}, math.nan)] * 20,
        [planted({"x": 0.5, "y": 0.1}, 1.0, outcome=None)] * 3,
    ],
    ids=["none", "one", "failed", "diverged", "nan", "running"],
)
def test_where_little_is_known_nothing_changes(tmp_path: Path, trials: list[Planted]) -> None:
    found = tuner.refine(stored(tmp_path, trials))
    assert not found.is_new
    assert all("too few" in change.why for change in found.changes)
    assert to_json(dict(found.space)) == to_json(SPACE)
    json.dumps(found.to_json(), allow_nan=False)


def test_one_configuration_over_and_over(tmp_path: Path) -> None:
    trials = [planted({"x": 0.5, "y": 0.1}, *curve(1.0))] * 30
    found = tuner.refine(stored(tmp_path, trials))
    assert not contains(found.space, {"x": 0.5, "y": 0.1})


def test_odd_spaces(tmp_path: Path) -> None:
    space = {
        "layers": {"grid_search": [[8], [8, 8], [64]]},
        "q": tune.qrandint(0, 100, 10),
        "block": tune.choice([{"kind": "a", "width": 3}, {"kind": "b", "width": 4}]),
        "seeded": tune.sample_from(lambda config: 1),
        "fixed": {"a": (1, 2), "b": None},
    }
    random = np.random.default_rng(0)
    trials = []
    for _ in range(60):
        kind, q = int(random.integers(2)), 10 * int(random.integers(11))
        config = {
            "layers": [[8], [8, 8], [64]][int(random.integers(3))],
            "q": q,
            "block": [{"kind": "a", "width": 3}, {"kind": "b", "width": 4}][kind],
            "seeded": 1,
            "fixed": {"a": (1, 2), "b": None},
        }
        trials.append(planted(config, *curve(kind + (q - 50) ** 2 / 1e4)))
    found = tuner.refine(stored(tmp_path, trials, space=space), importance={})
    assert kinds(found) == {"layers": (), "q": ("narrow",), "block": ("drop",), "seeded": ()}
    assert found.space["block"] == {"kind": "a", "width": 3}
    assert "tune.choice([[8], [8, 8], [64]])" in found.python
    assert "tune.sample_from(...)" in found.python


def test_a_grid_stays_a_grid(tmp_path: Path) -> None:
    space = {"x": tune.uniform(0, 1), "batch": {"grid_search": [16, 32, 64]}}
    random = np.random.default_rng(0)
    trials = []
    for n in range(60):
        config = {"x": float(random.random()), "batch": [16, 32, 64][n % 3]}
        trials.append(planted(config, *curve(config["batch"] + config["x"])))
    found = tuner.refine(stored(tmp_path, trials, space=space), importance={})
    assert found.space["batch"] == {"grid_search": [16, 32]} or found.space["batch"] == 16
    assert "tune.grid_search([16, 32, 64])" in str(found)


def test_constants_only(tmp_path: Path) -> None:
    found = tuner.refine(stored(tmp_path, [planted({"a": 1}, 1.0)] * 9, space={"a": 1}))
    assert (found.changes, found.is_new) == ((), False)


def test_a_training_that_still_improves_is_lengthened(tmp_path: Path) -> None:
    trials = [planted(config, *curve(0.0, lambda epoch: (13 - epoch) / 12)) for config, _, _ in
              sound(30)]  # fmt: skip
    found = tuner.refine(stored(tmp_path, trials))
    assert found.max_t == 2 * EPOCHS
    assert kinds(found)["max_t"] == ("lengthen",)
    assert tuner.refine(stored(tmp_path / "b", sound(30))).max_t == EPOCHS


def test_several_objectives_go_by_the_first(tmp_path: Path) -> None:
    trials = [
        planted(config, *metrics["loss"])._replace(
            metrics={**metrics, "size": [1.0] * len(metrics["loss"])}
        )
        for config, metrics, _ in sound(25)
    ]
    objectives = [{"metric": "loss", "mode": "min"}, {"metric": "size", "mode": "max"}]
    found = tuner.refine(stored(tmp_path, trials, objectives=objectives))
    assert found.metric == "loss (min)"
    assert "trials are compared by loss alone, not by size" in found.remarks


def test_roles_decide_what_may_change(tmp_path: Path) -> None:
    sweep = stored(tmp_path, sound(60), roles={"x": "scientific", "gone": "fixed"})
    found = tuner.refine(sweep, importance={})
    assert "scientific" in {change.name: change.why for change in found.changes}["x"]
    assert kinds(found)["x"] == ()
    assert found.roles == {"x": "scientific", "gone": "fixed"}
    assert kinds(tuner.refine(sweep, nuisance=["x"], importance={}))["x"] == ("narrow",)
    fixed = tuner.refine(sweep, fix={"x": 0.25}, importance={})
    assert fixed.space["x"] == 0.25
    assert fixed.roles == {"gone": "fixed", "x": "fixed"}


def test_what_does_not_matter_is_fixed(tmp_path: Path) -> None:
    sweep = stored(tmp_path, sound(60))
    best = sweep.best().config
    found = tuner.refine(sweep, importance={"y": 0.001, "x": 0.9})
    assert found.space["y"] == pytest.approx(best["y"])
    assert kinds(found) == {"x": ("narrow",), "y": ("fix",)}


def test_a_planted_bystander_is_found_out_by_itself(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    trials = []
    for _ in range(150):
        config = {"x": float(random.random()), "y": 10 ** float(random.uniform(-4, 0))}
        trials.append(planted(config, *curve(10 * config["x"])))
    found = tuner.refine(stored(tmp_path, trials))
    assert kinds(found)["y"] == ("fix",)
    assert "fix" not in kinds(found)["x"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"nuisance": ["z"]}, "got 'z'"),
        ({"fix": {"x": 3}}, "x cannot be fixed at 3"),
        ({"importance": {"z": 0.5}}, "got 'z'"),
        ({"rounds": -1}, "rounds"),
        ({"num_samples": 3}, "num_samples: for sweeps to be run, got rounds=0"),
    ],
)
def test_what_is_refused(tmp_path: Path, given: dict[str, Any], message: str) -> None:
    sweep = stored(tmp_path, sound(20))
    with pytest.raises(SpecError, match=message):
        tuner.refine(sweep, **given)


def test_no_sweep(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="no sweep"):
        tuner.refine(tmp_path / "nothing")
