from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ray.tune.experiment import Trial
from ray.tune.schedulers import AsyncHyperBandScheduler
from ray.tune.schedulers.async_hyperband import _Bracket
from twins import GOAL, Event, Side, answers, streams

from tuner.errors import SpecError
from tuner.schedulers import RungStanding
from tuner.schedulers.asha import ASHA
from tuner.schedulers.asha_rungs import Rung
from tuner.schedulers.ladder import milestones
from tuner.schedulers.quantiles import RunningQuantile, median

LADDERS = st.fixed_dictionaries(
    {
        "max_t": st.sampled_from([1, 2, 9, 10, 27, 81, 100, 243]),
        "grace_period": st.sampled_from([1, 1, 2, 0.5]),
        "reduction_factor": st.sampled_from([2, 3, 4, 1.5, 2.7]),
        "brackets": st.integers(1, 4),
        "stop_last_trials": st.booleans(),
        "mode": st.sampled_from(["min", "max"]),
    }
)


def ray_answers(options: dict[str, Any], stream: list[Event], seed: int) -> list[str | None]:
    state = np.random.get_state()
    np.random.seed(seed)
    try:
        return answers(AsyncHyperBandScheduler(**GOAL, **options), stream)
    finally:
        np.random.set_state(state)


def fits(options: dict[str, Any]) -> bool:
    return bool(options["grace_period"] <= options["max_t"])


@settings(max_examples=150)
@given(options=LADDERS.filter(fits), stream=streams(), seed=st.integers(0, 2**32 - 1))
def test_every_decision_is_rays(options: dict[str, Any], stream: list[Event], seed: int) -> None:
    assert answers(ASHA(**GOAL, **options, seed=seed), stream) == ray_answers(options, stream, seed)


class Spared:
    """Keeps from a scheduler the reports that it says it would not heed."""

    def __init__(self, scheduler: ASHA, max_t: float) -> None:
        self.scheduler, self.max_t = scheduler, max_t

    def __getattr__(self, name: str) -> Any:
        return getattr(self.scheduler, name)

    def on_trial_result(self, controller: Any, trial: Trial, result: dict[str, Any]) -> str:
        if result["epoch"] < min(self.scheduler.heeds_from(trial.trial_id), self.max_t):
            return "CONTINUE"
        return self.scheduler.on_trial_result(controller, trial, result)


@settings(max_examples=60)
@given(options=LADDERS.filter(fits), stream=streams(), seed=st.integers(0, 2**32 - 1))
def test_reports_that_it_does_not_heed_change_nothing(
    options: dict[str, Any], stream: list[Event], seed: int
) -> None:
    told, spared = ASHA(**GOAL, **options, seed=seed), ASHA(**GOAL, **options, seed=seed)
    proxy: Any = Spared(spared, options["max_t"])
    assert answers(proxy, stream) == answers(told, stream)
    assert spared.rungs() == told.rungs()


def test_it_heeds_rungs_and_what_was_skipped() -> None:
    scheduler = ASHA(**GOAL, mode="min", max_t=27, reduction_factor=3)
    side = Side(scheduler)
    trial = _added(scheduler, side, "t0")
    heeded = []
    for epoch in (1, 2, 10, 11, 12, 13):
        heeded.append(scheduler.heeds_from("t0"))
        scheduler.on_trial_result(side, trial, {"epoch": epoch, "loss": 0.0})
    assert heeded == [1, 3, 3, 3, 27, 27]  # with 10 it skips 3, for which 11 counts
    assert scheduler.heeds_from("unknown") == float("inf")


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("brackets", [1, 3])
def test_every_decision_is_rays_where_a_rung_sees_many_trials(mode: str, brackets: int) -> None:
    rng = np.random.default_rng(0)
    stream = [
        (int(rng.integers(900)), int(rng.choice([1, 2, 5])), float(rng.normal()), "goes on")
        for _ in range(4_000)
    ]
    options = {"max_t": 27, "reduction_factor": 3, "brackets": brackets, "mode": mode}
    ours = answers(ASHA(**GOAL, **options, seed=5), stream)
    assert ours == ray_answers(options, stream, 5)
    assert ours.count("STOP") > 500


@given(
    values=st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=60),
    eta=st.sampled_from([1.5, 2, 3, 4, 7.3, 1e17]) | st.floats(1.01, 20),
)
def test_quantiles_are_numpys_to_the_last_bit(eta: float, values: list[float]) -> None:
    share = 1 - 1 / eta
    running = RunningQuantile(share * 100 / 100)
    for count, value in enumerate(values, 1):
        running.add(value)
        expected = float(np.nanpercentile(values[:count], share * 100))
        assert running.value == expected or np.isnan([running.value, expected]).all()
    assert sorted(running) == sorted(values)
    assert median(sorted(values)) == np.median(values)


@given(scores=st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=60), eta=st.floats(1.01, 20))
def test_the_cut_of_a_rung_is_rays_to_the_last_bit(scores: list[float], eta: float) -> None:
    rung = Rung(1, 1 - 1 / eta)
    for score in scores:
        rung.scores.add(score)
    rays = _Bracket(1, 100, eta, 0).cutoff(dict(enumerate(scores)))
    assert rung.scores.value == rays or np.isnan([rung.scores.value, rays]).all()


@pytest.mark.parametrize(
    ("ladder", "rungs"),
    [
        ((27, 1, 3, 0), [1, 3, 9]),
        ((28, 1, 3, 0), [1, 3, 9, 27]),
        ((243, 1, 3, 1), [3, 9, 27, 81]),  # floor(log(243) / log(3)) is 4 in floating point
        ((1, 1, 2, 0), []),
        ((10, 2, 1.5, 0), [2, 3, 4.5, 6.75]),
    ],
)
def test_milestones(ladder: tuple[float, float, float, int], rungs: list[float]) -> None:
    max_t, grace_period, eta, bracket = ladder
    found = milestones(
        max_t=max_t, grace_period=grace_period, reduction_factor=eta, bracket=bracket
    )
    assert found == rungs


def test_reasons_and_rungs_in_words_and_figures() -> None:
    # reduction factor 2: the cut is the median of those before; 0.5 and 1.5 give 1.
    scheduler = ASHA(**GOAL, mode="min", max_t=9, reduction_factor=2)
    side = Side(scheduler)
    assert [side.take((n, 1, loss, "goes on")) for n, loss in enumerate([0.5, 1.5])] == [
        "CONTINUE",
        "STOP",
    ]
    trial = _added(scheduler, side, "t2")
    assert scheduler.on_trial_result(side, trial, {"epoch": 1, "loss": 1.25}) == "STOP"
    reason = scheduler.take_reason("t2")
    assert reason is not None
    assert reason.text == "rung 1: 1.25 is above the cut 1 of 2 trials"
    assert json.loads(json.dumps(reason.details, allow_nan=False)) == {
        "rung": 1.0, "bracket": 0, "value": 1.25, "cutoff": 1.0, "trials": 2,
    }  # fmt: skip
    assert scheduler.take_reason("t2") is None
    assert scheduler.rungs()[0] == RungStanding(
        label="1", trials=3, cutoff=1.25, best=0.5, passed=1
    )
    assert [standing.trials for standing in scheduler.rungs()] == [3, 0, 0, 0]


def _added(scheduler: ASHA, side: Side, trial_id: str) -> Trial:
    trial = Trial("stub", stub=True, trial_id=trial_id)
    scheduler.on_trial_add(side, trial)
    trial.status = Trial.RUNNING
    return trial


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_finite_number_ends_the_trial_and_enters_no_rung(value: float) -> None:
    scheduler = ASHA(**GOAL, mode="max", max_t=9)
    side = Side(scheduler)
    assert side.take((0, 1, value, "goes on")) == "STOP"
    assert scheduler.rungs()[0].trials == 0


def test_late_doubled_unknown_and_partial_reports_change_nothing(tmp_path: Path) -> None:
    scheduler = ASHA(**GOAL, mode="min", max_t=27, reduction_factor=3)
    side = Side(scheduler)
    for number in range(3):
        side.take((number, 4, float(number), "returns" if number == 2 else "goes on"))
    scheduler.save(str(tmp_path / "before"))
    unknown = Trial("stub", stub=True, trial_id="nobody")
    for trial, result in [
        (side.trials[0], {"epoch": 4, "loss": -5.0}),  # rungs 1 and 3 are behind: it is at 3
        (side.trials[0], {"epoch": 2, "loss": -5.0}),
        (side.trials[0], {"epoch": 9}),
        (side.trials[0], {"loss": 9.0}),
        (side.trials[0], {"epoch": float("nan"), "loss": 9.0}),
        (side.trials[2], {"epoch": 9, "loss": -5.0}),
        (unknown, {"epoch": 9, "loss": -5.0}),
    ]:
        assert scheduler.on_trial_result(side, trial, result) == "CONTINUE"
    scheduler.on_trial_complete(side, unknown, {"epoch": 9, "loss": -5.0})
    scheduler.on_trial_error(side, unknown)
    scheduler.on_trial_remove(side, unknown)
    scheduler.save(str(tmp_path / "after"))
    assert (tmp_path / "before").read_bytes() == (tmp_path / "after").read_bytes()


def test_a_trial_that_starts_again_keeps_its_bracket() -> None:
    scheduler = ASHA(**GOAL, mode="min", max_t=27, reduction_factor=3, brackets=3, seed=0)
    fresh = ASHA(**GOAL, mode="min", max_t=27, reduction_factor=3, brackets=3, seed=0)
    side = Side(scheduler)
    first = _added(scheduler, side, "a")
    for _ in range(9):
        first.status = Trial.ERROR  # as Ray has it between the failure and the queue
        scheduler.on_trial_error(side, first)
        scheduler.on_trial_add(side, first)
    for number in range(40):
        _added(scheduler, side, f"b{number}")
    _added(fresh, side, "a")
    for number in range(40):
        _added(fresh, side, f"b{number}")
    assert scheduler._entrants == fresh._entrants
    assert {entrant.bracket for entrant in fresh._entrants.values()} == {0, 1, 2}


@settings(max_examples=60)
@given(options=LADDERS.filter(fits), stream=streams(), cut=st.integers(0, 200))
def test_saved_and_restored_it_decides_as_if_nothing_had_happened(
    options: dict[str, Any], stream: list[Event], cut: int, tmp_path_factory: Any
) -> None:
    path = str(tmp_path_factory.mktemp("asha") / "state.json")
    side = Side(ASHA(**GOAL, **options, seed=1))
    for event in stream[:cut]:
        side.take(event)
    side.scheduler.save(path)
    rest = Side(ASHA(**GOAL, **options, seed=2))  # another seed: the state is what counts
    rest.go_on_from(side, path)
    assert [side.take(event) for event in stream[cut:]] == [
        rest.take(event) for event in stream[cut:]
    ]


def test_global_generators_are_left_alone() -> None:
    before = np.random.get_state()[1].tolist()
    answers(ASHA(**GOAL, mode="min", brackets=3), [(n, 1, 1.0, "goes on") for n in range(9)])
    assert np.random.get_state()[1].tolist() == before


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"max_t": 0}, "max_t must be a number above 0, got 0"),
        ({"max_t": float("inf")}, "max_t must be a number above 0, got inf"),
        ({"grace_period": 0}, "grace_period must be a number above 0"),
        ({"grace_period": 200}, "at most max_t, got 200 with max_t=100; name a smaller"),
        ({"reduction_factor": 1}, "reduction_factor must be a number above 1, got 1"),
        ({"reduction_factor": "3"}, "got '3'"),
        ({"brackets": 0}, "brackets must be a whole number of at least 1, got 0"),
        ({"brackets": True}, "got True"),
        ({"mode": "lowest"}, "mode must be 'min' or 'max', got 'lowest'"),
    ],
)
def test_a_bad_value_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(SpecError) as refusal:
        ASHA(**{"metric": "loss", "mode": "min", **options})
    assert words in str(refusal.value)


def test_a_goal_that_nobody_named_is_refused_when_a_trial_comes() -> None:
    with pytest.raises(SpecError, match="metric=None, mode=None; name them"):
        _added(ASHA(), Side(ASHA()), "a")
    scheduler = ASHA()
    assert scheduler.set_search_properties("loss", "min")
    assert not scheduler.set_search_properties("loss", "min")
    _added(scheduler, Side(scheduler), "a")
