"""What tuner's own schedulers share, whether they derive from one of Ray's or from none."""

from __future__ import annotations

from typing import Any, Literal

from ray.tune.execution.tune_controller import TuneController
from ray.tune.experiment import Trial
from ray.tune.schedulers import TrialScheduler

from tuner.schedulers.checks import check_mode
from tuner.schedulers.reasons import Reason
from tuner.schedulers.reports import as_number, is_time

__all__ = ["Comparing", "Judge", "Reasoned"]


class Reasoned(TrialScheduler):
    """A scheduler that keeps the reasons of its decisions until they are asked for."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)  # type: ignore[no-untyped-call]
        self._reasons: dict[str, Reason] = {}

    def take_reason(self, trial_id: str) -> Reason | None:
        """Return why the trial was last stopped, paused or made to copy another, once."""
        return self._reasons.pop(trial_id, None)


class Judge(Reasoned):
    """A scheduler that compares trials, and forgets one once it has ended for good."""

    _metric: str | None
    _mode: Any
    _time_attr: str

    @property
    def supports_buffered_results(self) -> bool:
        """Whether several reports may be handed over at once; never, decisions come first."""
        return False

    def on_trial_error(self, tune_controller: TuneController, trial: Trial) -> None:
        """A trial failed; one that will be tried again keeps its place."""
        if trial.status != Trial.ERROR:  # which Ray sets before it starts a trial again
            self.on_trial_remove(tune_controller, trial)

    def _read(self, result: dict[str, Any]) -> tuple[float | None, float | None]:
        """Return a report's time, if it is one, and its metric."""
        time = as_number(result.get(self._time_attr))
        return (time if is_time(time) else None), as_number(result.get(str(self._metric)))

    def _turned(self, value: float) -> float:
        """Turn a metric into a score, of which more is better, or a score into the metric."""
        return value if self._mode == "max" else -value


class Comparing(Judge):
    """A judge that derives from none of Ray's schedulers.

    Args:
        time_attr: What counts as time in a report.
        metric: What is tuned; None for what `set_search_properties` names.
        mode: ``"min"`` or ``"max"``; likewise.

    Raises:
        SpecError: The mode is none.
    """

    def __init__(
        self, time_attr: str, metric: str | None, mode: Literal["min", "max"] | None
    ) -> None:
        super().__init__()
        check_mode(mode)
        self._time_attr = time_attr
        self._metric = metric  # what Ray reads
        self._mode = mode

    def set_search_properties(self, metric: str | None, mode: str | None, **spec: Any) -> bool:
        """Take metric and mode over from the sweep; return whether neither was set twice."""
        if (self._metric and metric) or (self._mode and mode):
            return False
        self._metric, self._mode = metric or self._metric, mode or self._mode
        return True
