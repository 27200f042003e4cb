"""The tables open directly in pandas, DuckDB and Polars, whatever was reported and when."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pytest

from tuner.store import SweepLayout, SweepWriter

ReportOf = Callable[..., dict[str, Any]]
Read = Callable[[Path], list[dict[str, Any]]]


def with_pandas(path: Path) -> list[dict[str, Any]]:
    folder = path.parent if "*" in path.name else path
    return [
        {str(name): value for name, value in row.items()}
        for row in pd.read_parquet(folder).to_dict("records")
    ]


def with_duckdb(path: Path) -> list[dict[str, Any]]:
    with duckdb.connect() as connection:
        cursor = connection.execute("select * from read_parquet(?)", [str(path)])
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def with_polars(path: Path) -> list[dict[str, Any]]:
    return pl.read_parquet(path).to_dicts()


@pytest.fixture(params=[with_pandas, with_duckdb, with_polars])
def read(request: pytest.FixtureRequest) -> Read:
    reader: Read = request.param
    return reader


@pytest.fixture
def writer(layout: SweepLayout) -> SweepWriter:
    """Parts of two rows, so that a sweep of a few reports has several."""
    return SweepWriter(layout, metric="loss", mode="min", time_attr="epoch", rows_per_part=2)


def reports(layout: SweepLayout) -> Path:
    return layout.reports_dir / "*.parquet"


def test_a_sweep_that_has_just_begun(read: Read, layout: SweepLayout, writer: SweepWriter) -> None:
    assert read(reports(layout)) == []
    assert read(layout.decisions_dir / "*.parquet") == []
    assert read(layout.events_dir / "*.parquet") == []
    assert read(layout.trials_file) == []


def test_a_running_sweep_with_late_and_widening_columns(
    read: Read, layout: SweepLayout, writer: SweepWriter, report_of: ReportOf
) -> None:
    for iteration in range(1, 8):
        metrics: dict[str, Any] = {"loss": 1.0 / iteration}
        if iteration >= 4:
            metrics["late"] = iteration
        if iteration >= 3:
            metrics["mixed"] = 0.5 if iteration < 6 else "text"
        if iteration == 2:
            metrics["flag"] = True
        writer.report(report_of("a", iteration, **metrics))
        writer.flush()
        rows = read(reports(layout))
        assert [row["training_iteration"] for row in rows] == list(range(1, iteration + 1))
        assert [row["loss"] for row in rows] == [1.0 / i for i in range(1, iteration + 1)]
        if iteration >= 4:
            assert [is_null(row["late"]) for row in rows] == [
                i < 4 for i in range(1, iteration + 1)
            ]
    assert len(list(layout.reports_dir.iterdir())) == 4
    assert [json.loads(row["mixed"]) for row in rows[2:]] == [0.5, 0.5, 0.5, "text", "text"]
    assert rows[1]["flag"] is True


def is_null(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def test_values_of_every_kind(
    read: Read, layout: SweepLayout, writer: SweepWriter, report_of: ReportOf
) -> None:
    metrics = {
        "nan": math.nan,
        "inf": -math.inf,
        "list": [1, 2.5],
        "names": ["é", "日本"],
        "text": "naïve 🙂",
        "nested": {"deep": {"x": 3}},
        'odd name\'s "quotes" / {and} % more': 1,
        "Loss": 1,
        "loss": 2,
    }
    for iteration in (1, 2, 3):
        writer.report(report_of("a", iteration, **metrics))
    writer.flush()
    row = read(reports(layout))[-1]
    assert math.isnan(row["nan"])
    assert row["inf"] == -math.inf
    assert list(row["list"]) == [1.0, 2.5]
    assert list(row["names"]) == ["é", "日本"]
    assert row["text"] == "naïve 🙂"
    assert row["nested/deep/x"] == 3.0
    assert row['odd name\'s "quotes" / {and} % more'] == 1.0
    assert row["Loss"] == 1.0


def test_trials_with_conditional_and_changing_hyperparameters(
    read: Read, layout: SweepLayout, writer: SweepWriter
) -> None:
    configs: list[dict[str, Any]] = [
        {"lr": 1, "optimizer": {"name": "sgd", "momentum": 0.9}, "sizes": [64]},
        {"lr": 0.5, "optimizer": {"name": "adam"}, "sizes": []},
        {"lr": None, "optimizer": {"name": "adam"}, "stop": "early"},
        {"stop": 3},
    ]
    for index, config in enumerate(configs):
        writer.trial(f"t{index}", config=config, status="RUNNING", seed=2**60)
        writer.flush()
        assert len(read(layout.trials_file)) == index + 1
    rows = read(layout.trials_file)
    assert [row["config/lr"] for row in rows[:2]] == [1.0, 0.5]
    assert all(is_null(row["config/lr"]) for row in rows[2:])
    assert [row["config/optimizer/name"] for row in rows[:3]] == ["sgd", "adam", "adam"]
    assert [json.loads(row["config/stop"]) for row in rows[2:]] == ["early", 3]
    assert list(rows[0]["config/sizes"]) == [64]
    assert [json.loads(row["config"]) for row in rows] == configs
    assert rows[0]["seed"] == 2**60


def test_what_happened_is_one_sequence_over_the_tables(
    read: Read, layout: SweepLayout, writer: SweepWriter, report_of: ReportOf
) -> None:
    writer.event({"event": "began", "timestamp": 1.5})
    for iteration in (1, 2, 3):
        writer.report(report_of("a", iteration, loss=1.0))
        writer.event({"trial_id": "a", "event": "saved", "details": {"at": (iteration, math.inf)}})
    writer.decision({"trial_id": "a", "decision": "STOP"})
    writer.flush()
    events = read(layout.events_dir / "*.parquet")
    assert [row["event"] for row in events] == ["began", "saved", "saved", "saved"]
    assert [is_null(row["trial_id"]) for row in events] == [True, False, False, False]
    assert json.loads(events[1]["details"]) == {"at": {"$tuple": [1, math.inf]}}
    assert [row["seq"] for row in events] == [0, 2, 4, 6]
    assert [row["seq"] for row in read(reports(layout))] == [1, 3, 5]
    assert [row["seq"] for row in read(layout.decisions_dir / "*.parquet")] == [7]


def test_what_a_killed_writer_left_behind_is_ignored(
    read: Read, layout: SweepLayout, writer: SweepWriter, report_of: ReportOf
) -> None:
    writer.report(report_of("a", 1, loss=1.0))
    writer.flush()
    (layout.reports_dir / ".part-00000.parquet.tmp").write_bytes(b"half")
    (layout.root / ".trials.parquet.tmp").write_bytes(b"half")
    assert len(read(reports(layout))) == 1
    assert len(read(layout.trials_file)) == 1
