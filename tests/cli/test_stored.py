"""Reading a sweep part by part while it is written."""

from __future__ import annotations

import math
import threading
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tuner.cli.stored import columns, count_rows, parts, rows_of_trial
from tuner.store import Sweep, SweepLayout, SweepWriter, load, write_spec


@pytest.fixture
def many_parts(sweep_folder: Path, tmp_path: Path) -> Sweep:
    """Return a sweep whose reports lie in several files."""
    layout = SweepLayout.create(tmp_path / "many")
    SweepWriter(layout, metric="loss", mode="min", time_attr="epoch").close()
    write_spec(layout, {"schema_version": 1, "spec": load(sweep_folder).spec.to_json()})
    (empty,) = layout.reports_dir.iterdir()
    whole = pq.read_table(sweep_folder / "reports")
    for number in range(4):
        pq.write_table(whole.slice(2 * number, 2), layout.part(layout.reports_dir, number))
    assert empty.exists()
    return load(layout.root)


def test_rows_come_in_the_order_of_writing(many_parts: Sweep) -> None:
    values = columns(many_parts, "reports", ["trial_id", "loss", "unknown"])
    assert values["trial_id"] == ["t1", "t1", "t1", "t2", "t4", "t4", "t4", "t5"]
    assert values["loss"][:-1] == [0.9, 0.5, 0.25, 0.95, 0.8, 0.7, math.inf]
    assert values["unknown"] == [None] * 8
    assert count_rows(many_parts, "reports") == 8


def test_the_rows_of_one_trial_lack_what_is_absent(many_parts: Sweep) -> None:
    rows = rows_of_trial(many_parts, "reports", "t4")
    assert [row["epoch"] for row in rows] == [1.0, 2.0, 3.0]
    assert rows_of_trial(many_parts, "reports", "t3") == []


def test_parts_may_be_replaced_while_they_are_read(many_parts: Sweep) -> None:
    file = Path(many_parts.dataset("reports").files[-1])
    small = pq.read_table(file)
    large = pa.concat_tables([small] * 500)
    ended = threading.Event()

    def keep_replacing() -> None:
        while not ended.is_set():
            for table in (small, large):
                pq.write_table(table, file.with_suffix(".new"))
                file.with_suffix(".new").replace(file)

    writer = threading.Thread(target=keep_replacing)
    writer.start()
    try:
        lengths = {
            sum(len(part) for part in parts(many_parts.dataset("reports"))) for _ in range(200)
        }
    finally:
        ended.set()
        writer.join()
    assert lengths <= {8, 6 + 2 * 500}
