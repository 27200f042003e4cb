"""`tuner.plot`: every kind over every kind of sweep is a figure that says what it is, or says why
there is none."""

from __future__ import annotations

import math
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from planted_sweeps import CASES, TAG
from ray import tune
from stored_sweeps import Planted, configs, curve, level, planted, sound, stored

import tuner
from tuner.errors import NoResultError, SpecError
from tuner.reporting.sweeps import KINDS
from tuner.store import Sweep, SweepLayout, SweepWriter

CONDITIONAL = {
    "optimizer": tune.choice(
        [{"kind": "sgd", "momentum": tune.uniform(0, 1)}, {"kind": "adam", "lr": tune.randn(0, 1)}]
    ),
    "layers": tune.grid_search([[8], [8, 8], None]),
    "units": tune.qrandint(8, 64, 8),
}
CHEAP = sorted(KINDS.keys() - {"audit", "importance", "isolation"})


def conditional(count: int = 9) -> list[Planted]:
    random = np.random.default_rng(1)
    branch = [{"kind": "sgd", "momentum": 0.5}, {"kind": "adam", "lr": -0.3}]
    return [
        planted(
            {"optimizer": branch[n % 2], "layers": [[8], [8, 8], None][n % 3],
             "units": int(8 * random.integers(1, 9))},
            *curve(random.random()),
        )
        for n in range(count)
    ]  # fmt: skip


NASTY: dict[str, tuple[list[Planted], dict[str, Any]]] = {
    **CASES,
    "only diverged": ([planted(c, math.nan, outcome="diverged") for c in configs(4)], {}),
    "huge": ([planted(c, *curve(1e300 if n == 3 else level(c))) for n, c in enumerate(configs(9))],
             {}),
    "all the same": ([planted({"x": 0.5, "y": 0.1}, 1.0) for _ in range(9)], {}),
    "conditional": (conditional(), {"space": CONDITIONAL}),
    "outside of the space": ([planted({"z": n}, *curve(n)) for n in range(9)], {}),
    "maximised": (sound(9), {"mode": "max"}),
    "tags in names": (
        [planted({TAG: n / 9, "$y$": f"<b>{n % 2}%{{x}}"}, *curve(n)) for n in range(9)],
        {"space": {TAG: tune.uniform(0, 1), "$y$": tune.choice(["<b>0%{x}", "<b>1%{x}"])}},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", NASTY)
def test_every_kind_is_a_figure_or_says_why_not(tmp_path: Path, case: str) -> None:
    trials, spec = NASTY[case]
    sweep = stored(tmp_path, trials, **spec)
    drawn = set()
    for kind in CHEAP:
        with suppress(NoResultError):
            figure = tuner.plot(sweep, kind)
            drawn.add(kind)
        if kind not in drawn:
            continue
        text = figure.to_json()
        assert TAG not in text.encode().decode("unicode_escape"), kind
        assert figure.layout.title.text, kind
        assert figure.layout.template.layout.paper_bgcolor == "#FFFFFF", kind
    if case in ("empty", "only failed", "only diverged"):
        assert not drawn & {"curves", "history", "slices"}
    else:
        assert {"curves", "history", "edf", "durations"} <= drawn


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    return stored(tmp_path_factory.mktemp("sound"), sound(24), metric="loss")


@pytest.mark.parametrize("kind", ["curves", "history", "slices", "edf", "parallel", "contours"])
@pytest.mark.parametrize(("mode", "words"), [("min", "lower is better"), ("max", "higher is")])
def test_a_figure_says_which_way_is_better(
    tmp_path: Path, kind: str, mode: str, words: str
) -> None:
    shown = tuner.plot(stored(tmp_path, sound(12), mode=mode), kind).to_json()
    assert words in shown.replace("\\u003cbr\\u003e", "")
    assert "loss" in shown


def test_time_has_its_name_and_durations_have_units(sweep: Sweep) -> None:
    assert tuner.plot(sweep, "curves").layout.xaxis.title.text == "epoch"
    assert tuner.plot(sweep, "durations").layout.xaxis.title.text == "time (s)"


def test_importance_audit_and_isolation_are_drawn(sweep: Sweep) -> None:
    shares = tuner.plot(sweep, "importance")
    assert {"alone", "with another one", "shuffled"} == {bar.name for bar in shares.data}
    (table,) = tuner.plot(sweep, "audit", names=["boundary", "duplicates"]).data
    assert list(table.cells["values"][0]) == ["boundary", "duplicates"]
    behind = table.cells["fill"]["color"][0]
    assert behind[0] != behind[1]  # each check is a band
    assert "Where trials lie" in tuner.plot(sweep, "audit", names=["boundary"]).layout.title.text
    assert tuner.plot(sweep, "isolation", names=["x"]).layout.yaxis.title.text == "x"


def test_declared_scales_are_the_scales_of_axes(sweep: Sweep) -> None:
    layout = tuner.plot(sweep, "slices", names=["x", "y"]).layout
    assert (layout.xaxis.type, layout.xaxis2.type) == ("linear", "log")
    assert layout.xaxis2.tickformat == "~g"  # else a 2 stands for 20 and for 200


def test_the_best_so_far_is_that_of_all_trials(sweep: Sweep) -> None:
    (best,) = (each for each in tuner.plot(sweep, "history").data if each.name == "best so far")
    values = sweep.trials()["best/loss"].to_numpy()
    assert best.y[-1] == values.min()
    assert (np.diff(best.y) <= 0).all()
    assert best.x[-1] == len(values)


def test_a_share_of_trials_reaches_each_value(tmp_path: Path) -> None:
    trials = [planted(c, v) for c, v in zip(configs(4), (3.0, 1.0, math.nan, 2.0), strict=True)]
    (line,) = tuner.plot(stored(tmp_path, trials), "edf").data
    assert line.x.tolist() == [1, 2, 3]
    assert line.y.tolist() == [0.25, 0.5, 0.75]


def test_a_population_has_a_lineage_with_its_schedule(tmp_path: Path) -> None:
    layout = SweepLayout.create(tmp_path / "sweep")
    stored(tmp_path, [], name="other")
    writer = SweepWriter(layout, metric="loss", mode="min", time_attr="epoch")
    for trial, config in (("a", {"x": 0.1}), ("b", {"x": 0.9})):
        writer.event({"trial_id": trial, "attempt": 1, "event": "suggested",
                      "details": {"config": config}, "timestamp": 0.0})  # fmt: skip
    writer.decision(
        {"trial_id": "b", "attempt": 1, "training_iteration": 4, "time": 4.0, "timestamp": 1.0,
         "decision": "EXPLOIT", "reason": "copies",
         "details": {"source": "a", "source_time": 3.0, "config": {"x": 0.5}}}
    )  # fmt: skip
    writer.close()
    spec = (tmp_path / "other" / "sweep.json").read_text()
    (tmp_path / "sweep" / "sweep.json").write_text(spec)
    told = tuner.load(tmp_path / "sweep")
    figure = tuner.figures.lineage(
        told.decisions(), told.events(), until={"a": 6.0, "b": 8.0}, winner="b", time="epoch"
    )
    way, schedule = figure.data[2:]
    assert way.x == (0, 3, 3, 8)
    assert schedule.x == (0, 3, 8)
    assert schedule.y == (0.1, 0.5, 0.5)


def test_rounds_of_refinement_show_how_ranges_shrink(tmp_path: Path) -> None:
    first = stored(tmp_path, sound(5), name="s")
    lineage = {"root": "s", "parent": str(first.path), "parent_name": "s", "parent_seed": 0,
               "round": 1, "changes": []}  # fmt: skip
    space = {"x": tune.uniform(0.4, 0.6), "y": tune.loguniform(1e-3, 1e-1)}
    second = stored(tmp_path, sound(5), name="s-r1", space=space, lineage=lineage)
    figure = tuner.plot(second, "refinement")
    assert figure.layout.yaxis2.type == "log"
    ranges = figure.data[0]
    assert [y for y in ranges.y.tolist() if not math.isnan(y)] == [0, 1, 0.4, 0.6]
    with pytest.raises(NoResultError, match="no refinement"):
        tuner.plot(first, "refinement")


def test_what_there_is_not_is_refused_with_the_nearest(sweep: Sweep) -> None:
    with pytest.raises(SpecError, match="unknown kind of figure 'curvse'; did you mean 'curves'"):
        tuner.plot(sweep, "curvse")
    with pytest.raises(
        SpecError, match="'regret' is a figure of a comparison, and this is a sweep"
    ):
        tuner.plot(sweep, "regret")
    with pytest.raises(SpecError, match="no hyperparameter 'z'; known: x, y"):
        tuner.plot(sweep, "slices", names=["z"])


def test_all_figures_of_kinds_are_plotly_figures(sweep: Sweep) -> None:
    assert isinstance(tuner.plot(str(sweep.path), "history"), go.Figure)


def test_a_trial_of_one_report_is_seen(tmp_path: Path) -> None:
    one, *others = configs(3)
    trials = [planted(one, 0.5, outcome="stopped")]
    trials += [planted(c, 0.9, 0.4, outcome="stopped") for c in others]
    line, point, _best = tuner.plot(stored(tmp_path, trials), "curves").data
    assert (line.mode, point.mode) == ("lines", "markers")
    assert (line.name, line.showlegend) == ("stopped early (3)", True)
    assert (point.legendgroup, point.showlegend) == (line.legendgroup, False)
    assert point.y[0] == 0.5
