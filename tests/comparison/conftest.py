"""Small tasks, arms that are quick, and terms made of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ray import tune

import tuner
from tuner.budgets import parse_budget
from tuner.comparison.contestants import parse_contestants
from tuner.comparison.terms import Terms, describe_scenario
from tuner.simulation import Curve, CurveTask, Known

EPOCHS = 9


class Bowl:
    """Curves that fall towards how far ``x`` is from 0.3, a second an epoch."""

    def curve(self, config: Mapping[str, Any], number: int) -> Curve:
        loss = abs(config["x"] - 0.3) + 1 / np.arange(1, EPOCHS + 1)
        return Curve({"loss": loss.tolist()}, [1.0] * EPOCHS)


def bowl_scenario(**changes: Any) -> tuner.Scenario:
    given = {
        "name": "bowl", "trainable": Known, "space": {"x": tune.uniform(0, 1)}, "metric": "loss",
        "mode": "min", "time_attr": "epoch", "max_t": EPOCHS, "resources": {"cpu": 1},
    }  # fmt: skip
    return tuner.Scenario(**{**given, **changes})


@pytest.fixture
def bowl() -> CurveTask:
    return CurveTask("bowl", bowl_scenario(), Bowl(), remarks=("it is round",))


@pytest.fixture
def make_terms() -> Callable[..., Terms]:
    def make(**changes: Any) -> Terms:
        given = {
            "how": "simulated",
            "tasks": {"bowl": describe_scenario(bowl_scenario())},
            "arms": parse_contestants(["fifo+random", "asha+random"]),
            "seeds": (0, 1),
            "budget": parse_budget("60epochs"),
            "cluster": "1",
            "options": {},
        }
        return Terms(**{**given, **changes})

    return make


@pytest.fixture
def comparing(bowl: CurveTask, tmp_path: Path) -> Callable[..., tuner.Comparison]:
    """Compare two quick arms on the bowl in this process; keywords change that."""

    def compare(**changes: Any) -> tuner.Comparison:
        given = {
            "tasks": bowl, "arms": ["fifo+random", "asha+random"], "budget": "60epochs",
            "seeds": 2, "workers": 3, "processes": 1, "storage_path": tmp_path, "name": "c",
            "progress": "none",
        }  # fmt: skip
        return tuner.compare(**{**given, **changes})

    return compare
