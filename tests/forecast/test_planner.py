"""What a sweep will take: arithmetic and simulation agree, and the figures follow from them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ray import tune
from ray.tune.schedulers import AsyncHyperBandScheduler

import tuner
from tuner.errors import NoResultError, SpecError
from tuner.forecast import Forecast, plan
from tuner.simulation import Curve, CurveTask, Known

SCENARIO = tuner.Scenario(
    name="net",
    trainable=Known,
    space={"lr": tune.loguniform(1e-4, 1)},
    metric="loss",
    mode="min",
    time_attr="epoch",
    max_t=27,
    resources={"cpu": 2, "gpu": 0.5},
)


def forecast(scheduler: str, num_samples: int = 27, **options: Any) -> Forecast:
    options = {"cluster": "4", **options}
    return plan(SCENARIO, scheduler=scheduler, num_samples=num_samples, **options)


@settings(max_examples=25)
@given(
    trials=st.integers(1, 60),
    max_t=st.integers(1, 30),
    reduction_factor=st.sampled_from([2, 3, 4]),
    grace_period=st.integers(1, 3),
    slots=st.integers(1, 9),
)
def test_hyperband_trains_as_planned(
    trials: int, max_t: int, reduction_factor: int, grace_period: int, slots: int
) -> None:
    found = forecast(
        f"hyperband:reduction_factor={reduction_factor}",
        trials,
        max_t=max_t,
        grace_period=min(grace_period, max_t),
        cluster=str(slots),
        simulations=2,
    )
    assert found.basis == "exact"
    assert found.epochs.is_exact
    assert found.simulated_epochs == found.epochs


@pytest.mark.parametrize("scheduler", ["asha", "asha:brackets=2", "asha_promotion", "freeze_thaw"])
def test_asha_trains_within_its_bounds(scheduler: str) -> None:
    found = forecast(scheduler, 60)
    assert found.basis == "expected"
    first, *others = found.rungs
    assert first.trials.is_exact
    assert all(rung.trials.low <= rung.trials.expected < rung.trials.high for rung in others)
    assert found.epochs.low <= found.simulated_epochs.low < found.simulated_epochs.high
    assert found.epochs.high == found.full_epochs == 60 * 27
    assert found.epochs.expected == pytest.approx(sum(rung.epochs.expected for rung in found.rungs))


@pytest.mark.parametrize("reduction_factor", [2, 4])
def test_as_many_pass_ashas_first_rung_as_exchangeable_trials_must(reduction_factor: int) -> None:
    """The k-th passes with 1/eta + (1 - 2/eta)/k, as quantiles are interpolated; the first does."""
    found = forecast(f"asha:reduction_factor={reduction_factor}", 60)
    share = 1 / reduction_factor
    expected = 1 + sum(share + (1 - 2 * share) / k for k in range(2, 61))
    error = math.sqrt(60 * share * (1 - share) / found.simulations)
    assert found.rungs[1].trials.expected == pytest.approx(expected, abs=4 * error)


def test_promotion_keeps_what_successive_halving_keeps_or_more() -> None:
    found = forecast("asha_promotion:reduction_factor=3", 81)
    assert [rung.trials.low for rung in found.rungs] == [81, 27, 9, 3]
    assert found.epochs.expected < 0.4 * found.full_epochs


@pytest.mark.parametrize("scheduler", ["median", "ray_hyperband", "pbt:perturbation_interval=5"])
def test_others_are_simulated(scheduler: str) -> None:
    found = forecast(scheduler, 12)
    assert found.basis == "simulated"
    assert found.epochs == found.simulated_epochs
    assert found.rungs[-1].time == 27
    times = [rung.time for rung in found.rungs]
    assert times == sorted(times)


def test_rays_hyperband_is_the_same_in_each_simulation() -> None:
    found = forecast("ray_hyperband", 12)
    assert found.epochs.is_exact
    assert all(rung.trials.is_exact for rung in found.rungs)


def test_a_scheduler_of_ones_own_is_not_used_up() -> None:
    own = AsyncHyperBandScheduler(time_attr="epoch", max_t=27)
    first, second = (plan(SCENARIO, scheduler=own, num_samples=9) for _ in range(2))
    assert first == second
    assert first.basis == "simulated"


def test_hours_and_money_follow_from_what_is_trained() -> None:
    found = forecast("fifo", 8, seconds_per_epoch=100, price_per_gpu_hour=3)
    hours = 8 * 27 * 100 / 3600
    assert found.wall_s is not None
    assert found.wall_s.expected == pytest.approx(2 * 27 * 100)
    assert found.cpu_hours is not None
    assert found.cpu_hours.expected == pytest.approx(2 * hours)
    assert found.gpu_hours is not None
    assert found.gpu_hours.expected == pytest.approx(0.5 * hours)
    assert found.cost is not None
    assert found.cost.expected == pytest.approx(1.5 * hours)
    assert found.utilisation.expected == pytest.approx(1)
    assert found.rounds.expected == pytest.approx(54)


def test_a_cluster_is_paid_from_start_to_end() -> None:
    found = forecast(
        "fifo", 5, cluster="1x2gpu:start_s=50", seconds_per_epoch=10, price_per_gpu_hour=1
    )  # 4 at a time, and the fifth alone
    assert found.slots == 4
    assert found.wall_s is not None
    assert found.wall_s.expected == pytest.approx(2 * 270 + 50)
    assert found.cluster_cost is not None
    assert found.cluster_cost.expected == pytest.approx(2 * 590 / 3600)


def test_nobody_knows_hours_without_a_pace() -> None:
    found = forecast("fifo", 8, price_per_gpu_hour=3)
    assert found.wall_s is found.gpu_hours is found.cost is found.disk_mb is None
    assert found.rounds.expected == pytest.approx(54)
    assert any("seconds_per_epoch" in remark for remark in found.remarks)


@pytest.mark.parametrize(
    ("scheduler", "options", "most"),
    [
        ("fifo", {}, 0),
        ("fifo", {"keep_final": True}, 27),
        ("fifo", {"checkpoint_frequency": 2}, 4 + 5),  # those that run, and the best that ended
        ("fifo", {"checkpoint_frequency": 2, "keep_checkpoints": 1}, 4 + 1),
        ("hyperband", {}, 27),
        ("asha_promotion", {}, 27),
    ],
)
def test_checkpoints_are_counted_as_they_are_kept(
    scheduler: str, options: dict[str, Any], most: int
) -> None:
    found = forecast(scheduler, 27, checkpoint_mb=10, **options)
    assert found.checkpoints.high == pytest.approx(most, abs=1 if scheduler != "fifo" else 0)
    assert found.disk_mb == found.checkpoints * 10


class Quick:
    """Curves that end where they begin, in no time at all."""

    def curve(self, config: Mapping[str, Any], number: int) -> Curve:
        return Curve({"loss": [config["lr"]] * 27}, [2.0] * 27)


def test_given_curves_say_how_long_they_take() -> None:
    found = forecast("asha", 12, curves=Quick())
    assert found.wall_s is not None
    assert found.wall_s.expected > 27 * 2


def recorded(num_samples: int = 6) -> Any:
    task = CurveTask("quick", SCENARIO, Quick())
    return tuner.simulate(task, scheduler="fifo", searcher="random", num_samples=num_samples)


def test_the_pace_is_that_of_an_earlier_sweep() -> None:
    found = forecast("fifo", 8, like=recorded())
    assert found.wall_s is not None
    assert found.wall_s.expected == pytest.approx(2 * 27 * 2)


def test_time_that_is_seconds_already() -> None:
    slow = dataclasses.replace(SCENARIO, time_attr="time_total_s", max_t=60)
    found = plan(slow, scheduler="fifo", num_samples=4, cluster="2")
    assert found.wall_s is not None
    assert found.wall_s.expected == pytest.approx(120)
    with pytest.raises(SpecError, match="counts time in seconds"):
        plan(slow, scheduler="fifo", num_samples=4, seconds_per_epoch=2)


def test_what_lost_nodes_cost_is_counted_and_said() -> None:
    found = forecast(
        "fifo", 8, cluster="2x1gpu:node_mtbf_s=600,node_repair_s=60", seconds_per_epoch=10
    )
    assert found.epochs.is_exact
    assert found.lost > 0.1
    assert found.cpu_hours is not None
    assert found.cpu_hours.expected > 1.1 * 8 * 27 * 10 * 2 / 3600
    assert any("is lost with workers, and trained again" in remark for remark in found.remarks)
    assert forecast("fifo", 8).lost == 0


@pytest.mark.parametrize(
    ("scheduler", "trials", "options", "words"),
    [
        ("hyperband", 30, {}, "bracket 1 stays half empty, with 3 of 12 trials: num_samples=27 "
         "leaves it out, num_samples=39 fills it (a round of all brackets: 49)"),
        ("hyperband", 20, {}, "bracket 0 stays half empty, with 20 of 27 trials: num_samples=27 "
         "fills it"),
        ("ray_hyperband", 5, {}, "bracket 1 stays half empty, with 1 of 6 trials: num_samples=4 "
         "leaves it out"),
        ("asha", 20, {"grace_period": 27}, "nothing is ever stopped: no rung lies below max_t=27"),
        ("asha", 3, {}, "rungs that keep one in 4 do little with 3 trials"),
        ("fifo", 3, {}, "1 of 4 slots are never used"),
        ("hyperband", 27, {"cluster": "27"}, "of its time: trials wait for each other"),
        ("fifo", 8, {"cluster": "1x3gpu", "resources": {"cpu": 1, "gpu": 2}},
         "trials hold at most 2 of 3 GPUs"),
        ("fifo", 8, {"seconds_per_epoch": 1, "time_budget_s": 27.0},
         "the time budget ends the sweep after about 50% of its time"),
        ("fifo", 8, {"cluster": "2:node_mtbf_s=100,node_repair_s=1", "seconds_per_epoch": 5},
         "trials save at no report; checkpoint_frequency=1 keeps more of it"),
        ("fifo", 8, {"resources": {"gpu": 0}, "seconds_per_epoch": 1, "price_per_gpu_hour": 2.0},
         "price_per_gpu_hour has nothing to count, as trials take no GPU"),
    ],
)  # fmt: skip
def test_what_is_wasted_is_said_with_a_remedy(
    scheduler: str, trials: int, options: dict[str, Any], words: str
) -> None:
    found = forecast(scheduler, trials, **options)
    assert any(words in warning for warning in found.warnings), found.warnings


@pytest.mark.parametrize(
    ("scheduler", "trials", "options"),
    [("hyperband", 49, {}), ("ray_hyperband", 10, {}), ("asha", 40, {}), ("fifo", 8, {})],
)
def test_what_fits_is_passed_in_silence(
    scheduler: str, trials: int, options: dict[str, Any]
) -> None:
    assert forecast(scheduler, trials, cluster="2", **options).warnings == ()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"seconds_per_epoch": 0}, "seconds_per_epoch must be a number above 0, got 0"),
        ({"checkpoint_mb": -1}, "checkpoint_mb must be a number above 0, got -1"),
        ({"price_per_gpu_hour": math.inf}, "price_per_gpu_hour must be a number above 0, got inf"),
        ({"seconds_per_epoch": 1, "curves": Quick()}, "known from one source"),
        ({"num_samples": -1, "time_budget_s": 60.0}, "a plan needs the number of trials"),
        ({"simulations": 0}, "simulations must be a whole number >= 1, got 0"),
        ({"cluster": "eight"}, "eight"),
        ({"schedular": "asha"}, "schedular"),
    ],
)
def test_what_cannot_be_planned_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(SpecError, match=words):
        plan(SCENARIO, **{"num_samples": 4, **options})


def test_a_sweep_without_reports_has_no_pace() -> None:
    task = CurveTask("quick", SCENARIO, Quick())
    empty = tuner.simulate(task, scheduler="fifo", searcher="random", num_samples=2, budget="1s")
    with pytest.raises(NoResultError, match="says how long its trial took"):
        forecast("fifo", like=empty)


def test_the_same_call_gives_the_same_forecast() -> None:
    assert forecast("asha") == forecast("asha")
    assert forecast("asha") != forecast("asha", seed=1)


def test_a_forecast_is_json() -> None:
    import json

    found = forecast("asha", seconds_per_epoch=1)
    told = json.loads(json.dumps(found.to_json()))
    assert told["saved"] == pytest.approx(1 - found.epochs.expected / found.full_epochs)
    assert len(told["rungs"]) == len(found.rungs)
    assert set(told) > {field.name for field in dataclasses.fields(Forecast)}
