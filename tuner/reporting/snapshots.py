"""A sweep as it was at one moment, read once however many sections ask for its tables."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from tuner.places import Uri
from tuner.store import Sweep
from tuner.store.reader import TableName

__all__ = ["Snapshot"]


class Snapshot(Sweep):
    """A stored sweep that is not looked at again once a table was read.

    Args:
        path: ``<storage_path>/<name>``, a folder or a URI.

    Raises:
        StorageError: There is no sweep, or the URI cannot be reached.
    """

    def __init__(self, path: str | Path | Uri) -> None:
        self._read: dict[str, Any] = {}
        super().__init__(path)

    def trials(self) -> pd.DataFrame:
        """Return what `Sweep.trials` does."""
        return self._frame("trials", super().trials)

    def reports(self, *, all_attempts: bool = False) -> pd.DataFrame:
        """Return what `Sweep.reports` does."""
        name = "reports of all attempts" if all_attempts else "reports"
        return self._frame(name, lambda: Sweep.reports(self, all_attempts=all_attempts))

    def decisions(self) -> pd.DataFrame:
        """Return what `Sweep.decisions` does."""
        return self._frame("decisions", super().decisions)

    def events(self) -> pd.DataFrame:
        """Return what `Sweep.events` does."""
        return self._frame("events", super().events)

    def refresh(self) -> None:
        """Bring the copy of a sweep at a URI up to date, the first time only."""
        self._once("refreshed", super().refresh)

    def _content(self) -> dict[str, Any]:
        content: dict[str, Any] = self._once("content", super()._content)
        return content

    def _table(self, kind: TableName) -> pa.Table:
        return self._once(f"table of {kind}", lambda: Sweep._table(self, kind))

    def _frame(self, name: str, read: Callable[[], pd.DataFrame]) -> pd.DataFrame:
        frame: pd.DataFrame = self._once(name, read)
        return frame.copy(deep=False)  # columns that one reader adds are not those of another

    def _once(self, name: str, read: Callable[[], Any]) -> Any:
        if name not in self._read:
            self._read[name] = read()
        return self._read[name]
