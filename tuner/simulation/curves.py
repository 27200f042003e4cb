"""What a simulated trial reports: learning curves."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tuner.errors import ScenarioError

__all__ = ["Curve", "CurveSource", "Lazy", "check_seconds"]


class Lazy(Sequence[float]):
    """Values that are found out when somebody looks at them, so that a `Curve` does not."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Curve:
    """What a trial reports at each of its n epochs, if it trains so long.

    Attributes:
        metrics: By flat name the values at epochs 1 to n.
        seconds: How long each epoch takes, n of them, each a finite number >= 0.
        fails_at: The epoch whose report never comes, since the process raises instead, every time;
            None for none.

    Raises:
        ScenarioError: There is no epoch, one takes no such time, or a metric has fewer values.
    """

    metrics: Mapping[str, Sequence[float]]
    seconds: Sequence[float]
    fails_at: int | None = None

    def __post_init__(self) -> None:
        if isinstance(self.seconds, Lazy):
            return
        check_seconds(self.seconds)
        for name, values in self.metrics.items():
            if len(values) < len(self.seconds):
                raise ScenarioError(
                    "a curve has a value of each metric and a time per epoch, got "
                    f"{len(values)} of {name!r} for {len(self.seconds)} of seconds; return as many"
                )


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


def check_seconds(seconds: Sequence[float]) -> None:
    """Refuse times of epochs with which time would stand still or run backwards.

    Raises:
        ScenarioError: There is none, or one is no finite number >= 0.
    """
    if not len(seconds):
        raise ScenarioError("a curve has at least one epoch, got one without any; return seconds")
    if min(seconds) >= 0 and sum(seconds) < math.inf:  # neither of which a NaN gets past
        return
    wrong = (each for each in enumerate(seconds, 1) if not 0 <= each[1] < math.inf)
    epoch, taken = next(wrong, (len(seconds), math.inf))
    raise ScenarioError(
        f"an epoch takes a finite number of seconds >= 0, got {taken:g} for epoch {epoch}; mend "
        "what gives the curves"
    )
