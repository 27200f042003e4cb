"""Where the trials of one process meet to train their next epoch together.

Each trial has a thread. Only the thread that holds the *baton* runs, so that what is global in a
process (random generators, settings of torch) is never used by two at once; a trial lays it down
while it waits for the others. Imports no Ray.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from tuner.trainable import FusedTrainable, generators

__all__ = ["Meeting"]


@dataclass
class _Seat:
    """A trial that waits for its epoch, and what came of it."""

    trial: FusedTrainable
    key: Hashable
    metrics: Mapping[str, Any] | None = None
    failure: BaseException | None = None

    @property
    def settled(self) -> bool:
        return self.metrics is not None or self.failure is not None


class Meeting:
    """Trains the epochs of those that are there, once all are there that should be.

    Those on whom their thread works are sure to come. One about which its scheduler decides is
    waited for as long as the last epoch took, and no longer: who comes too late trains in the next
    round, which costs an epoch, and so would waiting on. (As with skis that are rented for as long
    as buying them would cost, that is never more than twice the best.)

    Args:
        baton: Held by whoever calls a method of this class.
        clock: Seconds, monotonic.
    """

    def __init__(
        self, baton: threading.Condition, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._baton = baton
        self._clock = clock
        self._expected: set[FusedTrainable] = set()
        self._on_their_way: set[FusedTrainable] = set()
        self._seats: list[_Seat] = []
        self._patience_s = 0.0

    def expect(self, trial: FusedTrainable) -> None:
        """A trial is sure to come; the one method that needs no baton."""
        self._expected.add(trial)
        self._on_their_way.add(trial)

    def part(self, trial: FusedTrainable) -> None:
        """A trial may come again, once its scheduler has decided."""
        self._on_their_way.discard(trial)
        self._baton.notify_all()

    def excuse(self, trial: FusedTrainable) -> None:
        """A trial does not come again."""
        self._expected.discard(trial)
        self.part(trial)

    def train(self, trial: FusedTrainable) -> Mapping[str, Any]:
        """Train one epoch of ``trial``, with those that are there; see `Company`.

        Raises:
            BaseException: What training this trial raised.
        """
        seat = _Seat(trial, trial.fusion_key())
        own = generators.capture()
        self._seats.append(seat)
        self._baton.wait_for(lambda: seat.settled or self._has(self._expected), self._patience_s)
        self._baton.wait_for(lambda: seat.settled or self._has(self._on_their_way))
        if not seat.settled:
            self._train_all()
        generators.restore(own)
        if seat.failure is not None:
            raise seat.failure
        assert seat.metrics is not None
        return seat.metrics

    def _has(self, trials: Set[FusedTrainable]) -> bool:
        return trials <= {seat.trial for seat in self._seats}

    def _train_all(self) -> None:
        seats, self._seats = self._seats, []
        began = self._clock()
        for key in dict.fromkeys(seat.key for seat in seats):
            _settle([seat for seat in seats if seat.key == key])
        self._patience_s = self._clock() - began
        self._baton.notify_all()


def _settle(seats: Sequence[_Seat]) -> None:
    """Train trials together; each alone where that fails, to find the one that is to blame."""
    trials = [seat.trial for seat in seats]
    try:
        metrics = list(trials[0].train_together(trials))
    except BaseException as failure:
        if len(seats) == 1:
            seats[0].failure = failure
            return
        for seat in seats:
            _settle([seat])
        return
    for seat, own in zip_longest(seats, metrics[: len(seats)]):
        seat.metrics = own
        if len(metrics) != len(seats):
            seat.failure = TypeError(
                f"train_together() must return metrics for each trial, {len(seats)} in all, but "
                f"{type(seat.trial).__name__}.train_together() returned {len(metrics)}"
            )
