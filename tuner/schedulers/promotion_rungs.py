"""Who waits at which rung of ASHA's promotion form, and who of them may go on. Pure.

Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning", arXiv 1810.05934,
algorithm 2: promotable is who is in the top 1/eta of a rung and has not been promoted.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from tuner.schedulers.sorted_blocks import SortedBlocks

__all__ = ["Entry", "Member", "PromotionRung", "PromotionRungs"]


class Entry(NamedTuple):
    """A trial at a rung; entries sort from the best to the worst.

    Attributes:
        loss: Its metric, turned so that smaller is better.
        number: How many trials were suggested before it; decides between equal losses.
        trial_id: The trial.
    """

    loss: float
    number: int
    trial_id: str


class PromotionRung:
    """The trials that reached a milestone.

    Args:
        milestone: The time at which trials pause.
        reduction_factor: One in so many is promoted.

    Attributes:
        milestone: As above.
        arrived: How many trials came by.
        waiting: Those who wait to be promoted, the best first.
        ranking: They and those who were promoted.
    """

    def __init__(self, milestone: float, reduction_factor: float) -> None:
        self.milestone = milestone
        self._reduction_factor = Fraction(str(reduction_factor))  # 33 / 1.1 is below 30 in floats
        self.arrived = 0
        self.waiting: SortedBlocks[Entry] = SortedBlocks()
        self.ranking: SortedBlocks[Entry] = SortedBlocks()

    @property
    def places(self) -> int:
        """How many of those who came by are promoted; who ended waiting takes up none."""
        return math.floor(self.arrived / self._reduction_factor)

    @property
    def cutoff(self) -> float | None:
        """The worst loss that is promoted; None where none is."""
        promoted = min(self.places, len(self.ranking))
        return self.ranking[promoted - 1].loss if promoted else None

    def promotable(self) -> Iterator[Entry]:
        """Yield those who wait and are among the best, the best first."""
        for entry in self.waiting:
            if self.ranking.index(entry) >= self.places:
                return
            yield entry


@dataclass
class Member:
    """A trial that has not ended.

    Attributes:
        number: How many trials were suggested before it.
        bracket: The index of its bracket.
        level: How many rungs of its bracket are behind it.
        time: Of its last report.
        entry: What it waits with at the last of these rungs; None where it does not wait.
    """

    number: int
    bracket: int
    level: int = 0
    time: float = -math.inf
    entry: Entry | None = None

    def to_json(self) -> list[Any]:
        """Return it as plain values."""
        time = None if self.time == -math.inf else self.time
        return [self.number, self.bracket, self.level, time, self.entry]

    @classmethod
    def from_json(cls, state: Sequence[Any]) -> Member:
        """Return the trial that `to_json` described."""
        number, bracket, level, time, entry = state
        time = -math.inf if time is None else time
        return cls(number, bracket, level, time, None if entry is None else Entry(*entry))


class PromotionRungs:
    """The rungs of all brackets, and the trials on them.

    Args:
        milestones: Of each bracket, ascending.
        reduction_factor: One in so many is promoted.

    Attributes:
        brackets: The rungs of each, the lowest first.
        members: The trials that have not ended, by id.
        training: The ids of those that do not wait at a rung, in order.
        from_the_top: The rungs of all brackets, the highest first.
    """

    def __init__(self, milestones: Sequence[Sequence[float]], reduction_factor: float) -> None:
        self.brackets = [[PromotionRung(at, reduction_factor) for at in row] for row in milestones]
        self.members: dict[str, Member] = {}
        self.training: dict[str, None] = {}
        self._entered = 0
        rungs = [rung for bracket in self.brackets for rung in bracket]
        self.from_the_top = sorted(rungs, key=lambda rung: -rung.milestone)

    def enter(self, trial_id: str, bracket: int) -> None:
        """Take in a new trial."""
        self.members[trial_id] = Member(self._entered, bracket)
        self.training[trial_id] = None
        self._entered += 1

    def train(self, trial_id: str, time: float) -> bool:
        """Note that a trial trains: if it waited, it has been promoted.

        Args:
            trial_id: A member.
            time: How far it is.

        Returns:
            Whether it is further than before.
        """
        member = self.members[trial_id]
        if time <= member.time:
            return False
        member.time = time
        if member.entry is not None:
            self.rung_of(member).waiting.remove(member.entry)
            member.entry = None
            self.training[trial_id] = None
        return True

    def arrive(self, trial_id: str, loss: float) -> PromotionRung | None:
        """Have a trial wait at the highest rung that it has reached, if it was not there before.

        Returns:
            The rung; None if there is no new one.
        """
        member = self.members[trial_id]
        rungs = self.brackets[member.bracket]
        reached = sum(rung.milestone <= member.time for rung in rungs)
        if reached <= member.level:
            return None
        member.level = reached
        member.entry = Entry(loss, member.number, trial_id)
        del self.training[trial_id]
        rung = rungs[reached - 1]
        rung.arrived += 1
        rung.ranking.add(member.entry)
        rung.waiting.add(member.entry)
        return rung

    def leave(self, trial_id: str) -> None:
        """Forget a trial that ended; if it waited, its place is for the next best."""
        self.training.pop(trial_id, None)
        member = self.members.pop(trial_id, None)
        if member is not None and member.entry is not None:
            rung = self.rung_of(member)
            rung.ranking.remove(member.entry)
            rung.waiting.remove(member.entry)

    def promotable(self) -> Iterator[str]:
        """Yield who may be promoted: those of the highest rung first, and the best of each."""
        return (entry.trial_id for rung in self.from_the_top for entry in rung.promotable())

    def waiting(self) -> Iterator[str]:
        """Yield all who wait, in the same order."""
        return (entry.trial_id for rung in self.from_the_top for entry in rung.waiting)

    def rung_of(self, member: Member) -> PromotionRung:
        """Return the last rung that a trial has reached."""
        return self.brackets[member.bracket][member.level - 1]

    def to_json(self) -> dict[str, Any]:
        """Return the state as plain values."""
        return {
            "entered": self._entered,
            "members": {key: member.to_json() for key, member in self.members.items()},
            "rungs": [[[r.arrived, list(r.ranking)] for r in rungs] for rungs in self.brackets],
        }

    def load_json(self, state: Mapping[str, Any]) -> None:
        """Take over what `to_json` returned; nobody must have entered yet."""
        self._entered = state["entered"]
        for rungs, saved_rungs in zip(self.brackets, state["rungs"], strict=True):
            for rung, (arrived, ranking) in zip(rungs, saved_rungs, strict=True):
                rung.arrived = arrived
                rung.ranking = SortedBlocks(Entry(*entry) for entry in ranking)
        for trial_id, saved in state["members"].items():
            member = self.members[trial_id] = Member.from_json(saved)
            if member.entry is None:
                self.training[trial_id] = None
            else:
                self.rung_of(member).waiting.add(member.entry)
