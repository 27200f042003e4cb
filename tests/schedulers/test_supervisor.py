from __future__ import annotations

import math
import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from ray.train._internal.session import _TrainingResult
from ray.tune import Checkpoint, uniform
from ray.tune.experiment import Trial
from ray.tune.schedulers import (
    AsyncHyperBandScheduler,
    FIFOScheduler,
    HyperBandScheduler,
    MedianStoppingRule,
    PopulationBasedTraining,
    TrialScheduler,
)

from tuner.errors import ReportError, SpecError
from tuner.scenario import Scenario
from tuner.schedulers import adopt_scheduler
from tuner.schedulers.divergence import above_start

StageMaker = Callable[..., Any]
GOAL = {"metric": "loss", "mode": "min", "time_attr": "epoch"}


def asha(**options: Any) -> AsyncHyperBandScheduler:
    return AsyncHyperBandScheduler(**GOAL, **{"max_t": 27, "reduction_factor": 3, **options})


def test_fifo_stops_at_max_t_and_calls_it_completed(stage: StageMaker) -> None:
    run = stage(FIFOScheduler(), max_t=3)
    trial = run.add("t0")
    answers = [run.report(trial, epoch, loss=1.0) for epoch in (1, 2, 3)]
    assert answers == ["CONTINUE", "CONTINUE", "STOP"]
    (decision,) = run.decisions
    assert (decision.kind, decision.outcome, decision.time) == ("STOP", "completed", 3.0)
    assert decision.reason.text == "reached max_t=3"


def test_a_report_beyond_max_t_stops_too(stage: StageMaker) -> None:
    run = stage(FIFOScheduler(), max_t=3)
    assert run.report(run.add("t0"), 5, loss=1.0) == TrialScheduler.STOP


def test_asha_decides_as_ray_does_and_says_why(stage: StageMaker) -> None:
    # Rung 1, reduction factor 3: the cut is the 2/3 quantile of -loss. After losses 0.1 and 0.4:
    # -0.1 - (1/3) * 0.3 = -0.2, so 0.3 is above the cut.
    run = stage(asha())
    for index, loss in enumerate((0.1, 0.4)):
        run.report(run.add(f"t{index}"), 1, loss=loss)
    run.decisions.clear()
    assert run.report(run.add("t2"), 1, loss=0.3) == TrialScheduler.STOP
    (decision,) = run.decisions
    assert decision.outcome == "stopped"
    assert decision.reason.text == "rung 1: 0.3 is above the cut 0.2 of 2 trials"
    assert decision.reason.details["rung"] == 1.0
    assert decision.reason.details["cutoff"] == pytest.approx(0.2)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
@pytest.mark.parametrize("make", [asha, lambda: MedianStoppingRule(**GOAL, grace_period=1)])
def test_a_value_that_is_not_finite_ends_the_trial_and_leaves_no_trace(
    stage: StageMaker, make: Callable[[], TrialScheduler], value: float
) -> None:
    run, clean = stage(make()), stage(make())
    assert run.report(run.add("bad"), 1, loss=value) == TrialScheduler.STOP
    assert run.decisions[0].outcome == "diverged"
    assert "diverged: loss is" in run.decisions[0].reason.text
    for index, loss in enumerate((0.5, 0.1, 0.4, 0.3, 0.9)):
        answers = [one.report(one.add(f"t{index}"), 1, loss=loss) for one in (run, clean)]
        assert answers[0] == answers[1]


def test_a_trial_diverging_in_a_hyperband_bracket_does_not_hold_the_others_up(
    stage: StageMaker,
) -> None:
    run = stage(HyperBandScheduler(**GOAL, max_t=9, reduction_factor=3), max_t=9)
    # The first bracket (s=0) holds 3 trials of 9 epochs; the second 5 trials from 3 epochs.
    trials = [run.add(f"t{index}") for index in range(8)][3:]
    run.report(trials[0], 3, loss=float("nan"))
    for trial, loss in zip(trials[1:], (0.1, 0.2, 0.3, 0.4), strict=True):
        run.report(trial, 3, loss=loss)
    # ceil(5 / 3) = 2 go on; of four finite ones, two are stopped.
    assert {t.trial_id for t in trials if t.status == Trial.TERMINATED} == {"t3", "t6", "t7"}


@pytest.mark.parametrize(
    ("metrics", "words"),
    [
        ({}, "must hold the metric 'loss', which it does not; it reported nothing of its own"),
        ({"los": 1.0}, "did you mean 'los'?"),
        ({"accuracy": 0.9}, "known: accuracy"),
        ({"loss": "low"}, "the metric 'loss' must be a number; trial t0 reported 'low'"),
        ({"loss": None}, "must be a number"),
    ],
)
def test_a_first_report_without_the_metric_is_refused_in_one_line(
    stage: StageMaker, metrics: dict[str, Any], words: str
) -> None:
    run = stage(asha())
    result = {"epoch": 1, "training_iteration": 1, "pid": 1, "config/lr": 0.1, **metrics}
    del result["epoch"]
    result["epoch"] = 1
    run.supervisor.on_trial_result(run.controller, run.add("t0"), result)
    refusal = str(run.supervisor.refusal)
    assert words.replace("; it reported nothing of its own", "") in refusal
    assert "\n" not in refusal


def test_a_first_report_without_the_time_attribute_is_refused(stage: StageMaker) -> None:
    run = stage(asha())
    run.supervisor.on_trial_result(run.controller, run.add("t0"), {"loss": 1.0, "epochs": 1})
    assert "time_attr 'epoch'" in str(run.supervisor.refusal)
    assert "did you mean 'epochs'?" in str(run.supervisor.refusal)


def test_a_later_report_may_lack_the_metric(stage: StageMaker) -> None:
    run = stage(asha())
    trial = run.add("t0")
    run.report(trial, 1, loss=1.0)
    assert run.report(trial, 2) == TrialScheduler.CONTINUE
    assert run.supervisor.refusal is None


def test_a_trial_that_ends_by_itself_without_the_metric_is_forgotten(stage: StageMaker) -> None:
    run = stage(asha())
    run.supervisor.on_trial_complete(run.controller, run.add("t0"), {"training_iteration": 0})
    assert run.report(run.add("t1"), 1, loss=1.0) == TrialScheduler.CONTINUE


def test_hyperband_pauses_and_halves_with_reasons(stage: StageMaker) -> None:
    run = stage(HyperBandScheduler(**GOAL, max_t=9, reduction_factor=3), max_t=9)
    trials = [run.add(f"t{index}") for index in range(8)][3:]
    for trial, loss in zip(trials, (0.5, 0.4, 0.3, 0.2, 0.1), strict=True):
        run.report(trial, 3, loss=loss)
    kinds = {
        d.trial_id: [e.kind for e in run.decisions if e.trial_id == d.trial_id]
        for d in run.decisions
    }
    assert kinds == {
        "t3": ["PAUSE", "STOP"],
        "t4": ["PAUSE", "STOP"],
        "t5": ["PAUSE", "STOP"],
        "t6": ["PAUSE"],
    }
    texts = [decision.reason.text for decision in run.decisions]
    assert "bracket of 5 trials from 3: waits at 3 for 4 of 5 trials" in texts
    assert "bracket of 5 trials from 3: 0.5 is not among the best 1/3" in texts
    resumed = run.supervisor.choose_trial_to_run(run.controller)
    assert resumed.trial_id in ("t6", "t7")


def test_fifo_chooses_the_oldest_pending_before_any_paused(stage: StageMaker) -> None:
    run = stage(FIFOScheduler())
    for trial_id, status in (("t2", "PENDING"), ("t0", "PAUSED"), ("t1", "PENDING")):
        run.add(trial_id).status = status
    assert run.supervisor.choose_trial_to_run(run.controller).trial_id == "t1"


@pytest.mark.parametrize("seed", [0, 1])
def test_brackets_come_from_the_seed_and_leave_the_global_generators_alone(
    stage: StageMaker, seed: int
) -> None:
    def brackets(seed: int) -> list[int]:
        run = stage(asha(brackets=3), seed=seed)
        for index in range(40):
            run.add(f"t{index}")
            np.random.rand()  # someone else draws in between
        inner = run.supervisor.scheduler
        return [inner._brackets.index(b) for b in inner._trial_info.values()]

    random.seed(5)
    np.random.seed(5)
    first = brackets(seed)
    drawn = (random.random(), np.random.rand())
    random.seed(5)
    np.random.seed(5)
    np.random.rand(40)
    assert drawn == (random.random(), np.random.rand())
    assert first == brackets(seed)
    assert first != brackets(seed + 1)


@pytest.mark.parametrize("value", [True, Decimal("0.5"), np.float32(0.5), np.array(0.5)])
def test_any_scalar_is_a_metric(stage: StageMaker, value: Any) -> None:
    run = stage(asha(max_t=9), max_t=9)
    trials = [run.add(f"t{index}") for index in range(3)]
    for trial in trials:
        assert run.report(trial, 1, loss=value) == "CONTINUE"
    assert run.supervisor.refusal is None


@pytest.mark.parametrize("value", ["0.5", None, [0.5], np.array([0.5]), {}])
def test_what_is_no_scalar_is_refused_as_a_metric(stage: StageMaker, value: Any) -> None:
    run = stage(FIFOScheduler())
    run.report(run.add("t0"), 1, loss=value)
    with pytest.raises(ReportError, match="the metric 'loss' must be a number"):
        raise run.supervisor.refusal  # type: ignore[misc]


def test_max_t_holds_in_reports_without_the_metric(stage: StageMaker) -> None:
    run = stage(FIFOScheduler(), max_t=2)
    trial = run.add("t0")
    assert run.report(trial, 1, loss=1.0) == "CONTINUE"
    assert run.report(trial, 2) == "STOP"
    assert [decision.outcome for decision in run.decisions] == ["completed"]


def test_a_trial_paused_at_max_t_is_complete(stage: StageMaker) -> None:
    class Pausing(FIFOScheduler):
        def on_trial_result(self, *args: Any) -> str:
            return "PAUSE"

    run = stage(Pausing(), max_t=2)
    trial = run.add("t0")
    assert run.report(trial, 1, loss=1.0) == "PAUSE"
    assert run.report(trial, 2, loss=1.0) == "STOP"
    assert [decision.outcome for decision in run.decisions] == [None, "completed"]


def test_a_running_trial_that_is_ended_while_another_is_decided_about_is_on_record(
    stage: StageMaker,
) -> None:
    run = stage(FIFOScheduler())
    trial = run.add("t0")
    run.report(trial, 1, loss=1.0)
    run.supervisor.on_trial_complete(run.controller, trial, {"epoch": 1, "loss": 1.0})
    assert [(d.kind, d.outcome) for d in run.decisions] == [("STOP", "stopped")]


def synchronous_pbt() -> PopulationBasedTraining:
    return PopulationBasedTraining(
        **GOAL,
        perturbation_interval=2,
        hyperparam_mutations={"lr": [0.1, 0.2]},
        quantile_fraction=0.5,
        synch=True,
        log_config=False,
    )


def test_a_synchronous_population_does_not_wait_for_a_member_that_ended(stage: StageMaker) -> None:
    run = stage(synchronous_pbt(), max_t=9)
    trials = [run.add(f"t{index}", lr=0.1) for index in range(4)]
    for trial in trials[:3]:
        assert run.report(trial, 2, loss=float(trial.trial_id[1])) == "PAUSE"
        saved = _TrainingResult(Checkpoint("/nowhere"), dict(trial.last_result))
        trial.run_metadata.checkpoint_manager.register_checkpoint(saved)
    assert run.supervisor.choose_trial_to_run(run.controller) is None  # t3 is on its way
    assert run.report(trials[3], 1, loss=math.nan) == "STOP"
    assert run.supervisor.choose_trial_to_run(run.controller) is not None
    exploits = [d for d in run.decisions if d.kind == "EXPLOIT"]
    assert [d.trial_id for d in exploits] == ["t2"]
    assert exploits[0].reason.details["source"] == "t0"


def test_a_scheduler_object_serves_one_sweep(stage: StageMaker) -> None:
    scheduler = asha()
    scenario = Scenario(
        name="s",
        trainable=lambda config: None,
        space={"x": uniform(0.0, 1.0)},
        max_t=27,
        **GOAL,
    )
    assert adopt_scheduler(scheduler, scenario) is scheduler
    stage(scheduler)
    with pytest.raises(SpecError, match=r"serves one sweep.*build a new one"):
        adopt_scheduler(scheduler, scenario)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (above_start("los"), "must hold the divergence rule's value 'los', which it does not; did"),
        (lambda first, report: False, "returns why, as text, or None, but"),
        (lambda first, report: report["typo"], "fails with KeyError: 'typo'"),
    ],
)
def test_a_rule_that_cannot_work_ends_the_sweep(stage: StageMaker, rule: Any, words: str) -> None:
    run = stage(FIFOScheduler(), diverges=rule)
    run.report(run.add("t0"), 1, loss=0.5)
    assert words in str(run.supervisor.refusal)
