"""What is optimised: one reported value or several, each with its better direction."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tuner.errors import SpecError

__all__ = ["Mode", "Objective"]

Mode = Literal["min", "max"]


@dataclass(frozen=True)
class Objective:
    """A reported value and its direction.

    Attributes:
        metric: Flat name of the value.
        mode: Whether lower (``"min"``) or higher (``"max"``) is better.

    Raises:
        SpecError: ``mode`` is neither ``"min"`` nor ``"max"``.
    """

    metric: str
    mode: Mode

    def __post_init__(self) -> None:
        if self.mode not in ("min", "max"):
            raise SpecError(f"mode is 'min' or 'max'; received {self.mode!r}")

    def __str__(self) -> str:
        return f"{self.metric} ({self.mode})"

    def value(self, report: Mapping[str, Any]) -> float | None:
        """Return the value in a report by flat names; None where it is no number."""
        value = report.get(self.metric)
        if isinstance(value, int) and not isinstance(value, bool):
            try:  # a column of ints, such as training_iteration, can be an objective
                return float(value)
            except OverflowError:
                return None
        return value if isinstance(value, float) else None

    def cost(self, value: float | None) -> float:
        """Return ``value`` so that lower is better; inf where it is missing or not finite."""
        if value is None or not math.isfinite(value):
            return math.inf
        return value if self.mode == "min" else -value
