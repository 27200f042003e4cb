"""The files of a sweep's folder: the one place that names them, makes them and replaces them."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tuner.errors import StorageError, SweepExistsError

__all__ = ["SCHEMA_VERSION", "SweepLayout", "write_atomically"]

SCHEMA_VERSION = 1
"""Version of the folder's files; a reader refuses a newer one."""


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
            for folder in (layout.reports_dir, layout.decisions_dir, layout.checkpoints_dir):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(
                f"cannot make the sweep folder {root}: {_reason(error)}; "
                "choose another storage path (--storage-path)"
            ) from error
        return layout

    @property
    def spec_file(self) -> Path:
        """The resolved spec and the sweep's state, as JSON; it marks a folder as a sweep."""
        return self.root / "sweep.json"

    @property
    def trials_file(self) -> Path:
        """A row per trial."""
        return self.root / "trials.parquet"

    @property
    def reports_dir(self) -> Path:
        """A row per report, in parts."""
        return self.root / "reports"

    @property
    def decisions_dir(self) -> Path:
        """A row per scheduler decision other than CONTINUE, in parts."""
        return self.root / "decisions"

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
        return self.root / "report.html"

    @staticmethod
    def part(folder: Path, index: int) -> Path:
        """Return the path of part ``index`` (from 0) of a dataset."""
        return folder / f"part-{index:05d}.parquet"

    @staticmethod
    def parts(folder: Path) -> list[Path]:
        """Return the parts that a dataset has now, in the order of their index."""
        return sorted(folder.glob("part-*.parquet"), key=lambda path: (len(path.name), path.name))


def write_atomically(path: Path, content: bytes) -> None:
    """Replace ``path`` by ``content``: a reader sees the old file or the new one, whole.

    The temporary file is hidden and has another ending, so that no reader of the folder takes
    one that a killed process left behind for data.

    Raises:
        StorageError: The operating system refused; ``path`` is as it was.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise StorageError(
            f"cannot write {path}: {_reason(error)}; "
            "free the disk or make the folder writable, or choose another storage path"
        ) from error


def _exists(layout: SweepLayout) -> str:
    if layout.spec_file.exists():
        return (
            f"{layout.root} already holds a sweep, and tuner never overwrites one; "
            f"choose another --name, or read it with: tuner show {layout.root}"
        )
    return f"{layout.root} is not empty, and tuner never overwrites; choose another --name"


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
