"""The files of a sweep's folder: the one place that names them, makes them and replaces them."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from tuner.errors import StorageError, SweepExistsError
from tuner.places import Uri

__all__ = [
    "COMPARISON_FILE",
    "LOCK_PATTERN",
    "REPORT_FILE",
    "SCHEMA_VERSION",
    "STORY_FILE",
    "STUDY_FILE",
    "SWEEP_FILE",
    "SweepLayout",
    "is_comparison",
    "refused",
    "replacing",
    "sync_folder",
    "write_atomically",
]

SCHEMA_VERSION = 3
"""Version of the folder's files; a reader refuses a newer one.

1: no ``events/``, no ``journal/``, no column ``seq``. Such a folder is read, not reopened.
2: one objective, no ``warm_start.parquet``.
"""

SWEEP_FILE = "sweep.json"
"""Marks a folder as a sweep."""

COMPARISON_FILE = "comparison.json"
"""Marks a folder as a comparison of sweeps, not as a sweep."""

STUDY_FILE = "study.json"
"""Marks a folder as a study, of which the sweeps are folders within."""

STORY_FILE = "STUDY.md"
"""In the folder of a study: its story so far, for people."""

REPORT_FILE = "report.html"
"""In the folder of a sweep, a comparison or a study: the report for people, one HTML file."""

LOCK_PATTERN = "driver-*.lock"
"""The names of locks."""

_NO_SYNC = {errno.EINVAL, errno.ENOTSUP}
"""What file systems answer that cannot sync a folder."""


@dataclass(frozen=True)
class SweepLayout:
    """Every path of one sweep's folder.

    Attributes:
        root: ``<storage_path>/<name>``.
    """

    root: Path

    @classmethod
    def create(cls, root: Path) -> SweepLayout:
        """Make the folders of a new sweep.

        Raises:
            SweepExistsError: ``root`` is there already and is not an empty folder.
            StorageError: The folders cannot be made.
        """
        layout = cls(root)
        try:
            if root.is_dir() and any(root.iterdir()):
                raise SweepExistsError(_exists(layout))
        except OSError as error:
            raise _unmakeable(root, error) from error
        layout.make_folders()
        return layout

    def make_folders(self) -> None:
        """Make the folders that a writer needs, where they are missing: copies may lack empty ones.

        Raises:
            StorageError: A folder cannot be made.
        """
        try:
            for folder in (*self.dataset_dirs, self.journal_dir, self.checkpoints_dir):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unmakeable(self.root, error) from error

    @property
    def spec_file(self) -> Path:
        """The resolved spec and the sweep's state, as JSON; it marks a folder as a sweep."""
        return self.root / SWEEP_FILE

    @property
    def trials_file(self) -> Path:
        """A row per trial."""
        return self.root / "trials.parquet"

    @property
    def reports_dir(self) -> Path:
        """A row per report, in parts."""
        return self.dataset_dir("report")

    @property
    def decisions_dir(self) -> Path:
        """A row per scheduler decision other than CONTINUE, in parts."""
        return self.dataset_dir("decision")

    @property
    def events_dir(self) -> Path:
        """A row per event of the sweep that is no decision, in parts."""
        return self.dataset_dir("event")

    @property
    def dataset_dirs(self) -> tuple[Path, Path, Path]:
        """The folders that hold parts."""
        return self.reports_dir, self.decisions_dir, self.events_dir

    def dataset_dir(self, kind: str) -> Path:
        """Return the folder with the rows of ``"report"``, ``"decision"`` or ``"event"``."""
        return self.root / f"{kind}s"

    @property
    def journal_dir(self) -> Path:
        """What arrived and is not yet in a table."""
        return self.root / "journal"

    @property
    def requests_dir(self) -> Path:
        """What the driver is asked to do by others, a file per request."""
        return self.root / "requests"

    @property
    def notes_file(self) -> Path:
        """What people wrote about the sweep, a line per note."""
        return self.root / "notes.jsonl"

    @property
    def warm_start_file(self) -> Path:
        """The trials of earlier sweeps from which the searcher learned first; a row each."""
        return self.root / "warm_start.parquet"

    @property
    def checkpoints_dir(self) -> Path:
        """The checkpoints that are kept."""
        return self.root / "checkpoints"

    @property
    def artifacts_dir(self) -> Path:
        """Files that a user's callbacks write per trial."""
        return self.root / "artifacts"

    @property
    def report_file(self) -> Path:
        """The report for people, one HTML file."""
        return self.root / REPORT_FILE

    @staticmethod
    def part(folder: Path, index: int) -> Path:
        """Return the path of part ``index`` (from 0) of a dataset."""
        return folder / f"part-{index:05d}.parquet"

    @staticmethod
    def parts(folder: Path) -> list[Path]:
        """Return the parts that a dataset has now, in the order of their index."""
        return _in_order(folder.glob("part-*.parquet"))

    def segment(self, index: int) -> Path:
        """Return the path of segment ``index`` (from 0) of the journal."""
        return self.journal_dir / f"segment-{index:06d}.jsonl"

    def segments(self) -> list[Path]:
        """Return the segments that the journal has now, in the order of their index."""
        return _in_order(self.journal_dir.glob("segment-*.jsonl"))

    def lock(self, number: int) -> Path:
        """Return the path of the lock of the sweep's ``number``-th driver (from 0)."""
        return self.root / f"driver-{number:06d}.lock"

    def locks(self) -> list[Path]:
        """Return the locks that are there now, in the order of their number; the last counts."""
        return _in_order(self.root.glob(LOCK_PATTERN))

    def remove_leftovers(self) -> None:
        """Remove the temporary files of a writer that was killed.

        Raises:
            StorageError: A file cannot be removed.
        """
        for folder in (self.root, *self.dataset_dirs):
            for path in folder.glob(_temporary(Path("*")).name):
                try:
                    path.unlink()
                except OSError as error:
                    raise refused(path, error) from error


def is_comparison(place: str | Path | Uri) -> bool:
    """Return whether there is a comparison; at a URI there is none."""
    return not isinstance(place, Uri) and (Path(place) / COMPARISON_FILE).is_file()


def write_atomically(path: Path, content: bytes) -> None:
    """Replace ``path`` by ``content``: a reader sees the old file or the new one, whole.

    Raises:
        StorageError: The operating system refused; ``path`` is as it was.
    """
    with replacing(path) as file:
        file.write(content)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a file that takes the place of ``path`` once all is written.

    The temporary file is hidden and has another ending, so that no reader of the folder takes
    one that a killed process left behind for data.

    Raises:
        StorageError: The operating system refused; ``path`` is as it was.
    """
    temporary = _temporary(path)
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise refused(path, error) from error


def sync_folder(folder: Path) -> None:
    """Bring to the disk which files ``folder`` holds, where the file system can do that.

    Raises:
        OSError: The operating system refused.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise
    finally:
        os.close(descriptor)


def refused(path: Path, error: OSError) -> StorageError:
    """Return what to raise where the operating system refuses to write ``path``."""
    return StorageError(
        f"cannot write {path}: {_reason(error)}; "
        "free the disk or make the folder writable, or choose another storage path"
    )


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.tmp")


def _in_order(paths: Iterable[Path]) -> list[Path]:
    """Return numbered files by their number, which may have outgrown its zeros."""
    return sorted(paths, key=lambda path: (len(path.name), path.name))


def _unmakeable(root: Path, error: OSError) -> StorageError:
    return StorageError(
        f"cannot make the sweep folder {root}: {_reason(error)}; "
        "choose another storage path (--storage-path)"
    )


def _exists(layout: SweepLayout) -> str:
    if layout.spec_file.exists():
        return (
            f"{layout.root} already holds a sweep, and tuner never overwrites one; "
            f"choose another --name, or read it with: tuner show {layout.root}"
        )
    return f"{layout.root} is not empty, and tuner never overwrites; choose another --name"


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
