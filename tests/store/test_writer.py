from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tuner.errors import ReportError, SpecError, StorageError
from tuner.store import Sweep, SweepLayout, SweepWriter, write_spec
from tuner.store.dataset import read_table
from tuner.store.schema import rows_of

ReportOf = Callable[..., dict[str, Any]]


class Clock:
    """Seconds that pass when told to; each reading costs ``step``."""

    def __init__(self) -> None:
        self.now = 0.0
        self.step = 0.0

    def __call__(self) -> float:
        self.now += self.step
        return self.now


def reports(layout: SweepLayout) -> list[dict[str, Any]]:
    return [row for path in layout.parts(layout.reports_dir) for row in rows_of(read_table(path))]


def test_a_report_becomes_a_row_and_part_of_its_trial(
    writer: SweepWriter, layout: SweepLayout, report_of: ReportOf
) -> None:
    writer.report(report_of("a", 1, loss=np.float32(0.5), eval={"top": {1: 3}}, done=False))
    writer.flush()
    assert reports(layout) == [
        {
            "trial_id": "a",
            "attempt": 1,
            "training_iteration": 1,
            "epoch": 1.0,
            "time_total_s": 0.5,
            "timestamp": 1001.0,
            "seq": 0,
            "loss": 0.5,
            "eval/top/1": 3.0,
            "done": False,
        }
    ]
    assert rows_of(read_table(layout.trials_file)) == [
        {
            "trial_id": "a",
            "iterations": 1,
            "best_iteration": 1,
            "seconds": 0.5,
            "attempts": 1,
            "last/loss": 0.5,
            "last/eval/top/1": 3.0,
            "best/loss": 0.5,
            "best/eval/top/1": 3.0,
        }
    ]


def test_metrics_of_every_kind_survive(
    writer: SweepWriter, layout: SweepLayout, report_of: ReportOf
) -> None:
    metrics = {
        "nan": math.nan,
        "inf": -math.inf,
        "list": [1, math.nan, -math.inf],
        "array": np.arange(2),
        "names": ["a", "b"],
        "dicts": [{"x": math.inf}],
        "flag": np.bool_(True),
        "text": "naïve 日本 🙂",
        "none": None,
        "empty": [],
        "": 1,
        "q'\"`; drop": 2,
    }
    writer.report(report_of("a", 1, **metrics))
    writer.flush()
    row = reports(layout)[0]
    assert math.isnan(row["nan"])
    assert row["inf"] == -math.inf
    assert row["list"][0] == 1.0
    assert math.isnan(row["list"][1])
    assert row["array"] == [0.0, 1.0]
    assert row["names"] == ["a", "b"]
    assert row["dicts"] == [{"x": math.inf}]
    assert row["flag"] is True
    assert row["text"] == metrics["text"]
    assert "none" not in row
    assert row["empty"] == []
    assert row[""] == 1.0
    assert row["q'\"`; drop"] == 2.0


def test_a_fixed_column_can_be_the_tuned_metric(layout: SweepLayout, report_of: ReportOf) -> None:
    writer = SweepWriter(layout, metric="time_total_s", mode="max", time_attr="epoch")
    writer.report(report_of("a", 1, acc=1))
    writer.report(report_of("a", 3, acc=2))
    writer.flush()
    row = rows_of(read_table(layout.trials_file))[0]
    assert row["best/time_total_s"] == 1.5
    assert row["best/acc"] == 2.0
    assert "time_total_s" not in row


def test_a_time_attr_that_is_no_number_is_refused_before_anything_is_kept(
    writer: SweepWriter, layout: SweepLayout, report_of: ReportOf
) -> None:
    with pytest.raises(ReportError, match="column 'epoch' holds double numbers; received 'one'"):
        writer.report({**report_of("a", 1, loss=1.0), "epoch": "one"})
    writer.flush()
    assert reports(layout) == []
    assert rows_of(read_table(layout.trials_file)) == []


def test_a_metric_with_the_name_of_the_order_is_refused(
    writer: SweepWriter, report_of: ReportOf
) -> None:
    with pytest.raises(ReportError, match=r"'seq' is the store's own column.*\(3\).*another"):
        writer.report(report_of("a", 1, loss=1.0, seq=3))


def test_a_config_that_comes_after_the_reports_is_that_of_the_trial(
    writer: SweepWriter, layout: SweepLayout, report_of: ReportOf
) -> None:
    writer.report(report_of("a", 1, loss=1.0))
    writer.trial("a", config={"lr": 1})
    writer.flush()
    (row,) = rows_of(read_table(layout.trials_file))
    assert row["config"] == {"lr": 1}
    assert "best_config" not in row


def test_decisions_keep_their_reason_and_details(writer: SweepWriter, layout: SweepLayout) -> None:
    details = {"rung": 3, "value": math.nan, "cutoff": 0.5, "config": {"sizes": (1, 2)}}
    decision = {
        "trial_id": "a",
        "attempt": 1,
        "training_iteration": 3,
        "time": 3.0,
        "decision": "STOP",
        "reason": "nan is not among the best third",
        "timestamp": 1.5,
    }
    writer.decision({**decision, "details": details})
    details["rung"] = 9
    writer.flush()
    (row,) = rows_of(read_table(layout.part(layout.decisions_dir, 0)))
    stored = row.pop("details")
    assert row == decision | {"seq": 0}
    assert stored["rung"] == 3
    assert math.isnan(stored["value"])
    assert stored["config"] == {"sizes": (1, 2)}


def test_flushes_come_at_their_interval(layout: SweepLayout, report_of: ReportOf) -> None:
    clock = Clock()
    writer = SweepWriter(
        layout, metric="loss", mode="min", time_attr="epoch", flush_every_s=5.0, clock=clock
    )
    writer.report(report_of("a", 1, loss=1.0))
    clock.now = 4.9
    writer.maybe_flush()
    assert reports(layout) == []
    clock.now = 5.0
    writer.maybe_flush()
    assert len(reports(layout)) == 1


def test_slow_flushes_come_less_often(layout: SweepLayout, report_of: ReportOf) -> None:
    clock = Clock()
    writer = SweepWriter(layout, metric="loss", mode="min", time_attr="epoch", clock=clock)
    clock.now, clock.step = 5.0, 1.0
    writer.flush()  # takes some seconds, so the next one waits for 9, and not for 5
    clock.step = 0.0
    writer.report(report_of("a", 1, loss=1.0))
    ended = clock.now
    clock.now = ended + 8.9
    writer.maybe_flush()
    assert reports(layout) == []
    clock.now = ended + 9.0
    writer.maybe_flush()
    assert len(reports(layout)) == 1


def test_a_full_disk_is_one_clear_line_and_loses_nothing(
    layout: SweepLayout, report_of: ReportOf
) -> None:
    clock = Clock()
    writer = SweepWriter(layout, metric="loss", mode="min", time_attr="epoch", clock=clock)
    writer.report(report_of("a", 1, loss=1.0))
    writer.decision({"trial_id": "a", "decision": "STOP"})
    writer.trial("a", status="TERMINATED")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "replace", _refuse)
        clock.now = 5.0
        with pytest.raises(StorageError, match="No space left on device") as raised:
            writer.maybe_flush()
        assert "\n" not in str(raised.value)
        writer.maybe_flush()  # not again before the interval has passed
        with pytest.raises(StorageError):
            writer.close()
    writer.report(report_of("a", 2, loss=2.0))
    writer.close()
    sweep = Sweep(layout.root)
    assert sweep.reports()["loss"].tolist() == [1.0, 2.0]
    assert sweep.decisions()["decision"].tolist() == ["STOP"]
    assert sweep.trials()["status"].tolist() == ["TERMINATED"]
    assert not list(layout.root.rglob(".*"))


def _refuse(self: Path, target: Path) -> Path:
    raise OSError(28, "No space left on device")


def test_close_writes_the_rest_and_can_be_repeated(
    writer: SweepWriter, layout: SweepLayout, report_of: ReportOf
) -> None:
    writer.report(report_of("a", 1, loss=1.0))
    writer.close()
    written = {path: path.stat().st_ino for path in layout.root.rglob("*.parquet")}
    writer.close()
    assert {path: path.stat().st_ino for path in layout.root.rglob("*.parquet")} == written
    assert len(reports(layout)) == 1


def test_the_number_of_files_does_not_grow_with_the_trials(
    writer: SweepWriter, layout: SweepLayout, report_of: ReportOf
) -> None:
    before = sorted(layout.root.rglob("*"))
    for index in range(50):
        writer.trial(f"t{index}", config={"lr": 0.1 * index}, status="RUNNING")
        writer.report(report_of(f"t{index}", 1, loss=float(index)))
        writer.flush()
    assert sorted(layout.root.rglob("*")) == before


def test_a_second_writer_overwrites_nothing(writer: SweepWriter, layout: SweepLayout) -> None:
    with pytest.raises(StorageError, match="already holds parts"):
        SweepWriter(layout, metric="loss", mode="min", time_attr="epoch")


def test_a_bad_direction_is_refused_before_a_file_is_made(tmp_path: Path) -> None:
    layout = SweepLayout.create(tmp_path / "s")
    with pytest.raises(SpecError, match="received 'lowest'"):
        SweepWriter(layout, metric="loss", mode="lowest", time_attr="epoch")  # type: ignore[arg-type]
    assert not list(layout.root.rglob("*.parquet"))


def test_the_spec_is_json_that_python_reads_back(layout: SweepLayout) -> None:
    spec = {"metric": "日本", "budget": math.inf, "seed": np.int64(3), "trainable": Clock}
    write_spec(layout, {"spec": spec, "state": "running"})
    content = json.loads(layout.spec_file.read_text(encoding="utf-8"))
    assert content == {
        "schema_version": 3,
        "spec": {**spec, "seed": 3, "trainable": f"{__name__}.Clock"},
        "state": "running",
    }


def test_a_spec_that_cannot_be_written_leaves_the_old_one(
    layout: SweepLayout, full_disk: pytest.MonkeyPatch
) -> None:
    before = layout.spec_file.read_bytes()
    with pytest.raises(StorageError, match=r"sweep\.json: No space left"):
        write_spec(layout, {"spec": {}})
    assert layout.spec_file.read_bytes() == before
