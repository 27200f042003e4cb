"""A GPU that follows a formula."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tuner.gpu_sharing import Alone, Together

MB = 2**20


class FormulaBench:
    """Trials take ``width`` MB and a context; so many of them keep the GPU busy.

    Args:
        total_mb: The memory of the device.
        saturates_at: With how many trials it is busy all the time.
        cpus: How many trials the CPUs allow.
        slows: What share of its rate each trial beyond that costs.
    """

    device = "Formula 1"

    def __init__(
        self,
        total_mb: int = 16_000,
        saturates_at: int = 4,
        cpus: int | None = None,
        slows: float = 0.0,
    ) -> None:
        self.total_bytes = total_mb * MB
        self.cpus = cpus
        self.saturates_at, self.slows = saturates_at, slows
        self.tried: list[tuple[Mapping[str, Any], int]] = []

    def alone(self, config: Mapping[str, Any]) -> Alone:
        takes = config["width"] * MB
        if takes + 500 * MB > self.total_bytes:
            return Alone(config, None)
        return Alone(config, takes, context_bytes=500 * MB, step_s=0.1, utilisation=0.3)

    def together(self, config: Mapping[str, Any], trials: int) -> Together:
        self.tried.append((config, trials))
        if trials * (config["width"] + 500) * MB > self.total_bytes:
            return Together(trials, 0.0)
        beyond = max(0, trials - self.saturates_at)
        rate = 10.0 * min(trials, self.saturates_at) * (1 - self.slows) ** beyond
        return Together(trials, rate)
