"""Trials of which none is special: for rehearsing a sweep before anything is known of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from ray.tune.search import Searcher

from tuner.objectives import Objective
from tuner.simulation import Curve

__all__ = ["ExchangeableCurves", "Placeholders"]

_SPREAD = 0.2  # of what trials reach in the end, where the first epochs gain about 1


class ExchangeableCurves:
    """Curves that fall off as 1/sqrt(t), to ends that are drawn, under noise that falls off too.

    The ranks of trials after one epoch and at the end correlate with about 0.7.

    Args:
        objectives: What is reported.
        epochs: How long a full training is.
        paces: Seconds per epoch; each trial draws one of them.
        seed: Decides all draws.
    """

    def __init__(
        self, objectives: Sequence[Objective], epochs: int, paces: Sequence[float], seed: int
    ) -> None:
        self._objectives = objectives
        self._paces = paces
        self._seed = seed
        self._falling = 1 / np.sqrt(np.arange(1, epochs + 1))

    def curve(self, config: Mapping[str, Any], number: int) -> Curve:
        """Return the curve of a trial, whatever its configuration."""
        random = np.random.default_rng((self._seed, number))
        end, noise = random.standard_normal(), random.standard_normal(len(self._falling))
        losses = self._falling + _SPREAD * (end + noise * self._falling)
        signs = {each.metric: 1 if each.mode == "min" else -1 for each in self._objectives}
        metrics = {metric: (sign * losses).tolist() for metric, sign in signs.items()}
        pace = self._paces[int(random.integers(len(self._paces)))]
        return Curve(metrics, [pace] * len(self._falling))


class Placeholders(Searcher):
    """Suggests trials without a configuration, in place of any searcher.

    Like those of BOHB and of freeze_thaw it can be told of pauses, and asked for promises.
    """

    def suggest(self, trial_id: str) -> dict[str, Any]:
        """Return an empty configuration."""
        return {}

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """Learn nothing."""

    def on_pause(self, trial_id: str) -> None:
        """Learn nothing."""

    def on_unpause(self, trial_id: str) -> None:
        """Learn nothing."""

    def promises(self, trial_ids: Iterable[str]) -> None:
        """Promise nothing: there is no model."""

    def save(self, checkpoint_path: str) -> None:
        """Do nothing: there is no state."""

    def restore(self, checkpoint_path: str) -> None:
        """Do nothing: there is no state."""
