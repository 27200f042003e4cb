"""A data set comes into the cache from the web or from a copy, whole or not at all."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tuner.errors import DataError, MissingDependencyError, SpecError
from tuner.public_data import DATA_SETS, DataSet, data_set, fetch, find_data, origins

Filled = Callable[[Path, tuple[str, ...]], Path]


@pytest.fixture
def published(web: Any, monkeypatch: pytest.MonkeyPatch) -> DataSet:
    """A data set ``tiny`` of two files, which the web has."""
    own = DataSet(
        name="tiny",
        summary="",
        origin="",
        licence="",
        files=("a.bin", "b.bin"),
        originals=(web.original("a.bin"), web.original("b.bin")),
    )
    monkeypatch.setattr(origins, "DATA_SETS", {"tiny": own})
    return own


def test_it_is_downloaded_once(published: DataSet, web: Any, cache: Path, content: bytes) -> None:
    folder = fetch("tiny")

    assert folder == cache / "tiny" == find_data("tiny") == fetch("tiny")
    assert [(folder / name).read_bytes() for name in published.files] == [content, content]
    assert len(web.asked) == 2


def test_a_file_that_is_there_is_not_downloaded_again(
    published: DataSet, web: Any, cache: Path
) -> None:
    folder = fetch("tiny")
    (folder / "a.bin").unlink()

    fetch("tiny")

    assert len(web.asked) == 3


def test_without_a_web_nothing_is_there(published: DataSet, web: Any, cache: Path) -> None:
    web.status = 503

    with pytest.raises(DataError, match="503"):
        fetch("tiny")
    with pytest.raises(MissingDependencyError, match="tuner data fetch tiny"):
        find_data("tiny")


@pytest.mark.parametrize("nested", [True, False])
def test_a_local_copy_is_copied(
    published: DataSet, cache: Path, tmp_path: Path, content: bytes, nested: bool
) -> None:
    source = tmp_path / "copies"
    folder = source / "tiny" if nested else source
    folder.mkdir(parents=True)
    for name in published.files:
        (folder / name).write_bytes(content)

    fetched = fetch("tiny", source=source)

    assert sorted(file.name for file in fetched.iterdir()) == ["a.bin", "b.bin"]
    assert find_data("tiny") == fetched == cache / "tiny"


def test_a_copy_that_is_not_what_was_published_is_refused(
    published: DataSet, cache: Path, tmp_path: Path, filled: Filled
) -> None:
    source = filled(tmp_path / "copies", published.files)

    with pytest.raises(DataError, match=r"a\.bin is not the file that was published"):
        fetch("tiny", source=source)
    assert list((cache / "tiny").iterdir()) == []


def test_a_copy_that_lacks_a_file_is_refused(
    published: DataSet, cache: Path, tmp_path: Path, content: bytes
) -> None:
    source = tmp_path / "copies"
    source.mkdir()
    (source / "a.bin").write_bytes(content)

    with pytest.raises(SpecError, match=r"copies lacks b\.bin of the data set tiny"):
        fetch("tiny", source=source)


@pytest.fixture
def archived(web: Any, monkeypatch: pytest.MonkeyPatch) -> DataSet:
    """A data set ``tiny`` whose table is made of one file, which the web has."""

    def convert(source: Path, folder: Path) -> None:
        (folder / "table").write_bytes((source / "logs").read_bytes()[:3])

    own = DataSet(
        name="tiny",
        summary="",
        origin="",
        licence="",
        files=("table",),
        originals=(web.original("logs"),),
        conversion=origins.Conversion("log*", convert),
    )
    monkeypatch.setattr(origins, "DATA_SETS", {"tiny": own})
    return own


def test_what_was_downloaded_gives_way_to_what_is_made_of_it(
    archived: DataSet, cache: Path, content: bytes
) -> None:
    folder = fetch("tiny")

    assert [file.name for file in folder.iterdir()] == ["table"]
    assert (folder / "table").read_bytes() == content[:3]


@pytest.mark.parametrize("files", [("logs",), ("table",), ("logs", "table")])
def test_a_copy_is_of_what_was_published_or_of_what_is_made_of_it(
    archived: DataSet, cache: Path, tmp_path: Path, content: bytes, files: tuple[str, ...]
) -> None:
    source = tmp_path / "copies"
    source.mkdir()
    for name in files:
        (source / name).write_bytes(content if name == "logs" else content[:3])

    folder = fetch("tiny", source=source)

    assert [file.name for file in folder.iterdir()] == ["table"]
    assert (folder / "table").read_bytes() == content[:3]
    assert sorted(file.name for file in source.iterdir()) == sorted(files)


def test_nothing_is_made_of_what_was_not_published(
    archived: DataSet, cache: Path, tmp_path: Path, filled: Filled
) -> None:
    source = filled(tmp_path / "copies", ("logs",))

    with pytest.raises(DataError, match="logs is not the file that was published"):
        fetch("tiny", source=source)
    assert list((cache / "tiny").iterdir()) == []


def test_a_full_disk_is_told_and_what_is_there_stays(
    published: DataSet, web: Any, cache: Path, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Path.open

    class Full(io.FileIO):
        def write(self, data: Any) -> int:
            if self.tell() >= 100_000:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return super().write(data)

    def refuse(self: Path, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        full = self.suffix == ".part" and mode in ("ab", "wb")
        return Full(self, mode) if full else write(self, mode, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", refuse)
        with pytest.raises(DataError, match="cannot be written: the disk is full; set XDG_CACHE"):
            fetch("tiny")
    assert (cache / "tiny" / "a.bin.part").stat().st_size >= 100_000
    assert (fetch("tiny") / "a.bin").read_bytes() == content
    assert web.asked[1] != "bytes=0-"


def test_what_cannot_be_downloaded_says_what_to_give(cache: Path) -> None:
    with pytest.raises(SpecError, match=r"algoperf cannot be downloaded: .* --from PATH, where"):
        fetch("algoperf")


def test_an_unknown_name_is_refused_with_the_nearest(cache: Path) -> None:
    with pytest.raises(SpecError, match=r"unknown data set 'algoperv'; did you mean 'algoperf'\?"):
        fetch("algoperv")


def test_a_folder_of_ones_own_goes_first(
    cache: Path, tmp_path: Path, filled: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = data_set("algoperf").files
    cached = filled(cache / "algoperf", files)
    monkeypatch.setenv("TUNER_DATA_DIR", str(tmp_path / "own"))
    assert find_data("algoperf") == cached

    incomplete = filled(tmp_path / "own" / "algoperf", files[:1])
    assert find_data("algoperf") == cached

    (incomplete / files[1]).touch()
    assert find_data("algoperf") == incomplete


@pytest.mark.parametrize("name", DATA_SETS)
def test_what_is_downloaded_is_pinned(name: str) -> None:
    repository, _, commit = DATA_SETS[name].origin.rpartition("@")

    assert not repository or len(commit) == 40
    for original in DATA_SETS[name].originals:
        assert not repository or f"/{commit}/" in original.url
        assert original.url.startswith("https://")
        assert len(original.sha256) == 64
