"""A comparison's folder: its terms, and every finished run, whatever dies.

```
<storage_path>/<name>/
  comparison.json       the terms, how the comparison stands, what it ran with
  runs.parquet          a row per run
  incumbents.parquet    a row per improvement of a run
  journal.jsonl         runs that are not in the tables yet, a line each
  sweeps/               of real runs: the folder of each sweep
```

A run that ends is a line of the journal, on the disk before the next one begins. From time to
time the tables are written anew with all of them, incumbents first: a run counts when it is in
``runs.parquet`` or in the journal, and the journal's word is the later one.
"""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from tuner.comparison.record import INCUMBENTS, RUNS, CellRecord
from tuner.comparison.run_journal import RunJournal
from tuner.comparison.terms import Cell, Terms
from tuner.errors import StorageError, SweepBusyError, SweepExistsError
from tuner.provenance import provenance
from tuner.store.dataset import read_table, write_table
from tuner.store.drivers import holder
from tuner.store.frames import to_frame
from tuner.store.layout import COMPARISON_FILE, SweepLayout, refused, write_atomically
from tuner.store.lock import SweepLock
from tuner.store.schema import concatenated

__all__ = ["ComparisonFolder"]

_SCHEMA_VERSION = 1
_COMPACT_EVERY_S = 15.0


class ComparisonFolder:
    """Reads and writes a comparison's folder.

    Args:
        root: ``<storage_path>/<name>``.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lock: SweepLock | None = None
        self._next_compact = 0.0

    @property
    def terms_file(self) -> Path:
        """The terms and the state; it marks a folder as a comparison."""
        return self.root / COMPARISON_FILE

    @property
    def runs_file(self) -> Path:
        """A row per run."""
        return self.root / "runs.parquet"

    @property
    def incumbents_file(self) -> Path:
        """A row per improvement."""
        return self.root / "incumbents.parquet"

    @property
    def journal(self) -> RunJournal:
        """Runs that are not in the tables yet."""
        return RunJournal(self.root / "journal.jsonl")

    @property
    def sweeps_dir(self) -> Path:
        """The sweeps of real runs."""
        return self.root / "sweeps"

    # Reading -----------------------------------------------------------------------------------

    def exists(self) -> bool:
        """Return whether a comparison is here.

        Raises:
            SweepExistsError: Something else is.
        """
        if self.terms_file.is_file():
            return True
        if self.root.exists() and (not self.root.is_dir() or any(self.root.iterdir())):
            raise SweepExistsError(
                f"{self.root} is there and is no comparison, and tuner never overwrites; choose "
                "another --name"
            )
        return False

    def state(self) -> dict[str, Any]:
        """Return ``comparison.json``.

        Raises:
            StorageError: There is no comparison, or one of a newer version of tuner.
        """
        try:
            content = json.loads(self.terms_file.read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            raise StorageError(f"no comparison in {self.root}: {self._found()}") from None
        except (OSError, ValueError) as error:
            raise StorageError(f"cannot read {self.terms_file}: {error}") from error
        version = content.get("schema_version") if isinstance(content, dict) else None
        if not isinstance(version, int) or version > _SCHEMA_VERSION:
            raise StorageError(
                f"{self.terms_file} has the schema version {version}, and this tuner reads up to "
                f"{_SCHEMA_VERSION}; upgrade tuner"
            )
        return dict(content)

    def _found(self) -> str:
        """Return what is here instead of a comparison."""
        if SweepLayout(self.root).spec_file.is_file():
            shown = shlex.quote(str(self.root))
            return f"it is a sweep; read it with tuner.load (tuner show {shown})"
        return f"it has no {COMPARISON_FILE}; name the folder that tuner compare printed"

    def frames(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the runs and the incumbents, also while the comparison runs.

        Raises:
            StorageError: A file cannot be read.
        """
        runs, incumbents = self._tables()
        return to_frame(runs), to_frame(incumbents)

    def statuses(self) -> dict[Cell, str]:
        """Return the status of each run that ended."""
        runs, _ = self._tables()
        columns = (runs[name].to_pylist() for name in ("task", "arm", "seed", "status"))
        return {Cell(*cell): status for *cell, status in zip(*columns, strict=True)}

    def _tables(self) -> tuple[pa.Table, pa.Table]:
        # The journal first: what moves into the tables meanwhile is then seen twice, not missed.
        later = {_cell_of(run): (run, rows) for run, rows in self.journal.read()}
        stored = self._stored(self.runs_file, RUNS)
        kept = [run for run in stored.to_pylist() if _cell_of(run) not in later]
        known = {_cell_of(run) for run in kept}
        old = self._stored(self.incumbents_file, INCUMBENTS).to_pylist()
        runs = [*kept, *(run for run, _ in later.values())]
        incumbents = [row for row in old if _cell_of(row) in known]
        incumbents += [row for _, rows in later.values() for row in rows]
        order = self._order()

        def place(row: Mapping[str, Any]) -> int:
            return order.get(_cell_of(row), len(order))

        return (
            pa.Table.from_pylist(sorted(runs, key=place), schema=RUNS),
            pa.Table.from_pylist(sorted(incumbents, key=place), schema=INCUMBENTS),
        )

    def _order(self) -> dict[Cell, int]:
        """Return the place of each run in the tables, in whichever order they end."""
        if not self.terms_file.exists():
            return {}
        cells = Terms.from_json(self.state()["terms"]).cells()
        return {cell: place for place, cell in enumerate(cells)}

    @staticmethod
    def _stored(path: Path, schema: pa.Schema) -> pa.Table:
        # A comparison that began with an earlier tuner may lack a column.
        tables = [read_table(path)] if path.exists() else []
        return concatenated(tables, schema).select(schema.names)

    # Writing -----------------------------------------------------------------------------------

    @contextmanager
    def acquired(self) -> Iterator[None]:
        """Make the folder where it is missing, and be its only writer as long as this lasts.

        Raises:
            SweepBusyError: Another process runs the comparison.
            StorageError: The folder cannot be written.
        """
        layout = SweepLayout(self.root)  # for the names of locks
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise refused(self.root, error) from error
        try:
            lock = SweepLock.acquire(layout)
        except SweepBusyError:
            raise SweepBusyError(
                f"one process runs a comparison, and {holder(layout) or 'another one'} runs "
                f"{self.root}; wait for it, or choose another --name"
            ) from None
        with lock:
            self._lock = lock
            self.journal.mend()
            self._next_compact = time.monotonic() + _COMPACT_EVERY_S
            yield

    def write_state(self, terms: Terms, **state: Any) -> None:
        """Write ``comparison.json``; a comparison that goes on keeps how it began.

        Raises:
            StorageError: It cannot be written.
        """
        before = self.state() if self.terms_file.is_file() else {}
        now = {**provenance(), "at": time.time()}
        told = {
            **before,
            "schema_version": _SCHEMA_VERSION,
            "terms": terms.to_json(),
            "started": before.get("started", now),
            "ended": None,
            **state,
        }
        write_atomically(self.terms_file, (json.dumps(told, indent=2) + "\n").encode())

    def append(self, record: CellRecord) -> None:
        """Keep a run that ended.

        Raises:
            StorageError: The disk refuses.
        """
        self.journal.append(record)

    def tick(self) -> None:
        """Show that this process is alive, and write the tables when it is time.

        Raises:
            StorageError: The disk refuses.
        """
        if self._lock is not None:
            self._lock.beat()
        if time.monotonic() >= self._next_compact:
            self.compact()

    def compact(self) -> None:
        """Bring all runs into the tables.

        Raises:
            StorageError: The disk refuses; nothing is lost.
        """
        began = time.monotonic()
        runs, incumbents = self._tables()
        write_table(incumbents, self.incumbents_file)
        write_table(runs, self.runs_file)
        self.journal.discard()
        now = time.monotonic()  # large tables are written more seldom
        self._next_compact = now + max(_COMPACT_EVERY_S, 20 * (now - began))


def _cell_of(row: Mapping[str, Any]) -> Cell:
    return Cell(row["task"], row["arm"], row["seed"])
