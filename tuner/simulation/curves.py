"""What a simulated trial reports: learning curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

__all__ = ["Curve", "CurveSource"]


@dataclass(frozen=True, slots=True)
class Curve:
    """What a trial reports at each of its n epochs, if it trains so long.

    Attributes:
        metrics: By flat name the values at epochs 1 to n.
        seconds: How long each epoch takes, n of them.
        fails_at: The epoch whose report never comes, since the process raises instead, every time;
            None for none.
    """

    metrics: Mapping[str, Sequence[float]]
    seconds: Sequence[float]
    fails_at: int | None = None


class CurveSource(Protocol):
    """Where curves come from.

    One that works best in batches may also have ``prefetch(configs, numbers)``, which is called
    with trials that are about to begin together.
    """

    def curve(self, config: Mapping[str, Any], number: int) -> Curve:
        """Return the curve of a configuration.

        A trial that copies another one goes on along the curve of its new configuration, from the
        epoch of the checkpoint that it copied.

        Args:
            config: What the trial trains with.
            number: Of the trial, from 0, for sources that know noise: a trial keeps its own.
        """
