"""The steps of a study in their order, what each came to, and which one is next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from tuner.budgets import Unit
from tuner.errors import SpecError, nearest

__all__ = ["STEPS", "Outcome", "Spent", "Status", "StepName", "check_step", "next_step"]

StepName = Literal["explore", "audit", "refine", "adopt", "finalize"]

STEPS: tuple[StepName, ...] = get_args(StepName)
"""In the order in which they are taken."""

Status = Literal["waiting", "done", "skipped", "interrupted", "stopped", "failed"]
"""``skipped``: there is nothing to do, and the headline says why; ``stopped``: by ``strict``."""

_ENDED = ("done", "skipped")


@dataclass(frozen=True)
class Spent:
    """What was used, in every unit that budgets have.

    Attributes:
        trials: That were made.
        epochs: Reports of all trials, those that were lost or repeated included.
        seconds: Of wall time while somebody drove the sweeps, to the last report.
        gpu_seconds: That trials held workers, times the GPUs of each.
    """

    trials: int = 0
    epochs: int = 0
    seconds: float = 0.0
    gpu_seconds: float = 0.0

    def __add__(self, other: Spent) -> Spent:
        return Spent(
            self.trials + other.trials,
            self.epochs + other.epochs,
            self.seconds + other.seconds,
            self.gpu_seconds + other.gpu_seconds,
        )

    def of(self, unit: Unit) -> float:
        """Return what was used in a unit."""
        amounts: dict[Unit, float] = {
            "trials": self.trials,
            "epochs": self.epochs,
            "seconds": self.seconds,
            "gpu_seconds": self.gpu_seconds,
        }
        return amounts[unit]


@dataclass(frozen=True)
class Outcome:
    """What a step came to.

    Attributes:
        step: Which.
        status: How it ended.
        headline: What it came to, in a line; or why it did not come to an end.
        notes: What to know beside that, a line each.
        result: All figures, as plain values; what is in it depends on the step.
        spent: What its sweeps had spent when it ended.
    """

    step: StepName
    status: Status
    headline: str
    notes: tuple[str, ...] = ()
    result: Mapping[str, Any] = field(default_factory=dict)
    spent: Spent = Spent()

    @property
    def has_ended(self) -> bool:
        """Whether the step is not taken again."""
        return self.status in _ENDED

    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Outcome:
        """Return what `to_json` gave."""
        restored = {"notes": tuple(content["notes"]), "spent": Spent(**content["spent"])}
        return cls(**{**content, **restored})


def next_step(outcomes: Mapping[StepName, Outcome], until: StepName) -> StepName | None:
    """Return the first step that has not ended; None where all have, up to ``until``.

    Args:
        outcomes: Of the steps that were taken.
        until: The last step that is wanted.
    """
    for step in STEPS[: STEPS.index(until) + 1]:
        if step not in outcomes or not outcomes[step].has_ended:
            return step
    return None


def check_step(name: str) -> StepName:
    """Return the step of that name.

    Raises:
        SpecError: There is none.
    """
    for step in STEPS:
        if step == name:
            return step
    raise SpecError(f"no step {name!r}{nearest(str(name), STEPS)}")
