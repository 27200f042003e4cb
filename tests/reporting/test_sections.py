"""The sections of a sweep: what they tell, of what they find in its folder."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from planted_sweeps import TAG, parts_of
from ray import tune
from running_sweeps import RunningSweep
from stored_sweeps import configs, curve, planted, sound, stored

import tuner
from tuner.reporting.parts import Code, Figures, Fold, Line, Lines, Plot, Records, Section, Table
from tuner.reporting.sections.overview import overview, saved_by_stopping
from tuner.reporting.sections.sweep import sections_of
from tuner.reporting.sources import Opened, OpenedSweep, opened
from tuner.store import Sweep, SweepLayout, SweepWriter
from tuner.store.notes import add_note


def section(sweep: Sweep, title: str) -> Section | None:
    return next((each for each in sections_of(opened(sweep)) if each.title == title), None)


def test_trials_that_failed_are_grouped_by_their_error(tmp_path: Path) -> None:
    layout = SweepLayout(stored(tmp_path, sound(2)).path)
    writer = SweepWriter.reopen(layout, metric="loss", mode="min", time_attr="epoch")
    trace = 'Traceback:\n  File "a.py", line 1, in f\n    {}\nValueError: {}\n'
    for number in range(5):
        what = "too large" if number else f"no {TAG}"
        writer.trial(f"f{number}", config={}, status="ERROR", outcome="failed",
                     error=trace.format(number, what))  # fmt: skip
    writer.close()
    failures = section(tuner.load(layout.root), "Failures")
    assert failures is not None
    line, *folds = failures.parts
    assert line == Line("5 trials failed, for 2 reasons.")
    assert [fold.summary for fold in folds if isinstance(fold, Fold)] == [
        "4x ValueError: too large", f"1x ValueError: no {TAG}",
    ]  # fmt: skip
    assert "f1, f2, f3, f4" in str(folds[0])
    assert any(isinstance(part, Code) for part in folds[0].parts)  # type: ignore[union-attr]


def test_notes_are_there_with_their_tags(tmp_path: Path) -> None:
    sweep = stored(tmp_path, sound(2))
    assert section(sweep, "Notes") is None
    add_note(SweepLayout(sweep.path), f"look {TAG}", trial_id="t000001", tags=["odd"])
    notes = section(sweep, "Notes")
    assert notes is not None
    (table,) = notes.parts
    assert isinstance(table, Table)
    assert table.rows[0][2:] == ["t000001", f"look {TAG} #odd"]


def test_a_bound_that_does_not_fall_is_told_instead_of_drawn(tmp_path: Path) -> None:
    chance = np.random.default_rng(0)
    names = [f"x{at}" for at in range(12)]
    trials = [planted(dict(zip(names, chance.random(12), strict=True)), x)
              for x in chance.random(16)]  # fmt: skip
    space = {name: tune.uniform(0, 1) for name in names}
    sweep = stored(tmp_path, trials, space=space)
    assert tuner.plot(sweep, "improvement").data
    learning = section(sweep, "Learning")
    assert learning is not None
    told = [each for part in learning.parts if isinstance(part, Lines) for each in part.items]
    gain = "What was left to gain: its bound hardly falls: too few trials for 12 hyperparameters"
    assert gain in told
    assert gain.partition(":")[0] not in [p.title for p in learning.parts if isinstance(p, Plot)]


def test_every_trial_is_in_the_table_with_its_configuration(tmp_path: Path) -> None:
    sweep = stored(tmp_path, [*sound(3), planted({"x": None, "y": [8, 8]}, math.inf, outcome=None)])
    trials = section(sweep, "All trials")
    assert trials is not None
    (records,) = trials.parts
    assert isinstance(records, Records)
    names = [column.name for column in records.columns]
    assert names == ["trial", "outcome", "best loss", "iterations", "seconds", "x", "y"]
    assert [column.numeric for column in records.columns[-2:]] == [True, False]
    assert records.rows[3] == ["t000003", "running", None, 1, 1, None, "[8, 8]"]
    assert [row[0] for row in records.rows] == [f"t{n:06d}" for n in range(4)]


def test_a_population_has_a_lineage_and_kinds_of_decisions(tmp_path: Path) -> None:
    layout = SweepLayout(stored(tmp_path, sound(3)).path)
    writer = SweepWriter.reopen(layout, metric="loss", mode="min", time_attr="epoch")
    for trial in ("t000000", "t000001"):
        writer.event({"trial_id": trial, "attempt": 1, "event": "suggested", "timestamp": 0.0,
                      "details": {"config": {"x": 0.1}}})  # fmt: skip
    for time in (4, 8):
        writer.decision(
            {"trial_id": "t000001", "attempt": 1, "training_iteration": time, "time": float(time),
             "timestamp": 1.0, "decision": "EXPLOIT", "reason": f"copies t000000 at {time}",
             "details": {"source": "t000000", "source_time": 3.0, "config": {"x": 0.5}}}
        )  # fmt: skip
    writer.close()
    sections = sections_of(opened(tuner.load(layout.root)))
    titles = {part.title for part in parts_of(sections) if isinstance(part, Plot)}
    assert {"Lineage of the population", "Decisions of the scheduler"} <= titles
    (decisions,) = (each for each in sections if each.title == "Decisions")
    (table,) = decisions.parts
    assert isinstance(table, Table)
    assert table.rows == [["EXPLOIT", "copies t000000 at #", "2"]]


def test_what_stopping_saved_counts_stopped_trials_only(tmp_path: Path) -> None:
    one, two, three = configs(3)
    trials = [
        planted(one, *curve(0.1)),  # 12 of 12 epochs
        planted(two, 0.5, 0.5, 0.5, outcome="stopped"),  # 9 are saved
        planted(three, 0.5, 0.5, outcome="failed"),  # not by the scheduler
    ]
    assert saved_by_stopping(stored(tmp_path, trials)) == pytest.approx(9 / (12 + 3 + 2 + 9))
    assert saved_by_stopping(stored(tmp_path, trials[:1], name="other")) is None


def test_pictures_of_an_audit_name_their_checks_and_none_is_shown_twice(tmp_path: Path) -> None:
    found = section(stored(tmp_path, sound(24)), "Audit")
    assert found is not None
    plots = [part for part in parts_of([found]) if isinstance(part, Plot)]
    named = [name for plot in plots for name in re.findall(r"^(\w+) \(", plot.told, re.MULTILINE)]
    assert len(named) == len(set(named)) > len(plots)
    assert all(plot.headed for plot in plots)
    for plot in plots:
        assert all(name in plot.title for name in re.findall(r"^(\w+) \(", plot.told, re.MULTILINE))
    drawn = [plot.figure.to_json() for plot in plots if plot.figure is not None]
    assert len(drawn) == len(set(drawn))
    (curves,) = (plot for plot in plots if "saturated" in plot.title)
    assert curves.title.startswith("Checks of still_improving, saturated, best_vs_last and ")


def test_a_running_sweep_says_for_how_long(tmp_path: Path) -> None:
    running = RunningSweep(tmp_path)
    found = replace(opened(running.path), at=100.0 + 3 * 3600 + 60)
    assert told_large(found, "running for") == ("3h 01m", "so far")
    assert told_large(found, "took") is None
    running.end()
    found = opened(running.path)
    assert told_large(found, "running for") is None
    assert told_large(found, "took") == ("3m 20s", "wall time")


def told_large(found: Opened, name: str) -> tuple[str, str] | None:
    assert isinstance(found, OpenedSweep)
    (figures,) = (part for part in parts_of([overview(found)]) if isinstance(part, Figures))
    return next((each[1:] for each in figures.items if each[0] == name), None)


def test_adoption_and_final_model_are_told_where_there_are_any(tmp_path: Path) -> None:
    sweep = stored(tmp_path, sound(4))
    assert section(sweep, "Adoption") is None
    assert section(sweep, "Final model") is None
    side = {"label": "t000001", "config": {"x": TAG}, "in_sweep": 0.1, "values": [0.2, 0.4],
            "missing": 1}  # fmt: skip
    adoption = {
        "metric": "loss", "seeds": 2, "folds": None, "verdict": "adopt", "why": "it is better",
        "winner": side, "baseline": side, "optimism": 0.2, "remarks": ["a remark"],
        "difference": {"gain": 0.1, "low": 0.05, "high": 0.2, "test": "Wilcoxon"},
    }  # fmt: skip
    (sweep.path / "adopt").mkdir()
    (sweep.path / "adopt" / "adoption.json").write_text(json.dumps(adoption))
    found = section(sweep, "Adoption")
    assert found is not None
    assert "0.1 [0.05, 0.2] (Wilcoxon), over 2 seeds" in str(found)
    assert "2, 1 missing" in str(found)
    (sweep.path / "adopt" / "adoption.json").write_text("{")  # cut off
    assert section(sweep, "Adoption") is None


def test_lines_of_what_cannot_be_drawn_name_each_reason_once(tmp_path: Path) -> None:
    sweep = stored(tmp_path, [planted(c, outcome="failed") for c in configs(3)])
    learning = section(sweep, "Learning")
    assert learning is not None
    (lines,) = learning.parts
    assert isinstance(lines, Lines)
    assert len(lines.items) == len(set(lines.items)) <= 2
