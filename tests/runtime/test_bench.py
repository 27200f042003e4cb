"""A trial on probation, however few reports it has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ray.tune.result import RESULT_DUPLICATE

from tuner.runtime.bench import Probation, _trials_per_gpu


class Brief:
    """Reports as often as its configuration says, then returns, as a function does."""

    def __init__(self, config: Mapping[str, Any], storage: Any) -> None:
        self.reset(config, storage)

    def reset(self, config: Mapping[str, Any], storage: Any) -> bool:
        self.left = config["reports"]
        return True

    def train(self) -> dict[str, Any]:
        self.left -= 1
        if self.left < -1:
            raise RuntimeError("trained on after its end")
        return {RESULT_DUPLICATE: True} if self.left < 0 else {"loss": 1.0}


@pytest.mark.parametrize(("reports", "timed"), [(1, 1), (2, 1), (4, 3), (99, 5)])
def test_a_function_that_returns_early_is_timed_by_what_it_reported(
    reports: int, timed: int
) -> None:
    probation = Probation(Brief, lambda: None)
    for _ in range(2):  # in one process, one after the other
        probation.begin({"reports": reports}, None)
        made, taken = probation.steps(5, 60.0)
        assert made == timed
        assert taken > 0


@pytest.mark.parametrize(
    ("takes", "trials"),
    [({}, None), ({"CPU": 2.0}, 4), ({"CPU": 2.0, "memory": 8e9}, 2), ({"CPU": 99.0}, 1)],
)
def test_whatever_a_node_has_least_of_bounds_the_trials_of_a_gpu(
    takes: dict[str, float], trials: int | None
) -> None:
    nodes = [{"CPU": 16.0, "GPU": 2.0, "memory": 32e9}, {"CPU": 64.0, "memory": 512e9}]
    assert _trials_per_gpu(takes, nodes) == trials
