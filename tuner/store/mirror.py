"""Keeps a copy of a driver's folder at a URI, so that what is there can be read at any moment.

A snapshot is brought there in this order: the journal as one new object, which replaces the one
before; the tables that changed; ``sweep.json``, so that whoever reads that a sweep ended finds
all of it. The journal reaches from the end of the remote's tables to the end of the snapshot's,
so wherever uploading breaks off, each record is in a remote table or in the remote journal.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tuner.store.layout import SweepLayout
from tuner.store.outbox import Frozen, Snapshot, State
from tuner.store.remote import RemoteFolder

__all__ = ["Mirror"]


class Mirror:
    """Brings snapshots to a remote folder; one call at a time.

    Args:
        remote: The folder.
        layout: The driver's folder, for the names of files only.

    Attributes:
        known: The files that the remote has, as they were when they were uploaded.
    """

    def __init__(self, remote: RemoteFolder, layout: SweepLayout) -> None:
        self.known: dict[str, State] = {}
        self._remote = remote
        self._tables = [folder.name for folder in layout.dataset_dirs]
        self._journal = layout.journal_dir.name
        self._spec = layout.spec_file.name
        self._layout = layout
        self._there: set[str] | None = None
        self._segments: list[str] = []
        self._next = 0
        self._last_segments: Sequence[Frozen] = ()

    def upload(self, snapshot: Snapshot) -> None:
        """Bring the remote folder to a snapshot. A second call goes on where one broke off.

        Raises:
            StorageError: The remote cannot be written. What is there can be read.
        """
        there = self._look()
        self._upload_journal(snapshot)
        for file in self._in_order(snapshot.changed, there):
            self._remote.write(file.name, file.path)
            self.known[file.name] = file.state
            there.add(file.name)
        snapshot.forget_retired()
        if len(snapshot.retired) == len(snapshot.segments):  # the tables hold everything
            self._remove_segments(0)
        for name in sorted(there - snapshot.names):
            self._remote.remove(name)
            there.discard(name)
            self.known.pop(name, None)

    def _look(self) -> set[str]:
        """Return the names of the files at the remote, without the journal."""
        if self._there is None:
            self._segments = sorted(self._remote.files(self._journal), key=_in_order)
            last = self._segments[-1:]
            self._next = sum(int(Path(name).stem.rpartition("-")[2]) + 1 for name in last)
            self._there = set(self._remote.files(*self._tables))
            self._there |= {self._spec} & self._remote.files().keys()
        return self._there

    def _upload_journal(self, snapshot: Snapshot) -> None:
        if _same(snapshot.segments, self._last_segments):
            return
        path = snapshot.write_journal()
        if path is not None:
            name = f"{self._journal}/{self._layout.segment(self._next).name}"
            self._next += 1
            self._segments.append(name)
            self._remote.write(name, path)
            self._remove_segments(1)
        self._last_segments = snapshot.segments

    def _remove_segments(self, kept: int) -> None:
        """Remove all but the last segments of the remote's journal."""
        while len(self._segments) > kept:
            self._remote.remove(self._segments[0])
            del self._segments[0]

    def _in_order(self, files: Sequence[Frozen], there: set[str]) -> list[Frozen]:
        """Return files as they may be replaced; what marks a sweep comes first in a new folder."""
        if self._spec in there:
            return list(files)
        return sorted(files, key=lambda file: file.name != self._spec)


def _in_order(name: str) -> tuple[int, str]:
    return len(name), name  # a number may have outgrown its zeros


def _same(segments: Sequence[Frozen], before: Sequence[Frozen]) -> bool:
    return [each.state for each in segments] == [each.state for each in before]
