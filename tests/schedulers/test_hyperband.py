"""HyperBand as its paper has it, whatever the number of workers and whoever fails."""

from __future__ import annotations

import math
import random
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ray.tune.experiment import Trial

from tuner.errors import SpecError
from tuner.schedulers.brackets import HyperBandPlan
from tuner.schedulers.hyperband import HyperBand

sys.path.insert(0, str(Path(__file__).parent))  # importlib mode adds no folder

from streams import FakeSweep, Stream

StageMaker = Callable[..., Any]


class Source:
    """What stands for a searcher: how many trials there will be, and whether more come."""

    def __init__(self, total_samples: int = 0) -> None:
        self.total_samples = total_samples
        self.finished = False

    def is_finished(self) -> bool:
        return self.finished


def hyperband(max_t: float = 9, eta: float = 3, **options: Any) -> HyperBand:
    goal = {"time_attr": "epoch", "metric": "loss", "mode": "min", **options}
    return HyperBand(max_t=max_t, reduction_factor=eta, **goal)


def statuses(trials: list[Trial]) -> str:
    return "".join({"RUNNING": "r", "PAUSED": "p", "TERMINATED": "."}[t.status] for t in trials)


@pytest.fixture
def run(stage: StageMaker) -> Any:
    """A bracket of 9 trials from epoch 1, for 9 epochs: its rungs are 1, 3 and 9."""
    made = stage(hyperband(), max_t=9)
    made.controller.search_alg = Source()
    return made


def test_the_best_third_goes_on_and_the_best_first(run: Any) -> None:
    trials = [run.add(f"t{k}") for k in range(9)]
    losses = (0.5, 0.9, 0.2, 0.7, 0.8, 0.1, 0.6, 0.3, 0.4)
    answers = [run.report(t, 1, loss=loss) for t, loss in zip(trials, losses, strict=True)]
    assert answers == ["PAUSE"] * 8 + ["STOP"]
    assert statuses(trials) == "..p..p.p."
    order = []
    while (chosen := run.supervisor.choose_trial_to_run(run.controller)) is not None:
        assert chosen is run.supervisor.choose_trial_to_run(run.controller)
        order.append(chosen.trial_id)
        chosen.status = Trial.RUNNING
    assert order == ["t5", "t2", "t7"]
    assert run.report(trials[5], 2, loss=0.1) == "CONTINUE"
    assert run.report(trials[5], 3, loss=0.3) == "PAUSE"
    assert run.report(trials[2], 3, loss=0.4) == "PAUSE"
    assert run.report(trials[7], 3, loss=0.2) == "CONTINUE"  # the last to arrive is the best
    assert statuses(trials) == ".......r."
    assert run.report(trials[7], 9, loss=0.2) == "STOP"
    assert run.supervisor.scheduler.rungs() == []


def test_a_decision_says_what_it_rests_on(run: Any) -> None:
    trials = [run.add(f"t{k}") for k in range(9)]
    for k, trial in enumerate(trials):
        run.report(trial, 1, loss=k / 10)
    told = {(d.kind, d.trial_id): d.reason for d in run.decisions}
    paused, dropped = told["PAUSE", "t6"], told["STOP", "t3"]
    assert paused.text == "bracket of 9 from 1, rung 1: waits with 0.6 for 2 more"
    assert dropped.text == "bracket of 9 from 1, rung 1: 0.3 is not among the best 3 of 9"
    assert dropped.details == {"bracket": 0, "rung": 1.0, "value": 0.3, "kept": 3, "trials": 9}


@pytest.mark.parametrize("slots", [1, 2, 4, 100])
@pytest.mark.parametrize("ahead", [False, True])
@pytest.mark.parametrize(
    ("max_t", "eta", "trials"),
    [
        (9, 3, 17),
        (9, 3, 9),
        (9, 3, 4),
        (8, 2, 22),
        (27, 3, 60),
        (5, 3, 7),
        (1, 2, 3),
        (10, 2.5, 14),
    ],
)
def test_as_many_reach_each_rung_as_the_plan_says(
    max_t: int, eta: float, trials: int, slots: int, ahead: bool
) -> None:
    stream = Stream(seed=1, trials=trials, slots=slots, max_t=max_t, ahead=ahead, mishaps=0,
                    strides=(1,))  # fmt: skip
    sweep = FakeSweep(hyperband(max_t, eta), stream).run()
    plan, expected, left, number = HyperBandPlan(max_t, eta), Counter[float](), trials, 0
    while left:
        bracket = plan.numbered(number, left)
        sizes = [rung.size for rung in bracket.rungs] + [0]
        for rung, following in zip(bracket.rungs, sizes[1:], strict=True):
            expected[rung.time] += rung.size - following
        left, number = left - bracket.size, number + 1
    assert sweep.ended
    assert Counter(trial.last_result["epoch"] for trial in sweep.trials) == expected


def test_no_rung_is_decided_before_its_bracket_is_full(run: Any) -> None:
    """Ray's compares those that are there: with few slots, a few trials at a time."""
    for k in range(8):
        trial = run.add(f"t{k}")
        assert run.report(trial, 1, loss=float(k)) == "PAUSE"
        if k == 0:
            waiting = run.add("t8")  # somebody is under way throughout
        assert run.supervisor.choose_trial_to_run(run.controller) is None
    assert not run.controller.stopped
    assert run.report(waiting, 1, loss=8.0) == "STOP"
    assert len(run.controller.stopped) == 5


def test_who_fails_diverges_or_is_stopped_holds_nobody_up_and_costs_nobody_his_place(
    run: Any,
) -> None:
    trials = [run.add(f"t{k}") for k in range(9)]
    run.report(trials[0], 1, loss=math.nan)
    for k in range(1, 7):
        assert run.report(trials[k], 1, loss=k / 10) == "PAUSE"
    run.controller.stop_trial(trials[1])  # the best of those that wait
    run.supervisor.on_trial_error(run.controller, trials[7])
    trials[7].status = Trial.ERROR
    assert statuses(trials[1:7]) == ".ppppp"
    run.controller.stop_trial(trials[8])  # the last that was waited for
    assert statuses(trials[1:7]) == ".ppp.."  # 3 of 9 go on, as if the others had been the worst


def test_a_bracket_that_gets_no_more_trials_is_one_of_the_size_it_got(run: Any) -> None:
    trials = [run.add(f"t{k}") for k in range(7)]
    for k in range(6):
        assert run.report(trials[k], 1, loss=k / 10) == "PAUSE"
    run.controller.search_alg.finished = True
    assert run.report(trials[6], 1, loss=0.6) == "STOP"
    assert statuses(trials) == "pp....."  # 7/3 is 2


def test_the_last_suggestion_closes_its_bracket(run: Any) -> None:
    source = run.controller.search_alg = Source(total_samples=9)
    first = [run.add(f"t{k}") for k in range(3)]
    source.finished = True
    run.add("t3")
    for k, trial in enumerate(first):
        assert run.report(trial, 1, loss=float(k)) == "PAUSE"
    assert run.report(run.controller.trials[3], 1, loss=9.0) == "STOP"
    assert statuses(first) == "p.."


def test_where_nothing_runs_and_nothing_comes_those_that_are_there_are_compared(
    run: Any,
) -> None:
    trials = [run.add(f"t{k}") for k in range(4)]
    for k, trial in enumerate(trials):
        run.report(trial, 1, loss=k / 10)
    assert run.supervisor.choose_trial_to_run(run.controller) is trials[0]
    assert statuses(trials) == "p..."
    assert run.supervisor.choose_trial_to_run(run.controller) is trials[0]


def test_equal_values_rank_in_the_order_of_suggestion(run: Any) -> None:
    trials = [run.add(f"t{k}") for k in range(9)]
    for trial in random.Random(0).sample(trials, 9):
        run.report(trial, 1, loss=0.5)
    assert [t.trial_id for t in trials if not t.is_finished()] == ["t0", "t1", "t2"]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, None, "low"])
def test_without_a_supervisor_a_value_that_is_no_number_ranks_last(value: Any) -> None:
    scheduler, sweep = hyperband(max_t=3), FakeSweep(hyperband(), Stream(0, 9, 9, 9, True))
    trials = [Trial("stub", stub=True, trial_id=f"t{k}") for k in range(3)]
    for trial in trials:
        trial.status = Trial.RUNNING
        scheduler.on_trial_add(sweep, trial)
    sweep.trials, sweep.scheduler = trials, scheduler
    for trial, loss in zip(trials, (value, 0.5, 0.4), strict=True):
        answer = scheduler.on_trial_result(sweep, trial, {"epoch": 1, "loss": loss})
    assert answer == "CONTINUE"
    assert [trial.is_finished() for trial in trials] == [True, True, False]


def test_a_report_beyond_several_rungs_counts_at_each_of_them(run: Any) -> None:
    trials = [run.add(f"t{k}") for k in range(9)]
    for k in range(8):
        assert run.report(trials[k], 5, loss=k / 10) == "PAUSE"
    assert run.report(trials[8], 1, loss=0.85) == "STOP"
    assert statuses(trials) == "p........"  # of 9 to rung 1, 3 to rung 3, 1 to the end
    assert run.supervisor.choose_trial_to_run(run.controller) is trials[0]


def test_a_trial_that_starts_again_keeps_its_place() -> None:
    """Ray's controller tells of an error and of an addition, the trial's status being ERROR."""
    sweep = FakeSweep(hyperband(), Stream(0, 9, 9, 9, True))
    scheduler = sweep.scheduler
    for _ in range(9):
        sweep._suggest()
        sweep.trials[-1].status = Trial.RUNNING
    again = sweep.trials[0]
    sweep._restart(again)
    again.status = Trial.RUNNING
    for trial in sweep.trials[1:]:
        assert scheduler.on_trial_result(sweep, trial, {"epoch": 1, "loss": 0.5}) == "PAUSE"
        trial.status = Trial.PAUSED
    assert scheduler.on_trial_result(sweep, again, {"epoch": 1, "loss": 0.4}) == "CONTINUE"


def test_rungs_and_summary_tell_where_brackets_stand(run: Any) -> None:
    trials = [run.add(f"t{k}") for k in range(10)]
    for k in range(4):
        run.report(trials[k], 1, loss=k / 10)
    first, second = run.supervisor.scheduler.rungs()
    assert (first.label, first.trials, first.cutoff, first.best) == ("9 from 1 @ 1", 4, None, 0.0)
    assert (second.label, second.trials, second.best) == ("5 from 3 @ 3", 0, None)
    lines = run.supervisor.debug_string().splitlines()
    assert lines[0] == "HyperBand: 10 trials in 2 brackets"
    assert lines[1] == "bracket of 9 from 1, rung 1: 5 on their way, 4 there"


def test_the_largest_metric_is_the_best_where_it_is_maximised() -> None:
    stream = Stream(seed=3, trials=9, slots=2, max_t=9, ahead=False, mishaps=0, strides=(1,))
    ends = [FakeSweep(hyperband(mode=mode), stream).run() for mode in ("min", "max")]
    best = [max(sweep.trials, key=lambda t: t.last_result["epoch"]) for sweep in ends]
    assert best[0].trial_id != best[1].trial_id


def test_metric_and_mode_may_come_from_the_tuner_but_must_come() -> None:
    scheduler = HyperBand(time_attr="epoch", max_t=3)
    sweep = FakeSweep(scheduler, Stream(0, 1, 1, 3, True))
    with pytest.raises(SpecError, match="name them, here or in TuneConfig"):
        sweep.step()
    assert scheduler.set_search_properties("loss", "min")
    assert not scheduler.set_search_properties("loss", None)
    with pytest.raises(SpecError, match="mode must be 'min' or 'max', got 'least'"):
        hyperband(mode="least")


def test_nothing_hangs_or_raises() -> None:
    for seed in range(300):
        rng = random.Random(seed)
        max_t, eta = rng.randint(1, 40), rng.choice((2, 2.5, 3, 4, 5))
        stream = Stream.drawn(seed, max_t=max_t)
        assert FakeSweep(hyperband(max_t, eta), stream).run().ended, (stream, eta)


def test_a_bracket_of_which_all_failed_takes_more_trials(run: Any) -> None:
    for k in range(3):
        trial = run.add(f"t{k}")
        run.report(trial, 1, loss=math.nan)
        assert run.supervisor.choose_trial_to_run(run.controller) is None
    (standing,) = run.supervisor.scheduler.rungs()
    assert standing.label == "9 from 1 @ 1"
    run.add("t3")
    assert len(run.supervisor.scheduler.rungs()) == 1
