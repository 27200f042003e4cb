"""Learning curves of a sweep that runs, in bounded memory: enough of them for a picture. Pure."""

from __future__ import annotations

import math

from tuner.progress.snapshot import CurveSample, Mode, ranking_key

__all__ = ["CurveBook"]

_MOST_ENDED = 400
_MOST_ENDED_POINTS = 4000
_MOST_POINTS = 512


class CurveBook:
    """Takes reports one by one, and keeps some of the curves.

    The best curve is kept, and those of trials that have not ended; of the others every second
    goes as often as they are too many. Of a long curve every second point goes. While all trials
    have reported once, more of them stay, and each that was the best when it came.

    Args:
        mode: Whether low (``"min"``) or high values are good.
    """

    def __init__(self, mode: Mode) -> None:
        self._mode: Mode = mode
        self._curves: dict[str, list[tuple[float, float]]] = {}
        self._numbers: dict[str, int] = {}
        self._ended: dict[str, bool] = {}  # whether it was stopped
        self._finite: set[str] = set()
        self._stride = 1
        self._longest = 0
        self._best = math.inf
        self._bests: dict[str, None] = {}  # trials that were the best in turn

    def report(self, trial_id: str, time: float | None, value: float | None) -> None:
        """Take a report; a time that comes again begins a new attempt, which replaces the old."""
        if time is None or value is None or not math.isfinite(time):
            return
        self._numbers.setdefault(trial_id, len(self._numbers) + 1)
        curve = self._curves.setdefault(trial_id, [])
        while curve and curve[-1][0] >= time:
            curve.pop()
        curve.append((time, value))
        if len(curve) > _MOST_POINTS:
            del curve[1:-1:2]
        self._longest = max(self._longest, len(curve))
        if math.isfinite(value):
            self._finite.add(trial_id)
            self._note_best(trial_id, ranking_key(value, self._mode))

    def end(self, trial_id: str, *, stopped: bool) -> None:
        """A trial has ended, by a scheduler or otherwise."""
        if trial_id not in self._curves:
            return
        self._ended[trial_id] = stopped
        if self._is_one_too_many(trial_id):
            self._forget([trial_id])
        kept = len(self._kept)
        while len(self._ended) > self._most_ended + kept:
            self._stride *= 2
            self._forget([trial for trial in self._ended if self._is_one_too_many(trial)])

    def sample(self, most: int) -> CurveSample:
        """Return at most so many curves, evenly many of the sweep's, and the best one.

        Of a sweep whose trials report once there are more: side by side they are one curve.
        """
        trials = list(self._curves)
        most = most if self._longest > 1 else _MOST_ENDED_POINTS // 2
        if len(trials) > most:
            chosen = dict.fromkeys(trials[i * len(trials) // most] for i in range(most))
            trials = sorted({*chosen, *self._kept}, key=self._numbers.__getitem__)
        return CurveSample(
            curves={trial: self._curves[trial] for trial in trials},
            stopped=frozenset(trial for trial in trials if self._ended.get(trial)),
            numbers={trial: self._numbers[trial] for trial in trials},
            trials=len(self._numbers),
            finite=len(self._finite),
        )

    @property
    def _most_ended(self) -> int:
        return _MOST_ENDED if self._longest > 1 else _MOST_ENDED_POINTS

    @property
    def _kept(self) -> list[str]:
        """The trials that are kept in any case: the best, or each that once was."""
        bests = list(self._bests)
        return bests[-1:] if self._longest > 1 else bests

    def _note_best(self, trial_id: str, cost: float) -> None:
        if cost < self._best:
            self._best = cost
            self._bests.pop(trial_id, None)
            self._bests[trial_id] = None

    def _is_one_too_many(self, trial_id: str) -> bool:
        return self._numbers[trial_id] % self._stride > 0

    def _forget(self, trials: list[str]) -> None:
        kept = set(self._kept)
        for trial_id in trials:
            if trial_id not in kept:
                del self._curves[trial_id], self._ended[trial_id]
