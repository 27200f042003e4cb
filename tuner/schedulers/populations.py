"""What Ray's PBT lacks when it is watched from outside, for a user's own objects too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ray.tune.execution.tune_controller import TuneController
from ray.tune.experiment import Trial
from ray.tune.schedulers import PopulationBasedTraining

from tuner.schedulers.reasons import Reason

__all__ = ["pass_barrier", "watch_exploits"]


def watch_exploits(
    scheduler: PopulationBasedTraining,
    observe: Callable[[Trial, Reason, Mapping[str, Any]], None],
) -> None:
    """Have each exploit reported, which PBT performs in the middle of deciding.

    Args:
        scheduler: Not watched yet.
        observe: Told of the trial, the reason and the trial's last result, after each exploit.
    """
    pbt: Any = scheduler  # its private parts are not typed
    exploit = pbt._exploit

    def watched(tune_controller: TuneController, trial: Trial, source: Trial) -> None:
        own, better = (pbt._trial_state[t] for t in (trial, source))
        exploit(tune_controller, trial, source)
        score, best = (pbt._metric_op * state.last_score for state in (own, better))
        text = f"{score:.4g} is in the worst quantile; continues from {source.trial_id}"
        details = {"value": score, "source": source.trial_id, "source_value": best}
        reason = Reason(f"{text} ({best:.4g})", details | {"config": trial.config})
        observe(trial, reason, own.last_result)

    pbt._exploit = watched


def pass_barrier(scheduler: PopulationBasedTraining, tune_controller: TuneController) -> bool:
    """Hold the comparison that a synchronous population is ready for, if it is.

    Ray's looks whether all members have arrived only when one reports. The member that the
    others wait for may end without a report (it fails, diverges or reaches ``max_t``); then
    nobody looks again, and all stay paused.

    Returns:
        Whether the members were compared.
    """
    pbt: Any = scheduler
    if not pbt._synch:
        return False
    members = [trial for trial in tune_controller.get_live_trials() if not trial.is_finished()]
    states = [pbt._trial_state[trial] for trial in members]
    if not members or any(
        trial.status != Trial.PAUSED or state.last_train_time < pbt._next_perturbation_sync
        for trial, state in zip(members, states, strict=True)
    ):
        return False
    ages = [state.last_train_time - state.last_perturbation_time for state in states]
    oldest = ages.index(max(ages))
    before = pbt._next_perturbation_sync
    pbt.on_trial_result(tune_controller, members[oldest], states[oldest].last_result)
    return bool(pbt._next_perturbation_sync > before)
