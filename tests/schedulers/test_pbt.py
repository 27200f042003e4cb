"""PBT and PB2 on a population that takes turns, without a cluster."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ray import tune
from ray.train._internal.session import _FutureTrainingResult, _TrainingResult
from ray.tune import Checkpoint
from ray.tune.experiment import Trial
from ray.tune.schedulers import PopulationBasedTraining
from ray.tune.schedulers import pb2 as ray_pb2
from ray.tune.schedulers.pbt import _PBTTrialState

from tuner.arms import parse_choice
from tuner.errors import SpecError
from tuner.scenario import Scenario
from tuner.schedulers import build_scheduler
from tuner.schedulers.pb2 import PB2
from tuner.schedulers.pbt import PBT
from tuner.schedulers.reasons import Reason
from tuner.space import contains, flatten

GOAL: dict[str, Any] = {"metric": "loss", "mode": "min", "time_attr": "epoch"}
SPACE: dict[str, Any] = {
    "lr": tune.loguniform(1e-4, 1.0),
    "batch_size": tune.choice([16, 32, 64]),
    "opt": {"momentum": tune.uniform(0.0, 0.9)},
    "width": tune.randint(8, 64),
    "head": tune.choice([{"kind": "linear"}, {"kind": "mlp", "dropout": tune.uniform(0.1, 0.5)}]),
}
NUMBERS = {"lr": SPACE["lr"], "opt/momentum": SPACE["opt"]["momentum"], "width": SPACE["width"]}


def scenario(**changes: Any) -> Scenario:
    given = {"name": "s", "trainable": lambda config: None, "space": SPACE, "max_t": 27, **GOAL}
    return Scenario(**{**given, "checkpoints": True, **changes})


class Saved(_FutureTrainingResult):
    """A checkpoint that is there at once; none where the trainable does not save."""

    def __init__(self, found: _TrainingResult | None) -> None:
        self.found = found

    def resolve(self, block: bool = True) -> _TrainingResult | None:
        return self.found


class World:
    """A population that takes turns, an epoch each, and a controller for its scheduler."""

    search_alg = None

    def __init__(
        self, scheduler: Any, *, size: int = 6, slots: int = 6, saves: bool = True
    ) -> None:
        self.scheduler, self.slots, self.saves = scheduler, slots, saves
        self.trials: list[Trial] = []
        self.story: list[tuple[Any, ...]] = []
        rng = np.random.default_rng(5)
        for index in range(size):
            config = {
                "lr": float(10 ** rng.uniform(-4, 0)), "batch_size": 32, "width": 20,
                "opt": {"momentum": float(rng.uniform(0, 0.9))},
                "head": {"kind": "mlp", "dropout": 0.2},
            }  # fmt: skip
            self.trials.append(self._trial(f"t{index}", config, epoch=0))
            scheduler.on_trial_add(self, self.trials[-1])
        for trial in self.trials[slots:]:
            trial.status = Trial.PENDING

    @staticmethod
    def _trial(trial_id: str, config: dict[str, Any], epoch: int) -> Trial:
        trial = Trial("stub", stub=True, trial_id=trial_id, config=config)
        trial.status = Trial.RUNNING
        trial.run_metadata.last_result = {"epoch": epoch}
        return trial

    def get_trials(self) -> list[Trial]:
        return self.trials

    def get_live_trials(self) -> set[Trial]:
        return {trial for trial in self.trials if not trial.is_finished()}

    def pause_trial(self, trial: Trial, should_checkpoint: bool = True) -> None:
        trial.status = Trial.PAUSED

    def _schedule_trial_save(self, trial: Trial, result: Any = None) -> Saved:
        self._save(trial, result)
        return Saved(trial.latest_checkpoint_result)

    def _save(self, trial: Trial, result: dict[str, Any]) -> None:
        if self.saves:
            path = f"/saved/{trial.trial_id}/{result['epoch']}"
            found = _TrainingResult(Checkpoint(path), dict(result))
            trial.run_metadata.checkpoint_manager._latest_checkpoint_result = found

    def turn(self) -> None:
        """Have every running trial train an epoch, and fill the slots."""
        for trial in [t for t in self.trials if t.status == Trial.RUNNING]:
            if trial.status != Trial.RUNNING:  # copied another meanwhile
                continue
            epoch = trial.last_result["epoch"] + 1
            distance = abs(np.log10(trial.config["lr"]) + 2) + trial.config["opt"]["momentum"]
            result = {"epoch": epoch, "training_iteration": epoch, "loss": distance + 1 / epoch}
            answer = self.scheduler.on_trial_result(self, trial, result)
            self.story.append((trial.trial_id, epoch, answer, str(trial.config)))
            self._take_reasons()
            if trial.status == Trial.RUNNING:
                trial.run_metadata.last_result = result
            if answer == "PAUSE":
                self._save(trial, result)
                trial.status = Trial.PAUSED
        while sum(t.status == Trial.RUNNING for t in self.trials) < self.slots:
            chosen = self.scheduler.choose_trial_to_run(self)
            self._take_reasons()
            if chosen is None:
                return
            saved = chosen.latest_checkpoint_result
            if saved is not None:
                chosen.run_metadata.last_result = dict(saved.metrics)
            chosen.status = Trial.RUNNING

    def _take_reasons(self) -> None:
        taken = [(t.trial_id, self.scheduler.take_reason(t.trial_id)) for t in self.trials]
        self.story += [(trial_id, reason) for trial_id, reason in taken if reason is not None]

    @property
    def reasons(self) -> list[Reason]:
        return [row[1] for row in self.story if isinstance(row[1], Reason)]

    @property
    def exploits(self) -> list[Reason]:
        return [reason for reason in self.reasons if "source" in reason.details]

    def in_another_process(self, scheduler: Any) -> World:
        """The same trials as other objects, under a scheduler that was restored."""
        other = World.__new__(World)
        other.scheduler, other.slots, other.saves = scheduler, self.slots, self.saves
        other.trials, other.story = [], []
        for trial in self.trials:
            twin = self._trial(trial.trial_id, json.loads(json.dumps(trial.config)), 0)
            twin.status = trial.status
            twin.run_metadata.last_result = dict(trial.last_result)
            twin.run_metadata.checkpoint_manager._latest_checkpoint_result = (
                trial.latest_checkpoint_result
            )
            other.trials.append(twin)
        return other


MAKERS: dict[str, Callable[..., Any]] = {
    "pbt": lambda **o: PBT(hyperparam_mutations=SPACE, perturbation_interval=2, **GOAL, **o),
    "pbt-synch": lambda **o: PBT(
        hyperparam_mutations=SPACE, perturbation_interval=2, synch=True, **GOAL, **o
    ),
    "pb2": lambda **o: PB2(domains=NUMBERS, perturbation_interval=2, **GOAL, **o),
    "pb2-synch": lambda **o: PB2(domains=NUMBERS, perturbation_interval=2, synch=True, **GOAL, **o),
}


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let PB2 draw a place instead of fitting its process, which takes half a second."""

    def draw(*_: Any, **__: Any) -> Any:
        return np.random.uniform(size=len(NUMBERS))

    monkeypatch.setattr(ray_pb2, "_select_config", draw)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("slots", [6, 2])
def test_a_population_improves_and_stays_in_its_space(name: str, slots: int) -> None:
    world = World(MAKERS[name](seed=0), slots=slots)
    first = [dict(trial.config) for trial in world.trials]
    for _ in range(12 * 6 // slots):
        world.turn()
    assert len(world.exploits) >= 3
    for reason in world.exploits:
        assert "\n" not in reason.text
        json.dumps(reason.details, allow_nan=False)
        assert reason.details["source_time"] == reason.details["source_iteration"] >= 2
        assert contains(SPACE, reason.details["config"]) == []
    types = {path: type(value) for path, value in flatten(first[0]).items()}
    for trial in world.trials:
        assert contains(SPACE, trial.config) == []
        assert {path: type(value) for path, value in flatten(trial.config).items()} == types
    assert [trial.config for trial in world.trials] != first


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("name", MAKERS)
def test_the_seed_decides_and_the_global_generators_are_left_alone(name: str) -> None:
    def story(seed: int) -> list[tuple[Any, ...]]:
        world = World(MAKERS[name](seed=seed), slots=3)
        for _ in range(16):
            world.turn()
            np.random.rand()
            random.random()
        return world.story

    random.seed(3)
    np.random.seed(3)
    first = story(0)
    drawn = random.random(), np.random.rand()
    random.seed(3)
    np.random.seed(3)
    for _ in range(16):
        random.random()
        np.random.rand()
    assert drawn == (random.random(), np.random.rand())
    assert story(0) == first
    assert story(1) != first


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("turns", [3, 6, 9, 13])
def test_saved_and_restored_it_goes_on_as_if_nothing_had_happened(
    name: str, turns: int, tmp_path: Path
) -> None:
    world = World(MAKERS[name](seed=0), slots=4)
    for _ in range(turns):
        world.turn()
    world.scheduler.save(str(tmp_path / "state"))
    restored = MAKERS[name](seed=99)
    restored.restore(str(tmp_path / "state"))
    other = world.in_another_process(restored)
    world.story.clear()
    for _ in range(10):
        world.turn()
        other.turn()
    assert world.exploits
    assert other.story == world.story


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("name", MAKERS)
def test_reports_that_are_late_repeated_or_a_strangers_change_nothing(name: str) -> None:
    clean, noisy = (World(MAKERS[name](seed=0), slots=3) for _ in range(2))
    ended = noisy._trial("t9", dict(noisy.trials[0].config), 0)
    ended.status = Trial.TERMINATED
    for _ in range(15):
        clean.turn()
        noisy.turn()
        for trial in (ended, *noisy.trials):
            stale = {"epoch": trial.last_result["epoch"], "training_iteration": 1, "loss": -9.0}
            if stale["epoch"] % 2 == 0:
                answer = noisy.scheduler.on_trial_result(noisy, trial, stale)
                assert answer in ("CONTINUE", "STOP")
    assert noisy.story == clean.story


@pytest.mark.parametrize("name", ["pbt", "pbt-synch"])
def test_without_checkpoints_nobody_is_copied_and_it_is_said(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    world = World(MAKERS[name](seed=0), slots=2, saves=False)
    for _ in range(12):
        world.turn()
    texts = {reason.text for reason in world.reasons}
    assert not any("continues from" in text for text in texts)
    assert any("goes on as it is: no checkpoint of t" in text for text in texts)
    told = [record.message for record in caplog.records if "tuner" in record.name]
    assert len(told) == 1
    assert told[0].endswith("does the trainable save its state?")


def test_a_member_that_keeps_failing_to_improve_does_not_starve_its_source() -> None:
    """With one slot and losses that rise, each copy is the worst at its next comparison."""
    world = World(MAKERS["pbt"](seed=0), size=3, slots=1)
    ask = world.scheduler.on_trial_result

    def rising(controller: Any, trial: Trial, result: dict[str, Any]) -> Any:
        return ask(controller, trial, {**result, "loss": float(result["epoch"])})

    world.scheduler.on_trial_result = rising
    for _ in range(60):
        world.turn()
    epochs = [row[1] for row in world.story if isinstance(row[1], int)]
    assert max(epochs) >= 12


@pytest.mark.parametrize("name", MAKERS)
def test_a_member_whose_worker_is_being_made_ready_keeps_no_other_from_a_free_one(
    name: str,
) -> None:
    class Readying(World):
        readied: Trial | None = None

        def is_in_line(self, trial: Trial) -> bool:
            return trial is not self.readied

    world = Readying(MAKERS[name](seed=0), size=3, slots=1)
    first = world.readied = world.scheduler.choose_trial_to_run(world)
    assert first is not None
    other = world.scheduler.choose_trial_to_run(world)
    assert other not in (None, first)
    assert other.status in (Trial.PENDING, Trial.PAUSED)


@given(
    members=st.lists(
        st.tuples(
            st.none() | st.sampled_from([0.0, 1.0, float("nan")]) | st.floats(-9, 9), st.booleans()
        ),
        max_size=12,
    ),
    fraction=st.sampled_from([0.0, 0.1, 0.25, 0.34, 0.5]),
)
def test_the_worst_and_the_best_are_rays(
    members: list[tuple[float | None, bool]], fraction: float
) -> None:
    scheduler = MAKERS["pbt"](quantile_fraction=fraction)
    for number, (score, finished) in enumerate(members):
        trial = Trial("stub", stub=True, trial_id=f"t{number}")
        trial.status = Trial.TERMINATED if finished else Trial.RUNNING
        scheduler._trial_state[trial] = _PBTTrialState(trial)
        scheduler._trial_state[trial].last_score = score
    assert scheduler._quantiles() == PopulationBasedTraining._quantiles(scheduler)


def test_they_are_rays_too() -> None:
    pbt, pb2 = MAKERS["pbt"](), MAKERS["pb2"]()
    assert isinstance(pbt, PopulationBasedTraining)
    assert isinstance(pb2, ray_pb2.PB2)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"quantile_fraction": 0.6}, "quantile_fraction must be a number from 0 to 0.5, got 0.6"),
        ({"perturbation_interval": 0}, "perturbation_interval must be a number above 0"),
        ({"burn_in_period": "x"}, "burn_in_period must be a number"),
        ({"resample_probability": 2}, "resample_probability must be a number from 0 to 1, got 2"),
        (
            {"perturbation_factors": (1.2, -1)},
            "perturbation_factors must be a number above 0",
        ),
        ({"hyperparam_mutations": {"lr": lambda: 0.1}}, "a function has no bounds"),
    ],
)
def test_bad_values_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(SpecError, match=words):
        PBT(**{"hyperparam_mutations": SPACE, **GOAL, **options})


def test_pb2_refuses_choices() -> None:
    with pytest.raises(SpecError, match="pb2 moves numbers"):
        PB2(domains={"batch_size": SPACE["batch_size"]}, **GOAL)


def test_only_what_may_change_moves_also_in_the_active_branch() -> None:
    built: Any = build_scheduler(parse_choice("pbt:resample_probability=0"), scenario())
    assert built._perturbation_interval == 3
    donor = World(MAKERS["pbt"](), size=1).trials[0]
    before = flatten(donor.config)
    changed = set()
    for _ in range(30):
        explored, _ = built._get_new_config(donor, donor)
        assert contains(SPACE, explored) == []
        changed |= {name for name, value in flatten(explored).items() if value != before[name]}
    assert changed == {"lr", "batch_size", "opt/momentum", "head/dropout"}


def test_pb2_takes_the_numbers_that_every_configuration_has() -> None:
    built: Any = build_scheduler(parse_choice("pb2"), scenario())
    assert built._hyperparam_bounds == {"lr": [0.0, 1.0], "opt": {"momentum": [0.0, 1.0]}}


def test_pb2_searches_a_log_scale_by_magnitude() -> None:
    world = World(PB2(domains={"lr": SPACE["lr"]}, perturbation_interval=2, seed=0, **GOAL))
    for _ in range(12):
        world.turn()
    tried = [reason.details["config"]["lr"] for reason in world.exploits]
    assert sum(lr < 0.1 for lr in tried) > len(tried) / 3  # a third of the scale; linear: none


def test_lists_count_as_choices_and_what_a_configuration_lacks_is_drawn() -> None:
    built = PBT(hyperparam_mutations={"lr": [0.1, 0.2], "net": {"width": [8]}}, seed=0, **GOAL)
    trial = Trial("stub", stub=True, trial_id="t0", config={"seed": 1})
    built.on_trial_add(World(built, size=0), trial)  # type: ignore[arg-type]
    assert trial.config["lr"] in (0.1, 0.2)
    assert (trial.config["net"], trial.config["seed"]) == ({"width": 8}, 1)
    assert set(trial.evaluated_params) == {"lr", "net"}
