"""Who goes on: a new trial if there is one, and else the one of most promise."""

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
        self.rivals: Any = None
        searcher = SimpleNamespace(
            promises=lambda ids: promises and {i: promises[i] for i in ids if i in promises},
            yield_to=lambda waiting: setattr(self, "rivals", waiting),
        )
        self.ended = False
        self.search_alg = SimpleNamespace(searcher=searcher, is_finished=lambda: self.ended)
        self.trials: list[Any] = []

    def get_live_trials(self) -> set[Any]:
        return set(self.trials)


class Live:
    """As much of a trial as is looked at."""

    def __init__(self, trial_id: str) -> None:
        self.trial_id, self.status = trial_id, Trial.PENDING


def arranged(promises: dict[str, float] | None, losses: list[float]) -> tuple[Any, Any, list[Live]]:
    """Return a scheduler at whose rung 1 trials wait with these losses."""
    scheduler: Any = FreezeThaw(metric="loss", mode="min", max_t=9)
    controller: Any = Controller(promises)
    for number, loss in enumerate(losses):
        trial = added(scheduler, controller, f"t{number}")
        result = {"training_iteration": 1, "loss": loss}
        assert scheduler.on_trial_result(controller, trial, result) == TrialScheduler.PAUSE
        trial.status = Trial.PAUSED
    return scheduler, controller, controller.trials


def added(scheduler: Any, controller: Any, trial_id: str) -> Live:
    trial = Live(trial_id)
    controller.trials.append(trial)
    scheduler.on_trial_add(controller, trial)
    return trial


def test_where_nothing_is_suggested_the_one_of_most_promise_goes_on() -> None:
    promises = {"t0": -9.0, "t1": -1.0, "t2": -5.0}
    scheduler, controller, trials = arranged(promises, [0.1, 0.3, 0.2])
    assert scheduler.choose_trial_to_run(controller) is trials[1]  # by rank it were the first


def test_what_is_suggested_goes_first() -> None:
    scheduler, controller, _ = arranged({"t0": -9.0, "t1": -1.0}, [0.1, 0.3])
    new = added(scheduler, controller, "t2")
    assert scheduler.choose_trial_to_run(controller) is new


def test_the_searcher_knows_who_waits_now() -> None:
    scheduler, controller, trials = arranged({"t0": -9.0, "t1": -1.0, "t2": -5.0}, [0.1, 0.3, 0.2])
    assert set(controller.rivals()) == {"t0", "t1", "t2"}
    trials[1].status = Trial.RUNNING  # has been chosen, and has not reported since
    assert set(controller.rivals()) == {"t0", "t2"}
    scheduler.on_trial_remove(controller, trials[0])
    assert controller.rivals() == ["t2"]


def test_who_was_thawed_and_lost_its_worker_comes_first() -> None:
    promises = {"t0": -9.0, "t1": -1.0, "t2": -5.0}
    scheduler, controller, trials = arranged(promises, [0.1, 0.3, 0.2])
    added(scheduler, controller, "t3")
    trials[2].status = Trial.PENDING
    assert scheduler.choose_trial_to_run(controller) is trials[2]


def test_without_a_model_or_once_no_trial_will_come_it_is_ashas_promotion() -> None:
    scheduler, controller, trials = arranged(None, [0.3, 0.1, 0.2])
    assert scheduler.choose_trial_to_run(controller) is trials[1]
    scheduler, controller, trials = arranged({"t0": 1.0, "t1": 0.0, "t2": 0.0}, [0.3, 0.1, 0.2])
    controller.ended = True
    assert scheduler.choose_trial_to_run(controller) is trials[1]


def test_it_brings_its_searcher() -> None:
    spec = resolve(find_task("branin").scenario, scheduler="freeze_thaw")
    assert parse_choice(spec.searcher).name == "mfgp"


def test_another_searcher_is_refused() -> None:
    with pytest.raises(SpecError, match="use freeze_thaw\\+mfgp, or asha_promotion\\+random"):
        resolve(find_task("branin").scenario, scheduler="freeze_thaw", searcher="random")
