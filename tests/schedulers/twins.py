"""Ray's scheduler and ours side by side on one stream of events, which hypothesis draws."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st
from ray.tune.experiment import Trial
from ray.tune.schedulers import TrialScheduler

GOAL = {"metric": "loss", "time_attr": "epoch"}

# A trial, how far it gets, its loss, and how the event ends it, if it does.
Event = tuple[int, float, float, str]


def streams(strides: Sequence[float] = (1, 1, 1, 2, 5)) -> st.SearchStrategy[list[Event]]:
    """Streams of events, in which the times of each trial grow by ``strides``.

    Hypothesis draws a seed only: events that it draws itself are too few to fill a rung.
    """
    return st.integers(0, 10**9).map(lambda seed: stream(random.Random(seed), strides))


def stream(rng: random.Random, strides: Sequence[float]) -> list[Event]:
    """Return a stream of up to 250 events of up to 25 trials, some of whose losses are equal."""
    trials = rng.randint(2, 25)
    fates = ["goes on"] * 30 + ["returns", "is done", "fails"]
    return [
        (
            rng.randrange(trials),
            rng.choice(strides),
            rng.choice([0.0, 0.5, 1, rng.gauss(0, 1), rng.gauss(0, 1e6)]),
            rng.choice(fates),
        )
        for _ in range(rng.randint(0, 250))
    ]


class Side:
    """One scheduler, driven as Ray Tune's controller drives it."""

    def __init__(self, scheduler: TrialScheduler) -> None:
        self.scheduler = scheduler
        self.trials: dict[int, Trial] = {}
        self.search_alg = None

    def get_live_trials(self) -> set[Trial]:
        return {trial for trial in self.trials.values() if not trial.is_finished()}

    def get_trials(self) -> list[Trial]:
        return list(self.trials.values())

    def go_on_from(self, other: Side, path: str) -> None:
        """Take over the saved state and the trials of another side, as another process would."""
        self.scheduler.restore(path)
        for number, trial in other.trials.items():
            twin = self.trials[number] = Trial("stub", stub=True, trial_id=trial.trial_id)
            twin.status = trial.status
            twin.run_metadata.last_result = dict(trial.last_result)

    def take(self, event: Event) -> str | None:
        """Carry out an event; None where the trial has ended."""
        number, stride, loss, fate = event
        trial = self.trials.get(number)
        if trial is None:
            trial = self.trials[number] = Trial("stub", stub=True, trial_id=f"t{number:06d}")
            self.scheduler.on_trial_add(self, trial)
            trial.status = Trial.RUNNING
        if trial.is_finished():
            return None
        trial.status = Trial.RUNNING
        epoch = trial.last_result.get("epoch", 0)
        result: dict[str, Any] = {"epoch": epoch + stride, "loss": loss}
        if fate == "fails":
            self.scheduler.on_trial_error(self, trial)
            trial.status = Trial.ERROR
            return fate
        answer = fate
        if fate != "is done":  # whose last report is for nobody to decide about
            answer = str(self.scheduler.on_trial_result(self, trial, dict(result)))
        trial.run_metadata.last_result = result
        if answer == TrialScheduler.PAUSE:
            trial.status = Trial.PAUSED
        elif answer == TrialScheduler.STOP or fate in ("returns", "is done"):
            self.scheduler.on_trial_complete(self, trial, dict(result))
            trial.status = Trial.TERMINATED
        return answer


def answers(scheduler: TrialScheduler, stream: Sequence[Event]) -> list[str | None]:
    """What a scheduler answers to a stream of events."""
    side = Side(scheduler)
    return [side.take(event) for event in stream]
