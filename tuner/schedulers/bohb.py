"""HyperBand's brackets with what BOHB's model needs to be told.

Falkner et al. 2018, "BOHB: Robust and Efficient Hyperparameter Optimization at Scale",
arXiv 1807.01774: the brackets are HyperBand's, and a model of each budget (a rung's time) fills
them. Ray's own (``ray_bohb``) never tells the model what a trial that it stops has reached, so
that no result at ``max_t`` counts; its brackets' sizes come from rounded logarithms.
"""

from __future__ import annotations

from typing import Any

from ray.tune.execution.tune_controller import TuneController
from ray.tune.experiment import Trial
from ray.tune.schedulers import TrialScheduler

from tuner.schedulers.hyperband import HyperBand

__all__ = ["BOHBScheduler"]

_INFO = "hyperband_info"  # where the searcher looks for the budget


class BOHBScheduler(HyperBand):
    """HyperBand for a searcher that learns from ``result["hyperband_info"]["budget"]``.

    Such are tuner's ``bohb`` and Ray's ``TuneBOHB``. They are told each result at a rung with the
    rung's time, and which trials are paused: those don't count as running.

    Args:
        time_attr: As of `HyperBand`, like all that follow.
        metric: What is tuned.
        mode: ``"min"`` or ``"max"``.
        max_t: The longest a trial trains.
        reduction_factor: A rung keeps one in so many.
        grace_period: No trial is stopped before.
    """

    def on_trial_result(
        self, tune_controller: TuneController, trial: Trial, result: dict[str, Any]
    ) -> str:
        """Decide as HyperBand does, and name the budget of a result at a rung."""
        rung = self.rung_ahead(trial.trial_id)
        answer = super().on_trial_result(tune_controller, trial, result)
        arrived = rung is not None and result[self._time_attr] >= rung
        result[_INFO] = {"budget": rung} if arrived else {}
        search: Any = tune_controller.search_alg
        if answer == TrialScheduler.PAUSE:
            search.searcher.on_pause(trial.trial_id)
        elif answer == TrialScheduler.STOP and arrived:  # of which Ray's controller tells nobody
            search.on_trial_result(trial.trial_id, result)
        return answer

    def choose_trial_to_run(self, tune_controller: TuneController) -> Trial | None:
        """Choose as HyperBand does; a paused trial that is chosen counts as running."""
        chosen = super().choose_trial_to_run(tune_controller)
        if chosen is not None and chosen.status == Trial.PAUSED:
            search: Any = tune_controller.search_alg
            search.searcher.on_unpause(chosen.trial_id)
        return chosen
