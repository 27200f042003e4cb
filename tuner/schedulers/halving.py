"""One bracket of HyperBand at work: who trains, who waits, who is kept. Pure.

Successive halving (Jamieson & Talwalkar 2016, arXiv 1502.07943), where trials come one by one,
finish in any order and may fail.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tuner.schedulers.brackets import BracketPlan, Rung

__all__ = ["Arrival", "Halving", "Verdict"]


@dataclass(frozen=True)
class Arrival:
    """A trial that reached its bracket's rung.

    Attributes:
        place: How many trials entered the bracket before it; decides between equal scores.
        time: When it arrived, which may be beyond the rung.
        score: Its metric, larger is better; None if unusable, which ranks last.
    """

    place: int
    time: float
    score: float | None

    @property
    def rank(self) -> tuple[bool, float, int]:
        """Sorts arrivals, the best first."""
        return self.score is None, -(self.score or 0.0), self.place


@dataclass(frozen=True)
class Verdict:
    """What a bracket made of the trials at a rung.

    Attributes:
        rung: Where.
        kept: Those that go on, the best first.
        dropped: Those that end, with what they arrived with.
    """

    rung: Rung
    kept: tuple[str, ...]
    dropped: Mapping[str, Arrival]


@dataclass
class Halving:
    """A bracket and its trials.

    A rung is decided once the bracket is closed (no trial will enter it any more) and no trial is
    on its way there. It keeps as many as its plan says: whoever failed, diverged or was stopped
    on the way counts as one of the worst, so that nobody better has to go in its stead.

    Attributes:
        number: Its place among all brackets, from 0.
        plan: Its sizes and rungs.
        level: Index of the rung that its trials train towards.
        entered: How many trials have started in it.
        closed: Whether no trial enters any more.
        training: The trials on their way to the rung, with their place: in the order of entering,
            and after a verdict the best first.
        waiting: The trials that reached the rung, in the order of arriving.
    """

    number: int
    plan: BracketPlan
    level: int = 0
    entered: int = 0
    closed: bool = False
    training: dict[str, int] = field(default_factory=dict)
    waiting: dict[str, Arrival] = field(default_factory=dict)

    @property
    def rung(self) -> Rung:
        """The rung that its trials train towards."""
        return self.plan.rungs[self.level]

    @property
    def over(self) -> bool:
        """Whether nothing is left to decide."""
        return self.closed and not self.training and not self.waiting

    @property
    def missing(self) -> int:
        """How many trials are still to reach the rung, or to enter."""
        return len(self.training) + (0 if self.closed else self.plan.size - self.entered)

    def enter(self, trial_id: str) -> None:
        """Start a trial; the one that fills the bracket closes it."""
        self.training[trial_id] = self.entered
        self.entered += 1
        self.closed = self.entered == self.plan.size

    def close(self, plan: BracketPlan) -> None:
        """Expect no further trial.

        Args:
            plan: For as many trials as have entered.
        """
        self.plan, self.closed = plan, True

    def arrive(self, trial_id: str, time: float, score: float | None) -> None:
        """Have a trial that trains wait at the rung."""
        self.waiting[trial_id] = Arrival(self.training.pop(trial_id), time, score)

    def leave(self, trial_id: str) -> None:
        """Forget a trial that ended."""
        self.training.pop(trial_id, None)
        self.waiting.pop(trial_id, None)

    def decide(self) -> Verdict | None:
        """Halve the trials at the rung, if it is time to.

        A kept trial that is beyond the next rung already waits there.
        """
        if not self.closed or self.training or not self.waiting:
            return None
        rung, ranked = self.rung, sorted(self.waiting.items(), key=lambda item: item[1].rank)
        self.level += 1
        kept = dict(ranked[: self.rung.size])
        self.waiting = {key: at for key, at in kept.items() if at.time >= self.rung.time}
        self.training = {key: at.place for key, at in kept.items() if key not in self.waiting}
        return Verdict(rung, tuple(kept), dict(ranked[len(kept) :]))

    def to_json(self) -> dict[str, Any]:
        """Return its state as plain values."""
        waiting = {key: [at.place, at.time, at.score] for key, at in self.waiting.items()}
        return {
            "number": self.number,
            "aggressiveness": self.plan.aggressiveness,
            "size": self.plan.size,
            "level": self.level,
            "entered": self.entered,
            "closed": self.closed,
            "training": self.training,
            "waiting": waiting,
        }

    @classmethod
    def from_json(cls, state: Mapping[str, Any], plan: BracketPlan) -> Halving:
        """Return the bracket that `to_json` described.

        Args:
            state: What it returned.
            plan: Of the aggressiveness and the size that ``state`` names.
        """
        return cls(
            number=state["number"],
            plan=plan,
            level=state["level"],
            entered=state["entered"],
            closed=state["closed"],
            training=dict(state["training"]),
            waiting={key: Arrival(*values) for key, values in state["waiting"].items()},
        )
