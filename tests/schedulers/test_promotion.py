"""ASHA's promotion form: algorithm 2 of Li et al. 2020, by hand and by property."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ray.tune.experiment import Trial

from tuner.errors import SpecError
from tuner.schedulers import RungStanding
from tuner.schedulers.promotion import PromotionASHA
from tuner.schedulers.promotion_rungs import PromotionRung, PromotionRungs

GOAL: dict[str, Any] = {"metric": "loss", "mode": "min", "time_attr": "epoch"}


class Bench:
    """A scheduler on a controller that does what it is told, one thing at a time."""

    def __init__(self, *, num_samples: int | None = None, **options: Any) -> None:
        self.options = {**GOAL, "max_t": 9, "reduction_factor": 3, **options}
        self.scheduler = PromotionASHA(**self.options)
        self.trials: dict[str, Trial] = {}
        self.reasons: dict[str, str] = {}
        self.stopped: list[str] = []
        self.live_for_ray: set[Trial] = set()  # besides those that have not ended
        self.search_alg = self
        self._num_samples = num_samples

    def get_live_trials(self) -> set[Trial]:
        live = {trial for trial in self.trials.values() if not trial.is_finished()}
        return live | self.live_for_ray

    def is_finished(self) -> bool:
        return self._num_samples is not None and len(self.trials) >= self._num_samples

    def stop_trial(self, trial: Trial) -> None:
        reason = self.scheduler.take_reason(trial.trial_id)
        self.reasons[trial.trial_id] = "" if reason is None else reason.text
        self.scheduler.on_trial_remove(self, trial)
        trial.status = Trial.TERMINATED
        self.stopped.append(trial.trial_id)

    def add(self, *trial_ids: str) -> None:
        for trial_id in trial_ids:
            trial = self.trials[trial_id] = Trial("stub", stub=True, trial_id=trial_id)
            self.scheduler.on_trial_add(self, trial)

    def report(self, trial_id: str, epoch: float, loss: float) -> str:
        """Report, and do what the scheduler answers."""
        trial = self.trials[trial_id]
        trial.status = Trial.RUNNING
        result = {"epoch": epoch, "loss": loss}
        answer = self.scheduler.on_trial_result(self, trial, result)
        if answer == "PAUSE":
            trial.status = Trial.PAUSED
        if answer == "STOP":
            self.scheduler.on_trial_complete(self, trial, result)
            trial.status = Trial.TERMINATED
        return answer

    def arrive(self, epoch: float, **losses: float) -> None:
        """Have new or waiting trials reach a rung."""
        self.add(*(losses.keys() - self.trials.keys()))
        for trial_id, loss in losses.items():
            assert self.report(trial_id, epoch, loss) == "PAUSE"

    def choose(self) -> str | None:
        chosen = self.scheduler.choose_trial_to_run(self)
        assert chosen is self.scheduler.choose_trial_to_run(self)
        return None if chosen is None else str(chosen.trial_id)

    def take_reason(self, trial_id: str) -> str:
        reason = self.scheduler.take_reason(trial_id)
        assert reason is not None
        assert json.dumps(reason.details, allow_nan=False)
        return reason.text


def test_the_best_third_of_the_highest_rung_goes_first() -> None:
    bench = Bench()  # rungs at 1 and 3
    bench.add("a", "b", "c", "d", "e", "f", "new")
    bench.arrive(1, a=0.3, b=0.2)
    assert bench.choose() == "c"  # floor(2 / 3) = 0 of two: nobody may go on
    bench.arrive(1, c=0.1)
    assert bench.choose() == "c"  # promoted: the best of three
    bench.arrive(3, c=0.9)
    assert bench.choose() == "d"  # its place is taken, though it waits at the next rung now
    bench.arrive(1, d=0.4, e=0.5, f=0.05)
    assert bench.choose() == "f"  # two of six: c, which went, and f, which is better
    bench.arrive(3, f=0.8)
    assert bench.choose() == "new"  # b is third of six


def test_a_trial_beaten_after_its_promotion_keeps_it_and_the_next_best_has_none() -> None:
    bench = Bench()
    bench.arrive(1, a=0.3, b=0.4, c=0.5)
    assert bench.choose() == "a"
    bench.report("a", 2, 0.3)
    bench.arrive(1, d=0.1)  # one of four, and it is the best of them
    assert bench.choose() == "d"
    bench.report("d", 2, 0.1)
    bench.arrive(1, e=0.6, f=0.7)
    bench.add("new")
    assert bench.choose() == "new"  # two of six: a and d


def test_at_several_rungs_the_higher_one_comes_first() -> None:
    bench = Bench(max_t=27)
    bench.arrive(1, a=0.1, b=0.2, c=0.3, d=0.4, e=0.5, f=0.6, g=0.7, h=0.8, i=0.9)
    bench.arrive(3, a=0.1, b=0.2, c=0.3)  # three of nine
    assert bench.choose() == "a"
    bench.arrive(1, j=0.05, k=0.9, l=0.9)  # j may go on as well
    assert bench.choose() == "a"
    bench.report("a", 4, 0.1)
    assert bench.choose() == "j"


def test_equal_losses_rank_in_the_order_of_suggestion() -> None:
    bench = Bench()
    bench.add("z", "y", "x")
    bench.arrive(1, x=0.5, y=0.5, z=0.5)
    assert bench.choose() == "z"


def test_higher_is_better_with_mode_max() -> None:
    bench = Bench(mode="max")
    bench.arrive(1, a=0.1, b=0.9, c=0.5)
    assert bench.choose() == "b"
    assert bench.scheduler.rungs()[0] == RungStanding(
        label="1", trials=3, cutoff=0.9, best=0.9, passed=0, waiting=3
    )


def test_a_report_beyond_several_rungs_counts_at_the_highest() -> None:
    bench = Bench(max_t=27)
    bench.add("a")
    assert bench.report("a", 5, 0.5) == "PAUSE"
    assert [standing.trials for standing in bench.scheduler.rungs()] == [0, 1, 0]
    assert bench.report("a", 6, 0.5) == "CONTINUE"
    assert bench.report("a", 9, 0.5) == "PAUSE"
    assert bench.report("a", 30, 0.5) == "STOP"


def test_who_still_saves_is_passed_over_and_who_waits_for_a_worker_comes_again() -> None:
    bench = Bench(reduction_factor=2)
    bench.arrive(1, a=0.1, b=0.2, c=0.3, d=0.4)
    bench.trials["a"].status = Trial.RUNNING  # its save is under way
    assert bench.choose() == "b"
    bench.trials["b"].status = Trial.PENDING
    assert bench.choose() == "b"
    bench.trials["a"].status = Trial.PAUSED
    assert bench.choose() == "a"


def test_once_nothing_runs_or_comes_those_that_wait_end_with_a_reason() -> None:
    bench = Bench(num_samples=4)
    bench.arrive(1, a=0.1, b=0.2, c=0.3)
    bench.add("d")
    assert bench.choose() == "a"
    assert bench.report("a", 9, 0.1) == "STOP"
    assert bench.choose() == "d"
    bench.trials["d"].status = Trial.RUNNING
    assert bench.choose() is None
    assert bench.stopped == []
    bench.arrive(1, d=0.4)
    assert bench.choose() is None
    assert bench.stopped == ["b", "c", "d"]
    assert bench.reasons["c"] == "rung 1: 0.3 ends, the best 1 of 4 go on"
    assert bench.get_live_trials() == set()


def test_a_trial_that_failed_for_good_holds_nobody_up_though_ray_calls_it_live() -> None:
    bench = Bench(num_samples=3)
    bench.arrive(1, a=0.1, b=0.2)
    bench.add("c")
    bench.scheduler.on_trial_error(bench, bench.trials["c"])
    bench.trials["c"].status = Trial.ERROR
    bench.live_for_ray = {bench.trials["c"]}
    assert bench.choose() == "a"
    assert bench.report("a", 9, 0.1) == "STOP"
    assert bench.choose() is None
    assert bench.stopped == ["b"]


@pytest.mark.parametrize(("eta", "arrived", "places"), [(1.1, 33, 30), (2.2, 11, 5), (3, 8, 2)])
def test_the_best_share_has_no_rounding_errors(eta: float, arrived: int, places: int) -> None:
    rung = PromotionRung(1, eta)
    rung.arrived = arrived
    assert rung.places == places


def test_where_too_few_trials_fill_the_rungs_the_winner_trains_to_the_end() -> None:
    bench = Bench(num_samples=2)
    bench.arrive(1, a=0.3, b=0.2)
    assert bench.choose() == "b"
    bench.arrive(3, b=0.5)
    assert bench.choose() == "b"  # the only one so far
    assert bench.report("b", 9, 0.5) == "STOP"
    assert bench.choose() is None
    assert bench.stopped == ["a"]


def test_a_trial_that_ends_by_itself_has_come_to_the_end() -> None:
    bench = Bench(num_samples=3)
    bench.arrive(1, a=0.3, b=0.2, c=0.4)
    assert bench.choose() == "b"
    assert bench.report("b", 2, 0.2) == "CONTINUE"
    bench.trials["b"].status = Trial.TERMINATED
    done = {"epoch": 2, "loss": 0.2, "done": True}
    bench.scheduler.on_trial_complete(bench, bench.trials["b"], done)
    assert bench.choose() is None
    assert bench.stopped == ["a", "c"]


def test_nobody_ends_while_another_one_saves_or_starts() -> None:
    bench = Bench(num_samples=2)
    bench.arrive(1, a=0.1, b=0.2)
    for status in (Trial.RUNNING, Trial.PENDING):
        bench.trials["b"].status = status
        bench.choose()
        assert bench.stopped == []


def test_where_a_searcher_suggests_nothing_while_nothing_runs_the_best_goes_on() -> None:
    bench = Bench(num_samples=9)  # a limiter that counts paused trials would hold the rest back
    bench.arrive(1, a=0.3, b=0.2)
    assert bench.choose() == "b"
    bench.arrive(3, b=0.2)
    assert bench.choose() == "b"  # the highest rung first: it ends soonest
    assert bench.report("b", 9, 0.1) == "STOP"
    assert bench.choose() == "a"


@pytest.mark.parametrize("how", ["fails", "stopped"])
def test_who_ends_while_waiting_leaves_the_place_to_the_next_best(how: str) -> None:
    bench = Bench()
    bench.arrive(1, a=0.1, b=0.2, c=0.3, d=0.4)
    assert bench.choose() == "a"
    if how == "stopped":
        bench.stop_trial(bench.trials["a"])
    else:
        bench.scheduler.on_trial_error(bench, bench.trials["a"])
        bench.trials["a"].status = Trial.ERROR
    assert bench.choose() == "b"  # one of four, and a is none of them any more
    assert bench.scheduler.rungs()[0] == RungStanding(
        "1", trials=4, cutoff=0.2, best=0.2, passed=0, waiting=3
    )


def test_a_promoted_trial_that_fails_and_starts_again_keeps_its_promotion() -> None:
    bench = Bench()
    bench.arrive(1, a=0.1, b=0.2, c=0.3)
    for reported in (False, True):  # before its first report after the promotion, and after
        if reported:
            assert bench.report("a", 2, 0.1) == "CONTINUE"
        bench.trials["a"].status = Trial.ERROR
        bench.scheduler.on_trial_error(bench, bench.trials["a"])
        bench.trials["a"].status = Trial.PENDING
        bench.scheduler.on_trial_add(bench, bench.trials["a"])
        assert bench.choose() == "a"
    assert bench.report("a", 1, 0.1) == "CONTINUE"  # what it repeats is known
    bench.add("new")
    assert bench.choose() == "new"
    assert bench.report("a", 3, 0.1) == "PAUSE"


def test_reasons_in_words_and_figures() -> None:
    bench = Bench(brackets=2, seed=3)
    bench.arrive(4, a=0.25)
    assert bench.take_reason("a").endswith("@ 3: 0.25 waits, the best 0 of 1 go on")
    assert bench.scheduler.take_reason("a") is None
    bench.add("b")
    bench.scheduler.on_trial_result(bench, bench.trials["b"], {"epoch": 9, "loss": 0.5})
    assert bench.take_reason("b") == "reached max_t=9"
    bench.add("c")
    nan = {"epoch": 1, "loss": float("nan")}
    assert bench.scheduler.on_trial_result(bench, bench.trials["c"], nan) == "STOP"
    assert bench.take_reason("c") == "diverged: loss is nan"
    assert sum(standing.trials for standing in bench.scheduler.rungs()) == 1


def test_late_doubled_unknown_and_partial_reports_change_nothing(tmp_path: Path) -> None:
    bench = Bench()
    bench.arrive(1, a=0.1, b=0.2, c=0.3)
    bench.stop_trial(bench.trials["c"])
    scheduler = bench.scheduler
    scheduler.save(str(tmp_path / "before"))
    unknown = Trial("stub", stub=True, trial_id="nobody")
    for trial, result in [
        (bench.trials["a"], {"epoch": 1, "loss": -5.0}),
        (bench.trials["a"], {"epoch": 9}),
        (bench.trials["a"], {"loss": 9.0}),
        (bench.trials["a"], {"epoch": float("nan"), "loss": 9.0}),
        (bench.trials["c"], {"epoch": 9, "loss": -5.0}),
        (unknown, {"epoch": 9, "loss": -5.0}),
    ]:
        assert scheduler.on_trial_result(bench, trial, result) == "CONTINUE"
    scheduler.on_trial_complete(bench, unknown, {"epoch": 9, "loss": -5.0})
    scheduler.on_trial_error(bench, unknown)
    scheduler.on_trial_remove(bench, unknown)
    scheduler.save(str(tmp_path / "after"))
    assert (tmp_path / "before").read_bytes() == (tmp_path / "after").read_bytes()


def test_saved_and_restored_it_chooses_as_if_nothing_had_happened(tmp_path: Path) -> None:
    rng = random.Random(0)
    bench = Bench(max_t=27, brackets=2, seed=1)
    path = str(tmp_path / "state.json")
    for step in range(150):
        chosen = bench.choose() if rng.random() < 0.7 else None
        if chosen is None or bench.trials[chosen].is_finished():
            chosen = f"t{len(bench.trials):06d}"
            bench.add(chosen)
        trial = bench.trials[chosen]
        bench.report(chosen, (trial.last_result.get("epoch", 0)) + 1, rng.random())
        trial.run_metadata.last_result = {"epoch": trial.last_result.get("epoch", 0) + 1}
        if step % 10 == 0:
            bench.scheduler.save(path)
            fresh = Bench(max_t=27, brackets=2, seed=9)
            fresh.scheduler.restore(path)
            for key, old in bench.trials.items():
                twin = fresh.trials[key] = Trial("stub", stub=True, trial_id=key)
                twin.status = old.status
            assert fresh.choose() == bench.choose()
            assert fresh.scheduler.rungs() == bench.scheduler.rungs()
            for other in (fresh, bench):
                other.add("again")
            assert fresh.scheduler._rungs.members == bench.scheduler._rungs.members
            bench.stop_trial(bench.trials.pop("again"))


@given(
    arrivals=st.lists(st.tuples(st.sampled_from([0.25, 0.5, 1.0]), st.integers(0, 3)), max_size=40),
    eta=st.sampled_from([2, 3, 4, 2.5]),
)
def test_promotable_is_algorithm_two(arrivals: Sequence[tuple[float, int]], eta: float) -> None:
    rungs = PromotionRungs([[1.0, 10.0]], eta)
    ranking: list[tuple[float, int]] = []
    gone: set[int] = set()
    for number, (loss, promotions) in enumerate(arrivals):
        rungs.enter(f"{number:03d}", 0)
        rungs.train(f"{number:03d}", 1.0)
        rungs.arrive(f"{number:03d}", loss)
        ranking = sorted([*ranking, (loss, number)])
        for _ in range(promotions):
            top = [place for _, place in ranking[: int(len(ranking) / eta)]]
            expected = [place for place in top if place not in gone]
            assert [int(trial_id) for trial_id in rungs.promotable()] == expected
            if expected:
                gone.add(expected[0])
                rungs.train(f"{expected[0]:03d}", 2.0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"max_t": 0}, "max_t must be a number above 0"),
        ({"grace_period": 10}, "at most max_t, got 10 with max_t=9"),
        ({"reduction_factor": 1}, "reduction_factor must be a number above 1"),
        ({"brackets": 0}, "brackets must be a whole number of at least 1"),
        ({"mode": "lowest"}, "mode must be 'min' or 'max'"),
    ],
)
def test_a_bad_value_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(SpecError) as refusal:
        Bench(**options)
    assert words in str(refusal.value)
