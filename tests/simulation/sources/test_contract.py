"""What holds for every task, wherever its curves are from."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tuner.simulation import CurveTask
from tuner.simulation.sources import FAMILIES, find_task

TASKS = ["branin", "hartmann3:noise=0.1,epochs=9", "hartmann6:seconds=60", "digits_mlp",
         "lcbench:189873", "lcbench:3945,metric=val_cross_entropy,epochs=52", "nasbench_nlp",
         "algoperf:ogbg", "algoperf:criteo1tb_embed_init"]  # fmt: skip


@pytest.fixture(params=TASKS)
def task(request: pytest.FixtureRequest, public_data: Callable[[str], Path]) -> CurveTask:
    family = FAMILIES[request.param.partition(":")[0]]
    if family.data is not None:
        public_data(family.data)
    return find_task(request.param)


@pytest.fixture
def configs(task: CurveTask) -> list[dict[str, Any]]:
    space = task.scenario.space
    return [{name: space[name].sample(random_state=seed) for name in space} for seed in range(5)]


def test_it_says_what_it_is(task: CurveTask, request: pytest.FixtureRequest) -> None:
    assert task.name == request.node.callspec.params["task"]
    assert task.remarks
    assert all(remark and "\n" not in remark for remark in task.remarks)


def test_a_curve_is_as_long_as_a_training_can_be(
    task: CurveTask, configs: list[dict[str, Any]]
) -> None:
    for number, config in enumerate(configs):
        curve = task.curves.curve(config, number)
        assert 1 <= len(curve.seconds) <= task.scenario.max_t
        assert {len(values) for values in curve.metrics.values()} == {len(curve.seconds)}
        assert all(0 <= seconds < math.inf for seconds in curve.seconds)


def test_its_values_are_plain_floats_no_better_than_the_optimum(
    task: CurveTask, configs: list[dict[str, Any]]
) -> None:
    sign = 1 if task.scenario.mode == "min" else -1
    for number, config in enumerate(configs):
        values = task.curves.curve(config, number).metrics[task.scenario.metric]
        assert {type(value) for value in values} == {float}
        if task.optimum is not None and "noise" not in task.name and math.isfinite(values[-1]):
            assert sign * values[-1] >= sign * task.optimum - 1e-9


def test_the_same_trial_has_the_same_curve(task: CurveTask, configs: list[dict[str, Any]]) -> None:
    again = find_task(task.name)
    for number, config in enumerate(configs):
        first, second = (each.curves.curve(config, number) for each in (task, again))
        assert same(first.seconds, second.seconds)
        assert first.metrics.keys() == second.metrics.keys() >= {task.scenario.metric}
        assert all(same(first.metrics[name], second.metrics[name]) for name in first.metrics)


@pytest.mark.parametrize("scheduler", ["fifo", "hyperband"])
def test_it_can_be_simulated(task: CurveTask, simulate: Any, scheduler: str) -> None:
    reports = simulate(task, scheduler=scheduler)

    assert len(reports) == 8
    assert max(map(len, reports.values())) <= task.scenario.max_t


def same(left: Any, right: Any) -> bool:
    """Equal numbers, NaN in the same places."""
    return [repr(value) for value in left] == [repr(value) for value in right]
