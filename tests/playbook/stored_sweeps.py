"""Sweeps on disk as the playbook's tests plant them: curves in, a stored sweep out."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from ray import tune

from tuner.objectives import Objective
from tuner.space import to_json
from tuner.store import Sweep, SweepLayout, SweepWriter, load, write_spec

EPOCHS = 12
SPACE = {"x": tune.uniform(0, 1), "y": tune.loguniform(1e-4, 1)}


class Planted(NamedTuple):
    """A trial as it is to be recorded: metrics by name, a value per epoch."""

    config: Mapping[str, Any]
    metrics: Mapping[str, Sequence[float]]
    outcome: str | None = "completed"


def planted(
    config: Mapping[str, Any], *losses: float, outcome: str | None = "completed"
) -> Planted:
    return Planted(config, {"loss": losses}, outcome)


def stored(
    folder: Path,
    trials: Iterable[Planted],
    *,
    space: Mapping[str, Any] | None = None,
    mode: Any = "min",
    objectives: Sequence[Mapping[str, Any]] = (),
    **spec: Any,
) -> Sweep:
    """Return a sweep below ``folder`` that holds these trials."""
    layout = SweepLayout.create(folder / spec.get("name", "sweep"))
    writer = SweepWriter(
        layout, metric="loss", mode=mode, time_attr="epoch",
        secondary=[Objective(**each) for each in objectives[1:]],
    )  # fmt: skip
    for number, (config, metrics, outcome) in enumerate(trials):
        trial = f"t{number:06d}"
        writer.trial(trial, config=config, attempts=1, seed=number)
        for epoch, values in enumerate(zip(*metrics.values(), strict=True), 1):
            writer.report(
                {
                    "trial_id": trial, "attempt": 1, "training_iteration": epoch, "epoch": epoch,
                    "time_total_s": float(epoch), "timestamp": 100.0 + epoch,
                    **dict(zip(metrics, values, strict=True)),
                }
            )  # fmt: skip
        writer.trial(trial, status="TERMINATED" if outcome else "RUNNING", outcome=outcome)
    writer.close()
    content = {
        "name": layout.root.name, "storage_path": str(folder), "scenario": "s", "source": None,
        "space": to_json(SPACE if space is None else space), "metric": "loss", "mode": mode,
        "time_attr": "epoch", "max_t": EPOCHS, "grace_period": 1, "scheduler": "fifo",
        "searcher": "random", "seed": 0, "resources": {"cpu": 1},
        **({"objectives": list(objectives)} if objectives else {}),
    }  # fmt: skip
    write_spec(layout, {"spec": content | spec})
    return load(layout.root)


def configs(count: int, seed: int = 0) -> list[dict[str, float]]:
    """Return configurations of `SPACE` drawn at random."""
    random = np.random.default_rng(seed)
    return [{"x": random.random(), "y": 10 ** random.uniform(-4, 0)} for _ in range(count)]


def level(config: Mapping[str, float]) -> float:
    """Return a loss whose best point lies inside of `SPACE`, and to which both matter."""
    return (config["x"] - 0.5) ** 2 + 0.05 * (math.log10(config["y"]) + 2) ** 2


def sound_shape(epoch: int) -> float:
    """Return what a curve adds to its level: it falls for two thirds of the epochs."""
    return max(0.0, 1 - (epoch - 1) / 8)


def curve(
    final: float, shape: Callable[[int], float] = sound_shape, size: float = 1.0
) -> list[float]:
    """Return the losses of a training that ends at ``final`` if its shape ends at 0."""
    return [final + size * shape(epoch) for epoch in range(1, EPOCHS + 1)]


def sound(count: int = 90, seed: int = 0) -> list[Planted]:
    """Return trials of a sweep with which nothing is wrong."""
    return [planted(config, *curve(level(config))) for config in configs(count, seed)]
