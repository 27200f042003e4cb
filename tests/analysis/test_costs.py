"""What was spent and saved, and what limits the answers."""

from __future__ import annotations

import math

import pytest
from comparisons import drawn_outcomes, outcomes_of

from tuner.analysis import ALL_TASKS, Outcomes, caveats, mean_usage, saved_by_stopping
from tuner.errors import SpecError

CELLS = {
    (task, arm, seed): [(10.0, 1.0 + seed)] for task in "tu" for arm in "ab" for seed in range(2)
}


def with_runs(outcomes: Outcomes, **columns: list[float]) -> Outcomes:
    return Outcomes(outcomes.runs.assign(**columns), outcomes.incumbents, outcomes.budget)


def test_usage_is_the_mean_of_finished_runs() -> None:
    outcomes = outcomes_of(CELLS, failed=[("t", "a", 1)])
    seconds = [3.0, 99.0, 5.0, 7.0, 1.0, 2.0, 3.0, 4.0]  # t a, t b, u a, u b: two seeds each
    usage = mean_usage(with_runs(outcomes, seconds=seconds)).set_index(["task", "arm"])
    assert usage["seconds"].to_dict() == {
        ("t", "a"): 3, ("t", "b"): 6, ("u", "a"): 1.5, ("u", "b"): 3.5,
        (ALL_TASKS, "a"): 2, (ALL_TASKS, "b"): 4.75,
    }  # fmt: skip
    assert usage.loc[(ALL_TASKS, "a"), ["runs", "failed"]].tolist() == [3, 1]
    assert usage["suggest_ms"].tolist() == pytest.approx([100.0] * 6)  # 1 s over 10 trials


def test_an_arm_that_always_failed_has_no_usage() -> None:
    failed = [cell for cell in CELLS if cell[1] == "a"]
    usage = mean_usage(outcomes_of(CELLS, failed=failed)).set_index(["task", "arm"])
    assert usage.loc[("t", "a"), ["runs", "failed"]].tolist() == [0, 2]
    assert math.isnan(usage.loc[("t", "a"), "utilisation"])


def test_a_task_on_which_every_run_failed_saves_nothing() -> None:
    failed = [cell for cell in CELLS if cell[0] == "t"]
    saved = saved_by_stopping(outcomes_of(CELLS, failed=failed)).set_index(["task", "arm"])
    assert saved.loc[("t", "a"), "full_epochs"] == 0
    assert math.isnan(saved.loc[("t", "a"), "saved"])
    assert saved.loc[(ALL_TASKS, "a"), "full_epochs"] > 0


def test_a_run_without_its_pair_is_left_out() -> None:
    cells = {cell: steps for cell, steps in CELLS.items() if cell != ("t", "b", 1)}
    usage = mean_usage(outcomes_of(cells)).set_index(["task", "arm"])
    assert usage.loc[("t", "a"), "runs"] == 1
    assert usage.loc[(ALL_TASKS, "a"), "runs"] == 3


def test_usage_needs_its_columns() -> None:
    outcomes = outcomes_of(CELLS)
    bare = Outcomes(outcomes.runs.drop(columns="wait_s"), outcomes.incumbents, outcomes.budget)
    with pytest.raises(SpecError, match="lacks wait_s"):
        mean_usage(bare)


def test_stopping_saves_what_stopped_trials_had_still_to_train() -> None:
    """Each run trains 100 epochs of 1 GPU-second."""
    withheld = [100.0, 100.0, 0.0, 0.0, 900.0, 900.0, 400.0, 400.0]  # t a, t b, u a, u b
    outcomes = with_runs(outcomes_of(CELLS), withheld_epochs=withheld)
    saved = saved_by_stopping(outcomes).set_index(["task", "arm"])
    assert saved.loc[("t", "a"), ["trials", "epochs", "full_epochs", "saved"]].tolist() == [
        20, 200, 400, 0.5
    ]  # fmt: skip
    assert saved.loc[("t", "b"), ["full_epochs", "saved"]].tolist() == [200, 0]
    assert saved.loc[(ALL_TASKS, "a"), "saved"] == pytest.approx(1 - 400 / 2400)
    assert saved.loc[("u", "b"), "gpu_hours"] == pytest.approx(200 / 3600)
    assert saved.loc[("u", "b"), "gpu_hours_saved"] == pytest.approx(800 / 3600)


def test_what_an_earlier_tuner_did_not_count_is_not_known() -> None:
    outcomes = with_runs(outcomes_of(CELLS), withheld_epochs=[None, *[5.0] * 7])
    saved = saved_by_stopping(outcomes).set_index(["task", "arm"])["saved"]
    assert math.isnan(saved["t", "a"])
    assert saved["t", "b"] == pytest.approx(10 / 210)
    bare = outcomes.runs.drop(columns="withheld_epochs")
    with pytest.raises(SpecError, match="lacks withheld_epochs"):
        saved_by_stopping(Outcomes(bare, outcomes.incumbents, outcomes.budget))


def test_nothing_limits_a_whole_comparison() -> None:
    assert caveats(drawn_outcomes({"a": 1, "b": 2}, tasks=5, seeds=5)) == ()


@pytest.mark.parametrize(("worst", "said"), [(90.0, False), (1e9, True), (-1e9, True)])
def test_a_scale_that_one_value_sets_is_said(worst: float, said: bool) -> None:
    cells = {
        ("t", arm, seed): [(10.0, 1.0 + seed), (20.0, 0.1)] for arm in "ab" for seed in range(5)
    }
    modes = {"t": "min" if worst > 0 else "max"}
    lines = caveats(outcomes_of(cells, worst={"t": worst}, modes=modes))
    assert any("sets the scale of regret on t" in line for line in lines) == said


def test_what_limits_a_comparison_is_said_a_line_each() -> None:
    cells = {cell: steps for cell, steps in CELLS.items() if cell != ("t", "b", 1)}
    cells |= {("v", "a", 0): [(1.0, 1.0)]}
    found = caveats(outcomes_of(cells, failed=[("u", "b", 0)]))
    missing, left_out, failed, seeds, tasks = found
    assert missing.startswith("runs missing: 4 (b on t, seed 1; a on v, seed 1; b on v, seed 0; ")
    assert left_out.startswith("left out, since no seed was run by every arm: v")
    assert failed.startswith("runs that found nothing: 1 (b on u, seed 0); they count against")
    assert seeds.startswith("one seed has no interval")
    assert tasks.startswith("few tasks (2)")
