"""LCBench's surrogate: the same curve however it is asked for, in time that only rises."""

from __future__ import annotations

import json
import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tuner.errors import MissingDependencyError, SpecError
from tuner.simulation import CurveTask
from tuner.simulation.sources import FAMILIES, find_task, surrogate

TASK = "lcbench:189873"


@pytest.fixture(autouse=True)
def folder(public_data: Callable[[str], Path]) -> Path:
    pytest.importorskip("onnxruntime")
    return public_data("lcbench_surrogate")


def drawn(task: CurveTask, number: int) -> list[dict[str, Any]]:
    space = task.scenario.space
    return [{name: space[name].sample(random_state=i) for name in space} for i in range(number)]


def read(task: CurveTask, config: dict[str, Any]) -> tuple[list[float], list[float]]:
    curve = task.curves.curve(config, 0)
    return list(curve.metrics[task.scenario.metric]), list(curve.seconds)


def test_it_does_not_matter_what_a_curve_is_predicted_with() -> None:
    alone, together, backwards = (find_task(TASK) for _ in range(3))
    configs = drawn(alone, 67)
    together.curves.prefetch(configs, range(67))  # type: ignore[attr-defined]

    expected = [read(alone, config) for config in configs]

    assert [read(together, config) for config in configs] == expected
    assert [read(backwards, config) for config in reversed(configs)] == expected[::-1]


def test_it_is_predicted_as_far_as_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    task = find_task(TASK)
    (config,) = drawn(task, 1)
    rows: list[int] = []
    session = surrogate.load_model(Path(vars(task.curves)["_model"]))

    class Counted:
        def run(self, outputs: Any, inputs: dict[str, Any]) -> Any:
            rows.append(len(inputs["x_cont"]))
            return session.run(outputs, inputs)

    monkeypatch.setattr(surrogate, "load_model", lambda model: Counted())
    curve = task.curves.curve(config, 0)
    assert (len(curve.seconds), rows) == (50, [])
    assert curve.seconds[:7] == [curve.seconds[epoch] for epoch in range(7)]
    assert rows == [8]
    assert task.curves.curve(config, 1).seconds[6] == curve.seconds[6]
    assert rows == [8]
    assert curve.metrics["val_accuracy"][-1] == curve.metrics["val_accuracy"][49]
    assert rows == [8, 44]


def test_fifty_epochs_are_the_fifty_two_without_the_first_and_the_last() -> None:
    most, all_ = find_task(TASK), find_task(f"{TASK},epochs=52")
    assert (most.scenario.max_t, all_.scenario.max_t) == (50, 52)
    for config in drawn(most, 5):
        values, seconds = read(most, config)
        every_value, every_second = read(all_, config)
        assert values == every_value[1:51]
        assert seconds == every_second[1:51]


def test_time_never_falls_though_the_surrogate_says_so() -> None:
    task = find_task("lcbench:167152,epochs=52")
    seconds = [each for config in drawn(task, 100) for each in read(task, config)[1]]

    assert min(seconds) == 0.0  # where it fell
    assert sorted(seconds)[len(seconds) // 2] > 1.0


def test_accuracies_are_in_the_published_range() -> None:
    task = find_task(f"{TASK},epochs=52")

    values = [value for config in drawn(task, 100) for value in read(task, config)[0]]

    least, most = 0.050852377, 94.51635  # YAHPO Gym's statistics of the task's val_accuracy
    assert least - 0.5 < min(values) < 1
    assert 40 < max(values) < most


def test_every_domain_is_the_published_one(folder: Path) -> None:
    space = find_task(TASK).scenario.space
    described = json.loads((folder / "config_space.json").read_text())["hyperparameters"]
    bounds = {each["name"]: (each["lower"], each["upper"]) for each in described if "upper" in each}
    del bounds["epoch"]

    assert bounds.keys() == space.keys()
    for name, (lower, upper) in bounds.items():
        drawn_values = [space[name].sample(random_state=seed) for seed in range(300)]
        assert lower <= min(drawn_values) <= max(drawn_values) <= upper
        if upper == 5:  # a bound that randint leaves out
            assert set(drawn_values) == {1, 2, 3, 4, 5}


def test_all_34_tasks_can_be_spelled() -> None:
    spellings = FAMILIES["lcbench"].spellings()

    assert len(spellings) == 34
    assert {find_task(text).scenario.max_t for text in spellings} == {50}


def test_only_so_many_curves_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surrogate, "_KEPT", 5)
    task = find_task(TASK)
    configs = drawn(task, 12)
    expected = [read(task, config) for config in configs]

    task.curves.prefetch(configs, range(12))  # type: ignore[attr-defined]

    assert len(vars(task.curves)["_kept"]) == 5
    assert [read(task, config) for config in configs] == expected


def test_another_process_gets_the_curves_without_what_was_predicted() -> None:
    curves = find_task(TASK).curves
    (config,) = drawn(find_task(TASK), 1)
    before = list(curves.curve(config, 0).seconds)

    copied = pickle.loads(pickle.dumps(curves))

    assert not vars(copied)["_kept"]
    assert list(copied.curve(config, 0).seconds) == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("lcbench:18987", r"no task '18987'; did you mean '189873'\?"),
        ("lcbench:189873,metric=val_acc", r"no metric 'val_acc'; did you mean 'val_accuracy'\?"),
        ("lcbench:189873,epochs=51", "epochs is 50, .* or 52, .* got 51"),
    ],
)
def test_what_there_is_not_is_refused(text: str, words: str) -> None:
    with pytest.raises(SpecError, match=words):
        find_task(text)


def test_without_onnxruntime_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    surrogate.load_model.cache_clear()

    with pytest.raises(MissingDependencyError, match=r"pip install 'tuner\[surrogates\]'"):
        find_task(TASK)
