"""Comparisons in virtual time: paired, at one budget, whole after any interruption."""

from __future__ import annotations

import json
import math
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import tuner
from tuner.budgets import parse_budget
from tuner.comparison import comparing as module
from tuner.comparison.cells import cell_options
from tuner.comparison.contestants import parse_contestants
from tuner.comparison.simulated import SimulatedRunner, Tasks
from tuner.comparison.terms import Cell, Terms
from tuner.comparison.workforce import run_cells
from tuner.errors import ScenarioError, SpecError, StorageError, SweepExistsError
from tuner.simulation import ClusterModel, Curve, CurveTask

Comparing = Callable[..., tuner.Comparison]
KEY = ["task", "arm", "seed"]


def results(comparison: tuner.Comparison) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return runs and incumbents, without what depends on the machine."""
    return comparison.runs().drop(columns="suggest_s"), comparison.incumbents()


class Watched:
    """Curves that keep which configurations were asked for."""

    def __init__(self, curves: Any) -> None:
        self.curves, self.configs = curves, list[Mapping[str, Any]]()

    def curve(self, config: Mapping[str, Any], number: int) -> Curve:
        assert number == len(self.configs)  # nothing pauses here: each trial asks once
        self.configs.append(dict(config))
        return self.curves.curve(config, number)  # type: ignore[no-any-return]


@pytest.mark.parametrize("scheduler", ["asha", "median", "asha:reduction_factor=2,brackets=3"])
def test_random_search_draws_the_same_configurations_under_every_scheduler(
    bowl: CurveTask, make_terms: Callable[..., Terms], scheduler: str
) -> None:
    terms = make_terms(
        arms=parse_contestants(["fifo+random", f"other={scheduler}+random"]),
        budget=parse_budget("150epochs"),
    )
    drawn = {}
    for cell in terms.cells():
        watched = Watched(bowl.curves)
        task = CurveTask("bowl", bowl.scenario, watched)
        SimulatedRunner(terms, Tasks({"bowl": task}), ClusterModel(3))(cell)
        drawn[cell.arm, cell.seed] = watched.configs
    for seed in terms.seeds:
        plain, other = drawn["fifo+random", seed], drawn["other", seed]
        both = min(len(plain), len(other))
        assert both > 5
        assert len(other) > len(plain)  # it stops trials, so that it pays for more
        assert plain[:both] == other[:both]
    assert drawn["other", 0] != drawn["other", 1]


def test_all_arms_see_the_same_stragglers_and_outages(
    bowl: CurveTask, make_terms: Callable[..., Terms]
) -> None:
    terms = make_terms(
        arms=parse_contestants(["a=fifo+random", "b=fifo+random"]), budget=parse_budget("200s")
    )
    cluster = tuner_cluster("4x(cpu=1):straggler_share=0.5,straggler_factor=3,node_mtbf_s=60,"
                            "node_repair_s=9")  # fmt: skip
    runner = SimulatedRunner(terms, Tasks({"bowl": bowl}), cluster)
    runs = {(cell.arm, cell.seed): {**runner(cell).run, "suggest_s": 0.0} for cell in terms.cells()}
    assert runs["a", 0] == runs["b", 0]
    assert runs["a", 0] != runs["a", 1]
    assert runs["a", 0]["lost_s"] > 0


def tuner_cluster(text: str) -> ClusterModel:
    from tuner.simulation.cluster import parse_cluster

    return parse_cluster(text)


@pytest.mark.parametrize("budget", ["50epochs", "7trials", "40s", "60gpus"])
def test_nothing_counts_beyond_the_budget(comparing: Comparing, budget: str) -> None:
    options = {"resources": {"cpu": 1, "gpu": 0.5}} if budget == "60gpus" else {}
    comparison = comparing(budget=budget, arms=["fifo+random", "asha+random"], **options)
    unit, amount = parse_budget(budget).unit, parse_budget(budget).amount
    runs, steps = comparison.runs(), comparison.incumbents()
    assert (runs["status"] == "finished").all()
    assert (runs[unit] <= amount + 1e-9).all()
    assert (runs[unit] > 0.9 * amount).all()  # and it is used
    assert (steps[unit] <= amount + 1e-9).all()
    for cell, rows in steps.groupby(KEY):
        best = runs.set_index(KEY).loc[cell, "best"]
        assert rows["value"].is_monotonic_decreasing
        assert rows["value"].iloc[-1] == best
        assert all(rows[name].is_monotonic_increasing for name in ("trials", "epochs", "seconds"))


def test_what_counts_is_what_the_curves_say(comparing: Comparing, bowl: CurveTask) -> None:
    """One worker, one trial of 9 epochs, by hand."""
    comparison = comparing(arms=["fifo+random"], budget="9epochs", seeds=[4], workers=1)
    run, steps = comparison.runs().iloc[0], comparison.incumbents()
    curve = bowl.curves.curve(json.loads(run["best_config"]), 0).metrics["loss"]
    assert steps["value"].tolist() == list(curve)
    assert steps["epochs"].tolist() == list(range(1, 10))
    assert steps["seconds"].tolist() == [float(n) for n in range(1, 10)]
    assert set(steps["trials"]) == {1}
    assert (run["best"], run["worst"], run["utilisation"]) == (curve[-1], curve[0], 1.0)


def test_an_arm_that_runs_out_of_trials_is_named(comparing: Comparing) -> None:
    comparison = comparing(arms=["fifo+random", "few=fifo+random@num_samples=2"])
    ended = dict(zip(comparison.runs()["arm"], comparison.runs()["ended"], strict=True))
    assert ended == {"fifo+random": "budget", "few": "trials"}
    remark = next(line for line in comparison.answers().remarks if "ran out of trials" in line)
    assert "few is fifo+random with num_samples=2" in comparison.answers().remarks
    assert "few ran out of trials in 2 of its runs, the first after 18 of 60 epochs" in remark


def test_a_failing_arm_does_not_stop_the_others(
    comparing: Comparing, bowl: CurveTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Broken:
        asked = 0

        def curve(self, config: Mapping[str, Any], number: int) -> Curve:
            Broken.asked += 1
            if Broken.asked == 6:
                raise ValueError("no luck")
            return bowl.curves.curve(config, number)

    broken = CurveTask("bowl", bowl.scenario, Broken())
    comparison = comparing(tasks=broken)
    failed = comparison.runs().query("status == 'failed'")
    assert len(failed) == 1
    assert "Traceback" in failed.iloc[0]["error"]
    assert "no luck" in failed.iloc[0]["error"]
    assert len(comparison.runs()) == 4
    assert any("no luck" in line for line in comparison.answers().remarks)
    again = comparing(tasks=broken)
    assert (again.runs()["status"] == "failed").sum() == 1, "a failure is a result"
    mended = comparing(tasks=broken, retry_failed=True)
    assert set(mended.runs()["status"]) == {"finished"}
    assert len(mended.runs()) == 4


def test_all_may_fail(comparing: Comparing, bowl: CurveTask) -> None:
    class Broken:
        def curve(self, config: Mapping[str, Any], number: int) -> Curve:
            raise ValueError("no luck")

    comparison = comparing(tasks=CurveTask("bowl", bowl.scenario, Broken()))
    said = comparison.answers()
    assert said.headline[0].startswith("nothing can be compared yet")
    assert "none of its runs" not in said.headline[1]
    assert "4 failed" in said.headline[1]
    assert comparison.summary().empty


def test_curves_without_the_metric_are_told_as_that(comparing: Comparing, bowl: CurveTask) -> None:
    other = replace(bowl, scenario=replace(bowl.scenario, metric="accuracy"))
    comparison = comparing(tasks=other, arms=["asha+random"])
    assert all("must hold the metric 'accuracy'" in error for error in comparison.runs()["error"])


def test_a_count_may_be_the_metric(comparing: Comparing, bowl: CurveTask) -> None:
    timed = replace(bowl, scenario=replace(bowl.scenario, metric="time_total_s", mode="max"))
    comparison = comparing(tasks=timed, arms=["fifo+random"])
    assert comparison.runs()["best"].tolist() == [9.0, 9.0]


@pytest.mark.parametrize("arm", ["asha:grace_period=3", "asha_promotion:grace_period=3"])
def test_epochs_are_saved_by_stopping_not_by_the_end_of_the_budget(
    comparing: Comparing, arm: str
) -> None:
    comparison = comparing(arms=["fifo+random", f"halving={arm}+random"], budget="50epochs")
    runs, saved = comparison.runs(), comparison.summary()["saved"]
    assert (runs["epochs"] < runs["trials"] * 9).any(), "the budget cut trials off"
    assert saved["fifo+random"] == 0
    left = runs.loc[runs["arm"] == "halving", "withheld_epochs"]
    assert (left > 0).all()
    assert (left % 6 == 0).all(), "each is stopped or paused after 3 of 9 epochs"
    assert saved["halving"] == pytest.approx(left.sum() / (100 + left.sum()))


def test_an_arm_whose_trials_all_diverge_uses_up_its_budget(
    comparing: Comparing, bowl: CurveTask
) -> None:
    class Diverging:
        def curve(self, config: Mapping[str, Any], number: int) -> Curve:
            return Curve({"loss": [math.nan] * 9}, [1.0] * 9)

    tasks = [bowl, replace(bowl, name="nan", curves=Diverging())]
    comparison = comparing(tasks=tasks, arms=["asha+random"], budget="20epochs")
    runs = comparison.runs().set_index("task")
    assert set(runs.loc["nan", "trials"]) == {20}
    assert set(runs["ended"]) == {"budget"}
    assert runs.loc["nan", "withheld_epochs"].tolist() == [0, 0], "nobody stopped them"
    assert not any("ran out of trials" in line for line in comparison.answers().remarks)


@pytest.mark.parametrize("at", [1, 3])
def test_an_interrupted_comparison_goes_on(
    comparing: Comparing, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    whole = comparing(name="whole", seeds=3)
    ran: list[Cell] = []

    def interrupted(cells: list[Cell], *args: Any) -> Any:
        for outcome in run_cells(cells[::-1], *args):
            yield outcome
            ran.append(outcome[0])
            if len(ran) == at:
                raise KeyboardInterrupt

    monkeypatch.setattr(module, "run_cells", interrupted)
    part = comparing(seeds=3)
    assert part.state["status"] == "interrupted"
    assert len(part.runs()) == at
    assert f"still to come: {6 - at} runs," in " ".join(part.answers().remarks)
    comparing(seeds=3)
    assert len(ran) == len(set(ran)) == 6, "nothing runs twice"
    assert part.state["status"] == "finished"
    for one, other in zip(results(whole), results(part), strict=True):
        pd.testing.assert_frame_equal(one, other)


def test_a_finished_comparison_is_read_not_run(
    comparing: Comparing, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = comparing()
    monkeypatch.setattr(SimulatedRunner, "__call__", lambda *_: pytest.fail("it ran"))
    assert len(comparing().runs()) == len(first.runs())


def test_other_terms_under_the_same_name_are_refused(comparing: Comparing) -> None:
    comparing()
    with pytest.raises(SpecError, match="budget 60epochs and 70epochs; go on with it"):
        comparing(budget="70epochs")
    with pytest.raises(SpecError, match="seeds 0, 1 and 0, 1, 2"):
        comparing(seeds=3)


def test_a_task_without_a_spelling_needs_the_same_call(comparing: Comparing) -> None:
    comparison = comparing()
    with pytest.raises(SpecError, match="bowl"):
        tuner.resume_comparison(comparison.path)


WORK = """
import sys, tuner
tuner.compare("branin", ["fifo+random", "asha+random"], budget="600epochs", seeds=4, workers=4,
              storage_path=sys.argv[1], name=sys.argv[2], processes=1, progress="none")
"""


def test_a_killed_comparison_goes_on_in_any_number_of_processes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = subprocess.Popen([sys.executable, "-c", WORK, str(tmp_path), "killed"])
    journal = tmp_path / "killed" / "journal.jsonl"
    while process.poll() is None and not (journal.exists() and b"\n" in journal.read_bytes()):
        time.sleep(0.005)  # until a first run is kept
    process.send_signal(signal.SIGKILL)
    process.wait()
    begun = tuner.load_comparison(tmp_path / "killed")
    kept = results(begun)[0]
    assert 0 < len(kept) < 8
    resumed = tuner.resume_comparison(begun.path, processes=2, progress="none")
    monkeypatch.setattr(sys, "argv", ["", str(tmp_path), "whole"])
    exec(WORK)
    whole = tuner.load_comparison(tmp_path / "whole")
    for one, other in zip(results(resumed), results(whole), strict=True):
        pd.testing.assert_frame_equal(one, other)
    pd.testing.assert_frame_equal(kept, results(resumed)[0].merge(kept[KEY])[kept.columns])


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"arms": ["ashaa+random"]}, SpecError, "unknown scheduler 'ashaa'; did you mean 'asha'"),
        ({"arms": ["asha+randm"]}, SpecError, "unknown searcher 'randm'; did you mean 'random'"),
        ({"arms": ["bohb+random"]}, SpecError, "bohb+random on bowl: "),
        ({"arms": []}, SpecError, "at least one arm"),
        ({"tasks": "branine"}, SpecError, "'branine'; did you mean 'branin'"),
        ({"tasks": []}, SpecError, "at least one task"),
        ({"tasks": ["branin", "branin"]}, SpecError, "every task counts once, got 'branin'"),
        ({"tasks": [3]}, SpecError, "a task is the spelling"),
        ({"tasks": "no_such_scenario", "how": "ray", "workers": None}, ScenarioError, "no_such"),
        ({"how": "rey"}, SpecError, "how is one of simulated, ray, got 'rey'"),
        ({"how": "ray"}, SpecError, "a comparison is simulated (of learning curves) or real"),
        ({"budget": "60epoch s"}, SpecError, "a budget is a number and a unit"),
        ({"budget": "2gpuh"}, SpecError, "take GPUs, and those of bowl take"),
        ({"baseline": "asha"}, SpecError, "label of an arm, got 'asha'; known"),
        ({"seeds": 0}, SpecError, "at least one seed"),
        ({"processes": 0}, SpecError, "processes"),
        ({"name": "a/b"}, SpecError, "a comparison's name"),
        ({"storage_path": "s3://bucket/x"}, SpecError, "a folder of this machine"),
        ({"workers": 2, "cluster": "4"}, SpecError, "given once"),
        ({"cluster": "no", "workers": None}, SpecError, "no"),
        ({"progress": "lin"}, SpecError, "did you mean 'lines'"),
        ({"num_sample": 3}, SpecError, "no option 'num_sample'; did you mean 'num_samples'"),
        ({"seed": 3}, SpecError, "a comparison cannot set seed"),
        ({"trial_timeout_s": 3}, SpecError, "no simulated trial ever hangs"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_refused_and_leaves_nothing(
    comparing: Comparing, tmp_path: Path, changes: Any, error: type[Exception], words: str
) -> None:
    with pytest.raises(error) as refusal:
        comparing(**changes)
    assert words in str(refusal.value)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_something_else_is_left_alone(
    comparing: Comparing, tmp_path: Path
) -> None:
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "mine").touch()
    with pytest.raises(SweepExistsError, match="never overwrites"):
        comparing()
    with pytest.raises(StorageError, match="no comparison in"):
        tuner.load_comparison(tmp_path / "c")


def test_a_folder_that_cannot_be_made_is_refused(comparing: Comparing, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot"):
        comparing(storage_path=tmp_path / "file")


def test_one_arm_and_one_seed(comparing: Comparing) -> None:
    comparison = comparing(arms=["asha+random"], seeds=1)
    first, *_, size = comparison.answers().headline
    assert first.startswith("asha+random: mean regret ")
    assert size.startswith("1 arm x 1 task x 1 seed: 1 run of 60 epochs")
    assert comparison.summary().index.tolist() == ["asha+random"]


def test_the_searchers_time_is_its_own(comparing: Comparing) -> None:
    runs = comparing(arms=["fifo+random", "fifo+hyperopt"], seeds=1).runs().set_index("arm")
    assert runs.loc["fifo+hyperopt", "suggest_s"] > runs.loc["fifo+random", "suggest_s"] >= 0


def test_population_and_unbounded_budgets_have_the_trials_they_need(
    make_terms: Callable[..., Terms], bowl: CurveTask
) -> None:
    arms = parse_contestants(["pbt+random", "fifo+random", "own=fifo+random@num_samples=5"])

    def samples(budget: str) -> list[Any]:
        terms = make_terms(arms=arms, budget=parse_budget(budget))
        return [
            cell_options(terms, Cell("bowl", arm.label, 0), bowl.scenario).get("num_samples")
            for arm in arms
        ]

    assert samples("60epochs") == [None, 60, 5]
    assert samples("7trials") == [None, 7, 5]
    assert samples("2h") == [None, -1, 5]


def test_a_cells_sweep_has_a_name_of_its_own(make_terms: Callable[..., Terms]) -> None:
    from tuner.comparison.cells import sweep_name

    arms = parse_contestants([f"{'x' * 60}/{n}=fifo+random" for n in range(3)])
    terms = make_terms(arms=arms)
    names = {sweep_name(terms, cell) for cell in terms.cells()}
    assert len(names) == 6
    assert all(name.replace("-", "").replace("_", "").isalnum() for name in names)


def test_regret_is_against_a_known_optimum(tmp_path: Path) -> None:
    comparison = tuner.compare(
        "branin", ["fifo+random"], budget="54epochs", seeds=2, processes=1,
        storage_path=tmp_path, name="c", progress="none",
    )  # fmt: skip
    optimum = comparison.terms.tasks["branin"]["optimum"]
    runs = comparison.runs()
    expected = np.mean((runs["best"] - optimum) / (runs["worst"].max() - optimum))
    assert comparison.summary()["regret"].item() == pytest.approx(expected)
