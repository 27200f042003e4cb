"""A sweep that is killed at any moment and resumed is the sweep that was not killed."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import pytest
from ray import tune
from ray.exceptions import RayActorError
from ray.tune.experiment import Trial
from ray.tune.schedulers import FIFOScheduler, TrialScheduler
from ray.tune.search import Searcher
from sweeping import make_scenario
from virtual import Needs, VirtualActors

from tuner.planning import resolve_plan
from tuner.runtime import workers
from tuner.runtime.ahead import RunAhead
from tuner.runtime.execution import Execution
from tuner.runtime.recorder import Recorder
from tuner.runtime.serving import Halts
from tuner.runtime.stopping import Stop
from tuner.runtime.storage import Checkpoints, TrialStorage
from tuner.runtime.whereabouts import Place
from tuner.schedulers.policy import PolicyReplay, PolicyStep
from tuner.searchers.models import ModelSearcher
from tuner.store.past import PastTrial
from tuner.warm_start import teach


class KilledError(BaseException):
    """The process dies here."""


@dataclass(frozen=True)
class Record:
    kind: str
    row: Mapping[str, Any]
    seq: int = 0


@dataclass
class Writer:
    """Keeps what a sweep writes, and dies after so many records."""

    records: list[Record] = field(default_factory=list)
    dies_after: float = math.inf

    def _take(self, kind: str, row: Mapping[str, Any]) -> None:
        if len(self.records) >= self.dies_after:
            raise KilledError
        self.records.append(Record(kind, {k: v for k, v in row.items() if v is not None}))
        if len(self.records) >= self.dies_after:
            raise KilledError

    def report(self, row: Mapping[str, Any]) -> None:
        self._take("report", row)

    def decision(self, row: Mapping[str, Any]) -> None:
        self._take("decision", row)

    def event(self, row: Mapping[str, Any]) -> None:
        self._take("event", row)

    def trial(self, trial_id: str, **changes: Any) -> None:
        pass


def curve(config: Mapping[str, Any], weight: float, epoch: int) -> float:
    return abs(weight - 0.3) + config["lr"] / 10 + 1 / epoch


def carry_out(
    folder: Path, writer: Writer, records: Iterable[Record] | None = None, slots: int = 1,
    fails: Callable[[str, int], bool | RayActorError] = lambda *_: False,
    tick: Callable[[Execution], None] = lambda _: None, past: Sequence[PastTrial] = (),
    before: Mapping[str, Any] | None = None, halts: Halts | None = None,
    needs: Needs = lambda _: 0.0, **options: Any,
) -> Execution:  # fmt: skip
    """Run a sweep, a new one or one that goes on from ``records``, until it ends or dies."""
    if callable(make := options.get("scheduler")):
        options["scheduler"] = make()  # an object serves one sweep
    plan = resolve_plan(
        make_scenario(**options.pop("scenario", {})),
        {"storage_path": str(folder), "name": "s", "seed": 3, "resources": {"cpu": 1}, **options},
    )
    checkpoints = folder / "s" / "checkpoints"
    checkpoints.mkdir(parents=True, exist_ok=True)
    recorder = Recorder(writer, plan.spec, say=lambda _: None, clock=lambda: 0.0)  # type: ignore[arg-type]
    kept = Checkpoints.local(checkpoints)
    storage = TrialStorage(kept, None)
    execution = Execution(
        plan, storage=storage, remove_checkpoint=kept.remove, recorder=recorder, callbacks=[]
    )
    actors = VirtualActors(checkpoints, curve, slots, fails, halts, needs)
    controller: Any = execution._controller
    controller._actor_manager = actors
    controller._slots = slots
    execution._source.limit = None if plan.population or plan.bracket else slots
    teach(plan.searcher, past, plan.spec.objectives, plan.spec.time_attr)
    try:
        if records is not None:
            execution.restore(records, kept, **(before or {}))
        execution.run(Stop(), lambda: tick(execution))
    finally:
        writer.dies_after = math.inf
        storage.remove_temporary_files()
    return execution


@pytest.fixture
def virtual_saves(ray_cluster: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers.PatientSave, "resolve", lambda self, block=True: self.future())
    monkeypatch.setattr(RunAhead, "pays", lambda self, step_s: False)  # it measures real waits
    monkeypatch.setattr("ray.cluster_resources", lambda: {"CPU": 1.0})


def rows_of(writer: Writer, event: str) -> list[Mapping[str, Any]]:
    return [record.row for record in writer.records if record.row.get("event") == event]


def story(records: Iterable[Record]) -> tuple[list[tuple[Any, ...]], dict[str, str]]:
    """What was suggested, reported and decided, without what a restart repeats; and all ends.

    A death in the middle of a decision that ends several trials changes the order of their ends.
    """
    outcomes: dict[str, str] = {}
    told: list[tuple[Any, ...]] = []
    furthest: dict[str, int] = {}
    for record in records:
        row = record.row
        if record.kind == "decision" and row["decision"] != "RESUME":
            told.append((row["decision"], row["trial_id"], row.get("time"), row["reason"]))
            if row["decision"] == "EXPLOIT":
                furthest[row["trial_id"]] = 0
        elif record.kind == "report":
            step = row["training_iteration"]
            if step > furthest.get(row["trial_id"], 0):
                told.append(("report", row["trial_id"], step, row["loss"]))
            furthest[row["trial_id"]] = max(step, furthest.get(row["trial_id"], 0))
        elif row.get("event") == "suggested":
            told.append(("suggested", row["trial_id"], str(row["details"]["config"])))
        elif row.get("event") == "ended":
            assert row["trial_id"] not in outcomes
            outcomes[row["trial_id"]] = row["details"]["outcome"]
    return told, outcomes


def too_high(first: Mapping[str, Any], report: Mapping[str, Any]) -> str | None:
    return "too high" if report["epoch"] > 1 and report["loss"] > 0.85 else None


POLICY = [
    PolicyStep(0, {"x": 0.9, "lr": 0.1}),
    PolicyStep(2, {"x": 0.1, "lr": 0.1}),
    PolicyStep(4, {"x": 0.5, "lr": 0.2}),
]

ARMS = {
    "fifo": {"scheduler": "fifo", "searcher": "random", "num_samples": 3, "max_t": 3},
    "asha": {"scheduler": "asha:reduction_factor=2", "searcher": "random", "num_samples": 6,
             "max_t": 4},
    "brackets": {"scheduler": "asha:brackets=2", "searcher": "random", "num_samples": 6},
    "promotion": {"scheduler": "asha_promotion:reduction_factor=2", "searcher": "random",
                  "num_samples": 4, "max_t": 4},
    "freeze_thaw": {"scheduler": "freeze_thaw:reduction_factor=2", "searcher":
                    "mfgp:n_initial_points=3", "num_samples": 4, "max_t": 3},
    "hyperband": {"scheduler": "hyperband", "searcher": "random", "num_samples": 6, "max_t": 4},
    "ray_hyperband": {"scheduler": "ray_hyperband", "searcher": "random", "num_samples": 6,
                      "max_t": 4},
    "median": {"scheduler": "median:min_samples_required=1", "searcher": "random",
               "num_samples": 5, "max_t": 4},
    "pbt": {"scheduler": "pbt:perturbation_interval=2", "searcher": "random", "num_samples": 4,
            "max_t": 6},
    "pbt-synch": {"scheduler": "pbt:perturbation_interval=2,synch=true", "searcher": "random",
                  "num_samples": 4, "max_t": 6},
    "pb2": {"scheduler": "pb2:perturbation_interval=2", "searcher": "random", "num_samples": 3,
            "max_t": 4},
    "cold": {"scheduler": "hyperband", "searcher": "random", "num_samples": 6, "max_t": 4,
             "worker_mode": "cold"},
    "bohb": {"scheduler": "bohb", "searcher": "bohb", "num_samples": 5, "max_t": 4},
    "hyperopt": {"scheduler": "asha", "searcher": "hyperopt:n_initial_points=2",
                 "num_samples": 5, "max_t": 3},
    "optuna": {"scheduler": "fifo", "searcher": "optuna:n_startup_trials=2", "num_samples": 5,
               "max_t": 2},
    "sobol": {"scheduler": "asha", "searcher": "sobol", "num_samples": 4, "max_t": 3,
              "scenario": {"constraint": lambda config: config["x"] + config["lr"] < 0.5}},
    "strata": {"scheduler": "fifo", "searcher": "halton:over=kind", "num_samples": 4, "max_t": 2,
               "scenario": {"space": {"x": tune.uniform(0.0, 1.0), "lr": tune.uniform(0.0, 1.0),
                                      "kind": tune.choice(["a", "b"])}}},
    "evolution": {"scheduler": "asha", "searcher": "evolution:population_size=2,sample_size=1",
                  "num_samples": 6, "max_t": 3,
                  "scenario": {"constraint": lambda config: config["x"] < 0.5}},
    "grid": {"scheduler": "asha", "searcher": "grid:points=2,rounds=2", "num_samples": 6,
             "max_t": 2},
    "pareto": {"scheduler": "asha", "searcher": "optuna:sampler=nsga2,population_size=2",
               "metric": ["loss", "time_total_s"], "mode": ["min", "max"], "num_samples": 5,
               "max_t": 3},
    "diverging": {"scheduler": "asha", "searcher": "hyperopt:n_initial_points=2",
                  "num_samples": 5, "max_t": 3, "scenario": {"diverges": too_high}},
    "policy": {"scheduler": lambda: PolicyReplay(POLICY, time_attr="epoch"), "searcher": "random",
               "num_samples": 2, "max_t": 5, "points_to_evaluate": [POLICY[0].config] * 2},
    "saving": {"scheduler": "asha:reduction_factor=2", "searcher": "random", "num_samples": 5,
               "max_t": 4, "checkpoint_frequency": 1},
    "cramped": {"scheduler": "asha:reduction_factor=2", "searcher": "random", "num_samples": 2,
                "max_t": 3, "resources": {"cpu": 1, "gpu": 0.5},
                "needs": lambda config: 0.8 if config["lr"] < 0.05 else 2.0},
}  # fmt: skip


@pytest.mark.parametrize("arm", ARMS)
def test_killed_at_any_record_and_resumed(arm: str, virtual_saves: None, tmp_path: Path) -> None:
    whole = Writer()
    carry_out(tmp_path / "whole", whole, **ARMS[arm])
    expected = story(whole.records)
    assert len(expected[1]) == ARMS[arm]["num_samples"]
    for k in range(1, len(whole.records)):
        folder = tmp_path / str(k)
        first = Writer(dies_after=k)
        with pytest.raises(KilledError):
            carry_out(folder, first, **ARMS[arm])
        second = Writer(records=list(first.records))
        carry_out(folder, second, records=first.records, **ARMS[arm])
        rows = [record.row for record in second.records if record.kind == "report"]
        keys = [(row["trial_id"], row["attempt"], row["training_iteration"]) for row in rows]
        assert len(set(keys)) == len(keys), f"killed after record {k}"
        assert story(second.records) == expected, f"killed after record {k}"


@pytest.mark.parametrize("ahead", [False, True])
@pytest.mark.parametrize("arm", ARMS)
def test_what_a_worker_has_done_beforehand_changes_no_decision(
    arm: str, ahead: bool, virtual_saves: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RunAhead, "pays", lambda self, step_s: ahead)
    one_by_one, together = Writer(), Writer()
    carry_out(tmp_path / "1", one_by_one, **ARMS[arm])
    saves_every = ARMS[arm].get("checkpoint_frequency", 0)
    carry_out(tmp_path / "2", together, halts=Halts("loss", "epoch", saves_every), **ARMS[arm])
    assert story(together.records) == story(one_by_one.records)
    wasted = sum(row["details"]["wasted_s"] for row in rows_of(together, "worker"))
    stopped = sum(record.row.get("decision") == "STOP" for record in together.records)
    assert wasted <= stopped * ahead  # a report each, at most
    assert wasted > 0 or not (ahead and arm in ("asha", "brackets", "hyperopt"))


def test_a_trial_that_a_rule_ends_is_infeasible_for_the_searcher(
    virtual_saves: None, tmp_path: Path
) -> None:
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


@pytest.mark.parametrize("arm", ["hyperopt", "optuna", "freeze_thaw", "bohb"])
def test_what_a_model_suggested_is_not_drawn_again(
    arm: str, virtual_saves: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Writer()
    carry_out(tmp_path / "whole", whole, **ARMS[arm])
    monkeypatch.setattr(ModelSearcher, "_draw", None)  # whoever calls it fails
    again = Writer(records=list(whole.records))
    carry_out(tmp_path / "again", again, records=whole.records, **ARMS[arm])
    assert story(again.records) == story(whole.records)


@pytest.mark.parametrize("arm", sorted(ARMS.keys() - {"pb2", "optuna", "fifo"}))
def test_with_several_workers_nothing_is_lost_or_doubled(
    arm: str, virtual_saves: None, tmp_path: Path
) -> None:
    whole = Writer()
    carry_out(tmp_path / "whole", whole, slots=3, **ARMS[arm])
    for k in range(5, len(whole.records), 7):
        folder = tmp_path / str(k)
        first = Writer(dies_after=k)
        with pytest.raises(KilledError):
            carry_out(folder, first, slots=3, **ARMS[arm])
        second = Writer(records=list(first.records), dies_after=k + 20)
        try:  # and once more
            carry_out(folder, second, records=first.records, slots=3, **ARMS[arm])
        except KilledError:
            third = Writer(records=list(second.records))
            carry_out(folder, third, records=second.records, slots=3, **ARMS[arm])
            second = third
        _, outcomes = story(second.records)
        assert len(outcomes) == ARMS[arm]["num_samples"]
        keys = [
            (r.row["trial_id"], r.row["attempt"], r.row["training_iteration"])
            for r in second.records
            if r.kind == "report"
        ]
        assert len(keys) == len(set(keys))


def test_a_searcher_that_was_taught_first_is_replayed_too(
    virtual_saves: None, tmp_path: Path
) -> None:
    past = [
        PastTrial("a", f"t{n}", {"x": n / 9, "lr": 10 ** (-n / 3)}, n == 3, [1.0, 2.0], [[n], [n]])
        for n in range(9)
    ]
    whole, untaught = Writer(), Writer()
    carry_out(tmp_path / "whole", whole, past=past, **ARMS["hyperopt"])
    carry_out(tmp_path / "untaught", untaught, **ARMS["hyperopt"])
    assert story(whole.records) != story(untaught.records)
    for k in range(1, len(whole.records), 4):
        first = Writer(dies_after=k)
        with pytest.raises(KilledError):
            carry_out(tmp_path / str(k), first, past=past, **ARMS["hyperopt"])
        second = Writer(records=list(first.records))
        carry_out(tmp_path / str(k), second, records=first.records, past=past, **ARMS["hyperopt"])
        assert story(second.records) == story(whole.records), f"killed after record {k}"


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
def test_trials_that_fail_are_replayed_too(
    arm: str, max_failures: int, virtual_saves: None, tmp_path: Path
) -> None:
    options = {**ARMS[arm], "max_failures": max_failures}
    calm, whole = Writer(), Writer()
    carry_out(tmp_path / "calm", calm, **ARMS[arm])
    (tmp_path / "whole").mkdir()
    carry_out(tmp_path / "whole", whole, fails=fails_once_at(2, tmp_path / "whole"), **options)
    assert sum(r.row.get("event") == "failing" for r in whole.records) >= 1
    if max_failures and arm != "pbt":  # for the scheduler nothing has happened
        assert story(whole.records) == story(calm.records)
    for k in range(1, len(whole.records), 2):
        folder = tmp_path / str(k)
        folder.mkdir()
        fails = fails_once_at(2, folder)
        first = Writer(dies_after=k)
        with pytest.raises(KilledError):
            carry_out(folder, first, fails=fails, **options)
        second = Writer(records=list(first.records))
        carry_out(folder, second, records=first.records, fails=fails, **options)
        _, outcomes = story(second.records)
        assert len(outcomes) == options["num_samples"]
        if max_failures and arm != "pbt":
            assert story(second.records) == story(whole.records), f"killed after record {k}"


def loses_node_once_at(epoch: int, folder: Path) -> Callable[[str, int], RayActorError | bool]:
    """Every second trial's worker goes with its node after ``epoch``, once."""
    fails = fails_once_at(epoch, folder)
    return lambda trial_id, done: fails(trial_id, done) and RayActorError(preempted=True)


@pytest.mark.parametrize("arm", ["fifo", "asha"])
def test_a_worker_that_dies_while_it_trains_on_costs_nothing_but_its_trial_some_work(
    arm: str, virtual_saves: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RunAhead, "pays", lambda self, step_s: True)
    calm, told = Writer(), Writer()
    carry_out(tmp_path / "calm", calm, **ARMS[arm])
    (tmp_path / "told").mkdir()
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
def test_a_sweep_that_gets_more_and_fewer_workers_ends_as_well(
    arm: str, virtual_saves: None, tmp_path: Path
) -> None:
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
    arm: str, noticed: bool, virtual_saves: None, tmp_path: Path
) -> None:
    """None of them fails; with notice, none of them does anything again."""

    def trouble(folder: Path) -> dict[str, Any]:
        folder.mkdir()
        if noticed:
            return {"tick": leaves_once_at(1 if arm == "pbt" else 2, folder)}
        return {"fails": loses_node_once_at(2, folder)}

    calm, whole = Writer(), Writer()
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
    for k in range(1, len(whole.records), 5):
        folder, first = tmp_path / str(k), Writer(dies_after=k)
        happens = trouble(folder)
        with pytest.raises(KilledError):
            carry_out(folder, first, **happens, **ARMS[arm])
        second = Writer(records=list(first.records))
        carry_out(folder, second, records=first.records, **happens, **ARMS[arm])
        assert set(story(second.records)[1].values()) <= {"completed", "stopped"}
        if arm != "pbt":
            assert story(second.records) == story(whole.records), f"killed after record {k}"


@pytest.mark.parametrize("arm", ["asha", "promotion", "hyperband", "pbt"])
def test_a_trial_that_somebody_stopped_is_replayed_too(
    arm: str, virtual_saves: None, tmp_path: Path
) -> None:
    def stop_open_trials(writer: Writer) -> Callable[[Execution], None]:
        def tick(execution: Execution) -> None:
            open_ids = sorted(execution._recorder.ledger.open())
            asked = sum("asked_by" in r.row.get("details", ()) for r in writer.records)
            if open_ids and asked < 2 and len(writer.records) > 15 * (1 + asked):
                execution.stop_trial(open_ids[-1 if asked else 0], "me")

        return tick

    whole = Writer()
    carry_out(tmp_path / "whole", whole, tick=stop_open_trials(whole), **ARMS[arm])
    assert any("asked_by" in r.row.get("details", ()) for r in whole.records)
    for k in range(20, len(whole.records), 3):
        first = Writer(dies_after=k)
        with pytest.raises(KilledError):
            carry_out(tmp_path / str(k), first, tick=stop_open_trials(first), **ARMS[arm])
        second = Writer(records=list(first.records))
        tick = stop_open_trials(second)
        carry_out(tmp_path / str(k), second, records=first.records, tick=tick, **ARMS[arm])
        assert len(story(second.records)[1]) == ARMS[arm]["num_samples"]


def test_killed_again_soon_after_it_was_resumed(virtual_saves: None, tmp_path: Path) -> None:
    """Where all that there is waits at a rung, nothing was decided before the first death."""
    arm, whole = ARMS["hyperband"], Writer()
    carry_out(tmp_path / "whole", whole, **arm)
    expected = story(whole.records)
    for k in range(3, len(whole.records) - 4):
        folder, first = tmp_path / str(k), Writer(dies_after=k)
        with pytest.raises(KilledError):
            carry_out(folder, first, **arm)
        second = Writer(records=list(first.records), dies_after=k + 2)
        with pytest.raises(KilledError):
            carry_out(folder, second, records=first.records, **arm)
        third = Writer(records=list(second.records))
        carry_out(folder, third, records=second.records, **arm)
        assert story(third.records) == expected, f"killed after record {k}"


@pytest.mark.parametrize("slots", [1, 2])
def test_brackets_stay_as_they_were_where_a_sweep_gets_more_trials(
    slots: int, virtual_saves: None, tmp_path: Path
) -> None:
    """4 trials are a bracket of 3 and one of 1; the 9 that it becomes are 3, 1, then 3 and 2."""
    folder, arm = tmp_path / "first", {**ARMS["hyperband"], "slots": slots}
    first = Writer()
    begun = carry_out(folder, first, **{**arm, "num_samples": 4})
    more, was = {**arm, "num_samples": 9}, {"was": begun._spec}
    whole = Writer(records=list(first.records))
    carry_out(folder, whole, records=first.records, before=was, **more)
    expected = story(whole.records)
    assert len(expected[1]) == 9
    compared = {told[1] for told in expected[0] if "rung 1:" in str(told[-1])}
    assert compared >= {"t000000", "t000001", "t000004", "t000005"}  # the last may go on at once
    assert not compared & {"t000003", "t000007", "t000008"}
    for k in range(len(first.records) + 1, len(whole.records), slots):
        second = Writer(records=list(first.records), dies_after=k)
        with pytest.raises(KilledError):
            carry_out(folder, second, records=first.records, before=was, **more)
        events = [r for r in second.records if r.row.get("event") == "resumed"]
        again = {"resumed": [(event.seq, event.row["details"]) for event in events]}
        third = Writer(records=list(second.records))
        carry_out(folder, third, records=second.records, before=again, **more)
        assert len(story(third.records)[1]) == 9
        if slots == 1:
            assert story(third.records) == expected, f"killed after record {k}"


class PausesForEver(FIFOScheduler):
    """Pauses every trial at its first report, and wants none of them back."""

    def on_trial_result(self, *_: Any) -> str:
        return TrialScheduler.PAUSE

    def choose_trial_to_run(self, tune_controller: Any) -> Any:
        waiting = (t for t in tune_controller.get_trials() if t.status == Trial.PENDING)
        return next(waiting, None)


def test_a_searcher_that_waits_for_paused_trials_is_not_left_waiting(
    virtual_saves: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuner.runtime.execution._STALLED_AFTER_S", 0.05)
    told = Writer()
    carry_out(tmp_path, told, scheduler=PausesForEver(), searcher="grid:points=2,rounds=2")
    suggested = [r for r in told.records if r.row.get("event") == "suggested"]
    assert len(suggested) > 4


def test_a_trial_that_pauses_alone_gets_its_worker_back(
    virtual_saves: None, tmp_path: Path
) -> None:
    writer = Writer()
    execution = carry_out(tmp_path, writer, **ARMS["policy"])
    assert sum(record.row.get("decision") == "PAUSE" for record in writer.records) >= 2
    actors: Any = execution._controller._actor_manager
    assert actors._count == 1  # the last trial pauses when no other is left


def test_a_trial_gets_twice_the_share_until_it_fits_or_fits_nowhere(
    virtual_saves: None, tmp_path: Path
) -> None:
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
