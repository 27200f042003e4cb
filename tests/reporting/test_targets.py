"""`tuner.plot` of several sweeps, and of another value than the metric."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from stored_sweeps import Planted, configs, curve, level, sound, stored

import tuner
from tuner.cli.app import main
from tuner.errors import NoResultError, SpecError
from tuner.reporting.sweeps import OF_ANY_METRIC
from tuner.store import Sweep


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    """Return a sweep with a second metric, to which only y matters."""
    trials = [
        Planted(c, {"loss": curve(level(c)), "size": [np.log10(c["y"])] * 12}) for c in configs(40)
    ]
    return stored(tmp_path_factory.mktemp("two"), trials, name="one")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    return stored(tmp_path_factory.mktemp("other"), sound(9, seed=1), name="one")


@pytest.mark.parametrize("kind", ["curves", "history", "edf", "durations"])
def test_several_sweeps_are_one_figure(sweep: Sweep, other: Sweep, kind: str) -> None:
    listed = tuner.plot([sweep, str(other.path)], kind).to_json()
    assert "one (1)" in listed  # both have that name
    assert "one (2)" in listed
    named = tuner.plot({"first": sweep, "second": other}, kind).to_json()
    assert "first" in named
    assert "second" in named


def test_parallel_coordinates_have_an_axis_per_objective(sweep: Sweep, tmp_path: Path) -> None:
    size = [Planted(c, {"loss": [c["x"]], "size": [c["y"]]}) for c in configs(9)]
    tuned = [{"metric": "loss", "mode": "min"}, {"metric": "size", "mode": "max"}]
    several = stored(tmp_path, size, objectives=tuned)

    def axes(of: Sweep, metric: str | None = None) -> list[str]:
        notes = tuner.plot(of, "parallel", metric=metric).layout.annotations
        return [note.text.split()[0] for note in notes if "is better" in note.text]

    assert axes(several) == ["<b>loss", "<b>size"]
    assert axes(several, "size") == ["<b>size"]  # one that is asked for is shown by itself
    assert axes(sweep) == ["<b>loss"]


def test_merged_is_of_several_histories(sweep: Sweep, other: Sweep) -> None:
    figure = tuner.plot([sweep, other], "history", merged=True)
    assert figure.data[1].name == "mean"
    with pytest.raises(SpecError, match="merged is of several sweeps; received one"):
        tuner.plot(sweep, "history", merged=True)
    with pytest.raises(SpecError, match="merged is of history; received 'edf'"):
        tuner.plot([sweep, other], "edf", merged=True)


def test_sweeps_that_tune_different_things_are_refused(
    sweep: Sweep, other: Sweep, tmp_path: Path
) -> None:
    up = stored(tmp_path, sound(3), mode="max", name="up")
    with pytest.raises(SpecError, match=r"received loss \(min\) of 'one', loss \(max\) of 'up'"):
        tuner.plot([sweep, up], "edf")
    assert tuner.plot([sweep, up], "edf", metric="loss:min").data
    with pytest.raises(SpecError, match="'slices' is a figure of one sweep; of several: curves"):
        tuner.plot([sweep, other], "slices")
    with pytest.raises(SpecError, match="no trial has a value 'size'"):
        tuner.plot([sweep, other], "history", metric="size:min")
    with pytest.raises(SpecError, match="takes no names; received \\['x'\\]"):
        tuner.plot([sweep, other], "history", names=["x"])
    with pytest.raises(NoResultError, match="no sweep was given"):
        tuner.plot([], "history")


@pytest.mark.parametrize("kind", sorted(OF_ANY_METRIC - {"curves", "importance"}))
def test_any_value_can_be_shown_with_its_direction(sweep: Sweep, kind: str) -> None:
    shown = tuner.plot(sweep, kind, metric="size:max").to_json()
    assert "size" in shown
    assert "loss" not in shown
    with pytest.raises(SpecError, match="better is not known; say it: size:min or size:max"):
        tuner.plot(sweep, kind, metric="size")


def test_curves_of_another_metric_need_no_direction(sweep: Sweep) -> None:
    figure = tuner.plot(sweep, "curves", metric="size")
    assert figure.layout.yaxis.title.text == "size"
    assert figure.data[-1].name == f"best: {sweep.best().trial_id}"  # by the metric of the sweep
    with pytest.raises(SpecError, match="'seconds' is known of trials, and curves"):
        tuner.plot(sweep, "curves", metric="seconds")


def test_what_matters_for_another_metric(sweep: Sweep) -> None:
    figure = tuner.plot(sweep, "importance", metric="size", names=["x", "y"])
    total = next(bar for bar in figure.data if bar.name == "with another one")
    shares = dict(zip(total.y, total.x.tolist(), strict=True))
    assert shares["y"] > 0.8 > 0.2 > shares["x"]
    assert figure.layout.title.text == "Importance for size"
    with pytest.raises(SpecError, match="no hyperparameter 'z'"):
        tuner.plot(sweep, "importance", names=["z"])


def test_measured_times_are_values_too(sweep: Sweep) -> None:
    points = tuner.plot(sweep, "history", metric="seconds").data[0]
    assert set(points.y.tolist()) == {12.0}
    paces = tuner.plot(sweep, "edf", metric="seconds_per_iteration").data[0]
    assert set(paces.x.tolist()) == {1.0}
    front = tuner.plot(sweep, "pareto", names=["loss", "seconds"])
    assert "seconds" in front.layout.yaxis.title.text


def test_nonsense_is_refused(sweep: Sweep) -> None:
    with pytest.raises(SpecError, match="no trial has a value 'sise'; did you mean 'size'"):
        tuner.plot(sweep, "history", metric="sise")
    with pytest.raises(SpecError, match="'timeline' shows no metric of one's choice"):
        tuner.plot(sweep, "timeline", metric="size")


def test_the_verb_takes_them_all(
    sweep: Sweep, other: Sweep, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    one, two = str(sweep.path), str(other.path)
    assert main(["plot", one, "history", "--with", two, "--merged", "-o", "h.json"]) == 0
    assert main(["plot", one, "slices", "y", "--metric", "size:max", "-o", "s.json"]) == 0
    assert "size (higher is better)" in Path("s.json").read_text()
    assert main(["plot", one, "slices", "--with", two]) == 2
    assert "of several: curves" in capsys.readouterr().err
