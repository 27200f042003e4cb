"""What of a driver's folder has to go to its remote copy, frozen at one moment.

The driver goes on writing while a slow network takes what it wrote before. So everything is
frozen first: files that are replaced atomically by hard links to what they are now, the journal
up to its last record. Segments that the writer has moved into the tables, and would remove, stay
here until those tables are at the remote: without them, a remote copy whose tables are replaced
one after the other would lack what lies between.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from tuner.store.layout import SweepLayout, refused

__all__ = ["Frozen", "Outbox", "Snapshot", "State"]

State: TypeAlias = tuple[int, int, int]
"""A file's content as far as the file system tells: inode, nanoseconds of writing, size."""


@dataclass(frozen=True)
class Frozen:
    """A file as it was.

    Attributes:
        name: Relative to the sweep's folder.
        path: Where its content is.
        state: To tell it from what it becomes later.
    """

    name: str
    path: Path
    state: State


@dataclass(frozen=True)
class Snapshot:
    """A driver's folder at one moment.

    Attributes:
        changed: The files that the remote has not, in the order in which they may be replaced.
        names: All files, changed or not.
        segments: The journal from where the remote's tables end, in order.
        retired: Those of the segments that are in the tables of this snapshot already.
        folder: Holds what is frozen; removed with it.
    """

    changed: tuple[Frozen, ...]
    names: frozenset[str]
    segments: tuple[Frozen, ...]
    retired: tuple[Path, ...]
    folder: Path

    def write_journal(self) -> Path | None:
        """Return one file with every whole line of the segments; None where there is none."""
        path = self.folder / "journal.jsonl"
        with path.open("wb") as file:
            for segment in self.segments:
                with segment.path.open("rb") as source:
                    content = source.read(segment.state[2])
                file.write(content[: content.rfind(b"\n") + 1])  # a writer may have died in a line
        return path if path.stat().st_size else None

    def forget_retired(self) -> None:
        """Remove the segments whose tables have arrived."""
        for path in self.retired:
            path.unlink(missing_ok=True)

    def close(self) -> None:
        """Remove what was frozen."""
        shutil.rmtree(self.folder, ignore_errors=True)


class Outbox:
    """Freezes a driver's folder; all calls come from the thread that writes there.

    Args:
        layout: The folder.
        folder: For what is frozen, on the same file system. Segments that an earlier driver left
            in it are taken up.

    Raises:
        StorageError: The folder cannot be written.
    """

    def __init__(self, layout: SweepLayout, folder: Path) -> None:
        self._layout = layout
        self._folder = folder
        self._frozen = 0
        try:
            for old in folder.glob("snapshot-*"):
                shutil.rmtree(old)
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise refused(folder, error) from error
        retired = self._retired()
        self._next = int(retired[-1].stem.rpartition("-")[2]) + 1 if retired else 0

    def retire(self) -> None:
        """Keep the journal's segments; call it before they go into the tables and are removed.

        Raises:
            StorageError: The folder cannot be written.
        """
        for path in self._layout.segments():
            _freeze(path, self._folder / f"retired-{self._next:09d}.jsonl")
            self._next += 1

    def freeze(self, known: Mapping[str, State]) -> Snapshot:
        """Return the folder as it is now.

        Args:
            known: The files that the remote has already, as they were then.

        Raises:
            StorageError: The folder cannot be written.
        """
        retired = self._retired()
        folder = self._folder / f"snapshot-{self._frozen}"
        self._frozen += 1
        try:
            folder.mkdir()
            found = [(path, _state(path)) for path in self._files()]
        except OSError as error:
            raise refused(folder, error) from error
        names = {path: path.relative_to(self._layout.root).as_posix() for path, _ in found}
        changed = [
            Frozen(names[path], _freeze(path, folder / f"{number}"), state)
            for number, (path, state) in enumerate(found)
            if known.get(names[path]) != state
        ]
        live = [
            Frozen(path.name, _freeze(path, folder / path.name), _state(path))
            for path in self._layout.segments()
        ]
        segments = [Frozen(path.name, path, _state(path)) for path in retired]
        return Snapshot(
            changed=tuple(changed),
            names=frozenset(names.values()),
            segments=(*segments, *live),
            retired=tuple(retired),
            folder=folder,
        )

    def _files(self) -> Iterator[Path]:
        """Yield what has to be at the remote, beside the journal, in the order of uploading.

        Reports go before trials, parts in their order, and last what says that the sweep ended.
        """
        layout = self._layout
        for folder in layout.dataset_dirs:
            yield from layout.parts(folder)
        files = sorted(path for path in layout.artifacts_dir.rglob("*") if path.is_file())
        singles = (
            layout.warm_start_file,
            layout.trials_file,
            layout.notes_file,
            layout.report_file,
            layout.spec_file,
        )
        yield from files
        yield from (path for path in singles if path.exists())

    def _retired(self) -> list[Path]:
        return sorted(self._folder.glob("retired-*.jsonl"))


def _state(path: Path) -> State:
    status = path.stat()
    return status.st_ino, status.st_mtime_ns, status.st_size


def _freeze(path: Path, frozen: Path) -> Path:
    """Keep the content of a file under another name, without copying it where that is possible."""
    try:
        try:
            os.link(path, frozen)
        except OSError:
            shutil.copy2(path, frozen)
    except OSError as error:
        raise refused(frozen, error) from error
    return frozen
