"""Folders of earlier versions stay readable: `data/` holds one of each, as it was written."""

from __future__ import annotations

import math
from pathlib import Path

import pandas as pd

from tuner.store import load

SCHEMA_1 = Path(__file__).parent / "data" / "schema-1"


def test_schema_1_is_read_in_full() -> None:
    sweep = load(SCHEMA_1)
    trials = sweep.trials()
    assert trials["trial_id"].tolist() == list("abcde")
    assert trials["outcome"].tolist() == ["completed", "diverged", "completed", "stopped", "failed"]
    assert trials["config"][0] == {
        "lr": 1,
        "sizes": (64, 32),
        "optimizer": {"name": "sgd", "momentum": 0.9},
    }
    assert trials["config/lr"].tolist() == [1, 0.5, 0.1, 0.2, 2**60]
    assert trials["seed"].tolist() == [2**60 + index for index in range(5)]
    assert (sweep.best().trial_id, sweep.best().value, sweep.best().iteration) == ("c", 0.3, 3)
    assert sweep.exit_code == 3


def test_schema_1_has_reports_without_order() -> None:
    reports = load(SCHEMA_1).reports(all_attempts=True)
    assert len(reports) == 11
    assert reports["seq"].isna().all()
    assert reports["seq"].dtype == pd.Int64Dtype()
    assert reports["mixed"].dropna().tolist() == [1.5, "text"]
    assert reports["dicts"].dropna().tolist() == [[{"x": -math.inf}]] * 2
    assert reports["late"].notna().sum() == 5
    kept = load(SCHEMA_1).reports()
    rows = kept[kept["trial_id"] == "c"][["attempt", "training_iteration"]]
    assert [tuple(row) for row in rows.itertuples(index=False)] == [(1, 1), (2, 2), (2, 3)]


def test_schema_1_has_decisions_and_no_events() -> None:
    sweep = load(SCHEMA_1)
    decisions = sweep.decisions()
    assert decisions["decision"].tolist() == ["STOP", "PAUSE", "RESUME"]
    assert decisions["details"][0]["config"] == {"sizes": (1, 2)}
    assert decisions["seq"].isna().all()
    assert sweep.events().empty
    assert sweep.dataset("events").count_rows() == 0
    assert sweep.dataset("reports").count_rows() == 11
