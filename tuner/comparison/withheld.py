"""How many epochs of full training a scheduler keeps trials from. Pure.

What a budget cuts off, what diverges and what fails is no scheduler's merit, and does not count.
"""

from __future__ import annotations

__all__ = ["Withheld"]


class Withheld:
    """Follows the decisions of a run, and counts the epochs that stopped trials never train.

    A trial that is paused and does not go on counts like one that is stopped, but for members of
    a population, which only take turns.

    Args:
        max_t: The time of a full training.
        takes_turns: Whether paused trials are to go on in any case.
    """

    def __init__(self, max_t: float, *, takes_turns: bool) -> None:
        self._max_t = max_t
        self._takes_turns = takes_turns
        self._left: dict[str, float] = {}

    @property
    def epochs(self) -> float:
        """The epochs that the trials which are stopped, or paused, still had to train."""
        return sum(self._left.values())

    def stops(self, trial_id: str, iteration: int | None, time: float | None) -> None:
        """A trial is stopped early.

        Args:
            trial_id: The trial.
            iteration: How many epochs it has trained; None if it never reported.
            time: Its time then; what is left of it is taken to pass at the same pace.
        """
        if iteration and time:
            self._left[trial_id] = max(0.0, iteration * (self._max_t - time) / time)

    def pauses(self, trial_id: str, iteration: int | None, time: float | None) -> None:
        """A trial is paused; the arguments are those of `stops`."""
        if not self._takes_turns:
            self.stops(trial_id, iteration, time)

    def goes_on(self, trial_id: str) -> None:
        """A trial has a worker, or has ended otherwise than by being stopped early."""
        self._left.pop(trial_id, None)
