from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from tuner.errors import StorageError, SweepExistsError
from tuner.store.layout import SweepLayout, write_atomically


def test_create_makes_the_folders_of_a_new_sweep(tmp_path: Path) -> None:
    layout = SweepLayout.create(tmp_path / "deep" / "sweep")
    assert layout.reports_dir.is_dir()
    assert layout.decisions_dir.is_dir()
    assert layout.events_dir.is_dir()
    assert layout.journal_dir.is_dir()
    assert layout.checkpoints_dir.is_dir()
    assert not layout.spec_file.exists()


def test_create_takes_an_empty_folder(tmp_path: Path) -> None:
    assert SweepLayout.create(tmp_path).reports_dir.is_dir()


def test_create_never_overwrites_a_sweep(layout: SweepLayout) -> None:
    before = layout.spec_file.read_bytes()
    with pytest.raises(SweepExistsError, match=r"never overwrites.*--name.*tuner show") as raised:
        SweepLayout.create(layout.root)
    assert str(layout.root) in str(raised.value)
    assert layout.spec_file.read_bytes() == before


def test_create_never_fills_a_folder_that_holds_something_else(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(SweepExistsError, match=r"not empty.*--name"):
        SweepLayout.create(tmp_path)


@pytest.mark.parametrize("name", ["file", "file/sweep"])
def test_create_names_the_file_in_the_way(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match=r"cannot make .*(exists|Not a directory).*storage"):
        SweepLayout.create(tmp_path / name)


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES, errno.ENOSPC])
def test_create_says_why_the_system_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refuse(self: Path, **options: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(StorageError, match=os.strerror(code)) as raised:
        SweepLayout.create(tmp_path / "sweep")
    assert "\n" not in str(raised.value)


def test_parts_are_in_the_order_of_their_index_beyond_five_digits(tmp_path: Path) -> None:
    indices = [2, 100_000, 99_999, 10]
    for index in indices:
        SweepLayout.part(tmp_path, index).touch()
    (tmp_path / ".part-00000.parquet.tmp").touch()
    (tmp_path / "foreign.parquet").touch()
    expected = [SweepLayout.part(tmp_path, index) for index in sorted(indices)]
    assert SweepLayout.parts(tmp_path) == expected


def test_leftovers_of_a_killed_writer_are_removed_and_nothing_else(tmp_path: Path) -> None:
    layout = SweepLayout.create(tmp_path / "s")
    left = [layout.root / ".sweep.json.tmp", layout.events_dir / ".part-00000.parquet.tmp"]
    kept = [layout.checkpoints_dir / ".x.tmp", layout.root / "notes.tmp", layout.root / ".hidden"]
    for path in (*left, *kept):
        path.touch()
    layout.remove_leftovers()
    assert not any(path.exists() for path in left)
    assert all(path.exists() for path in kept)


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"a long first version")
    write_atomically(path, b"second")
    assert path.read_bytes() == b"second"
    assert list(tmp_path.iterdir()) == [path]


def test_a_refused_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, full_disk: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with pytest.raises(StorageError, match=r"cannot write .*file: No space left on device"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_is_gone_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="No such file"):
        write_atomically(tmp_path / "gone" / "file", b"")
