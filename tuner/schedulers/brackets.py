"""HyperBand's brackets: how many trials start in each, and where its rungs are. Pure.

Li et al. 2018, "Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization",
arXiv 1603.06560, algorithm 1. Its letters: R is ``max_t`` in units of the grace
period, eta the reduction factor, and a
bracket of aggressiveness s starts n trials that train to R / eta^s and are halved s times. A
round is one bracket for each s, the most aggressive first.

Powers and logarithms are exact: ``floor(log(243) / log(3))`` is 4 in floating point, and 5 here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from tuner.errors import SpecError

__all__ = ["BracketPlan", "HyperBandPlan", "Rung"]


@dataclass(frozen=True)
class Rung:
    """Where the trials of a bracket are compared.

    Attributes:
        size: How many trials train towards it.
        time: The time they train to, counted from a trial's start.
    """

    size: int
    time: float


@dataclass(frozen=True)
class BracketPlan:
    """One bracket.

    Attributes:
        rungs: In the order of time; the last is at ``max_t``, where trials end uncompared.
    """

    rungs: tuple[Rung, ...]

    @property
    def size(self) -> int:
        """How many trials start in it: the paper's n."""
        return self.rungs[0].size

    @property
    def aggressiveness(self) -> int:
        """How often it is halved: the paper's s."""
        return len(self.rungs) - 1


class HyperBandPlan:
    """The brackets of one ``max_t`` and one reduction factor.

    Args:
        max_t: The longest a trial trains, at least 1. Where it is whole, all rungs are.
        reduction_factor: A rung keeps one in so many, at least 2; need not be whole.
        grace_period: No rung is before this time; the paper's unit of resource.

    Attributes:
        most_aggressive: The paper's s_max: the largest s with eta^s <= R.

    Raises:
        SpecError: A value is out of its range.
    """

    def __init__(self, max_t: float, reduction_factor: float, grace_period: float = 1) -> None:
        _check("max_t", max_t, at_least=1)
        _check("reduction_factor", reduction_factor, at_least=2)
        _check("grace_period", grace_period, at_least=1)
        self._max_t = Fraction(max_t)
        self._eta = Fraction(reduction_factor)
        self.most_aggressive = self._log(self._max_t / Fraction(grace_period))

    def whole(self, aggressiveness: int) -> BracketPlan:
        """Return the bracket of this aggressiveness as algorithm 1 has it."""
        share = Fraction(self.most_aggressive + 1, aggressiveness + 1)
        return self.sized(aggressiveness, math.ceil(share * self._eta**aggressiveness))

    def sized(self, aggressiveness: int, size: int) -> BracketPlan:
        """Return a bracket of this aggressiveness that ``size`` trials start in.

        At least one trial is kept at each rung, also where the bracket is too small for it.
        """
        return BracketPlan(
            tuple(
                Rung(max(1, math.floor(size / self._eta**rung)), self._time(aggressiveness - rung))
                for rung in range(aggressiveness + 1)
            )
        )

    def numbered(self, number: int, remaining: int | None) -> BracketPlan:
        """Return the ``number``-th bracket, from 0: round after round without end.

        Where trials run short, those that remain make one last bracket: as aggressive as leaves
        a trial for ``max_t`` when every rung keeps one in eta, and no more so than the bracket
        that it stands in for.

        Args:
            number: How many brackets came before.
            remaining: How many trials are still to come, at least 1; None for no bound.
        """
        regular = self.whole(self.most_aggressive - number % (self.most_aggressive + 1))
        if remaining is None or remaining >= regular.size:
            return regular
        return self.sized(min(regular.aggressiveness, self._log(Fraction(remaining))), remaining)

    def filled_by(self, trials: int) -> list[BracketPlan]:
        """Return the brackets that so many trials make, in the order of filling.

        Args:
            trials: How many there are in all, at least 0.
        """
        brackets: list[BracketPlan] = []
        while trials > 0:
            brackets.append(self.numbered(len(brackets), trials))
            trials -= brackets[-1].size
        return brackets

    def _log(self, value: Fraction) -> int:
        """Return the largest k with eta^k <= ``value``."""
        exponent, power = 0, self._eta
        while power <= value:
            exponent, power = exponent + 1, power * self._eta
        return exponent

    def _time(self, divisions: int) -> float:
        exact = self._max_t / self._eta**divisions
        return math.floor(exact) if self._max_t.denominator == 1 else float(exact)


def _check(name: str, value: float, *, at_least: int) -> None:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or value < at_least:
        raise SpecError(f"{name} must be a finite number >= {at_least}, got {value!r}")
