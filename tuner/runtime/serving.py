"""What a worker process runs: a sweep's trainable, for one trial after the other.

A trial trains in *stretches*: reports that nobody has to decide about come to the driver several
in one call, and the next call waits at the worker already. Whatever asks for a decision, a save or
a failure *halts*: the worker waits until the driver has dealt with it. So no decision is made of
less than what a scheduler would have seen, or later than it would have been made, and no training
is wasted.

Workers import this module, so it imports little.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ray import tune
from ray.air.constants import TRAINING_ITERATION
from ray.train._internal.session import get_session
from ray.tune.result import RESULT_DUPLICATE, SHOULD_CHECKPOINT, TRIAL_INFO
from ray.tune.trainable import FunctionTrainable

from tuner.capping import ShareCap
from tuner.runtime.measuring import PEAK_MEMORY, forget_peak, peak_memory
from tuner.runtime.upkeep import Upkeep
from tuner.runtime.whereabouts import PLACE, own_place
from tuner.trainable import EpochTrainable

__all__ = ["Halts", "Serving", "Stretch", "Stretches", "look_up", "served"]

_LET_GO_S = 2.0  # how long a function may take to end once it was stopped


class Stretch(NamedTuple):
    """What came of one call.

    Attributes:
        first: How many reports of the trial this worker had handed over before.
        reports: Those that follow, in order; none where the worker waits for a decision.
        halted: Whether the worker waits now until the driver has dealt with the last one.
        waited_s: How long the worker had waited for a decision before it trained on.
    """

    first: int
    reports: list[dict[str, Any]]
    halted: bool
    waited_s: float | None = None


@dataclass(frozen=True)
class Halts:
    """After which reports a worker waits for the driver.

    Attributes:
        metric: What must be a finite number.
        time_attr: What counts as time.
        saves_every: Trials save every so many iterations; 0 for never.
    """

    metric: str
    time_attr: str
    saves_every: int

    def after(self, report: Mapping[str, Any], until: float) -> bool:
        """Return whether a report asks for a decision or a save.

        Args:
            report: As the trainable made it.
            until: The time from which the scheduler decides.
        """
        if report.get("done") or RESULT_DUPLICATE in report or report.get(SHOULD_CHECKPOINT):
            return True
        if self.saves_every and report[TRAINING_ITERATION] % self.saves_every == 0:
            return True
        value, reached = look_up(report, self.metric), look_up(report, self.time_attr)
        return not (_is_finite(value) and _is_finite(reached) and reached < until)


def look_up(report: Mapping[str, Any], name: str) -> Any:
    """Return what stands at a flat ``name``, ``"a/b"``, of a nested report; None for nothing."""
    if name in report:
        return report[name]
    value: Any = report
    for part in name.split("/"):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


class Stretches:
    """How a worker trains one trial, call by call.

    Args:
        train: Trains for one report.
        halts: After which reports the worker waits.
        clock: Seconds, monotonic.
    """

    def __init__(
        self,
        train: Callable[[], dict[str, Any]],
        halts: Halts,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._train = train
        self._halts = halts
        self._clock = clock
        self._handed = 0  # reports
        self._halted_at = 0  # and of these, up to the one that the worker waits after
        self._ended = 0.0
        self._may_pass = False
        self._ran_ahead: dict[str, Any] | None = None
        self._failure: BaseException | None = None

    def next(self, heard: int, until: float, at_most_s: float, ahead: bool = False) -> Stretch:
        """Train until the driver is to hear of it.

        Args:
            heard: How many of the reports the driver has dealt with.
            until: The time from which the scheduler decides.
            at_most_s: How long reports may wait here for each other.
            ahead: Train on for one report while the scheduler decides about the one before.

        Raises:
            Exception: The trainable raised, after the reports that have been handed over.
        """
        if self._failure is not None:
            raise self._failure
        waits = self._waits(heard, until)
        if waits and not (ahead and self._may_pass):
            return Stretch(self._handed, [], halted=True)
        began, first = self._clock(), self._handed
        waited_s = began - self._ended if self._halted_at == first > 0 else None
        alone = waits or first == 0  # the first one shows at once that the trial works
        reports, halted = self._run(until, 0.0 if alone else at_most_s)
        self._handed += len(reports)
        if halted or waits:
            self._halted_at = self._handed
        self._may_pass = halted and not waits and not self._halts.after(reports[-1], math.inf)
        self._ran_ahead = reports[-1] if waits else None
        self._ended = self._clock()
        return Stretch(first, reports, halted or waits, waited_s)

    def _run(self, until: float, at_most_s: float) -> tuple[list[dict[str, Any]], bool]:
        """Return the next reports, and whether the last one halts the worker."""
        reports: list[dict[str, Any]] = []
        halted, began = False, self._clock()
        while not halted:
            started = self._clock()
            try:
                report = self._train()
            except BaseException as failure:
                self._failure = failure
                if not reports:
                    raise
                break  # these first
            reports.append(report)
            halted, now = self._halts.after(report, until), self._clock()
            if (now - began) + (now - started) > at_most_s:  # the next would take too long
                break
        return reports, halted

    def _waits(self, heard: int, until: float) -> bool:
        """Return whether the driver has yet to deal with a report before there may be more."""
        beyond = self._ran_ahead
        if beyond is not None and heard == self._halted_at - 1:  # all but that one
            return self._halts.after(beyond, until)
        return self._halted_at > heard


class Serving(tune.Trainable):
    """Put before a trainable's own class: what the driver calls.

    Attributes:
        halts: After which reports it waits.
        most_trials: The process is to be replaced after so many trials; 0 for never.
        shares_process: Whether other trials train in the process too: then it is left as it is.
    """

    halts: Halts
    most_trials: int
    shares_process = False

    def __init__(self, config: dict[str, Any] | None = None, storage: Any = None) -> None:
        self.__rested: tuple[str | None] | None = None  # the verdict, once the trial has ended
        self.__stretches = Stretches(super().train, self.halts)
        self.__place = own_place()
        self.__cap = ShareCap(_gpu_share(config or {}))
        upkeep = None if self.shares_process else Upkeep(self.most_trials)
        super().__init__(config or {}, storage)
        # Where a class sets up once for all trials, what that does to the process shall stay.
        once = not isinstance(self, FunctionTrainable | EpochTrainable)
        self.__upkeep = Upkeep(self.most_trials) if once else upkeep

    def train(self) -> dict[str, Any]:
        """Train for one report: what a worker of a single trial is asked for."""
        return self.__stamped(super().train())  # type: ignore[no-untyped-call]

    def train_stretch(
        self, heard: int, until: float, at_most_s: float, ahead: bool = False
    ) -> Stretch:
        """Train until the driver is to hear of it; see `Stretches.next`."""
        stretch = self.__stretches.next(heard, until, at_most_s, ahead)
        if stretch.reports:
            self.__stamped(stretch.reports[-1])
        return stretch

    def rest(self) -> str | None:
        """Let go of what the trial held.

        Returns:
            Why no other trial should run in this process; None where one may.
        """
        if self.__rested is None:
            if isinstance(self, EpochTrainable):
                self.reset_config(self.config)  # drops all that `setup` made
            if isinstance(self, FunctionTrainable) and not _has_ended():
                self.__rested = ("state: the trial's function has not ended",)
            else:
                self.__rested = (self.__upkeep.between_trials() if self.__upkeep else None,)
        return self.__rested[0]

    def reset(self, new_config: dict[str, Any], storage: Any = None) -> bool | str:
        """Make ready for another trial.

        Returns:
            True, or why that cannot be.
        """
        unfit = self.rest()
        if unfit is not None:
            return unfit
        self.__rested = None
        self.__stretches = Stretches(super().train, self.halts)
        self.__cap.renew()
        forget_peak()
        ready = super().reset(new_config, storage)  # type: ignore[no-untyped-call]
        return bool(ready) or "it cannot be reset"

    def __stamped(self, report: dict[str, Any]) -> dict[str, Any]:
        """Say in a report what the trial takes, and where."""
        peak = peak_memory()
        if peak is not None:
            report[PEAK_MEMORY] = peak
        if self.__place is not None:
            report[PLACE] = self.__place
        return report


def served(trainable: type[tune.Trainable], halts: Halts, most_trials: int) -> type[Serving]:
    """Return ``trainable`` as a class for workers.

    Args:
        trainable: A trainable.
        halts: After which reports it waits.
        most_trials: The process is to be replaced after so many trials; 0 for never.
    """
    own = {"halts": halts, "most_trials": most_trials, "__module__": trainable.__module__}
    return type(trainable.__name__, (Serving, trainable), own)


def _gpu_share(config: Mapping[str, Any]) -> float:
    """Return what of a GPU the trial's own process has."""
    told = config.get(TRIAL_INFO)
    if told is None or told.trial_resources.head_bundle_is_empty:
        return 0.0
    return float(told.trial_resources.bundles[0].get("GPU", 0))


def _has_ended() -> bool:
    """End the thread of a function that was stopped, and return whether that worked."""
    session = get_session()
    if session is None:
        return True
    session.finish(timeout=_LET_GO_S)
    return not session.training_thread.is_alive()


def _is_finite(value: Any) -> bool:
    try:
        return math.isfinite(value)
    except (TypeError, ValueError, OverflowError):
        return False
