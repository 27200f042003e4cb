"""What a comparison says: the answer first, then its figures, then what limits it."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

import tuner
from tuner.errors import NoResultError, SpecError
from tuner.simulation import Curve, CurveTask

Comparing = Callable[..., tuner.Comparison]


class Hill:
    """Curves that rise to ``x``, a second an epoch."""

    def curve(self, config: Mapping[str, Any], number: int) -> Curve:
        return Curve({"score": [config["x"] * epoch / 9 for epoch in range(1, 10)]}, [1.0] * 9)


@pytest.fixture
def clear(comparing: Comparing) -> tuner.Comparison:
    """A comparison with a clear winner: the other arm has a tenth of the trials."""
    arms = ["few=fifo+random@num_samples=1", "asha:reduction_factor=3+random"]
    return comparing(arms=arms, budget="150epochs", seeds=6, baseline="few")


def test_the_answer_is_in_the_first_three_lines(clear: tuner.Comparison) -> None:
    leader, speed, size = clear.answers().headline
    assert re.fullmatch(
        r"asha:reduction_factor=3\+random: mean regret 0\.\d+ \[(0\.\d+|<1e-4), 0\.\d+\] after "
        r"150 epochs, ahead of all others", leader,
    )  # fmt: skip
    assert re.match(r"asha:reduction_factor=3\+random is .*x .* as fast as few to what ", speed)
    assert re.search(r"ends better in (9\d|100)% of 6 pairs of runs$", speed)
    assert size == (
        "2 arms x 1 task x 6 seeds: 12 runs of 150 epochs each, simulated on 3 workers; none failed"
    )


def test_tables_hold_what_the_findings_are(clear: tuner.Comparison) -> None:
    regrets, against, by_task, spending = clear.answers().tables
    arms = clear.summary().index.tolist()
    assert [row[0] for row in regrets.rows] == [row[0] for row in against.rows] == arms
    for table in (regrets, against, by_task, spending):
        assert all(len(row) == len(table.headings) for row in table.rows)
    best, few = clear.summary().to_dict("records")
    told, low, high = (text.strip("[],<") for text in regrets.rows[0][-1].split())
    assert float(told) == pytest.approx(best["regret"], rel=0.1)
    assert [float(low), float(high)] == pytest.approx([best["low"], best["high"]], abs=1e-3)
    assert [row[0] for row in by_task.rows] == ["bowl", "bowl"]
    assert against.rows[1][1:] == ("-", "50%", "-", "2.00")
    spent = dict(zip(spending.headings, spending.rows[1], strict=True))
    assert few["epochs"] == 9
    assert (spent["trials"], spent["epochs"], spent["saved"]) == ("1", "9", "0%")
    assert best["saved"] > 0.3


def test_gpu_hours_are_told_where_there_are_any(comparing: Comparing) -> None:
    """Six trials of 9 s on half a GPU by one worker; the last is cut off two short of its end."""
    comparison = comparing(
        arms=["fifo+random"], budget="26gpus", workers=1, resources={"cpu": 1, "gpu": 0.5}
    )
    spending = comparison.answers().tables[-1]
    assert spending.headings[4:6] == ("GPU h", "saved")
    assert spending.rows[0][1:6] == ("6", "52", "0%", "0.00722", "0")


def test_what_it_rests_on_is_said(clear: tuner.Comparison) -> None:
    said = "\n".join(clear.answers().remarks)
    for words in (
        "few ran out of trials in 6 of its runs",
        "the median of what few ends with",
        "bowl: it is round",
        "at whichever epoch",
    ):
        assert words in said


def test_a_target_replaces_what_the_baseline_ends_with(comparing: Comparing) -> None:
    comparison = comparing(target=0.3)
    assert "as fast as fifo+random to 0.3, and" in comparison.answers().headline[1]
    assert (comparison.findings().targets["target"] == 0.3).all()


def test_markdown(clear: tuner.Comparison) -> None:
    text = clear.to_markdown()
    lines = text.splitlines()
    assert lines[0] == "## Comparison c"
    assert lines[2] == "- " + clear.answers().headline[0].replace("<", "&lt;")
    rows = [line for line in lines if line.startswith("|")]
    assert rows[0] == "| arm | at 10% | at 25% | at 50% | at 100% |"
    assert rows[1] == "| :-- | --: | --: | --: | --: |"
    assert all(line.count("|") == rows[0].count("|") for line in rows[:4])


def test_five_tasks_are_tested_over_ranked_and_drawn(comparing: Comparing, tmp_path: Path) -> None:
    tasks = ["branin", "hartmann3", "hartmann6", "branin:noise=0.1", "hartmann3:noise=0.1"]
    comparison = comparing(tasks=tasks)
    assert "(Wilcoxon, Holm)" in "\n".join(comparison.answers().remarks)
    made = comparison.figures(tmp_path / "f", formats=["json"])
    assert {path.name for path in made} == {
        "best-so-far.json", "regret.json", "regret-by-task.json", "critical-differences.json",
        "win-rates.json", "time-to-target.json", "speed-up.json", "usage.json",
    }  # fmt: skip
    assert all(path.stat().st_size > 1000 for path in made)


def test_a_figure_is_drawn_by_its_name(comparing: Comparing) -> None:
    comparison = comparing(seeds=2)
    assert tuner.plot(comparison, "best-so-far").layout.title.text == "Best so far"
    assert len(tuner.plot(comparison.path, "win-rates").data) == 1
    with pytest.raises(SpecError, match="'curves' is a figure of a sweep, and this is a compari"):
        tuner.plot(comparison, "curves")
    with pytest.raises(NoResultError, match="critical-differences takes more arms or more tasks"):
        tuner.plot(comparison, "critical-differences")


def test_each_panel_names_what_its_task_tunes(bowl: CurveTask, comparing: Comparing) -> None:
    scenario = dataclasses.replace(bowl.scenario, name="hill", metric="score", mode="max")
    hill = dataclasses.replace(bowl, name="hill", scenario=scenario, curves=Hill())
    comparison = comparing(tasks=[bowl, hill], seeds=1)
    layout = tuner.plot(comparison, "best-so-far").layout
    titles = [axis.title.text for axis in (layout.yaxis, layout.yaxis2)]
    assert titles == ["loss (lower is better)", "score (higher is better)"]


def test_an_unknown_format_is_refused(comparing: Comparing, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="unknown format of figures 'svgg'; did you mean 'svg'"):
        comparing(seeds=1).figures(tmp_path, formats=("svgg",))


def test_nothing_to_draw_yet(comparing: Comparing, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tuner.comparison.comparing.run_cells", interrupt)
    comparison = comparing()
    assert comparison.answers().headline[0].startswith("nothing can be compared yet")
    with pytest.raises(NoResultError, match="nothing to draw"):
        comparison.figures("figures")
