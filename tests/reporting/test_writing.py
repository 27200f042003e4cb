"""`tuner.report`: of every kind of folder, in whatever state, one file that says how it stands."""

from __future__ import annotations

import json
import math
import os
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from ray import tune
from stored_sweeps import Planted, configs, curve, level, planted, sound, stored

import tuner
from tuner.errors import SpecError, StorageError
from tuner.reporting.parts import Code, Fold, Line, Lines, Part, Plot, Records, Section, Table
from tuner.reporting.prose import from_markdown
from tuner.reporting.sections.overview import saved_by_stopping
from tuner.reporting.sections.sweep import sections_of
from tuner.reporting.sources import opened
from tuner.reporting.writing import default_output, gather, render
from tuner.store import Sweep, SweepLayout, SweepWriter
from tuner.store.notes import add_note

TAG = "<script>alert(1)</script>"
TWO = [{"metric": "loss", "mode": "min"}, {"metric": "size", "mode": "max"}]


def several_objectives() -> list[Planted]:
    return [Planted(c, {"loss": curve(level(c)), "size": [10 * c["x"]] * 12}) for c in configs(9)]


CASES: dict[str, tuple[list[Planted], dict[str, Any]]] = {
    "empty": ([], {}),
    "one trial": (sound(1), {}),
    "one running": ([planted(configs(1)[0], 1.0, outcome=None)], {}),
    "only failed": ([planted(c, outcome="failed") for c in configs(4)], {}),
    "nan and inf": (
        [planted(c, *([math.inf, -math.inf, math.nan] if n % 2 else curve(level(c))))
         for n, c in enumerate(configs(9))], {},
    ),
    "several objectives": (several_objectives(), {"objectives": TWO}),
    "forty hyperparameters": (
        [planted({f"x{k}": n + k for k in range(40)}, *curve(n)) for n in range(5)],
        {"space": {f"x{k}": tune.randint(0, 99) for k in range(40)}},
    ),
    "tags": (
        [planted({TAG: n / 9, "</script>": f"\"'<b>{n % 2}"}, *curve(n)) for n in range(9)],
        {"space": {TAG: tune.uniform(0, 1), "</script>": tune.choice(["\"'<b>0", "\"'<b>1"])},
         "notes": TAG, "tags": [TAG]},
    ),
    "lone surrogate": ([planted({"x": 0.5, "y": "\ud800"}, 1.0)], {}),
}  # fmt: skip


def parts_of(sections: Sequence[Section]) -> list[Part]:
    """Return all parts, those of sections within and of folds among them."""
    found: list[Part] = []
    for section in sections:
        for part in section.parts:
            found += [part, *(part.parts if isinstance(part, Fold) else ())]
        found += parts_of(section.sections)
    return found


def section(sweep: Sweep, title: str) -> Section | None:
    return next((each for each in sections_of(opened(sweep)) if each.title == title), None)


@pytest.mark.parametrize("case", CASES)
def test_a_report_of_every_kind_of_sweep(tmp_path: Path, case: str) -> None:
    trials, spec = CASES[case]
    sweep = stored(tmp_path, trials, **spec)
    path = tuner.report(sweep)
    assert path == sweep.path / "report.html"
    page = path.read_text(encoding="utf-8")
    assert TAG not in page
    assert "</html>" in page
    kinds = {part.title for part in parts_of(sections_of(opened(sweep))) if isinstance(part, Plot)}
    if case in ("empty", "only failed"):
        assert not kinds & {"Learning curves", "Slices"}
        assert "Optimisation history" in page  # which says why there is none
    else:
        assert {"Learning curves", "Optimisation history", "Durations"} <= kinds
    assert ("Trade-offs" in kinds) == (case == "several objectives")
    assert not kinds & {"Lineage of the population", "Isolation", "Rounds of refinement"}


def test_the_same_folder_gives_the_same_page(tmp_path: Path) -> None:
    sweep = stored(tmp_path, sound(9))
    pages = [render(gather([sweep]), made=1e9) for _ in range(2)]
    assert pages[0] == pages[1]
    assert "2001-09-0" in pages[0]
    assert "2001-09-0" not in render(gather([sweep]))


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


def test_what_takes_long_can_come_later(tmp_path: Path) -> None:
    sweep = stored(tmp_path, sound(9))
    page = render(gather([sweep]), costly=False)
    assert "once the sweep has ended" in page
    assert "good_trials" not in page  # a check of the audit
    assert "good_trials" in render(gather([sweep]))


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


def test_several_sweeps_are_side_by_side(tmp_path: Path) -> None:
    one = stored(tmp_path / "one", sound(4))
    two = stored(tmp_path / "two", sound(6, seed=1))
    path = tuner.report(one, two.path, output=tmp_path / "both.html", title=f"both {TAG}")
    page = path.read_text()
    assert "<title>both &lt;script&gt;" in page
    assert page.count("<h2") == 3
    assert str(one.path) in page  # they have one name, so they are called by where they lie
    first, *_ = re.findall(r"<section.*?</section>", page, flags=re.DOTALL)
    assert first.count('class="plot"') == 4


def test_sweeps_that_tune_something_else_are_not_drawn_together(tmp_path: Path) -> None:
    low = stored(tmp_path, sound(3), name="low")
    high = stored(tmp_path, sound(3), name="high", mode="max")
    page = tuner.report(low, high).read_text()
    assert "they tune loss (max), loss (min)" in page


def test_a_study_is_its_story_and_its_sweeps(tmp_path: Path) -> None:
    folder = tmp_path / "study"
    stored(folder, sound(4), name="explore")
    stored(folder / "adopt", sound(2), name="sweep")
    (folder / "study.json").write_text("{}")
    page = tuner.report(folder)
    assert page == folder / "report.html"
    assert "There is no story yet." in page.read_text()
    (folder / "STUDY.md").write_text(f"# Study: x\n\n{TAG}\n\n| a | b |\n|---|---|\n| 1 | 2 |\n")
    text = tuner.report(folder).read_text()
    assert "<h3>Study: x</h3>" in text
    assert TAG not in text
    titles = re.findall(r"<h2[^>]*>(.*?)</h2>", text)
    assert sorted(titles) == ["Story", "adopt/sweep", "explore"]
    repeats = text.partition(">adopt/sweep</h2>")[2].partition("<h2")[0]
    assert ">Audit</h3>" not in repeats


def test_a_comparison_is_its_answers_figures_and_runs(tmp_path: Path) -> None:
    comparison = tuner.compare(
        ["branin"], ["fifo+random", "fifo+halton"], budget="4trials", seeds=2, processes=1,
        storage_path=str(tmp_path), name="cmp", progress="none",
    )  # fmt: skip
    path = tuner.report(comparison)
    assert path == tmp_path / "cmp" / "report.html"
    text = path.read_text()
    titles = re.findall(r"<h2[^>]*>(.*?)</h2>", text)
    assert titles == ["In short", "Tables", "Figures", "Notes", "Provenance", "All runs"]
    assert text.count('class="plot"') >= 4
    assert render(gather([path.parent]), made=1) == render(gather([comparison]), made=1)


def test_a_simulated_sweep_in_memory_is_reported_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sweep = tuner.simulate("branin", scheduler="fifo", searcher="random", num_samples=5, seed=0)
    assert default_output(sweep) == Path("report.html")
    assert "in virtual time, simulated" in tuner.report(sweep).read_text()


def test_what_is_no_source_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="at least one sweep, comparison or study"):
        tuner.report()
    with pytest.raises(StorageError, match="there is no such folder"):
        tuner.report(tmp_path / "none")
    with pytest.raises(SpecError, match="got int"):
        tuner.report(1)  # type: ignore[arg-type]


def test_a_file_that_cannot_be_written_names_the_remedy(tmp_path: Path) -> None:
    sweep = stored(tmp_path, sound(1))
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match=r"written: .* name another one \(-o FILE, output=\)"):
        tuner.report(sweep, output=tmp_path / "file" / "a.html")
    (tmp_path / "taken.html").mkdir()
    with pytest.raises(StorageError, match=r"written: Is a directory; name another one"):
        tuner.report(sweep, output=tmp_path / "taken.html")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["file", "sweep", "taken.html"]


def test_a_folder_for_the_file_is_made_and_the_file_is_one_of_html(tmp_path: Path) -> None:
    sweep = stored(tmp_path, sound(1))
    assert tuner.report(sweep, output=tmp_path / "new" / "a.html").is_file()
    with pytest.raises(SpecError, match=r"an HTML file, got .*r\.txt; name it .*r\.html"):
        tuner.report(sweep, output=tmp_path / "r.txt")


def test_links_of_a_story_lead_elsewhere_or_are_text() -> None:
    story = "[pictures](audit/a.html), [here](report.html), [the paper](https://a.b/c) and **all**"
    told = from_markdown(story)
    assert told.count("<a ") == 1
    assert '<a href="https://a.b/c">the paper</a> and <strong>all</strong>' in told
    assert "<p>pictures, here, " in told


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_is_read_only_is_told_of(tmp_path: Path) -> None:
    sweep = stored(tmp_path, sound(1))
    sweep.path.chmod(0o555)
    try:
        with pytest.raises(StorageError, match=r"Permission denied; name another one"):
            tuner.report(sweep)
    finally:
        sweep.path.chmod(0o755)
    assert tuner.report(sweep, output=tmp_path / "a.html").is_file()


def test_a_report_replaces_the_one_before_at_once(tmp_path: Path) -> None:
    sweep = stored(tmp_path, sound(1))
    first = tuner.report(sweep)
    with first.open(encoding="utf-8") as reader:  # as a browser does while it is written anew
        tuner.report(sweep, title="second")
        assert "<title>sweep</title>" in reader.read()
    assert "<title>second</title>" in first.read_text()
    assert not list(sweep.path.glob(".*"))


def test_a_damaged_sweep_is_one_clear_error(tmp_path: Path) -> None:
    sweep = stored(tmp_path, sound(1))
    shutil.rmtree(sweep.path / "reports")
    assert "0 reports" in tuner.report(sweep).read_text()  # its trials are still there
    (sweep.path / "sweep.json").write_text("{}")
    with pytest.raises(StorageError, match="schema_version"):
        tuner.report(sweep.path)


def test_lines_of_what_cannot_be_drawn_name_each_reason_once(tmp_path: Path) -> None:
    sweep = stored(tmp_path, [planted(c, outcome="failed") for c in configs(3)])
    learning = section(sweep, "Learning")
    assert learning is not None
    (lines,) = learning.parts
    assert isinstance(lines, Lines)
    assert len(lines.items) == len(set(lines.items)) <= 2
