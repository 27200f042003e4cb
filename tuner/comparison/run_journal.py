"""The runs of a comparison that are not in its tables yet: a line of JSON each."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tuner.comparison.record import CellRecord
from tuner.errors import StorageError
from tuner.store.layout import refused, sync_folder

__all__ = ["RunJournal"]


class RunJournal:
    """An append-only file; a line that its writer did not finish does not count.

    Args:
        path: The file, which need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
        """Yield the rows of each run: its own, and those of its incumbents.

        Raises:
            StorageError: The file cannot be read.
        """
        try:
            content = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return
        except OSError as error:
            raise StorageError(f"cannot read {self.path}: {error}") from error
        for line in content.splitlines(keepends=True):
            if line.endswith("\n"):
                run, incumbents = json.loads(line)
                yield run, incumbents

    def append(self, record: CellRecord) -> None:
        """Bring a run to the disk.

        Raises:
            StorageError: The disk refuses.
        """
        line = (json.dumps(record.rows) + "\n").encode()
        try:
            with self.path.open("ab") as file:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise refused(self.path, error) from error

    def mend(self) -> None:
        """Remove a line that its writer did not finish, so that the next one is whole.

        Raises:
            StorageError: The disk refuses.
        """
        try:
            content = self.path.read_bytes() if self.path.exists() else b""
            whole = content.rfind(b"\n") + 1
            if whole < len(content):
                os.truncate(self.path, whole)
        except OSError as error:
            raise refused(self.path, error) from error

    def discard(self) -> None:
        """Remove the file: the tables beside it hold all runs.

        Raises:
            StorageError: The disk refuses; it does no harm.
        """
        try:
            sync_folder(self.path.parent)  # a power cut must not undo the renaming of a table
            self.path.unlink(missing_ok=True)
        except OSError as error:
            raise refused(self.path, error) from error
