"""The history of a sweep is whole and in order, wherever its rows are."""

from __future__ import annotations

import threading
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted import OPTIONS, SCRIPT, alike, new_layout, perform, report

from tuner.errors import StorageError
from tuner.store import SweepLayout, SweepWriter, dataset, load
from tuner.store.history import read_history
from tuner.store.journal import Record

HAPPENED = [
    (name, arguments) for name, arguments in SCRIPT if name in ("report", "decision", "event")
]


def as_given(record: Record) -> dict[str, Any]:
    """Return a record's row with its metrics nested again, which are flat in the store."""
    row = dict(record.row)
    if "nested/x/y" in row:
        row["nested"] = {"x": {"y": row.pop("nested/x/y")}}
    return row


def without_nulls(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if value is not None}


@given(st.sets(st.integers(0, len(SCRIPT))), st.booleans())
@settings(deadline=None, max_examples=30)
def test_everything_comes_once_and_in_order_wherever_it_is(flushes: set[int], closed: bool) -> None:
    with TemporaryDirectory() as name:
        layout = new_layout(Path(name))
        writer = SweepWriter(layout, **OPTIONS)
        for number, step in enumerate(SCRIPT):
            if step[0] != "flush":
                perform(writer, [step])
            if number in flushes:
                writer.flush()
        if closed:
            writer.close()
        records = list(read_history(layout))
    assert [record.kind for record in records] == [name for name, _ in HAPPENED]
    seqs = [record.seq for record in records]
    assert seqs == sorted(set(seqs))
    for record, (_, row) in zip(records, HAPPENED, strict=True):
        assert alike(as_given(record), without_nulls(row))


def test_the_types_are_those_that_a_resumed_sweep_needs(tmp_path: Path) -> None:
    layout = new_layout(tmp_path)
    writer = SweepWriter(layout, **OPTIONS)
    details = {"config": {"n": 1, "lr": 1.0, "sizes": (1, [2])}, "none": None}
    for step in (
        report("a", 1, loss=1, flag=True),
        ("event", {"event": "x", "details": details}),
    ):
        perform(writer, [step])
    in_journal = [record.row for record in read_history(layout)]
    writer.close()
    in_parquet = [record.row for record in read_history(layout)]
    for reported, happened in (in_journal, in_parquet):
        kinds = {name: type(value) for name, value in reported.items()}
        assert kinds["training_iteration"] is int
        assert kinds["loss"] is float
        assert kinds["flag"] is bool
        config = happened["details"]["config"]
        assert (type(config["n"]), type(config["lr"])) == (int, float)
        assert config["sizes"] == (1, [2])
        assert happened["details"]["none"] is None


def test_a_long_part_is_read_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    layout = new_layout(tmp_path)
    writer = SweepWriter(layout, **{**OPTIONS, "rows_per_part": 1000})
    perform(writer, [report("a", iteration, loss=1.0) for iteration in range(1, 31)])
    writer.close()
    monkeypatch.setattr(dataset, "_ROWS_PER_CHUNK", 7)
    path = layout.part(layout.reports_dir, 0)
    assert [len(table) for table in dataset.read_batches(path)] == [7, 7, 7, 7, 2]
    assert len(list(read_history(layout))) == 30


def test_no_rows_are_no_history(tmp_path: Path) -> None:
    layout = new_layout(tmp_path)
    assert list(read_history(layout)) == []
    SweepWriter(layout, **OPTIONS)
    assert list(read_history(layout)) == []


def test_rows_without_order_are_no_history() -> None:
    layout = SweepLayout(Path(__file__).parent / "data" / "schema-1")
    with pytest.raises(StorageError, match=r"part-00000\.parquet is of schema version 1"):
        list(read_history(layout))


def test_a_reader_misses_and_doubles_nothing_while_a_writer_flushes(tmp_path: Path) -> None:
    def write() -> None:
        writer = SweepWriter(layout, **OPTIONS)
        for iteration in range(1, 301):
            perform(writer, [report("a", iteration, loss=1.0)])
            written.append(iteration)
            if iteration % 4 == 0:
                writer.flush()

    layout = new_layout(tmp_path)
    written = [0]
    thread = threading.Thread(target=write)
    thread.start()
    while thread.is_alive():
        least = written[-1]
        for seen in (
            load(layout.root).reports()["training_iteration"].tolist(),
            [record.row["training_iteration"] for record in read_history(layout)],
        ):
            assert seen == list(range(1, len(seen) + 1))
            assert len(seen) >= least
        trials = load(layout.root).trials()["iterations"].tolist()
        assert (trials or [0])[0] >= least
    thread.join()
    assert len(list(read_history(layout))) == 300
