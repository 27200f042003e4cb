from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuner.errors import ReportError, StorageError
from tuner.store import dataset
from tuner.store.dataset import PartWriter, read_schema, read_table, write_slices
from tuner.store.layout import SweepLayout
from tuner.store.schema import rows_of

Same = Callable[[Any, Any], bool]

FIXED = pa.schema({"trial_id": pa.string()})


def parts(folder: Path) -> list[pa.Table]:
    return [read_table(path) for path in SweepLayout.parts(folder)]


def stored(folder: Path) -> list[dict[str, Any]]:
    return [row for part in parts(folder) for row in rows_of(part)]


def row(index: int, **values: Any) -> dict[str, Any]:
    return {"trial_id": f"t{index}", **values}


def test_an_empty_dataset_can_be_opened(tmp_path: Path) -> None:
    writer = PartWriter(tmp_path, FIXED)
    writer.flush()
    writer.flush()
    assert [part.schema for part in parts(tmp_path)] == [FIXED]
    assert stored(tmp_path) == []


def test_rows_reach_the_disk_at_a_flush_only(tmp_path: Path) -> None:
    writer = PartWriter(tmp_path, FIXED, rows_per_part=2)
    for index in range(5):
        writer.append(row(index))
    assert stored(tmp_path) == []
    writer.flush()
    assert stored(tmp_path) == [row(index) for index in range(5)]


def test_the_number_of_files_follows_from_the_rows_alone(tmp_path: Path) -> None:
    writer = PartWriter(tmp_path, FIXED, rows_per_part=3)
    for index in range(7):
        writer.append(row(index))
        writer.flush()
        writer.flush()
        assert [len(part) for part in parts(tmp_path)] == [3] * ((index + 1) // 3) + (
            [(index + 1) % 3] if (index + 1) % 3 else []
        )
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        f"part-0000{index}.parquet" for index in range(3)
    ]


def test_a_flush_without_new_rows_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = PartWriter(tmp_path, FIXED)
    writer.append(row(0))
    writer.flush()
    monkeypatch.setattr(dataset, "write_table", None)
    writer.flush()


def test_sealed_parts_gain_a_late_column(tmp_path: Path) -> None:
    writer = PartWriter(tmp_path, FIXED, rows_per_part=2)
    for index in range(5):
        writer.append(row(index, loss=0.5))
    writer.flush()
    writer.append(row(5, loss=0.5, late=1.0))
    writer.flush()
    schemas = [part.schema for part in parts(tmp_path)]
    assert schemas[0].names == ["trial_id", "loss", "late"]
    assert schemas == [schemas[0]] * 3
    assert stored(tmp_path)[-1] == row(5, loss=0.5, late=1.0)
    assert stored(tmp_path)[0] == row(0, loss=0.5)


def test_sealed_parts_widen_without_loss(tmp_path: Path, same: Same) -> None:
    writer = PartWriter(tmp_path, FIXED, rows_per_part=1)
    values = [None, 1, 2, 0.5, math.nan, -math.inf, "text", True, [1, 2.5], {"a": [None]}, 2**70]
    for index, value in enumerate(values):
        writer.append(row(index, x=value))
        writer.flush()
        types = {str(part.schema.field("x")) for part in parts(tmp_path) if index}
        assert len(types) <= 1
    expected = [None, 1.0, 2.0, *values[3:]]  # the ints were floats before they became JSON
    assert same([stored_row.get("x") for stored_row in stored(tmp_path)], expected)


def test_ints_that_float64_cannot_hold_are_not_rounded(tmp_path: Path) -> None:
    writer = PartWriter(tmp_path, FIXED, rows_per_part=1)
    for value in (2**53 + 1, 0.5):
        writer.append(row(0, x=value))
        writer.flush()
    assert [stored_row["x"] for stored_row in stored(tmp_path)] == [2**53 + 1, 0.5]


def test_parts_already_widened_are_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = PartWriter(tmp_path, FIXED, rows_per_part=1)
    for index in range(3):
        writer.append(row(index, x=index))
        writer.flush()
    sealed = SweepLayout.parts(tmp_path)
    inodes = [path.stat().st_ino for path in sealed]
    with monkeypatch.context() as patch:
        patch.setattr(dataset, "read_table", None)
        writer.append(row(3, x=3))
        writer.flush()
    assert [path.stat().st_ino for path in sealed] == inodes
    assert stored(tmp_path) == [row(index, x=index) for index in range(4)]


def test_many_rows_between_two_flushes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset, "_ROWS_PER_CHUNK", 7)
    writer = PartWriter(tmp_path, FIXED, rows_per_part=10)
    rows = [row(index, **({"x": index} if index < 20 else {"x": "text"})) for index in range(45)]
    for each in rows:
        writer.append(each)
    writer.flush()
    assert stored(tmp_path) == rows
    assert [len(part) for part in parts(tmp_path)] == [10, 10, 10, 10, 5]


def test_rows_that_come_as_columns_keep_their_place(tmp_path: Path) -> None:
    writer = PartWriter(tmp_path, FIXED, rows_per_part=3)
    writer.append(row(0))
    writer.extend(pa.table({"trial_id": ["t1", "t2", "t3"], "x": [1, 2, 3]}))
    writer.flush()
    writer.append(row(4))
    writer.extend(pa.table({"trial_id": ["t5", "t6"], "x": [0.5, None]}))
    writer.flush()
    wanted = [row(0), row(1, x=1.0), row(2, x=2.0), row(3, x=3.0), row(4), row(5, x=0.5), row(6)]
    assert stored(tmp_path) == wanted
    assert [len(part) for part in parts(tmp_path)] == [3, 3, 1]


def test_a_table_in_slices_is_whole_or_not_there(tmp_path: Path) -> None:
    path, slices = tmp_path / "t.parquet", [pa.table({"x": [1.0]}), pa.table({"x": [2.0, 3.0]})]
    write_slices(slices, slices[0].schema, path)
    assert read_table(path)["x"].to_pylist() == [1.0, 2.0, 3.0]

    def broken() -> Iterator[pa.Table]:
        yield slices[0]
        raise OSError(28, "No space left on device")

    with pytest.raises(StorageError, match="No space left"):
        write_slices(broken(), slices[0].schema, path)
    assert read_table(path)["x"].to_pylist() == [1.0, 2.0, 3.0]
    assert [file.name for file in tmp_path.iterdir()] == ["t.parquet"]


def test_a_refused_row_leaves_no_trace(tmp_path: Path) -> None:
    writer = PartWriter(tmp_path, pa.schema({"epoch": pa.float64()}))
    writer.append({"epoch": 1})
    with pytest.raises(ReportError, match="'three'"):
        writer.coerced({"epoch": "three", "loss": 1.0})
    writer.flush()
    assert stored(tmp_path) == [{"epoch": 1.0}]
    assert parts(tmp_path)[0].column_names == ["epoch"]


def test_a_full_disk_loses_no_row(tmp_path: Path) -> None:
    writer = PartWriter(tmp_path, FIXED, rows_per_part=2)
    rows = [row(index, x=index) for index in range(5)]
    for each in rows[:3]:
        writer.append(each)
    writer.flush()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "replace", refuse_from(0))
        writer.append(rows[3])
        with pytest.raises(StorageError, match="No space left"):
            writer.flush()
        writer.append(rows[4])
        assert stored(tmp_path) == rows[:3]
    writer.flush()
    assert stored(tmp_path) == rows
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("allowed", range(5))
def test_a_disk_that_fills_up_while_parts_are_widened(tmp_path: Path, allowed: int) -> None:
    writer = PartWriter(tmp_path, FIXED, rows_per_part=1)
    rows = [row(index, x=float(index)) for index in range(3)]
    for each in rows:
        writer.append(each)
    writer.flush()
    rows.append(row(3, x="text"))
    writer.append(rows[3])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "replace", refuse_from(allowed))
        if allowed < 4:  # one new part, three to widen
            with pytest.raises(StorageError, match="No space left"):
                writer.flush()
            assert stored(tmp_path)[:3] == rows[:3]
            first = parts(tmp_path)[0]
            assert first.schema.field("x").type == pa.float64()  # it changes last
    writer.flush()
    assert stored(tmp_path) == rows
    assert len({str(part.schema.field("x").metadata) for part in parts(tmp_path)}) == 1


def refuse_from(allowed: int) -> Callable[[Path, Path], Path]:
    """Return a `Path.replace` that works ``allowed`` times and then finds the disk full."""
    replace, done = Path.replace, 0

    def replacing(self: Path, target: Path) -> Path:
        nonlocal done
        if done >= allowed:
            raise OSError(28, "No space left on device")
        done += 1
        return replace(self, target)

    return replacing


def test_what_a_killed_writer_left_behind_is_no_part(tmp_path: Path) -> None:
    (tmp_path / ".part-00000.parquet.tmp").write_bytes(b"half a fi")
    writer = PartWriter(tmp_path, FIXED)
    writer.append(row(0))
    writer.flush()
    assert stored(tmp_path) == [row(0)]
    assert pq.read_table(tmp_path).num_rows == 1


def test_a_folder_named_like_a_hive_partition_adds_no_column(tmp_path: Path) -> None:
    folder = tmp_path / "lr=0.1"
    folder.mkdir()
    PartWriter(folder, FIXED).flush()
    assert parts(folder)[0].column_names == ["trial_id"]


def test_a_file_that_is_no_parquet_is_named(tmp_path: Path) -> None:
    path = tmp_path / "part-00000.parquet"
    path.write_bytes(b"not parquet at all")
    for read in (read_table, read_schema):
        with pytest.raises(StorageError, match=r"cannot read .*part-00000\.parquet"):
            read(path)


STEPS = st.lists(
    st.just("flush")
    | st.dictionaries(
        st.sampled_from("xy"),
        st.floats() | st.text(max_size=2) | st.lists(st.floats(), max_size=2),
        max_size=2,
    ),
    max_size=12,
)


@given(STEPS, st.integers(1, 4))
@settings(deadline=None, max_examples=60)
def test_every_flush_leaves_all_rows_once_and_one_schema(
    same: Same, steps: list[Any], rows_per_part: int
) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        writer = PartWriter(folder, FIXED, rows_per_part=rows_per_part)
        rows: list[dict[str, Any]] = []
        for step in [*steps, "flush"]:
            if step != "flush":
                rows.append(row(len(rows), **step))
                writer.append(rows[-1])
                continue
            writer.flush()
            assert same([dict(sorted(each.items())) for each in stored(folder)], canonical(rows))
            assert len({str(part.schema) for part in parts(folder)}) == 1
            assert len(parts(folder)) == max(1, math.ceil(len(rows) / rows_per_part))


def canonical(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [dict(sorted(each.items())) for each in rows]
