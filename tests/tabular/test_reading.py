"""Tables in: files, DataFrames, and what is none."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from tuner.errors import SpecError, StorageError
from tuner.tabular.reading import digest, read_table


def test_a_file_is_the_table_that_was_written(tmp_path: Path, flowers: pd.DataFrame) -> None:
    flowers.to_csv(tmp_path / "flowers.csv", index=False)
    flowers.to_parquet(tmp_path / "flowers.parquet")
    pd.testing.assert_frame_equal(read_table(tmp_path / "flowers.parquet"), flowers)
    words = ["row", "place", "seen", "kind"]  # what text keeps to the letter
    pd.testing.assert_frame_equal(read_table(str(tmp_path / "flowers.csv"))[words], flowers[words])


def test_a_frame_is_copied_and_its_rows_are_numbered_anew() -> None:
    given = pd.DataFrame({1: [1, 2], "mixed": ["a", 2]}, index=[7, 7])
    read = read_table(given)
    assert list(read.columns) == ["1", "mixed"]
    assert read.index.tolist() == [0, 1]
    assert read["mixed"].tolist() == ["a", "2"]
    read.loc[0, "1"] = 5
    assert given[1].tolist() == [1, 2]


def test_objects_of_one_kind_become_that_kind() -> None:
    frame = read_table(pd.DataFrame({"x": [1, 2.5], "b": [True, None]}, dtype=object))
    assert frame["x"].tolist() == [1, 2.5]
    assert frame["x"].dtype == float
    assert frame["b"].tolist() == [True, None]


def test_other_contents_have_another_digest(flowers: pd.DataFrame) -> None:
    assert digest(flowers) == digest(flowers.copy())
    assert digest(flowers) != digest(flowers.iloc[1:])
    assert digest(flowers) != digest(flowers.rename(columns={"length": "width"}))


def test_what_is_no_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"a file of \.csv or \.parquet.*got 'table\.xlsx'"):
        read_table("table.xlsx")
    with pytest.raises(StorageError, match="cannot read a table from"):
        read_table(tmp_path / "none.csv")
    with pytest.raises(SpecError, match="rows and columns, got 0 x 1"):
        read_table(pd.DataFrame({"a": []}))
    with pytest.raises(SpecError, match="got 'a' twice"):
        read_table(pd.DataFrame([[1, 2]], columns=["a", "a"]))
    (tmp_path / "twice.csv").write_text("a,b,a,y,b,,\n1,2,3,4,5,6,7\n")
    with pytest.raises(SpecError, match="got 'a', 'b' twice; rename"):
        read_table(tmp_path / "twice.csv")
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(StorageError, match="cannot read a table from"):
        read_table(tmp_path / "empty.csv")
    (tmp_path / "torn.parquet").write_bytes(b"PAR1")
    with pytest.raises(StorageError, match="cannot read a table from"):
        read_table(tmp_path / "torn.parquet")
