"""What Ray's PBT lacks when it is watched from outside, for a user's own objects too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ray.train._internal.session import _TrainingResult
from ray.tune.execution.tune_controller import TuneController
from ray.tune.experiment import Trial
from ray.tune.schedulers import PopulationBasedTraining

from tuner.schedulers.reasons import Explaining, Reason

__all__ = ["continue_from", "describe_exploit", "pass_barrier", "watch_exploits"]

Ask = Callable[[TuneController, Trial, dict[str, Any]], str]


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
        exploit(tune_controller, trial, source)
        told = scheduler.take_reason(trial.trial_id) if isinstance(scheduler, Explaining) else None
        reason = told or describe_exploit(scheduler, trial, source)
        observe(trial, reason, pbt._trial_state[trial].last_result)

    pbt._exploit = watched


def continue_from(trial: Trial, checkpoint: _TrainingResult | None) -> None:
    """Have a waiting trial start from a checkpoint, whoever made it; from none if it is None."""
    manager: Any = trial.run_metadata.checkpoint_manager
    manager._latest_checkpoint_result = checkpoint


def describe_exploit(scheduler: PopulationBasedTraining, trial: Trial, source: Trial) -> Reason:
    """Return why ``trial`` just copied ``source``, and from where it goes on.

    The details hold what a replay of the policy needs: the source, the time and the
    ``training_iteration`` of the checkpoint that was copied, and the new configuration; and the
    checkpoint's name, for a sweep that is resumed before anything told that it was saved.
    """
    pbt: Any = scheduler
    own, better = (pbt._trial_state[t] for t in (trial, source))
    score, best = (float(pbt._metric_op * state.last_score) for state in (own, better))
    text = f"{score:.4g} is in the worst quantile; continues from {source.trial_id} ({best:.4g})"
    details = {"value": score, "source": source.trial_id, "source_value": best}
    details |= {
        "source_time": better.last_train_time,
        "source_iteration": better.last_result.get("training_iteration"),
        "source_seconds": better.last_result.get("time_total_s"),
        "source_checkpoint": _name_of(better.last_checkpoint),
        "config": trial.config,
    }
    return Reason(text, details)


def _name_of(checkpoint: Any) -> str | None:
    """Return ``<trial>/<checkpoint>``, by which a sweep's record knows a checkpoint."""
    path = getattr(checkpoint, "path", None)
    return None if path is None else "/".join(str(path).rstrip("/").split("/")[-2:])


def pass_barrier(
    scheduler: PopulationBasedTraining, tune_controller: TuneController, ask: Ask
) -> bool:
    """Hold the comparison that a synchronous population is ready for, if it is.

    Ray's looks whether all members have arrived only when one reports. The member that the
    others wait for may end without a report (it fails, diverges or reaches ``max_t``); then
    nobody looks again, and all stay paused.

    Args:
        scheduler: The population.
        tune_controller: Knows its live members.
        ask: Decides about a member's report, as Ray's ``on_trial_result`` does.

    Returns:
        Whether the members may go on.
    """
    pbt: Any = scheduler
    if not pbt._synch:
        return False
    members = [trial for trial in tune_controller.get_live_trials() if not trial.is_finished()]
    members.sort(key=lambda trial: trial.trial_id)
    states = [pbt._trial_state[trial] for trial in members]
    if not members or any(
        trial.status != Trial.PAUSED or state.last_train_time < pbt._next_perturbation_sync
        for trial, state in zip(members, states, strict=True)
    ):
        return False
    ages = [state.last_train_time - state.last_perturbation_time for state in states]
    oldest = ages.index(max(ages))
    before = pbt._next_perturbation_sync
    ask(tune_controller, members[oldest], states[oldest].last_result)
    if pbt._next_perturbation_sync == before:  # nobody has trained for a whole interval: all go on
        pbt._next_perturbation_sync += pbt._perturbation_interval
    return True
