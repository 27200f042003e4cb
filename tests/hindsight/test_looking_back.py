"""What other schedulers would have done: equal to the truth where it is known, around it else."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ray import tune

import tuner
from tuner.errors import NoResultError, SpecError, StorageError
from tuner.hindsight import Hindsight, replay
from tuner.simulation import Curve, CurveTask, Known

EPOCHS = 9


class Crossing:
    """Curves that cross, each at a pace of its own; some end in NaN.

    Args:
        diverging: The share of configurations that diverge.
    """

    def __init__(self, diverging: float = 0.0) -> None:
        self._diverging = diverging

    def curve(self, config: Mapping[str, Any], number: int) -> Curve:
        random = np.random.default_rng(int(config["x"] * 2**40))
        epochs, noise = np.arange(1, EPOCHS + 1), random.standard_normal(EPOCHS)
        loss = abs(config["x"] - 0.3) + 1 / epochs + 0.1 * noise / epochs
        if random.random() < self._diverging:
            loss[random.integers(EPOCHS) :] = math.nan
        return Curve({"loss": loss.tolist()}, [0.5 + config["x"]] * EPOCHS)


def scenario(**changes: Any) -> tuner.Scenario:
    given: dict[str, Any] = {
        "name": "crossing", "trainable": Known, "space": {"x": tune.uniform(0, 1)},
        "metric": "loss", "mode": "min", "time_attr": "epoch", "max_t": EPOCHS, "mutable": ("x",),
        "resources": {"cpu": 1, "gpu": 0.5},
    }  # fmt: skip
    return tuner.Scenario(**(given | changes))


def recorded(
    scheduler: str = "fifo", trials: int = 12, curves: Crossing | None = None, **options: Any
) -> Any:
    task = CurveTask("crossing", scenario(), curves or Crossing())
    chosen: dict[str, Any] = {"searcher": "random", "seed": 0, "max_concurrent_trials": 3}
    return tuner.simulate(task, scheduler=scheduler, num_samples=trials, **(chosen | options))


def test_fifo_again_saves_nothing_and_keeps_the_winner() -> None:
    found = replay(recorded(), arms=["fifo"], orderings=20)
    (arm,) = found.arms
    assert found.epochs == 12 * EPOCHS
    assert arm.known == 1
    assert arm.saved is not None
    assert arm.saved_wall_s is not None
    assert {arm.saved.smallest, arm.saved.largest} == {0}
    assert {arm.saved_wall_s.smallest, arm.saved_wall_s.largest} == {0}
    assert arm.keeps_winner is not None
    assert arm.keeps_winner.low == arm.keeps_winner.high == 1
    assert arm.keeps_winner.smallest == pytest.approx(20 / (20 + 1.96**2), abs=1e-3)  # Wilson
    assert arm.regret is not None
    assert arm.regret.largest == 0


class Shuffled:
    """Recorded curves in an order: those of the n-th suggestion are those of another trial."""

    def __init__(self, sweep: Any, order: Sequence[int]) -> None:
        configs = list(sweep.trials()["config"])
        self._curves = [Crossing().curve(configs[place], 0) for place in order]

    def curve(self, config: Mapping[str, Any], number: int) -> Curve:
        return self._curves[number]


@pytest.mark.parametrize("arm", ["asha:reduction_factor=3", "asha_promotion", "hyperband",
                                 "median", "asha:brackets=2"])  # fmt: skip
def test_a_replay_is_a_simulation_over_what_was_recorded(arm: str) -> None:
    sweep = recorded()
    found = replay(sweep, arms=[arm], orderings=3, seed=5)
    for row in found.outcomes.to_dict("records"):
        order = np.random.default_rng((5, row["ordering"])).permutation(12).tolist()
        again = tuner.simulate(
            CurveTask("again", scenario(), Shuffled(sweep, order)),
            scheduler=arm, searcher="random", num_samples=12, max_concurrent_trials=3,
            seed=5 + row["ordering"],
        )  # fmt: skip
        assert row["epochs_low"] == row["epochs_high"] == len(again.reports())
        assert row["wall_s"] == pytest.approx(again.seconds)
        assert row["value"] == again.best().value
        assert row["regret"] == again.best().value - sweep.best().value
        held = again.trials()["seconds"].sum()
        assert row["training_s_low"] == row["training_s_high"] == pytest.approx(held)


ARMS = ["fifo", "asha:reduction_factor=2", "asha:reduction_factor=4,grace_period=2",
        "asha_promotion", "median:min_samples_required=1", "hyperband"]  # fmt: skip


@settings(max_examples=25)
@given(
    was=st.sampled_from(["asha:reduction_factor=3", "median:min_samples_required=2", "hyperband"]),
    arm=st.sampled_from(ARMS),
    trials=st.integers(1, 14),
    slots=st.integers(1, 5),
    seed=st.integers(0, 99),
    diverging=st.sampled_from([0.0, 0.3]),
)
def test_bounds_hold_the_truth(
    was: str, arm: str, trials: int, slots: int, seed: int, diverging: float
) -> None:
    """Curves that were cut short bound what the whole ones, of the same trials, would have told."""
    curves = Crossing(diverging)
    cut, whole = (recorded(each, trials, curves, seed=seed) for each in (was, "fifo"))
    options: Any = {"arms": [arm], "orderings": 4, "max_concurrent_trials": slots, "seed": seed}
    bounded, truth = (replay(each, max_unknown=1, **options) for each in (cut, whole))
    pairs = zip(bounded.outcomes.to_dict("records"), truth.outcomes.to_dict("records"), strict=True)
    for bound, true in pairs:
        assert bound["epochs_low"] <= true["epochs_low"] <= bound["epochs_high"]
        slack = 1e-9 * true["training_s_low"]
        assert bound["training_s_low"] - slack <= true["training_s_low"]
        assert true["training_s_low"] <= bound["training_s_high"] + slack
        assert not bound["value"] < true["value"]  # what it saw for certain, the truth saw too
        if not math.isnan(bound["wall_s"]):
            assert bound["wall_s"] == pytest.approx(true["wall_s"])
            assert (bound["value"] == true["value"]) or math.isnan(true["value"])
    assert_summary_holds(bounded, truth)


def assert_summary_holds(bounded: Hindsight, truth: Hindsight) -> None:
    (arm,), (true,) = bounded.arms, truth.arms
    assert arm.epochs is not None
    assert true.epochs is not None
    assert true.known == 1
    assert arm.epochs.low <= true.epochs.low <= arm.epochs.high
    assert arm.keeps_winner is not None
    kept = (truth.outcomes["value"] <= bounded.best).mean()
    assert arm.keeps_winner.low <= kept <= arm.keeps_winner.high


def test_fifo_on_curves_that_were_cut_short_keeps_the_winner_for_certain() -> None:
    sweep = recorded("asha:reduction_factor=3")
    (arm,) = replay(sweep, arms=["fifo"], orderings=10, max_unknown=1).arms
    assert arm.known == 0
    assert arm.keeps_winner is not None
    assert arm.keeps_winner.low == 1
    assert arm.epochs is not None
    assert arm.epochs.low == len(sweep.reports())
    assert arm.epochs.high == 12 * EPOCHS
    assert arm.saved is not None
    assert arm.saved.high == 0
    assert arm.wall_s is arm.saved_wall_s is None


def test_too_much_unknown_is_refused_with_what_to_record() -> None:
    sweep = recorded("asha:reduction_factor=3", 30)
    (arm,) = replay(sweep, arms=["fifo"], orderings=5, max_unknown=0.3).arms
    assert arm.unknown > 0.3
    assert arm.epochs is arm.saved is arm.keeps_winner is arm.regret is None
    assert arm.refusal is not None
    assert "record a sweep with --scheduler fifo" in arm.refusal


def test_arms_meet_the_same_orders() -> None:
    found = replay(recorded(), arms=["asha", "fifo"], orderings=4)
    assert [arm.arm for arm in found.arms] == ["asha", "fifo"]
    walls = found.outcomes.pivot(index="ordering", columns="arm", values="recorded_wall_s")
    assert (walls["asha"] == walls["fifo"]).all()
    assert walls["asha"].nunique() > 1


def test_the_same_seed_gives_the_same_answer() -> None:
    sweep = recorded()
    first, second, other = (
        replay(sweep, arms=["asha"], orderings=5, seed=seed).to_json() for seed in (1, 1, 2)
    )
    assert first == second != other
    assert json.loads(json.dumps(first)) is not None


def test_a_gpu_hour_is_what_trials_hold() -> None:
    (arm,) = replay(recorded(), arms=["asha"], orderings=5).arms
    assert arm.training_s is not None
    assert arm.gpu_hours is not None
    assert arm.gpu_hours.low == pytest.approx(arm.training_s.low * 0.5 / 3600)


def test_a_stored_sweep_and_how_many_trained_at_once(tmp_path: Path) -> None:
    recorded(storage_path=tmp_path, name="there", max_concurrent_trials=None, cluster="4")
    found = replay(tmp_path / "there", arms=["fifo"], orderings=2)
    assert found.sweep == "there"
    assert found.concurrency == 4
    assert replay(tmp_path / "there", arms=["fifo"], orderings=2, max_concurrent_trials=1)


def test_a_metric_to_maximise() -> None:
    class Rising(Crossing):
        def curve(self, config: Mapping[str, Any], number: int) -> Curve:
            falling = super().curve(config, number)
            return Curve({"loss": [-v for v in falling.metrics["loss"]]}, falling.seconds)

    task = CurveTask("rising", scenario(mode="max"), Rising())
    options: Any = {"searcher": "random", "seed": 0, "max_concurrent_trials": 3}
    up = tuner.simulate(task, scheduler="fifo", num_samples=12, **options)
    down = recorded()
    found_up, found_down = (replay(s, arms=["asha"], orderings=6) for s in (up, down))
    assert found_up.best == -found_down.best
    assert found_up.arms == found_down.arms


def test_diverged_trials_are_replayed_to_where_they_diverged() -> None:
    sweep = recorded(curves=Crossing(diverging=0.5))
    assert "diverged" in set(sweep.trials()["outcome"])
    (arm,) = replay(sweep, arms=["fifo"], orderings=5).arms
    assert arm.known == 1
    assert arm.saved is not None
    assert arm.saved.low == arm.saved.high == 0


def test_a_searcher_that_learned_is_mentioned() -> None:
    remarks = replay(recorded(searcher="hyperopt"), arms=["asha"], orderings=1).remarks
    assert any("hyperopt chose later configurations" in remark for remark in remarks)
    assert replay(recorded(), arms=["asha"], orderings=1).remarks == ()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"arms": []}, "needs a scheduler to try"),
        ({"arms": "asha"}, r"arms are a list of schedulers as text, such as \['asha'\]"),
        ({"arms": [3]}, "arms are a list of schedulers as text"),
        ({"arms": ["ashaa"]}, "did you mean 'asha'"),
        ({"arms": ["asha+hyperopt"]}, "has a searcher; name the scheduler alone: asha"),
        ({"arms": ["pbt"]}, "pbt changes configurations in the middle of training"),
        ({"arms": ["bohb"]}, "replay hyperband or asha_promotion, whose rungs"),
        (
            {"arms": ["fifo", "asha:grace_period=2,brackets=1", "asha:brackets=1,grace_period=2"]},
            "every arm differs, got 'asha:.*' 2 times; name it once",
        ),
        ({"orderings": 0}, "orderings must be a whole number >= 1, got 0"),
        ({"max_unknown": 2}, "max_unknown is a share from 0 to 1, got 2"),
        ({"max_concurrent_trials": 0}, "max_concurrent_trials must be a whole number >= 1, got 0"),
    ],
)
def test_what_cannot_be_replayed_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(SpecError, match=words):
        replay(recorded(trials=2), **{"arms": ["asha"], **options})


def test_a_population_cannot_be_replayed() -> None:
    with pytest.raises(SpecError, match="their curves belong to no configuration"):
        replay(recorded("pbt:perturbation_interval=2", 6), arms=["asha"])


def test_no_sweep_and_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="no sweep"):
        replay(tmp_path / "nowhere", arms=["asha"])
    with pytest.raises(NoResultError, match="has ended with reports to replay"):
        replay(recorded(budget="1s", max_concurrent_trials=1), arms=["asha"])
