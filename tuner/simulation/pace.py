"""How much longer epochs take than recorded, on the nodes of a simulated cluster. Pure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tuner.simulation.cluster import ClusterModel
from tuner.simulation.curves import Curve

__all__ = ["Pace"]

_SLOW_NODES, _NOISE = 3, 4  # beside the seed, so that no two streams draw the same numbers


class Pace:
    """Stretches the epochs of curves, by node and by trial.

    Args:
        model: How many nodes are slow, how slow they are, and how much epochs vary.
        nodes: How many nodes there are.
        seed: Of the simulation.
    """

    def __init__(self, model: ClusterModel, nodes: int, seed: int) -> None:
        self._seed = seed
        self._noise = model.epoch_noise
        self._factor = model.straggler_factor
        share = model.straggler_share
        drawn = np.random.default_rng([seed, _SLOW_NODES]).random(nodes) if share else ()
        self._slow = frozenset(node for node, chance in enumerate(drawn) if chance < share)

    def slowed(self, curve: Curve, *, number: int, node: int) -> Curve:
        """Return the curve with the seconds that its epochs take here.

        Args:
            curve: As it is known.
            number: The trial's; it meets the same noise each time.
            node: Where the trial trains.
        """
        factor = self._factor if node in self._slow else 1.0
        if factor == 1.0 and not self._noise:
            return curve
        seconds = factor * np.asarray(curve.seconds, dtype=float)
        if self._noise:
            random = np.random.default_rng([self._seed, _NOISE, number])
            seconds *= 1 + self._noise * np.abs(random.standard_normal(len(seconds)))
        return replace(curve, seconds=seconds.tolist())
