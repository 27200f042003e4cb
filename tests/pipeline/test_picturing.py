"""The report beside STUDY.md: when it is made, of what, and that it never harms."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from small_studies import Mortal, SmallStudy, Whole

from tuner.errors import NoResultError
from tuner.pipeline import picturing, studying
from tuner.pipeline.folder import StudyFolder
from tuner.pipeline.picturing import keep_report


@pytest.fixture
def kept(ray: Mortal, monkeypatch: pytest.MonkeyPatch) -> list[tuple[bool, list[str]]]:
    """Return, of each report that was asked for, whether the study went on and its steps so far."""
    asked: list[tuple[bool, list[str]]] = []

    def keep(folder: StudyFolder, *, goes_on: bool) -> None:
        asked.append((goes_on, list(folder.outcomes())))

    monkeypatch.setattr(studying, "keep_report", keep)
    return asked


def test_it_is_made_when_a_step_has_ended_and_whole_at_the_end(
    study: SmallStudy, kept: list[tuple[bool, list[str]]]
) -> None:
    study(until="audit")
    assert kept == [(True, ["explore"]), (False, ["explore", "audit"])]
    kept.clear()
    study(until="audit")
    assert kept == []  # nothing was taken
    study(until="refine")
    assert kept == [(False, ["explore", "audit", "refine"])]


def test_a_step_that_was_interrupted_is_not_waited_for(
    study: SmallStudy, kept: list[tuple[bool, list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(work: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(studying, "_ACTS", {**studying._ACTS, "explore": interrupted})
    study()
    assert kept == []


def test_ctrl_c_while_the_last_one_is_made_costs_the_report_only(
    study: SmallStudy, ray: Mortal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(folder: StudyFolder, *, goes_on: bool) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(studying, "keep_report", interrupted)
    assert study(until="explore")["explore"].status == "done"


@pytest.mark.parametrize("error", [NoResultError("nothing"), RuntimeError("a defect")])
def test_a_report_that_cannot_be_made_is_told_of(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
) -> None:
    def fail(sources: Any) -> None:
        raise error

    monkeypatch.setattr(picturing, "gather", fail)
    keep_report(StudyFolder(tmp_path), goes_on=False)
    assert f"could not be made: {error}; to try again: tuner report {tmp_path}" in caplog.text


def test_it_holds_the_story_and_all_sweeps_and_the_story_names_it(whole: Whole) -> None:
    folder = StudyFolder(Path(whole.study.folder))
    keep_report(folder, goes_on=True)
    page = folder.report_file.read_text()
    for part in ("Live, as of", "explore-r1", "Study: ", "adopt/", "final/"):
        assert part in page
    assert "[In pictures](report.html), with all sweeps." in folder.story_file.read_text()
    last = f"all of it: {folder.story_file}; in pictures: {folder.report_file}"
    assert str(whole.study).endswith(last)
    folder.report_file.unlink()  # as where none could be made
    assert str(whole.study).endswith(f"all of it: {folder.story_file}")
