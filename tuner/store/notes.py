"""What people write about a sweep and its trials, from any host, also while the sweep runs.

A note is one line at the end of a file, appended in one write under a lock of the file system,
so that notes of several writers never mix. A line that a writer could not finish is skipped.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import Any

from tuner.errors import SpecError, StorageError
from tuner.provenance import user
from tuner.store.layout import SweepLayout, refused

__all__ = ["Note", "add_note", "read_notes"]


@dataclass(frozen=True, kw_only=True)
class Note:
    """A note.

    Attributes:
        text: What it says.
        trial_id: The trial it is about; None for the sweep as a whole.
        tags: Free labels.
        by: Who wrote it, as ``user@host``.
        at: When, in unix seconds.
    """

    text: str
    trial_id: str | None
    tags: tuple[str, ...]
    by: str
    at: float


def add_note(
    layout: SweepLayout, text: str, *, trial_id: str | None = None, tags: Sequence[str] = ()
) -> Note:
    """Append a note and return it.

    Args:
        layout: The sweep's folder.
        text: What it says; may be empty where there are tags.
        trial_id: The trial it is about; None for the sweep as a whole.
        tags: Free labels.

    Raises:
        SpecError: There is neither text nor tag.
        StorageError: The file cannot be written. Nothing was added.
    """
    if not text.strip() and not tags:
        raise SpecError(f"a note has a text or a tag, got {text!r}; add one of them")
    note = Note(
        text=text.strip(),
        trial_id=trial_id,
        tags=tuple(tags),
        by=f"{user() or 'unknown'}@{socket.gethostname()}",
        at=time.time(),
    )
    try:
        with _locked(layout) as file:
            _append(file, json.dumps(asdict(note)).encode() + b"\n")
    except OSError as error:
        raise refused(layout.notes_file, error) from error
    return note


def read_notes(layout: SweepLayout) -> list[Note]:
    """Return the notes in the order in which they were written; none where there is no file.

    Raises:
        StorageError: The file cannot be read.
    """
    path = layout.notes_file
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StorageError(f"cannot read {path}: {error.strerror or error}") from error
    return [note for line in lines if (note := _understood(line)) is not None]


@contextmanager
def _locked(layout: SweepLayout) -> Iterator[int]:
    """Yield the file to append to; no other writer is in it, where the file system can say so."""
    file = os.open(layout.notes_file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
    try:
        with suppress(OSError):  # some have no locks; there a write to the end is all there is
            fcntl.lockf(file, fcntl.LOCK_EX)
        yield file
    finally:
        os.close(file)


def _append(file: int, line: bytes) -> None:
    size = os.fstat(file).st_size
    if size and os.pread(file, 1, size - 1) != b"\n":
        line = b"\n" + line  # whoever wrote last did not get to the end
    try:
        written = os.write(file, line)
        while written < len(line):  # the disk became full, which the next write says
            written += os.write(file, line[written:])
    except OSError:
        with suppress(OSError):
            os.ftruncate(file, size)
        raise


def _understood(line: bytes) -> Note | None:
    try:
        content: Any = json.loads(line)
        return Note(**{**content, "tags": tuple(content["tags"])})
    except (ValueError, TypeError, KeyError):
        return None
