"""Which checkpoints of a sweep are kept: those still needed, and those of its best trials.

Ray Tune keeps so many per trial, so that disk use grows with the trials, and yet deletes one that
another trial of a population is about to go on from.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable, Collection, Iterable
from pathlib import PurePosixPath
from typing import Any, Literal

from ray.train import Checkpoint
from ray.train._internal.session import _FutureTrainingResult
from ray.tune import Callback
from ray.tune.experiment import Trial
from ray.tune.schedulers import PopulationBasedTraining, TrialScheduler

__all__ = ["Retention", "held_by_population"]


class Retention(Callback):
    """Deletes each checkpoint once it is not needed any more.

    Needed are the latest checkpoint of every open trial, whichever trial made it; those that a
    population may copy from; and the last ones of the best trials that ended.

    Args:
        mode: Whether lower (``"min"``) or higher (``"max"``) values are better.
        best: How many of the trials that ended keep their last checkpoint.
        keep_final: All of them do.
        value_of: Returns the last value of the metric of a trial; None if there is none.
        open_trials: Returns the trials that have not ended.
        held: Returns the checkpoints that others may take over; None where none can.
        remove: Deletes the checkpoint at a path.
    """

    def __init__(
        self,
        *,
        mode: Literal["min", "max"],
        best: int,
        keep_final: bool,
        value_of: Callable[[Trial], float | None],
        open_trials: Callable[[], Iterable[Trial]],
        held: Callable[[], Collection[str]] | None,
        remove: Callable[[str], None],
    ) -> None:
        self._sign = 1.0 if mode == "min" else -1.0
        self._best = best
        self._keep_final = keep_final
        self._value_of = value_of
        self._open_trials = open_trials
        self._held = held
        self._remove = remove
        self._made: dict[str, dict[str, Checkpoint]] = {}  # by trial and path
        self._left: dict[str, Checkpoint] = {}  # of ended trials, as long as others need them
        self._finals: list[tuple[float, str, Checkpoint]] = []  # best first

    def on_trial_save(self, iteration: int, trials: list[Trial], trial: Trial, **info: Any) -> None:
        """A trial saved: what it saved before may go."""
        latest = _latest(trial)
        if latest is None or PurePosixPath(latest.path).parent.name != trial.trial_id:
            return
        made = self._made.setdefault(trial.trial_id, {})
        made[latest.path] = latest
        needed = self._needed_by_others()
        self._delete(made, needed={latest.path} | needed)
        self._delete(self._left, needed)

    def on_trial_complete(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        """A trial ended: its last checkpoint is kept if it is one of the best."""
        self._release(trial, self._value_of(trial))

    def on_trial_error(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        """A trial failed: its last checkpoint shows how far it came, and counts as the worst."""
        self._release(trial, None)

    def adopt(self, trials: Iterable[Trial], found: Collection[str]) -> None:
        """Take in the trials of a sweep that is resumed, and delete what none of them needs.

        Args:
            trials: All, in the order in which they were made.
            found: The paths of all checkpoints that are there.
        """
        for trial in trials:
            latest = _latest(trial)
            if latest is not None and latest.path in found:
                owner = PurePosixPath(latest.path).parent.name
                self._made.setdefault(owner, {})[latest.path] = latest
            if trial.is_finished():
                self._release(trial, self._value_of(trial))
        needed = self._needed_by_others() | {path for made in self._made.values() for path in made}
        needed |= {checkpoint.path for _, _, checkpoint in self._finals}
        for path in sorted(set(found) - needed):
            self._remove(path)

    def _release(self, trial: Trial, value: float | None) -> None:
        made = self._made.pop(trial.trial_id, {})
        final = made.pop(path, None) if (path := next(reversed(made), None)) else None
        if final is not None:
            self._rank(trial.trial_id, value, final)
        self._left |= made
        self._delete(self._left, needed=self._needed_by_others())

    def _rank(self, trial_id: str, value: float | None, final: Checkpoint) -> None:
        finite = value is not None and math.isfinite(value)
        cost = self._sign * value if finite and value is not None else math.inf
        bisect.insort(self._finals, (cost, trial_id, final), key=lambda entry: entry[:2])
        if not self._keep_final and len(self._finals) > self._best:
            _, _, worst = self._finals.pop()
            self._left[worst.path] = worst

    def _needed_by_others(self) -> set[str]:
        """Return what other trials than its maker may go on from; only populations copy."""
        if self._held is None:
            return set()
        latest = (_latest(trial) for trial in self._open_trials())
        return {found.path for found in latest if found is not None} | set(self._held())

    def _delete(self, checkpoints: dict[str, Checkpoint], needed: Collection[str]) -> None:
        for path in [path for path in checkpoints if path not in needed]:
            del checkpoints[path]
            self._remove(path)


def held_by_population(scheduler: TrialScheduler) -> Callable[[], Collection[str]] | None:
    """Return what tells the checkpoints that a population may copy from, if it is one.

    One that was on its way when its member was compared stays so for Ray's PBT until somebody
    copies it, though it arrived long ago.
    """
    if not isinstance(scheduler, PopulationBasedTraining):
        return None
    pbt: Any = scheduler

    def held() -> Collection[str]:
        saved = (_arrived(state.last_checkpoint) for state in pbt._trial_state.values())
        return {checkpoint.path for checkpoint in saved if isinstance(checkpoint, Checkpoint)}

    return held


def _arrived(checkpoint: Any) -> Any:
    if not isinstance(checkpoint, _FutureTrainingResult):
        return checkpoint
    result = checkpoint.resolve(block=False)
    return None if result is None else result.checkpoint


def _latest(trial: Trial) -> Checkpoint | None:
    found = trial.latest_checkpoint_result
    return None if found is None else found.checkpoint
