"""A trial on probation, however few reports it has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ray.tune.result import RESULT_DUPLICATE

from tuner.errors import ResourcesError
from tuner.runtime.bench import Probation, _trials_per_gpu, _wait_for_room


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


class Group:
    """A placement group that has its room after so many tries to wait for it."""

    def __init__(self, tries: int) -> None:
        self._tries = tries

    def wait(self, seconds: float) -> bool:
        self._tries -= 1
        return self._tries <= 0


@pytest.mark.parametrize(("tries", "lines"), [(1, 0), (2, 1)])
def test_whoever_waits_for_a_gpu_is_told_for_what_and_how_to_do_without(
    tries: int, lines: int
) -> None:
    said: list[str] = []
    _wait_for_room(Group(tries), {"CPU": 2.0, "GPU": 1.0}, said.append)
    assert len(said) == lines
    for line in said:
        assert line.startswith("waiting for cpu=2, gpu=1 on one node, for up to 120 s")
        assert "--gpus-per-trial 0.25" in line


def test_a_gpu_that_stays_busy_is_not_waited_for_for_ever() -> None:
    with pytest.raises(ResourcesError, match="not free for 120 s; try again later"):
        _wait_for_room(Group(3), {"GPU": 1.0}, lambda _: None)
