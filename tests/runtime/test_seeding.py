from __future__ import annotations

import importlib
import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ray import tune

import tuner
from tuner.runtime import seeding
from tuner.runtime.seeding import seeded


@pytest.fixture
def trial_id(monkeypatch: pytest.MonkeyPatch) -> str:
    class Context:
        def get_trial_id(self) -> str:
            return "t000003"

    monkeypatch.setattr(seeding.tune, "get_context", Context)
    return "t000003"


def test_functions_and_generators_draw_from_the_trials_seed(trial_id: str) -> None:
    def call(config: dict[str, Any]) -> tuple[float, float]:
        return random.random(), np.random.rand()

    def generate(config: dict[str, Any]) -> Any:
        yield random.random(), np.random.rand()

    first = seeded(call, 7)({})
    random.random()
    assert seeded(call, 7)({}) == first
    assert next(seeded(generate, 7)({})) == first
    assert seeded(call, 8)({}) != first


def test_what_ray_hangs_on_a_function_stays_on_it() -> None:
    def train(config: dict[str, Any], data: Any = None) -> None: ...

    bound = tune.with_resources(tune.with_parameters(train, data=1), {"cpu": 2})
    assert seeded(bound, 0)._resources == bound._resources


def test_a_class_is_seeded_before_its_setup(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))

    class Plain(tune.Trainable):
        def setup(self, config: dict[str, Any]) -> None:
            self.drawn = np.random.rand()

    class Resets(Plain):
        def reset_config(self, new_config: dict[str, Any]) -> bool:
            self.drawn = np.random.rand()
            return True

    monkeypatch.setattr("ray.tune.trainable.trainable.DEFAULT_STORAGE_PATH", str(tmp_path))
    first = seeded(Plain, 7)({}).drawn
    assert seeded(Plain, 7)({}).drawn == first
    assert seeded(Plain, 8)({}).drawn != first
    reused = seeded(Resets, 7)({})
    np.random.rand()
    assert reused.reset_config({})
    assert reused.drawn == first
    assert seeded(Plain, 7).reset_config is tune.Trainable.reset_config


def test_an_epoch_trainable_knows_its_sweep() -> None:
    class Own(tuner.EpochTrainable):
        pass

    assert seeded(Own, 7).sweep_seed == 7
    assert seeded(Own, 7).reset_config is tuner.EpochTrainable.reset_config


@pytest.mark.usefixtures("trial_id")
def test_a_trial_finds_what_lies_beside_its_scenario(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "beside_the_scenario.py").write_text("VALUE = 3")
    path = ["elsewhere"]
    monkeypatch.setattr(sys, "path", path)

    def call(config: dict[str, Any]) -> Any:
        return importlib.import_module("beside_the_scenario").VALUE

    for _ in range(2):  # once for all trials of the process
        assert seeded(call, 7, [tmp_path, tmp_path / "not here"])({}) == 3
    assert path == [str(tmp_path), "elsewhere"]
    monkeypatch.delitem(sys.modules, "beside_the_scenario")
