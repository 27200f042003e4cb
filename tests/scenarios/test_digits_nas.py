"""Networks of the space by hand, and which of them there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

import tuner
from tuner.bundled.digits_nas import (
    MOST_LAYERS,
    SCENARIO,
    build_model,
    images_come_first,
    layers_of,
)
from tuner.simulation import CurveTask
from tuner.simulation.sources import FunctionCurves
from tuner.space import contains

CONV = {"kind": "conv", "width": 4, "kernel": 3, "activation": "relu"}
DENSE = {"kind": "dense", "width": 16, "activation": "tanh"}


def network(*layers: dict[str, Any]) -> dict[str, Any]:
    """Return a configuration of these layers."""
    end: dict[str, Any] = {"kind": "output"} if len(layers) < MOST_LAYERS else {}
    for place, layer in reversed(list(enumerate(layers))):
        following = {"next": end} if place < MOST_LAYERS - 1 else {}
        end = {"layer": layer, **following}
    return {
        "network": end, "dropout": 0.5, "lr": 0.01, "batch_size": 32, "weight_decay": 1e-3
    }  # fmt: skip


@pytest.mark.parametrize(
    ("layers", "parameters"),
    [
        ([DENSE], 65 * 16 + 17 * 10),
        ([DENSE, DENSE], 65 * 16 + 17 * 16 + 17 * 10),
        ([CONV], 10 * 4 + (4 * 4 * 4 + 1) * 10),  # 8 x 8 pixels become 4 x 4
        ([CONV, CONV, CONV], 10 * 4 + 2 * 37 * 4 + (4 * 2 * 2 + 1) * 10),  # and 2 x 2, not less
        ([CONV, DENSE, DENSE, DENSE], 10 * 4 + 65 * 16 + 2 * 17 * 16 + 17 * 10),
    ],
)
def test_a_network_by_hand(layers: list[dict[str, Any]], parameters: int) -> None:
    config = network(*layers)
    model = build_model(config)

    assert contains(SCENARIO.space, config) == []
    assert list(layers_of(config)) == layers
    assert sum(parameter.numel() for parameter in model.parameters()) == parameters
    assert model(torch.zeros(2, 64)).shape == (2, 10)
    kinds = [type(module) for module in model if isinstance(module, nn.ReLU | nn.Tanh)]
    assert kinds == [nn.ReLU if layer is CONV else nn.Tanh for layer in layers]


@pytest.mark.parametrize(
    ("layers", "feasible"),
    [([CONV, DENSE], True), ([DENSE, CONV], False), ([CONV, DENSE, CONV], False), ([DENSE], True)],
)
def test_images_come_first(layers: list[dict[str, Any]], feasible: bool) -> None:
    assert images_come_first(network(*layers)) is feasible


def test_it_reports_the_size_of_the_network() -> None:
    result = SCENARIO.trainable(network(CONV, DENSE)).train()

    assert (result["layers"], result["parameters"]) == (2, 10 * 4 + 65 * 16 + 17 * 10)


def test_evolution_finds_a_planted_network() -> None:
    """Of networks whose loss is known: children are feasible, and better than random parents."""

    def loss(config: Mapping[str, Any], epochs: NDArray[np.float64]) -> NDArray[np.float64]:
        layers = list(layers_of(config))
        tanh = sum(layer["activation"] == "tanh" for layer in layers)
        convolutions = sum(layer["kind"] == "conv" for layer in layers)
        return np.full_like(epochs, abs(len(layers) - 3) + abs(convolutions - 1) + 3 - tanh)

    curves = FunctionCurves(loss, SCENARIO.metric, SCENARIO.max_t, seconds=1.0)
    sweep = tuner.simulate(
        CurveTask("planted", SCENARIO, curves),
        scheduler="fifo",
        searcher="evolution",
        num_samples=96,
        max_concurrent_trials=4,
        seed=0,
    )
    trials = sorted(sweep.best(96), key=lambda trial: trial.trial_id)
    losses = np.array([trial.value for trial in trials])

    assert len(trials) == 96
    assert all(contains(SCENARIO.space, trial.config) == [] for trial in trials)
    assert all(SCENARIO.is_feasible(trial.config) for trial in trials)
    assert losses[48:].mean() < losses[:16].mean() - 1
    assert losses.min() == 0
