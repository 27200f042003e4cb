"""What arrived and is not yet in a table: an append-only log that survives the death of its writer.

The log is a few *segments*, files of lines ``<crc32 in hex> [seq, kind, row]`` in JSON (most
reports have their floats behind the row: ``[seq, kind, row, names, floats in hex]``). Every record
is handed to the operating system before `Journal.append` returns, with no buffer in between, so
that a killed process loses nothing; `Journal.sync` brings records to the disk in groups, so that
a power cut loses a second at most. Once all records are in Parquet, the segments are removed.

A segment counts up to its first line that is not whole: that is where its writer died or the
disk was full. Each table knows the ``seq`` up to which it is complete, so a record that is still
in a segment and already in a table counts once.
"""

from __future__ import annotations

import math
import os
import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tuner.errors import ReportError, StorageError
from tuner.store.layout import SweepLayout, refused, sync_folder
from tuner.store.shapes import unpacked
from tuner.store.values import from_json, plain_to_json

__all__ = ["Journal", "Kind", "Record", "read_journal"]

Kind = Literal["report", "decision", "event", "trial"]

_SYNC_EVERY_S = 0.5
"""With a `sync` several times a second, no record waits longer than a second."""

_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND


@dataclass(frozen=True)
class Record:
    """One thing that happened in a sweep.

    Attributes:
        seq: Its number; the records of a sweep are numbered from 0 without gaps.
        kind: What it is; ``"trial"`` is a change of a trial's row.
        row: Values by column, plain, without ``seq``. Nulls are left out, but a change of a
            trial's row has None for a column that it clears.
    """

    seq: int
    kind: Kind
    row: dict[str, Any]


@dataclass
class _Segment:
    """The segment that is written: its path, its file descriptor, its bytes so far."""

    path: Path
    file: int
    size: int = 0


class Journal:
    """Appends records to the last segment.

    Args:
        layout: The sweep's folder.
        next_seq: Number of the next record.
    """

    def __init__(self, layout: SweepLayout, next_seq: int) -> None:
        self.next_seq = next_seq
        self._layout = layout
        self._segment: _Segment | None = None
        self._is_synced = True
        self._next_sync = -math.inf

    def append(self, kind: Kind, row: Mapping[str, Any], encoded: str | None = None) -> int:
        """Hand a record to the operating system and return its seq.

        Args:
            kind: What it is.
            row: Its plain values.
            encoded: The same as `tuner.store.shapes` encodes it, where the caller has that.

        Raises:
            ReportError: A value is too large or too deep for JSON. Nothing was appended.
            StorageError: The segment cannot be written. Nothing was appended.
        """
        seq = self.next_seq
        body = f'[{seq},"{kind}",{encoded or _encoded(kind, row)}]'.encode()
        line = b"%08x %s\n" % (zlib.crc32(body), body)
        segment = self._segment or self._begin_segment()
        try:
            written = os.write(segment.file, line)
            while written < len(line):  # the disk became full, which the next write says
                written += os.write(segment.file, line[written:])
        except BaseException as error:
            self._take_back(segment)
            if isinstance(error, OSError):
                raise refused(segment.path, error) from error
            raise
        segment.size += len(line)
        self.next_seq, self._is_synced = seq + 1, False
        return seq

    def sync(self, now: float) -> None:
        """Bring all records to the disk, unless the last time was a moment ago.

        Args:
            now: Seconds on any clock that runs evenly.

        Raises:
            StorageError: The operating system refused.
        """
        if self._is_synced or self._segment is None or now < self._next_sync:
            return
        try:
            os.fsync(self._segment.file)
        except OSError as error:
            raise refused(self._segment.path, error) from error
        self._is_synced, self._next_sync = True, now + _SYNC_EVERY_S

    def discard(self) -> None:
        """Remove every segment: the tables hold all records.

        Raises:
            StorageError: A segment cannot be removed. It does no harm.
        """
        self.close()
        segments = self._layout.segments()
        if not segments:
            return
        folders = (self._layout.root, *self._layout.dataset_dirs)
        path = folders[0]
        try:
            # A power cut must not undo the renaming of a table once its records are gone.
            for path in folders:
                sync_folder(path)
            for path in segments:
                path.unlink()
        except OSError as error:
            raise refused(path, error) from error

    def close(self) -> None:
        """End the last segment; the next record begins another.

        Raises:
            StorageError: The operating system refused.
        """
        segment, self._segment = self._segment, None
        if segment is not None:
            try:
                os.close(segment.file)
            except OSError as error:
                raise refused(segment.path, error) from error

    def _begin_segment(self) -> _Segment:
        segments = self._layout.segments()
        index = int(segments[-1].stem.rpartition("-")[2]) + 1 if segments else 0
        path = self._layout.segment(index)
        try:
            self._segment = _Segment(path, os.open(path, _NEW_FILE, 0o666))
            sync_folder(path.parent)
        except OSError as error:
            raise refused(path, error) from error
        return self._segment

    def _take_back(self, segment: _Segment) -> None:
        """Remove a line that was written in part; where that fails too, begin another segment."""
        try:
            os.ftruncate(segment.file, segment.size)
        except OSError:
            with suppress(StorageError):
                self.close()


def read_journal(layout: SweepLayout) -> list[Record]:
    """Return the records of all segments, in the order of seq, also while they are written.

    To merge them with the tables, read the journal first: a record that moves into a table
    meanwhile is then seen twice, which its seq tells, and never missed.

    Raises:
        StorageError: A segment cannot be read.
    """
    records: dict[int, Record] = {}
    for path in layout.segments():
        for record in _records(path):
            # An append that was interrupted leaves a record whose seq the next one takes.
            records[record.seq] = record
    return list(records.values())


def _records(path: Path) -> Iterator[Record]:
    try:
        content = path.read_bytes()
    except FileNotFoundError:  # removed meanwhile: the tables hold it
        return
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error}") from error
    for line in content.splitlines(keepends=True):
        record = _decoded(line)
        if record is None:
            return
        yield record


def _encoded(kind: Kind, row: Mapping[str, Any]) -> str:
    try:
        return plain_to_json(row)
    except (ValueError, RecursionError) as error:
        raise ReportError(
            f"a {kind} holds values that JSON can hold; received one that is too large or too "
            f"deeply nested ({error}); report it in smaller parts"
        ) from error


def _decoded(line: bytes) -> Record | None:
    """Return the record of a line, or None where the line is not whole."""
    checksum, body = line[:9], line[9:-1]
    if not line.endswith(b"\n") or checksum != b"%08x " % zlib.crc32(body):
        return None
    seq, kind, row, *packed = from_json(body.decode())
    return Record(seq, kind, row | unpacked(*packed) if packed else row)
