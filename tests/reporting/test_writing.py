"""`tuner.report`: of every kind of folder, in whatever state, one file that says how it stands."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from planted_sweeps import CASES as COMMON
from planted_sweeps import TAG, parts_of
from ray import tune
from stored_sweeps import Planted, curve, planted, sound, stored

import tuner
from tuner.errors import SpecError, StorageError
from tuner.reporting.parts import Plot
from tuner.reporting.prose import from_markdown
from tuner.reporting.sections.sweep import sections_of
from tuner.reporting.sources import opened
from tuner.reporting.writing import default_output, gather, render

CASES: dict[str, tuple[list[Planted], dict[str, Any]]] = {
    **COMMON,
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


def test_what_takes_long_can_come_later(tmp_path: Path) -> None:
    sweep = stored(tmp_path, sound(9))
    page = render(gather([sweep]), costly=False)
    assert "once the sweep has ended" in page
    assert "good_trials" not in page  # a check of the audit
    assert "good_trials" in render(gather([sweep]))


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
    assert repeats.count('class="plot"') == 1  # its curves: what is about a search is left out


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
