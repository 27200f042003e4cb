"""The journal keeps what arrived, whatever happens to its writer or to its last bytes."""

from __future__ import annotations

import errno
import math
import os
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.errors import ReportError, StorageError
from tuner.store import SweepLayout
from tuner.store.journal import Journal, Record, read_journal

Same = Callable[[Any, Any], bool]


@pytest.fixture
def journal(layout: SweepLayout) -> Journal:
    return Journal(layout, 0)


def fill(journal: Journal, count: int) -> list[Record]:
    """Append some records and return them."""
    records = []
    for _ in range(count):
        row = {"x": journal.next_seq, "text": "naïve\n\r 日本 \ud800"}
        records.append(Record(journal.append("report", row), "report", row))
    return records


def test_what_was_appended_is_read_without_a_flush(
    layout: SweepLayout, journal: Journal, same: Same
) -> None:
    rows: list[dict[str, Any]] = [
        {"a": math.nan, "b": -math.inf, "c": -0.0, "d": 2**70, "e": 0.1 + 0.2},
        {"sizes": (1, [2, (3,)]), "$tuple": [1], "nested": {1: None}},
        {"trial_id": "t", "error": None},
        {},
    ]
    kinds = ("report", "decision", "trial", "event")
    for kind, row in zip(kinds, rows, strict=True):
        journal.append(kind, row)  # type: ignore[arg-type]
    records = read_journal(layout)
    assert [(record.seq, record.kind) for record in records] == list(enumerate(kinds))
    assert same([record.row for record in records], rows)


def test_seqs_go_on_over_segments(layout: SweepLayout, journal: Journal) -> None:
    records = fill(journal, 2)
    journal.close()
    journal.close()
    records += fill(journal, 2)
    assert [path.name for path in layout.segments()] == [
        "segment-000000.jsonl",
        "segment-000001.jsonl",
    ]
    assert read_journal(layout) == records
    assert [record.seq for record in records] == [0, 1, 2, 3]


def test_discarded_segments_are_gone_and_their_numbers_may_come_again(
    layout: SweepLayout, journal: Journal
) -> None:
    fill(journal, 3)
    journal.discard()
    assert layout.segments() == []
    assert read_journal(layout) == []
    journal.discard()
    assert [record.seq for record in fill(journal, 1)] == [3]
    assert [record.seq for record in read_journal(layout)] == [3]


def test_a_journal_opened_again_leaves_the_old_segments_alone(
    layout: SweepLayout, journal: Journal
) -> None:
    records = fill(journal, 2)
    records += fill(Journal(layout, 2), 2)
    assert read_journal(layout) == records


def test_a_torn_tail_is_cut_at_every_byte(layout: SweepLayout, journal: Journal) -> None:
    records = fill(journal, 4)
    (path,) = layout.segments()
    content = path.read_bytes()
    lines = content.splitlines(keepends=True)
    for size in range(len(lines[0]), len(content) + 1):
        path.write_bytes(content[:size])
        whole = content[:size].count(b"\n")
        assert read_journal(layout) == records[:whole]


def test_a_flipped_bit_is_found_wherever_it_is(layout: SweepLayout, journal: Journal) -> None:
    records = fill(journal, 3)
    (path,) = layout.segments()
    content = path.read_bytes()
    start = content.index(b"\n") + 1
    for position in range(start, content.index(b"\n", start) + 1):
        damaged = bytearray(content)
        damaged[position] ^= 1
        path.write_bytes(damaged)
        assert read_journal(layout) == records[:1]


@given(st.binary(min_size=1, max_size=200))
def test_garbage_is_no_record(tail: bytes) -> None:
    with TemporaryDirectory() as name:
        layout = SweepLayout.create(Path(name) / "s")
        journal = Journal(layout, 0)
        records = fill(journal, 2)
        journal.close()
        with layout.segments()[0].open("ab") as file:
            file.write(tail)
        assert read_journal(layout) == records


class FullDisk:
    """An `os.write` that takes only so many more bytes."""

    def __init__(self, room: int) -> None:
        self.room = room
        self._write = os.write

    def __call__(self, file: int, content: bytes) -> int:
        if not self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken = content[: self.room]
        self.room -= len(taken)
        return self._write(file, taken)


@pytest.mark.parametrize("room", [0, 1, 40])
def test_a_disk_that_fills_up_within_a_record(
    layout: SweepLayout, journal: Journal, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    records = fill(journal, 2)
    (path,) = layout.segments()
    size = path.stat().st_size
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", FullDisk(room))
        for _ in range(2):
            with pytest.raises(StorageError, match=r"cannot write .*No space left.*free") as raised:
                fill(journal, 1)
            assert "\n" not in str(raised.value)
    assert path.stat().st_size == size
    records += fill(journal, 2)
    assert [record.seq for record in records] == [0, 1, 2, 3]
    assert read_journal(layout) == records


def test_half_a_record_that_cannot_be_removed_hides_nothing_that_follows(
    layout: SweepLayout, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(file: int, size: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    records = fill(journal, 2)
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", FullDisk(10))
        patch.setattr(os, "ftruncate", refuse)
        with pytest.raises(StorageError, match="No space left"):
            fill(journal, 1)
    records += fill(journal, 2)
    assert read_journal(layout) == records


def test_an_interrupted_append_counts_once(
    layout: SweepLayout, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(file: int, content: bytes) -> int:
        write(file, content)
        raise KeyboardInterrupt

    write = os.write
    records = fill(journal, 1)
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", interrupt)
        with pytest.raises(KeyboardInterrupt):
            fill(journal, 1)
    records += fill(journal, 2)
    assert [record.seq for record in records] == [0, 1, 2]
    assert read_journal(layout) == records


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES, errno.ENOSPC, errno.EIO])
def test_a_segment_that_cannot_be_begun(
    layout: SweepLayout, journal: Journal, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    def refuse(*arguments: object) -> int:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        with pytest.raises(StorageError, match=os.strerror(code)):
            fill(journal, 1)
    assert [record.seq for record in fill(journal, 1)] == [0]


def too_deep() -> list[Any]:
    value: list[Any] = []
    for _ in range(5000):
        value = [value]
    return value


@pytest.mark.parametrize("make", [lambda: 10**5000, too_deep])
def test_what_json_cannot_hold_is_refused_and_leaves_no_trace(
    layout: SweepLayout, journal: Journal, make: Callable[[], Any]
) -> None:
    fill(journal, 1)
    with pytest.raises(ReportError, match="too large or too deeply nested"):
        journal.append("report", {"x": make()})
    fill(journal, 1)
    assert [record.seq for record in read_journal(layout)] == [0, 1]


class TestSync:
    @pytest.fixture
    def synced(self, monkeypatch: pytest.MonkeyPatch) -> list[float]:
        """The times of `os.fsync`, of files only."""
        times: list[float] = []
        monkeypatch.setattr(os, "fsync", lambda file: times.append(self.now))
        return times

    @pytest.fixture
    def journal(self, layout: SweepLayout) -> Journal:
        self.now = 0.0
        return Journal(layout, 0)

    def test_records_are_synced_in_groups_less_than_a_second_apart(
        self, journal: Journal, synced: list[float]
    ) -> None:
        fill(journal, 1)
        synced.clear()
        for tick in range(1, 41):
            self.now = tick / 8
            fill(journal, 1)
            journal.sync(self.now)
        assert 5 <= len(synced) <= 10
        gaps = [later - former for former, later in zip([0, *synced], synced, strict=False)]
        assert max(gaps) < 1

    def test_nothing_new_is_not_synced(self, journal: Journal, synced: list[float]) -> None:
        fill(journal, 1)
        synced.clear()
        for self.now in (5.0, 10.0, 15.0):
            journal.sync(self.now)
        assert synced == [5.0]

    def test_a_refusal_is_one_clear_line(
        self, layout: SweepLayout, journal: Journal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(file: int) -> None:
            raise OSError(errno.EIO, "Input/output error")

        fill(journal, 1)
        self.now = 5.0
        monkeypatch.setattr(os, "fsync", refuse)
        with pytest.raises(StorageError, match=r"segment-000000\.jsonl: Input/output error"):
            journal.sync(self.now)
        assert len(read_journal(layout)) == 1
