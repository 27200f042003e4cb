"""Rungs from which those trials go on of which a model expects most.

Swersky, Snoek & Adams 2014, "Freeze-Thaw Bayesian Optimization", arXiv 1406.3896, pause trials
after a while and thaw those that a model of their learning curves prefers. Here trials pause at
the rungs of ASHA (`promotion`), and the model is the searcher's.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

from ray.tune.execution.tune_controller import TuneController
from ray.tune.experiment import Trial

from tuner.schedulers.promotion import PromotionASHA
from tuner.schedulers.promotion_rungs import PromotionRung
from tuner.schedulers.reasons import Reason

__all__ = ["FreezeThaw"]


class FreezeThaw(PromotionASHA):
    """Pauses trials at rungs, and lets go on whoever the searcher expects most of at ``max_t``.

    A free slot goes to a new trial if the searcher suggests one, and else to the trial of most
    promise that waits, at whatever rung: the searcher is told who waits, and withholds suggestions
    while one of them promises nearly as much as a new one would. So what is compared with those
    that wait is the best that could be suggested now, and not what was suggested before the last
    reports came. Where the searcher makes no promises, and once no trial will come any more, it is
    `PromotionASHA`.

    The searcher has two methods for it, ``yield_to(waiting)`` and ``promises(trial_ids)``, as
    ``mfgp`` has them.

    Args:
        time_attr: As of `PromotionASHA`, like all that follow.
        metric: What is tuned.
        mode: ``"min"`` or ``"max"``.
        max_t: Trials end there, in units of ``time_attr``.
        grace_period: Where the lowest rung is.
        reduction_factor: One in so many is promoted; also the ratio of rungs. Above 1.
        seed: As of `PromotionASHA`.

    Raises:
        SpecError: A value is out of its range.
    """

    def __init__(
        self,
        time_attr: str = "training_iteration",
        metric: str | None = None,
        mode: Literal["min", "max"] | None = None,
        max_t: float = 100,
        grace_period: float = 1,
        reduction_factor: float = 3,
        seed: int | None = None,
    ) -> None:
        super().__init__(time_attr, metric, mode, max_t, grace_period, reduction_factor, seed=seed)

    def on_trial_add(self, tune_controller: TuneController, trial: Trial) -> None:
        """Take in a new trial, and have the searcher know who it competes with.

        Raises:
            SpecError: Metric or mode are not known yet.
        """
        super().on_trial_add(tune_controller, trial)
        source: Any = tune_controller.search_alg
        yield_to = getattr(getattr(source, "searcher", None), "yield_to", None)
        if yield_to is not None:  # another searcher in a plain Tuner has none
            yield_to(self._frozen)

    def choose_trial_to_run(self, tune_controller: TuneController) -> Trial | None:
        """Return a new trial, or else the one to thaw."""
        source: Any = tune_controller.search_alg
        ask = getattr(getattr(source, "searcher", None), "promises", None)
        replays = getattr(tune_controller, "replays", False)  # what was chosen is on record
        if ask is None or replays or source.is_finished():
            return super().choose_trial_to_run(tune_controller)
        first = self._first_of(tune_controller, [*self._thawed(), *self._rungs.training])
        if first is not None:
            return first
        promises = ask(self._frozen()) or {}
        ranked = sorted(promises, key=lambda trial_id: (-promises[trial_id], trial_id))
        found = self._first_of(tune_controller, ranked)
        return found or super().choose_trial_to_run(tune_controller)

    def _frozen(self) -> list[str]:
        """Return who waits, and has not been chosen to go on."""
        return [trial_id for trial_id in self._rungs.waiting() if self._is_paused(trial_id)]

    def _thawed(self) -> Iterable[str]:
        """Yield who has been promoted, and still stands where it waited: also after a crash."""
        return (trial_id for trial_id in self._rungs.waiting() if not self._is_paused(trial_id))

    def _is_paused(self, trial_id: str) -> bool:
        """Whether a trial that waits has not been promoted: one that was waits until it reports."""
        trial = self._trials.get(trial_id)
        return trial is None or trial.status == Trial.PAUSED

    def _reason(self, rung: PromotionRung, bracket: int, value: float, verdict: str) -> Reason:
        told = super()._reason(rung, bracket, value, verdict)
        return Reason(f"rung {self._label(bracket, rung)}: {value:.4g} {verdict}", told.details)
