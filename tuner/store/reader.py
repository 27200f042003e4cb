"""A sweep as it lies on disk: frames, datasets, the best trials.

Nothing here runs stored code, unpickles or writes. Every call reads the files anew, so a sweep
can be followed while it runs; what a killed one left in its journal is there too.
"""

from __future__ import annotations

import json
import shlex
from collections import Counter
from pathlib import Path
from typing import Any, cast, get_args

import pyarrow as pa
import pyarrow.dataset as ds

from tuner.errors import SpecError, StorageError, nearest
from tuner.places import Place, Uri, place_of
from tuner.store.copies import RemoteCopy
from tuner.store.dataset import read_schema, read_table
from tuner.store.drivers import holder
from tuner.store.history import with_tail
from tuner.store.journal import Kind, read_journal
from tuner.store.layout import SCHEMA_VERSION, SWEEP_FILE, SweepLayout, is_comparison
from tuner.store.record import SweepRecord
from tuner.store.schema import TableName, concatenated, fixed_columns, unify
from tuner.store.trials import TrialTable

__all__ = ["Sweep", "TableName", "load"]

_KINDS: dict[TableName, Kind] = {
    "reports": "report",
    "decisions": "decision",
    "events": "event",
    "trials": "trial",
}


def load(path: str | Path | Uri) -> Sweep:
    """Return the sweep in the folder ``path``, or at the URI ``path``.

    Raises:
        StorageError: There is no sweep, or one of a newer version of tuner; or the URI cannot be
            reached.
    """
    return Sweep(path)


class Sweep(SweepRecord):
    """A finished or running sweep, read from its folder.

    What lies at a URI is copied to this machine first, without checkpoints, and again where it
    has changed.

    Args:
        path: ``<storage_path>/<name>``, a folder or a URI.

    Attributes:
        path: The folder on this machine: the sweep's own, or the copy of what is at the URI.
        place: Where the sweep lies, the folder or the URI; as text it shows no credentials.

    Raises:
        StorageError: There is no sweep, or one of a newer version of tuner; or the URI cannot be
            reached.
    """

    def __init__(self, path: str | Path | Uri) -> None:
        self.place: Place = place_of(path)
        self._copy = RemoteCopy(self.place) if isinstance(self.place, Uri) else None
        self.path: Path = self._copy.folder if self._copy is not None else Path(str(self.place))
        self._layout = SweepLayout(self.path)
        self._content()

    def __repr__(self) -> str:
        return f"Sweep({str(self.place)!r})"

    def refresh(self) -> None:
        """Bring the copy of a sweep at a URI up to date, as every method does that reads.

        Raises:
            StorageError: The URI cannot be reached.
        """
        if self._copy is not None:
            self._copy.refresh()

    @property
    def _whence(self) -> str:
        return str(self.place)

    @property
    def name(self) -> str:
        """The name of the sweep, which is that of its folder."""
        return self.path.resolve().name if isinstance(self.place, Path) else self.place.name

    def checkpoints(self) -> dict[str, int]:
        """Return the bytes of each checkpoint that is kept, by ``<trial>/<checkpoint>``.

        Raises:
            StorageError: The URI of the sweep cannot be reached.
        """
        folder = self._layout.checkpoints_dir
        if self._copy is not None:
            found = self._copy.sizes_below(folder.name)
        else:
            files = (path for path in folder.glob("*/*/**/*") if path.is_file())
            found = {path.relative_to(folder).as_posix(): path.stat().st_size for path in files}
        sizes: Counter[str] = Counter()
        for name, size in found.items():
            sizes["/".join(name.split("/")[:2])] += size
        return dict(sizes)

    def dataset(self, kind: TableName = "reports") -> ds.Dataset:
        """Return a table as a pyarrow dataset, for what does not fit into memory.

        Its rows are in the order in which they were written, those of all attempts among them.
        The journal is left out: the last seconds of a sweep that runs or was killed. While the
        sweep runs, make a new dataset for each scan: one that was made before a flush may fail
        after it.

        Raises:
            SpecError: There is no such table.
        """
        paths = self._paths(kind)
        schema = unify([read_schema(path) for path in paths], self._columns(kind))
        return ds.dataset([str(path) for path in paths], schema=schema, format="parquet")

    def _content(self) -> dict[str, Any]:
        """Return ``sweep.json``, checked."""
        self.refresh()
        file = self._layout.spec_file
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            raise StorageError(f"no sweep in {self.place}: {_found(self.place)}") from None
        except (OSError, ValueError) as error:
            raise StorageError(f"cannot read {file}: {error}") from error
        version = content.get("schema_version") if isinstance(content, dict) else None
        if not isinstance(version, int):
            raise StorageError(f"{file} is not tuner's: it has no schema_version")
        if version > SCHEMA_VERSION:
            raise StorageError(
                f"{self.place} was written by a newer tuner (schema version {version}; this one "
                f"reads up to {SCHEMA_VERSION}); upgrade tuner"
            )
        missing = {"metric", "mode", "time_attr"} - set(content.get("spec") or ())
        if missing:
            raise StorageError(f"{file} is damaged: its spec lacks {', '.join(sorted(missing))}")
        return cast(dict[str, Any], content)

    def _paths(self, kind: TableName) -> list[Path]:
        self.refresh()
        layout = self._layout
        if kind == "trials":
            return [layout.trials_file] if layout.trials_file.exists() else []
        if kind not in _KINDS:
            raise SpecError(f"unknown table {kind!r}{nearest(str(kind), get_args(TableName))}")
        return layout.parts(layout.dataset_dir(_KINDS[kind]))

    def _columns(self, kind: TableName) -> pa.Schema:
        return fixed_columns(kind, self._time_attr)

    def _table(self, kind: TableName) -> pa.Table:
        """Return a whole table, with what the journal holds beyond it.

        It is whole also while a writer moves rows from the journal into the parts, because the
        journal is read first, and while it widens the parts.
        """
        self.refresh()
        tail = read_journal(self._layout)
        if kind == "trials" and tail:
            trials = TrialTable(self._layout.trials_file, self.objectives, self._time_attr)
            for record in tail:
                trials.replay(record)
            return trials.table()
        fixed = self._columns(kind)
        stored = concatenated([read_table(path) for path in self._paths(kind)], fixed)
        return with_tail(stored, fixed, [each for each in tail if each.kind == _KINDS[kind]])


def _found(path: Place) -> str:
    """Return what is at ``path`` instead of a sweep, with the sweeps nearby."""
    if isinstance(path, Uri):
        return "there is no sweep.json; list sweeps with: tuner ls STORAGE_PATH"
    if not path.exists():
        return "there is no such folder" + nearest(path.name, _sweeps_in(path.parent))
    if not path.is_dir():
        return "it is a file"
    if is_comparison(path):
        return (
            "it is a comparison; read it with tuner.load_comparison (tuner compare --show "
            f"{shlex.quote(str(path))})"
        )
    names = _sweeps_in(path)
    if names:
        if len(names) == 1:
            return f"it holds a sweep; name {path / names[0]}"
        return f"it holds the sweeps {', '.join(names)}; name one, such as {path / names[0]}"
    driver = holder(SweepLayout(path))
    if driver is not None and driver.alive:
        return f"it is being started by {driver}; follow that with: tuner watch {path}"
    return "it has no sweep.json" if any(path.iterdir()) else "it is empty"


def _sweeps_in(folder: Path) -> list[str]:
    return sorted(file.parent.name for file in folder.glob(f"*/{SWEEP_FILE}"))
