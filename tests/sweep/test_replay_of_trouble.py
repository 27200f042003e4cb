"""What goes wrong in a sweep is replayed as it went; and what is asked of it from outside."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest
from ray.exceptions import RayActorError
from ray.tune.experiment import Trial
from ray.tune.schedulers import FIFOScheduler, TrialScheduler
from ray.tune.search import Searcher
from replaying import ARMS, DyingWriter, Writer, carry_out, resumed, rows_of, story

from tuner.runtime.ahead import RunAhead
from tuner.runtime.execution import Execution
from tuner.runtime.whereabouts import Place

pytestmark = pytest.mark.usefixtures("virtual_cluster")


def test_a_trial_that_a_rule_ends_is_infeasible_for_the_searcher(tmp_path: Path) -> None:
    class Listening(Searcher):
        told: ClassVar[dict[str, Any]] = {}

        def suggest(self, trial_id: str) -> dict[str, float]:  # type: ignore[override]
            return {"x": 0.5, "lr": 0.1 if trial_id == "t000000" else 1.0}

        def on_trial_complete(
            self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
        ) -> None:
            self.told[trial_id] = "infeasible" if error else (result or {}).get("loss")

    def high_lr(first: Mapping[str, Any], report: Mapping[str, Any]) -> str | None:
        return "lr" if report["epoch"] == 2 and report["loss"] - 0.1 * 1.0 > 1.1 else None

    writer, scenario = Writer(), {"diverges": high_lr}
    carry_out(
        tmp_path, writer, scheduler="fifo", searcher=Listening(metric="loss", mode="min"),
        num_samples=2, max_t=3, scenario=scenario,
    )  # fmt: skip
    told, outcomes = story(writer.records)
    assert outcomes == {"t000000": "completed", "t000001": "diverged"}
    assert ("STOP", "t000001", 2.0, "diverged: lr") in told
    losses = [entry[-1] for entry in told if entry[:2] == ("report", "t000000")]
    assert Listening.told["t000000"] == losses[-1]
    assert Listening.told["t000001"] == losses[-1]  # the worst that it knows of, and not its own


def fails_once_at(epoch: int, folder: Path) -> Callable[[str, int], bool]:
    """Every second trial fails after ``epoch``, once: also when its driver is another one."""

    def fails(trial_id: str, done: int) -> bool:
        marker = folder / f"{trial_id}-failed"
        if done != epoch or int(trial_id[-1]) % 2 or marker.exists():
            return False
        marker.touch()
        return True

    return fails


@pytest.mark.parametrize("arm", ["asha", "promotion", "hyperband", "pbt", "saving"])
@pytest.mark.parametrize("max_failures", [0, 2])
def test_trials_that_fail_are_replayed_too(arm: str, max_failures: int, tmp_path: Path) -> None:
    options = {**ARMS[arm], "max_failures": max_failures}
    calm, whole = Writer(), DyingWriter(tmp_path / "whole", every=2)
    carry_out(tmp_path / "calm", calm, **ARMS[arm])
    carry_out(tmp_path / "whole", whole, fails=fails_once_at(2, tmp_path / "whole"), **options)
    assert sum(r.row.get("event") == "failing" for r in whole.records) >= 1
    if max_failures and arm != "pbt":  # for the scheduler nothing has happened
        assert story(whole.records) == story(calm.records)
    for death in whole.deaths:
        again = resumed(death, fails=fails_once_at(2, death.folder), **options)
        assert len(story(again.records)[1]) == options["num_samples"]
        if max_failures and arm != "pbt":
            assert story(again.records) == story(whole.records), death


def loses_node_once_at(epoch: int, folder: Path) -> Callable[[str, int], RayActorError | bool]:
    """Every second trial's worker goes with its node after ``epoch``, once."""
    fails = fails_once_at(epoch, folder)
    return lambda trial_id, done: fails(trial_id, done) and RayActorError(preempted=True)


@pytest.mark.parametrize("arm", ["fifo", "asha"])
def test_a_worker_that_dies_while_it_trains_on_costs_nothing_but_its_trial_some_work(
    arm: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RunAhead, "pays", lambda self, step_s: True)
    calm, told = Writer(), Writer()
    carry_out(tmp_path / "calm", calm, **ARMS[arm])
    fails = loses_node_once_at(2, tmp_path / "told")
    carry_out(tmp_path / "told", told, fails=fails, **ARMS[arm])
    assert rows_of(told, "failing")
    assert story(told.records) == story(calm.records)


def leaves_once_at(epoch: int, folder: Path) -> Callable[[Execution], None]:
    """Every second trial is on a node that is about to go when it has trained so far, once."""

    def tick(execution: Execution) -> None:
        controller: Any = execution._controller
        for actor, trial in list(controller._actor_to_trial.items()):
            marker = folder / f"{trial.trial_id}-left"
            done = (trial.last_result or {}).get("epoch")
            if done == epoch and not int(trial.trial_id[-1]) % 2 and not marker.exists():
                marker.touch()
                controller._places[actor] = Place("n2", "id of n2", ())
        controller.vacate({"id of n2"})

    return tick


@pytest.mark.parametrize("arm", ["asha", "hyperband", "pbt"])
def test_a_sweep_that_gets_more_and_fewer_workers_ends_as_well(arm: str, tmp_path: Path) -> None:
    held = [(2, 10), (1, 20), (0, 10), (None, 5)]  # a ration, for so many events
    rations = itertools.cycle(
        (ration, last == number - 1) for ration, number in held for last in range(number)
    )
    most: dict[int | None, int] = {}

    def tick(execution: Execution) -> None:
        ration, last = next(rations)
        execution.following.take(ration)
        controller: Any = execution._controller
        if last:  # by then every trial has ended or paused
            staffed = controller._actor_manager.num_total_actors
            most[ration] = max(staffed, most.get(ration, 0))

    calm, rationed = Writer(), Writer()
    options = {**ARMS[arm], "num_samples": 16}
    carry_out(tmp_path / "calm", calm, slots=2, **options)
    carry_out(tmp_path / "rationed", rationed, slots=2, tick=tick, **options)

    assert (most[2], most[1], most[0]) == (2, 1, 0)
    assert story(rationed.records)[1].keys() == story(calm.records)[1].keys()


@pytest.mark.parametrize("noticed", [False, True])
@pytest.mark.parametrize("arm", ["asha", "hyperband", "pbt"])
def test_trials_that_lose_their_node_are_replayed_too(
    arm: str, noticed: bool, tmp_path: Path
) -> None:
    """None of them fails; with notice, none of them does anything again."""

    def trouble(folder: Path) -> dict[str, Any]:
        if noticed:
            return {"tick": leaves_once_at(1 if arm == "pbt" else 2, folder)}
        return {"fails": loses_node_once_at(2, folder)}

    calm, whole = Writer(), DyingWriter(tmp_path / "whole", every=5)
    carry_out(tmp_path / "calm", calm, **ARMS[arm])
    carry_out(tmp_path / "whole", whole, **trouble(tmp_path / "whole"), **ARMS[arm])
    assert all(row["details"]["excuse"] for row in rows_of(whole, "failing"))
    assert rows_of(whole, "failing") or (noticed and arm == "pbt")  # which pauses there anyway
    if arm != "pbt":  # for the scheduler nothing has happened
        assert story(whole.records) == story(calm.records)
    if noticed:
        steps = [r.row["training_iteration"] for r in whole.records if r.kind == "report"]
        before = [r.row["training_iteration"] for r in calm.records if r.kind == "report"]
        assert arm == "pbt" or sorted(steps) == sorted(before)
    for death in whole.deaths:
        again = resumed(death, **trouble(death.folder), **ARMS[arm])
        assert set(story(again.records)[1].values()) <= {"completed", "stopped"}
        if arm != "pbt":
            assert story(again.records) == story(whole.records), death


@pytest.mark.parametrize("arm", ["asha", "promotion", "hyperband", "pbt"])
def test_a_trial_that_somebody_stopped_is_replayed_too(arm: str, tmp_path: Path) -> None:
    def stop_open_trials(writer: Writer) -> Callable[[Execution], None]:
        def tick(execution: Execution) -> None:
            open_ids = sorted(execution._recorder.ledger.open())
            asked = sum("asked_by" in r.row.get("details", ()) for r in writer.records)
            if open_ids and asked < 2 and len(writer.records) > 15 * (1 + asked):
                execution.stop_trial(open_ids[-1 if asked else 0], "me")

        return tick

    whole = DyingWriter(tmp_path / "whole", first=20, every=3)
    carry_out(tmp_path / "whole", whole, tick=stop_open_trials(whole), **ARMS[arm])
    assert any("asked_by" in r.row.get("details", ()) for r in whole.records)
    for death in whole.deaths:
        again = Writer(list(death.records))
        tick = stop_open_trials(again)
        carry_out(death.folder, again, records=death.records, tick=tick, **ARMS[arm])
        assert len(story(again.records)[1]) == ARMS[arm]["num_samples"]


class PausesForEver(FIFOScheduler):
    """Pauses every trial at its first report, and wants none of them back."""

    def on_trial_result(self, *_: Any) -> str:
        return TrialScheduler.PAUSE

    def choose_trial_to_run(self, tune_controller: Any) -> Any:
        waiting = (t for t in tune_controller.get_trials() if t.status == Trial.PENDING)
        return next(waiting, None)


def test_a_searcher_that_waits_for_paused_trials_is_not_left_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuner.runtime.execution._STALLED_AFTER_S", 0.05)
    told = Writer()
    carry_out(tmp_path, told, scheduler=PausesForEver(), searcher="grid:points=2,rounds=2")
    suggested = [r for r in told.records if r.row.get("event") == "suggested"]
    assert len(suggested) > 4


def test_a_trial_that_pauses_alone_gets_its_worker_back(tmp_path: Path) -> None:
    writer = Writer()
    execution = carry_out(tmp_path, writer, **ARMS["policy"])
    assert sum(record.row.get("decision") == "PAUSE" for record in writer.records) >= 2
    actors: Any = execution._controller._actor_manager
    assert actors._count == 1  # the last trial pauses when no other is left


def test_a_trial_gets_twice_the_share_until_it_fits_or_fits_nowhere(tmp_path: Path) -> None:
    points = [{"x": 0.1, "lr": 0.1}, {"x": 0.2, "lr": 0.1}, {"x": 0.8, "lr": 0.1}]
    writer = Writer()
    execution = carry_out(
        tmp_path, writer, scheduler="fifo", searcher="random", num_samples=3, max_t=3,
        points_to_evaluate=points, checkpoint_frequency=1, max_failures=0,
        resources={"cpu": 1, "gpu": 0.2}, needs=lambda config: 3 * config["x"],
    )  # fmt: skip
    told, outcomes = story(writer.records)
    retries = [entry[1:] for entry in told if entry[0] == "RETRY"]
    tried = "out of device memory with gpu={}: tried again with gpu={}".format
    assert retries == [
        ("t000000", 1.0, tried(0.2, 0.4)),
        ("t000001", 1.0, tried(0.2, 0.4)),
        ("t000001", 1.0, tried(0.4, 0.8)),
        ("t000002", 1.0, tried(0.2, 0.4)),
        ("t000002", 1.0, tried(0.4, 0.8)),
        ("t000002", 1.0, tried(0.8, 1)),
    ]
    assert outcomes == {"t000000": "completed", "t000001": "completed", "t000002": "infeasible"}
    assert execution._trials["t000001"].run_metadata.num_failures == 0
    steps = [entry[2] for entry in told if entry[:2] == ("report", "t000001")]
    assert steps == [1, 2, 3]  # from its checkpoint each time
