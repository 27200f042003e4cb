"""A download goes on where it broke off, and is what was published or nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tuner.errors import DataError
from tuner.public_data import OriginalFile
from tuner.public_data.downloading import download


def silent(original: OriginalFile, done: int) -> None:
    pass


def test_the_file_is_there_whole_under_its_name(web: Any, tmp_path: Path, content: bytes) -> None:
    told: list[int] = []

    path = download(web.original("own.bin"), tmp_path, lambda original, done: told.append(done))

    assert path == tmp_path / "own.bin"
    assert path.read_bytes() == content
    assert [file.name for file in tmp_path.iterdir()] == ["own.bin"]
    assert told == sorted(told)
    assert told[-1] == len(content)


def test_only_what_is_missing_is_asked_for(web: Any, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file.bin.part").write_bytes(content[:1234])

    path = download(web.original(), tmp_path, silent)

    assert web.asked == ["bytes=1234-"]
    assert path.read_bytes() == content


def test_a_server_that_knows_no_ranges_sends_all_again(
    web: Any, tmp_path: Path, content: bytes
) -> None:
    web.knows_ranges = False
    (tmp_path / "file.bin.part").write_bytes(b"something else")

    assert download(web.original(), tmp_path, silent).read_bytes() == content


def test_a_connection_that_breaks_off_is_taken_up_again(
    web: Any, tmp_path: Path, content: bytes
) -> None:
    web.sent_at_most = len(content) // 3

    assert download(web.original(), tmp_path, silent).read_bytes() == content
    third = len(content) // 3
    assert web.asked == [f"bytes={begin}-" for begin in range(0, len(content), third)]


def test_after_many_broken_connections_the_next_call_goes_on(
    web: Any, tmp_path: Path, content: bytes
) -> None:
    web.sent_at_most = 1000

    with pytest.raises(DataError, match="broke off 5 times, after 5000 of 256000 bytes"):
        download(web.original(), tmp_path, silent)
    web.sent_at_most = None
    assert download(web.original(), tmp_path, silent).read_bytes() == content
    assert web.asked[-1] == "bytes=5000-"


@pytest.mark.parametrize("wrong", [b"x" * 256_000, b"x" * 300_000])
def test_what_was_not_published_is_removed(web: Any, tmp_path: Path, wrong: bytes) -> None:
    web.content = wrong

    with pytest.raises(DataError, match="not the file that was published: its sha256 is"):
        download(web.original(), tmp_path, silent)
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_part_is_removed_so_that_the_next_call_works(
    web: Any, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "file.bin.part").write_bytes(b"damaged")

    with pytest.raises(DataError, match="not the file that was published"):
        download(web.original(), tmp_path, silent)
    assert download(web.original(), tmp_path, silent).read_bytes() == content


@pytest.mark.parametrize("status", [403, 404, 416, 500])
def test_a_refusal_is_told_with_the_remedy(web: Any, tmp_path: Path, status: int) -> None:
    web.status = status

    with pytest.raises(DataError, match=rf"answers {status} .*--from PATH"):
        download(web.original(), tmp_path, silent)


def test_a_server_that_is_not_there(web: Any, tmp_path: Path) -> None:
    gone = OriginalFile("file.bin", "http://127.0.0.1:1/file.bin", "0", 1)

    with pytest.raises(DataError, match=r"cannot be reached \(.*refused.*--from PATH"):
        download(gone, tmp_path, silent)
