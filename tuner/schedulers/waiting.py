"""Which trial gets the next free slot where a scheduler has no wish of its own."""

from __future__ import annotations

from typing import cast

from ray.tune.execution.tune_controller import TuneController
from ray.tune.experiment import Trial

__all__ = ["first_waiting", "is_in_line", "trial_of"]


def first_waiting(tune_controller: TuneController) -> Trial | None:
    """Return Ray's FIFO choice, pending before paused, over the live trials only: O(slots).

    A controller that keeps its trials in order may answer itself, as ``first_waiting()``.
    """
    ask = getattr(type(tune_controller), "first_waiting", None)  # Ray's own warns if it is asked
    if ask is not None:
        return cast("Trial | None", ask(tune_controller))
    live: set[Trial] = tune_controller.get_live_trials()
    for status in (Trial.PENDING, Trial.PAUSED):
        waiting = [trial for trial in live if trial.status == status]
        if waiting:
            return min(waiting, key=lambda trial: trial.trial_id)
    return None


def is_in_line(tune_controller: TuneController, trial: Trial) -> bool:
    """Whether a trial waits, and no worker is being made ready for it.

    A choice that falls on one whose worker takes its time (on a node that cannot be reached, for
    minutes) keeps all others from the workers that are free. A controller that knows answers
    itself, as ``is_in_line(trial)``.
    """
    if trial.status not in (Trial.PENDING, Trial.PAUSED):
        return False
    ask = getattr(type(tune_controller), "is_in_line", None)
    return ask is None or bool(ask(tune_controller, trial))


def trial_of(
    known: dict[str, Trial], tune_controller: TuneController, trial_id: str
) -> Trial | None:
    """Return the live trial of an id.

    Args:
        known: The trials that a scheduler has met, by id. Of those that were there before its
            state was restored it has met none; they are added.
        tune_controller: Knows all live trials.
        trial_id: Its id.
    """
    if trial_id not in known:
        for trial in tune_controller.get_live_trials():
            known.setdefault(trial.trial_id, trial)
    return known.get(trial_id)
