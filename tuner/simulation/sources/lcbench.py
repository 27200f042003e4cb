"""LCBench: MLPs on 34 OpenML tasks, over a continuous space, by YAHPO Gym's surrogate."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from ray import tune

from tuner.errors import SpecError, nearest
from tuner.objectives import Mode
from tuner.public_data import find_data
from tuner.scenario import Scenario
from tuner.simulation.sources.surrogate import EPOCHS, INPUTS, METRICS, LCBenchCurves, load_model
from tuner.simulation.tasks import CurveTask, Known

__all__ = ["lcbench_task", "lcbench_tasks"]

_DATA_SET = "lcbench_surrogate"

_MODES: Mapping[str, Mode] = {
    metric: "max" if metric.endswith("accuracy") else "min" for metric in METRICS
}


def lcbench_tasks() -> list[str]:
    """Return the OpenML ids of all tasks.

    Raises:
        MissingDependencyError: The surrogate is not on this machine.
    """
    return _tasks(_hyperparameters(find_data(_DATA_SET)))


def lcbench_task(
    task: str, *, metric: str = "val_accuracy", epochs: Literal[50, 52] = 50
) -> CurveTask:
    """Return the task of an OpenML id.

    Args:
        task: The id, such as ``"189873"``.
        metric: ``val_accuracy`` (in percent) or one of the other four, in its own mode.
        epochs: 50: without the surrogate's first epoch, which is the untrained network, and
            without its last; the first epoch's time is not counted either. 52: all of them, as
            the YAHPO Gym paper has it.

    Raises:
        SpecError: There is no such task or metric, or another number of epochs.
        MissingDependencyError: The surrogate, or onnxruntime, is not on this machine.
    """
    folder = find_data(_DATA_SET)
    described = _hyperparameters(folder)
    if task not in _tasks(described):
        raise SpecError(f"LCBench has no task {task!r}{nearest(task, _tasks(described))}")
    if metric not in _MODES:
        raise SpecError(f"LCBench has no metric {metric!r}{nearest(metric, _MODES)}")
    if epochs not in (EPOCHS - 2, EPOCHS):
        raise SpecError(
            f"epochs is {EPOCHS - 2}, without the untrained network, or {EPOCHS}, as YAHPO "
            f"Gym has it, got {epochs!r}"
        )
    load_model(folder / "model.onnx")  # says at once what is missing
    skipped = int(epochs < EPOCHS)
    code = json.loads((folder / "encoding.json").read_text())["OpenML_task_id"][task]
    curves = LCBenchCurves(folder, code, metric, skipped=skipped, epochs=epochs)
    scenario = Scenario(
        name=f"lcbench-{task}",
        trainable=Known,
        space={name: _domain(described[name]) for name in INPUTS},
        metric=metric,
        mode=_MODES[metric],
        time_attr="epoch",
        max_t=epochs,
        description=f"an MLP on OpenML task {task}",
    )
    name = f"lcbench:{task}"
    remarks = [f"{name} is a surrogate: smooth, without noise, seeds or divergence"]
    if not skipped:
        remarks.append(f"{name}: epoch 1 is the untrained network, as in YAHPO Gym's protocol")
    return CurveTask(name, scenario, curves, tuple(remarks))


def _hyperparameters(folder: Path) -> dict[str, dict[str, Any]]:
    described = json.loads((folder / "config_space.json").read_text())["hyperparameters"]
    return {each["name"]: each for each in described}


def _tasks(described: Mapping[str, Mapping[str, Any]]) -> list[str]:
    return sorted(described["OpenML_task_id"]["choices"], key=int)


def _domain(described: Mapping[str, Any]) -> Any:
    """Return the domain of a hyperparameter as ConfigSpace describes it in JSON."""
    lower, upper, log = described["lower"], described["upper"], described["log"]
    if described["type"] == "uniform_int":  # whose upper bound belongs to it
        return (tune.lograndint if log else tune.randint)(lower, upper + 1)
    return (tune.loguniform if log else tune.uniform)(lower, upper)
