"""Rungs from which those trials go on of which a model expects most.

Swersky, Snoek & Adams 2014, "Freeze-Thaw Bayesian Optimization", arXiv 1406.3896, pause trials
after a while and thaw those that a model of their learning curves prefers. Here trials pause at
the rungs of ASHA (`promotion`), which also say how many go on, and the model is the searcher's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, cast

from ray.tune.execution.tune_controller import TuneController
from ray.tune.experiment import Trial

from tuner.schedulers.promotion import PromotionASHA
from tuner.schedulers.promotion_rungs import PromotionRung
from tuner.schedulers.reasons import Reason

__all__ = ["FreezeThaw"]


class FreezeThaw(PromotionASHA):
    """ASHA's promotions, by what the searcher expects at ``max_t`` instead of by rank.

    A free slot goes to the trial of most promise at the highest rung from which fewer than
    1/reduction_factor of those that came by have gone on; or else to any that waits and promises
    more than the new trial that stands ready; or else to the new one. So the search looks around
    at a steady pace, and once the model knows where the best lies, goes on there. Where the
    searcher has no model yet, and once no trial will come any more, it is `PromotionASHA`.

    The searcher says what trials promise in a method ``promises(trial_ids)``, as ``mfgp`` has it.

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

    def choose_trial_to_run(self, tune_controller: TuneController) -> Trial | None:
        """Return the trial to thaw, or else a new one."""
        new = self._first_of(tune_controller, self._rungs.training)
        promises = None if new is None else self._promises(tune_controller, new.trial_id)
        if new is None or promises is None:
            return super().choose_trial_to_run(tune_controller)
        thawed = self._first_of(tune_controller, self._thawed())
        if thawed is not None:
            return thawed
        ranked = sorted(promises, key=lambda trial_id: (-promises[trial_id], trial_id))
        for rung in self._rungs.from_the_top:
            paused = {entry.trial_id for entry in rung.waiting if self._is_paused(entry.trial_id)}
            if rung.arrived - len(paused) < rung.places:
                chosen = self._first_of(tune_controller, (i for i in ranked if i in paused))
                if chosen is not None:
                    return chosen
        return self._first_of(tune_controller, ranked) or new

    def _thawed(self) -> Iterable[str]:
        """Yield who has been promoted, and still stands where it waited: also after a crash."""
        return (trial_id for trial_id in self._rungs.waiting() if not self._is_paused(trial_id))

    def _is_paused(self, trial_id: str) -> bool:
        """Whether a trial that waits has not been promoted: one that was waits until it reports."""
        trial = self._trials.get(trial_id)
        return trial is None or trial.status == Trial.PAUSED

    def _promises(self, tune_controller: TuneController, new: str) -> Mapping[str, float] | None:
        """Return what the new trial promises, and each that waits; None where nobody can say."""
        searcher: Any = getattr(tune_controller.search_alg, "searcher", None)
        ask = getattr(searcher, "promises", None)  # another searcher in a plain Tuner has none
        if ask is None or getattr(tune_controller, "replays", False):
            return None
        waiting = list(self._rungs.waiting())
        return cast("Mapping[str, float] | None", ask([new, *waiting])) if waiting else None

    def _reason(self, rung: PromotionRung, bracket: int, value: float, verdict: str) -> Reason:
        told = super()._reason(rung, bracket, value, verdict)
        return Reason(f"rung {self._label(bracket, rung)}: {value:.4g} {verdict}", told.details)
