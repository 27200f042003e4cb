"""Recorded learning curves: what was measured, and not a step beyond it.

A recording is a frame with a row per epoch, in order, and these columns:

- one that says of which configuration it is (``key``), and one of which training (``run``): a
  configuration may have been trained several times, with other seeds;
- the metrics;
- ``epoch_seconds``: how long the epoch took;
- ``complete``: whether the training ended by itself after its last epoch. A training that a
  scheduler stopped or that failed was cut short, so nobody knows how it would have gone on.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

import numpy as np
import pandas as pd

from tuner.errors import CutShortError, SpecError, nearest
from tuner.objectives import Mode
from tuner.simulation.curves import Curve, Lazy, check_seconds

__all__ = ["ENDED_BY_THEMSELVES", "SECONDS", "RecordedCurves", "RecordedTraining", "epoch_seconds"]

SECONDS = "epoch_seconds"
"""The column of times; a trainable may report ``seconds`` of its own."""

ENDED_BY_THEMSELVES = ("completed", "diverged")
"""Outcomes of trials that nobody stopped: any scheduler would have come to them."""


@dataclass(frozen=True, slots=True)
class RecordedTraining:
    """One training as it was recorded.

    Attributes:
        run: Which one, such as the id of a trial.
        metrics: By name the values at epochs 1 to n.
        seconds: How long each of them took.
        complete: Whether the training ended by itself; False if it was cut short.
    """

    run: Hashable
    metrics: Mapping[str, Sequence[float]]
    seconds: Sequence[float]
    complete: bool = True

    @property
    def epochs(self) -> int:
        """How many epochs were recorded."""
        return len(self.seconds)


class RecordedCurves:
    """Curves of configurations that were trained before; there are no others.

    Args:
        name: The hyperparameter that chooses among the recorded configurations.
        recordings: By its value the trainings of that configuration.

    Raises:
        SpecError: There is no recording, or an empty one.
    """

    def __init__(self, name: str, recordings: Mapping[Any, Sequence[RecordedTraining]]) -> None:
        if not recordings:
            raise SpecError("there is no recorded training to simulate with")
        for runs in recordings.values():
            for each in runs:
                if not each.epochs:
                    raise SpecError(f"the recorded training {each.run!r} has no epochs")
        self.name = name
        self._recordings = recordings

    @classmethod
    def of_frame(
        cls, frame: pd.DataFrame, *, key: str, metrics: Iterable[str], run: str | None = None
    ) -> RecordedCurves:
        """Return the curves of a frame as the module describes it.

        Args:
            frame: The recording.
            key: The column, and the hyperparameter, that says of which configuration a row is.
            metrics: The columns to report.
            run: The column that tells trainings of one configuration apart; None if each was
                trained once.

        Raises:
            SpecError: It is empty.
        """
        if frame.empty:
            return cls(key, {})
        columns = {name: frame[name].to_numpy(np.float64) for name in (*metrics, SECONDS)}
        complete = frame["complete"].to_numpy(bool)
        recordings: dict[Any, list[RecordedTraining]] = {}
        groups: Any = frame.groupby([key, run or key]).indices
        for (value, of_run), rows in groups.items():
            own = {name: array("d", values[rows].tobytes()) for name, values in columns.items()}
            seconds = own.pop(SECONDS)
            recording = RecordedTraining(_plain(of_run), own, seconds, bool(complete[rows[-1]]))
            recordings.setdefault(_plain(value), []).append(recording)
        return cls(key, dict(sorted(recordings.items())))

    @property
    def choices(self) -> list[Any]:
        """What a searcher can choose from."""
        return list(self._recordings)

    @property
    def longest(self) -> int:
        """How many epochs the longest recording has."""
        return max(each.epochs for runs in self._recordings.values() for each in runs)

    def best(self, metric: str, mode: Mode) -> float | None:
        """Return the best value of a metric in any recording; None if none is finite."""
        values = (
            value
            for runs in self._recordings.values()
            for each in runs
            for value in each.metrics[metric]
            if math.isfinite(value)
        )
        return (min if mode == "min" else max)(values, default=None)

    def recordings(self, config: Mapping[str, Any]) -> Sequence[RecordedTraining]:
        """Return the trainings of a configuration.

        Raises:
            SpecError: It was not recorded.
        """
        choice = config[self.name]
        if choice not in self._recordings:
            known = nearest(str(choice), map(str, self._recordings))
            raise SpecError(f"{self.name} {choice!r} was not recorded{known}")
        return self._recordings[choice]

    def recorded(self, config: Mapping[str, Any], number: int = 0) -> RecordedTraining:
        """Return the training that the trial of a number gets: they take turns."""
        runs = self.recordings(config)
        return runs[number % len(runs)]

    def curve(self, config: Mapping[str, Any], number: int) -> Curve:
        """Return a recorded curve.

        One that was cut short seems to have one epoch more; whoever asks how long that takes
        gets a `CutShortError`. So a simulation may end such a trial there, or earlier, but cannot
        let it go on.
        """
        recording = self.recorded(config, number)
        if recording.complete:
            return Curve(recording.metrics, recording.seconds)
        return Curve(recording.metrics, _CutShort(recording))


class _CutShort(Lazy):
    """The seconds of a recording, and of an epoch that nobody has seen."""

    __slots__ = ("_recording",)

    def __init__(self, recording: RecordedTraining) -> None:
        check_seconds(recording.seconds)
        self._recording = recording

    def __len__(self) -> int:
        return self._recording.epochs + 1

    @overload
    def __getitem__(self, place: int) -> float: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[float]: ...
    def __getitem__(self, place: int | slice) -> float | Sequence[float]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        if place == self._recording.epochs:
            raise CutShortError(
                f"the recorded training {self._recording.run!r} was cut short after epoch {place}, "
                "but the scheduler would let it go on: simulate one that stops no later, or "
                "record a sweep with the scheduler fifo"
            )
        return self._recording.seconds[place]


def epoch_seconds(reports: pd.DataFrame) -> pd.Series[float]:
    """Return how long each report of a sweep took since the one before of its trial.

    A training that began anew counts from there.

    Args:
        reports: With ``trial_id`` and ``time_total_s``, those of a trial in order.
    """
    elapsed = reports["time_total_s"].astype(float)
    before = elapsed.groupby(reports["trial_id"]).shift(fill_value=0.0)
    return (elapsed - before).where(elapsed >= before, elapsed)


def _plain(value: Any) -> Any:
    """Return a value of a frame as Python's own, which configurations are made of."""
    return value.item() if hasattr(value, "item") else value
