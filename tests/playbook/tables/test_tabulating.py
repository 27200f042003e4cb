"""`tabulate` and the other questions, over sweeps without Ray."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from in_process import InProcess

import tuner
from tuner.errors import NoResultError, SpecError, SweepFailedError
from tuner.objectives import Objective
from tuner.playbook.tables import searching
from tuner.playbook.tables.asking import TABLE_FILE, Effort
from tuner.playbook.tables.ensembling import EnsembleQuestion
from tuner.playbook.tables.searching import SearchQuestion
from tuner.store.values import plain_to_json

BASE = {"rate": 0.5, "spread": 0.1, "patience": 0}
RATES = {"none": {"rate": 1e-3, "spread": 1.9}, "some": {"rate": 1.0}}


@pytest.fixture
def clouds(scenario_path: Path) -> tuner.Scenario:
    return tuner.load_scenario(scenario_path)


@pytest.fixture
def options(ray: InProcess, tmp_path: Path) -> Any:
    return {"storage_path": str(tmp_path / "tables")}


def test_a_table_has_a_row_per_value_and_says_what_it_was_measured_on(
    clouds: tuner.Scenario, options: Any
) -> None:
    table = tuner.tabulate(
        clouds, "rate", [1e-3, 1.0], base=BASE, target=0.2, seeds=3, folds=2, **options
    )

    assert list(table.rows["value"]) == ["0.001", "1"]
    assert list(table.rows["repeats"]) == [6, 6]
    assert table.judgement.leader == "1"
    assert table.held == {"spread": 0.1, "patience": 0}
    assert "90 examples of clouds that are no test examples, divided 3 times" in table.measured
    assert table.rows["reached"].iloc[1] == 6
    place = Path(options["storage_path"]) / "clouds-rate"
    assert json.loads((place / TABLE_FILE).read_text())["conclusion"] == table.conclusion
    sweep = tuner.load(place / "sweep")
    assert set(sweep.trials()["config/candidate"]) == {"0.001", "1"}


def test_what_counts_is_the_last_report(clouds: tuner.Scenario, options: Any) -> None:
    table = tuner.tabulate(clouds, "some", RATES, base=BASE, seeds=2, **options)

    sweep = tuner.load(Path(table.place) / "sweep")
    last = sweep.reports().groupby("trial_id")["error"].last()
    value = sweep.trials().set_index("trial_id")["config/candidate"]
    assert dict(zip(table.rows["value"], table.rows["error"], strict=True)) == pytest.approx(
        last.groupby(value).mean().to_dict()
    )


def test_a_value_may_stand_for_several_hyperparameters(
    clouds: tuner.Scenario, options: Any
) -> None:
    table = tuner.tabulate(clouds, "effort", RATES, base=BASE, seeds=2, **options)

    assert table.held == {"spread": 0.1, "patience": 0}
    assert "none: rate 0.001, spread 1.9" in table.remarks
    assert "validation rows of clouds, over 2 seeds" in table.measured


def test_the_same_call_goes_on_and_then_reads_what_is_there(
    clouds: tuner.Scenario, options: Any, ray: InProcess
) -> None:
    def table(**more: Any) -> tuner.Table:
        return tuner.tabulate(clouds, "rate", [0.1, 1.0], base=BASE, **options | more)

    ray.stops_after = 4
    with pytest.raises(SweepFailedError, match="give the same command again"):
        table()
    first = table()
    again = table()

    assert ray.trained == 10
    pd.testing.assert_frame_equal(first.rows, again.rows)
    with pytest.raises(SpecError, match="made with other seeds"):
        table(seeds=4)


def test_the_direction_can_be_another(clouds: tuner.Scenario, options: Any) -> None:
    table = tuner.tabulate(clouds, "rate", [1e-3, 1.0], base=BASE, mode="max", **options)

    assert table.objective == Objective("error", "max")
    assert table.judgement.leader == "0.001"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"factor": "rat"}, "has no 'rat'.*'rate'"),
        ({"values": [1.0]}, "at least two values, got 1"),
        ({"values": [1.0, 1.0]}, "values of a table differ"),
        ({"values": [1.0, 99.0]}, "lies in the space of 'clouds', but for '99'.*rate must satisfy"),
        ({"base": {"rate": 1.0, "spread": 1.0}}, "patience is missing"),
        ({"seeds": 0}, "seeds"),
        ({"folds": 1}, "folds"),
        ({"storage_path": "s3://bucket/tables"}, "a folder of this machine, got s3://bucket"),
        ({"scheduler": "asha"}, "trains every value to its end.*scheduler='asha'"),
        ({"storage": "x"}, "no option 'storage'.*'storage_path'"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_trains(
    clouds: tuner.Scenario, options: Any, ray: InProcess, changes: Any, message: str
) -> None:
    given = {"factor": "rate", "values": [0.1, 1.0], "base": BASE, **options, **changes}

    with pytest.raises(SpecError, match=message):
        tuner.tabulate(clouds, **given)
    assert not ray.trained


def test_a_metric_that_nobody_reports_is_named(clouds: tuner.Scenario, options: Any) -> None:
    with pytest.raises(NoResultError, match=r"'eror'.*'error'"):
        tuner.tabulate(clouds, "rate", [0.1, 1.0], base=BASE, also=["eror"], **options)


def test_as_text_it_is_a_table_in_markdown_with_its_conclusion(
    clouds: tuner.Scenario, options: Any
) -> None:
    table = tuner.tabulate(clouds, "rate", [1e-3, 1.0], base=BASE, target=0.2, **options)
    heads, rule, *lines = table.to_markdown().splitlines()

    assert heads == "| rate | repeats | error | 95% interval | epochs to 0.2 | behind | p |"
    assert rule == "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    assert [line.split(" | ")[0] for line in lines] == ["| 0.001", "| 1"]
    assert f"{table.conclusion}." in str(table)
    assert "Held where a value does not say otherwise: spread 0.1, patience 0." in str(table)
    json.dumps(table.to_json(), allow_nan=False)


def test_ensembles_are_measured_on_folds_that_their_rule_has_not_seen(
    clouds: tuner.Scenario, options: Any, ray: InProcess
) -> None:
    question = EnsembleQuestion("ensemble", "Which?", clouds, RATES, BASE)

    table = question.measure(Effort(seeds=2, folds=3), **options)

    rows = table.rows.set_index("value")
    assert ray.trained == 2 * 2 * 3
    assert set(rows.index) == {"single", "average", "vote", "weighted", "stacking"}
    assert list(rows["repeats"]) == [6] * 5
    # the member that has learned nothing is found out on the other folds
    assert rows.loc["single", "accuracy"] == pytest.approx(best_member(table), abs=1e-9)
    with pytest.raises(SpecError, match="give folds"):
        question.measure(Effort(seeds=2), **options)


def best_member(table: tuner.Table) -> float:
    """Return the accuracy out of fold of the member that learns."""
    trials = tuner.load(Path(table.place) / "sweep").trials()
    return float(1 - trials.loc[trials["config/candidate"] == "some", "last/error"].mean())


class Searched:
    """Stands in for a comparison that has ended."""

    path = Path("searches")

    def __init__(self, winners: Mapping[tuple[str, int], Mapping[str, Any] | None]) -> None:
        self._winners = winners

    def runs(self) -> pd.DataFrame:
        return pd.DataFrame(
            [
                {"arm": arm, "seed": seed, "best": 0.0,
                 "best_config": None if config is None else plain_to_json(config)}
                for (arm, seed), config in self._winners.items()
            ]
        )  # fmt: skip


def search(clouds: tuner.Scenario) -> SearchQuestion:
    searchers = {"good": "random", "bad": "grid:points=2"}
    return SearchQuestion(
        "search", "Which?", clouds, dict(clouds.space), searchers, 4, Objective("error", "min")
    )


def test_a_search_is_worth_what_its_winner_is_when_it_is_trained_again(
    clouds: tuner.Scenario, options: Any, ray: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    winners = {
        (arm, seed): {**BASE, **RATES[kind], "patience": 0}
        for arm, kind in (("good", "some"), ("bad", "none"))
        for seed in range(3)
    }
    asked: dict[str, Any] = {}

    def compare(scenario: Any, arms: Any, **given: Any) -> Searched:
        asked.update(given, arms=arms)
        return Searched(winners)

    monkeypatch.setattr(searching, "compare", compare)

    table = search(clouds).measure(Effort(seeds=3, folds=2), **options)

    assert asked["arms"] == ["good=fifo+random", "bad=fifo+grid:points=2"]
    assert (asked["budget"], asked["seeds"]) == ("4trials", 3)
    assert ray.trained == 6 * 2
    assert table.judgement.leader == "good"
    assert list(table.rows["repeats"]) == [3, 3]
    assert np.allclose(table.rows["in_search"], 0)


def test_a_search_that_found_nothing_is_no_row(
    clouds: tuner.Scenario, options: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    winners = {("good", 0): BASE, ("bad", 0): None}
    monkeypatch.setattr(searching, "compare", lambda *_, **__: Searched(winners))

    with pytest.raises(SweepFailedError, match="of 2 searches 1 have found"):
        search(clouds).measure(Effort(seeds=1, folds=2), **options)
