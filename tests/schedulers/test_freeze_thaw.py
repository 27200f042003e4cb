"""Who is thawed: as many as ASHA promotes, by promise, and whoever promises more than a new one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ray.tune.experiment import Trial
from ray.tune.schedulers import TrialScheduler

from tuner.arms import parse_choice
from tuner.errors import SpecError
from tuner.planning import resolve
from tuner.schedulers.freeze_thaw import FreezeThaw
from tuner.simulation.sources import find_task


class Controller:
    """Trials with a status each, and a searcher whose promises are written down."""

    def __init__(self, promises: dict[str, float] | None) -> None:
        searcher = SimpleNamespace(promises=lambda ids: promises and {i: promises[i] for i in ids})
        self.search_alg = SimpleNamespace(searcher=searcher, is_finished=lambda: False)
        self.trials: list[Any] = []

    def get_live_trials(self) -> set[Any]:
        return set(self.trials)


class Live:
    """As much of a trial as is looked at."""

    def __init__(self, trial_id: str) -> None:
        self.trial_id, self.status = trial_id, Trial.PENDING


def arranged(promises: dict[str, float] | None, losses: list[float]) -> tuple[Any, Any, list[Live]]:
    """Return a scheduler at whose rung 1 trials wait with these losses, and a new one stands by."""
    scheduler: Any = FreezeThaw(metric="loss", mode="min", max_t=9)
    controller: Any = Controller(promises)
    for number, loss in enumerate([*losses, None]):
        trial = Live(f"t{number}")
        controller.trials.append(trial)
        scheduler.on_trial_add(controller, trial)
        if loss is not None:
            result = {"training_iteration": 1, "loss": loss}
            assert scheduler.on_trial_result(controller, trial, result) == TrialScheduler.PAUSE
            trial.status = Trial.PAUSED
    return scheduler, controller, controller.trials


def test_one_in_three_goes_on_and_it_is_the_one_of_most_promise() -> None:
    promises = {"t0": -9.0, "t1": -1.0, "t2": -5.0, "t3": 0.0}
    scheduler, controller, trials = arranged(promises, [0.1, 0.3, 0.2])
    assert scheduler.choose_trial_to_run(controller) is trials[1]  # by rank it were the first


def test_beyond_its_share_a_trial_goes_on_if_it_beats_the_new_one() -> None:
    for new, expected in ((-2.0, 1), (0.0, 2)):
        promises = {"t0": -9.0, "t1": -1.0, "t2": new}
        scheduler, controller, trials = arranged(promises, [0.1, 0.3])  # two are no three
        assert scheduler.choose_trial_to_run(controller) is trials[expected]


def test_who_was_thawed_and_lost_its_worker_comes_first() -> None:
    promises = {"t0": -9.0, "t1": -1.0, "t2": -5.0, "t3": 0.0}
    scheduler, controller, trials = arranged(promises, [0.1, 0.3, 0.2])
    trials[2].status = Trial.PENDING
    assert scheduler.choose_trial_to_run(controller) is trials[2]


def test_without_a_model_it_is_ashas_promotion() -> None:
    scheduler, controller, trials = arranged(None, [0.3, 0.1, 0.2])
    assert scheduler.choose_trial_to_run(controller) is trials[1]


def test_it_brings_its_searcher() -> None:
    spec = resolve(find_task("branin").scenario, scheduler="freeze_thaw")
    assert parse_choice(spec.searcher).name == "mfgp"


def test_another_searcher_is_refused() -> None:
    with pytest.raises(SpecError, match="use freeze_thaw\\+mfgp, or asha_promotion\\+random"):
        resolve(find_task("branin").scenario, scheduler="freeze_thaw", searcher="random")
