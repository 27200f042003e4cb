"""What a simulation tunes: a scenario whose learning curves are known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ray import tune

from tuner.scenario import Scenario
from tuner.simulation.curves import CurveSource

__all__ = ["CurveTask", "Known"]


class Known(tune.Trainable):
    """The trainable of a scenario whose curves are known; it can save, and never trains."""

    def setup(self, config: dict[str, Any]) -> None:
        """Refuse.

        Raises:
            NotImplementedError: Always.
        """
        raise NotImplementedError("this scenario can be simulated, not trained")

    def save_checkpoint(self, checkpoint_dir: str) -> None:
        """Never called."""

    def load_checkpoint(self, checkpoint: Any) -> None:
        """Never called."""

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Say that a worker can serve one trial after the other."""
        return True


@dataclass(frozen=True)
class CurveTask:
    """Something to tune whose learning curves are known.

    Attributes:
        name: As it is spelled, such as ``"lcbench:189873"``.
        scenario: Its space, metric, mode, ``time_attr`` and ``max_t``. The trainable is not
            called; that of a task which can only be simulated is `Known`.
        curves: What each configuration reports.
        remarks: What its curves assume or leave out, a line each; stated with every result.
        optimum: The best value of the metric that any configuration reaches; None if unknown.
    """

    name: str
    scenario: Scenario
    curves: CurveSource
    remarks: tuple[str, ...] = field(default=())
    optimum: float | None = None
