"""A sweep as it lies on disk: frames, datasets, the best trials.

Nothing here runs stored code, unpickles or writes. Every call reads the files anew, so a sweep
can be followed while it runs; what a killed one left in its journal is there too.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any, Literal, cast, get_args, overload

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from tuner.errors import NoResultError, SpecError, StorageError, nearest
from tuner.objectives import Mode, Objective
from tuner.places import Place, Uri, place_of
from tuner.spec import SweepSpec
from tuner.store.attempts import surviving
from tuner.store.copies import RemoteCopy
from tuner.store.dataset import read_schema, read_table
from tuner.store.frames import to_frame
from tuner.store.history import with_tail
from tuner.store.journal import Kind, read_journal
from tuner.store.layout import SCHEMA_VERSION, SweepLayout
from tuner.store.pareto import pareto_front
from tuner.store.results import At, TrialResult, describe_failures, rank
from tuner.store.schema import DECISIONS, EVENTS, TRIALS, conform, reports_schema, rows_of, unify
from tuner.store.trials import TrialTable

__all__ = ["Sweep", "TableName", "load"]

TableName = Literal["reports", "decisions", "events", "trials"]

_KINDS: dict[TableName, Kind] = {
    "reports": "report",
    "decisions": "decision",
    "events": "event",
    "trials": "trial",
}
_SUCCESSES = {"completed", "stopped"}
_FAILURES = {"failed", "hung"}


def load(path: str | Path | Uri) -> Sweep:
    """Return the sweep in the folder ``path``, or at the URI ``path``.

    Raises:
        StorageError: There is no sweep, or one of a newer version of tuner; or the URI cannot be
            reached.
    """
    return Sweep(path)


class Sweep:
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
    def name(self) -> str:
        """The name of the sweep, which is that of its folder."""
        return self.path.resolve().name if isinstance(self.place, Path) else self.place.name

    @property
    def spec(self) -> SweepSpec:
        """What the sweep was asked to do, resolved.

        Raises:
            StorageError: ``sweep.json`` lacks part of it.
        """
        try:
            return SweepSpec.from_json(self._content()["spec"])
        except TypeError as error:
            raise StorageError(f"{self._layout.spec_file} is damaged: {error}") from error

    @property
    def state(self) -> dict[str, Any]:
        """What ``sweep.json`` says beside the spec."""
        return {name: value for name, value in self._content().items() if name != "spec"}

    @property
    def metric(self) -> str:
        """Flat name of the tuned metric."""
        return cast(str, self._content()["spec"]["metric"])

    @property
    def mode(self) -> Mode:
        """Whether lower (``"min"``) or higher (``"max"``) values of the metric are better."""
        return cast(Mode, self._content()["spec"]["mode"])

    @property
    def objectives(self) -> tuple[Objective, ...]:
        """All that is tuned, the metric first."""
        spec = self._content()["spec"]
        stored = spec.get("objectives") or [{"metric": spec["metric"], "mode": spec["mode"]}]
        return tuple(Objective(**each) for each in stored)

    @property
    def _time_attr(self) -> str:
        return cast(str, self._content()["spec"]["time_attr"])

    @property
    def exit_code(self) -> int:
        """What ``tuner run`` exits with: how the sweep ended, or stands.

        0: every trial that ran is fine, also where a time budget cut it short; 1: no trial
        succeeded, or the sweep failed; 3: some trials failed or hung; 130: interrupted.
        """
        status = self.state.get("status")
        if status == "interrupted":
            return 130
        trials = self._table("trials")
        outcomes = set(trials["outcome"].to_pylist())
        if status == "failed" or not (outcomes & _SUCCESSES or self._has_cut_short(trials)):
            return 1
        return 3 if outcomes & _FAILURES else 0

    def trials(self) -> pd.DataFrame:
        """Return a row per trial, in the order in which they were made.

        ``config`` holds each trial's exact config; the columns ``config/<name>`` hold the same
        by hyperparameter, and are missing in trials where a hyperparameter is absent or None.
        """
        return to_frame(self._table("trials"))

    def reports(self, *, all_attempts: bool = False) -> pd.DataFrame:
        """Return a row per report, by trial (in the order of `trials`), attempt and iteration.

        Args:
            all_attempts: Whether to include reports that a later attempt of their trial, going on
                from an earlier checkpoint, repeated or left behind.
        """
        table = self._table("reports")
        return to_frame(self._sorted(table if all_attempts else surviving(table)))

    def decisions(self) -> pd.DataFrame:
        """Return a row per decision other than CONTINUE, in the order of `reports`."""
        return to_frame(self._sorted(self._table("decisions")))

    def events(self) -> pd.DataFrame:
        """Return a row per event other than a decision, in the order in which they happened."""
        return to_frame(self._table("events"))

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
        schema = unify([read_schema(path) for path in paths], self._fixed(kind))
        return ds.dataset([str(path) for path in paths], schema=schema, format="parquet")

    @overload  # 1 is an int too, but the first signature that fits is taken
    def best(  # type: ignore[overload-overlap]
        self, n: Literal[1] | None = None, at: At = "best"
    ) -> TrialResult: ...
    @overload
    def best(self, n: int, at: At = "best") -> list[TrialResult]: ...
    def best(self, n: int | None = None, at: At = "best") -> TrialResult | list[TrialResult]:
        """Return the best trial, or a list of the ``n`` best, best first.

        Trials without a finite value of the metric are left out, and by their last reports those
        that diverged; of equals, the earlier wins.

        Args:
            n: How many; with None or 1 the result is a single trial, otherwise a list of up to n.
            at: Whether the best or the last report of each trial counts.

        Raises:
            SpecError: ``n`` is less than 1, or ``at`` is unknown.
            NoResultError: No trial has a finite value of the metric.
        """
        if n is not None and n < 1:
            raise SpecError(f"n is at least 1; received {n}")
        if at not in get_args(At):
            raise SpecError(f"unknown at={at!r}{nearest(str(at), get_args(At))}")
        table, metric = self._table("trials"), self.metric
        ranked = rank(_values(table, metric, at), Objective(metric, self.mode))
        if not ranked:
            failures = describe_failures(rows_of(table.select(["status", "outcome", "error"])))
            raise NoResultError(f"no trial has reported a finite {metric!r}: {failures}")
        rows = rows_of(table.take(ranked[: n or 1]))
        results = [TrialResult.of_row(row, metric, at) for row in rows]
        return results[0] if n in (None, 1) else results

    def pareto(self) -> pd.DataFrame:
        """Return the rows of `trials` that no other trial dominates, by the metric, best first.

        A trial dominates another if, by the last report of each, it is no worse in any objective
        and better in one; equals are all there. Trials that diverged, and those whose last report
        lacks an objective or holds one that is not finite, are left out.
        """
        table, objectives = self._table("trials"), self.objectives
        costs = [
            [objective.cost(value) for value in _values(table, objective.metric, "last")]
            for objective in objectives
        ]
        return to_frame(table.take(pareto_front(np.array(costs).T)))

    def trial(self, trial_id: str) -> TrialResult:
        """Return one trial at its best report.

        Raises:
            SpecError: There is no such trial.
        """
        table = self._table("trials")
        rows = rows_of(table.filter(pc.equal(table["trial_id"], trial_id)))
        if not rows:
            known = table["trial_id"].to_pylist()
            raise SpecError(f"no trial {trial_id!r} in {self.place}{nearest(trial_id, known)}")
        return TrialResult.of_row(rows[0], self.metric, "best")

    def _has_cut_short(self, trials: pa.Table) -> bool:
        """Return whether the end of the sweep, not its own, ended a trial that had a result."""
        column = f"best/{self.metric}"
        if column not in trials.column_names:
            return False
        cut_short = trials.filter(pc.equal(trials["outcome"], "interrupted"))
        return bool(cut_short[column].null_count < len(cut_short))

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
        folders = {
            "reports": layout.reports_dir,
            "decisions": layout.decisions_dir,
            "events": layout.events_dir,
        }
        if kind == "trials":
            return [layout.trials_file] if layout.trials_file.exists() else []
        if kind not in folders:
            raise SpecError(f"unknown table {kind!r}{nearest(str(kind), get_args(TableName))}")
        return layout.parts(folders[kind])

    def _fixed(self, kind: TableName) -> pa.Schema:
        if kind == "reports":
            return reports_schema(self._time_attr)
        return {"decisions": DECISIONS, "events": EVENTS, "trials": TRIALS}[kind]

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
        tables = [read_table(path) for path in self._paths(kind)]
        fixed = self._fixed(kind)
        schema = unify([table.schema for table in tables], fixed)
        conformed = [conform(table, schema) for table in tables]
        stored = pa.concat_tables([schema.empty_table(), *conformed])
        return with_tail(stored, fixed, [each for each in tail if each.kind == _KINDS[kind]])

    def _sorted(self, table: pa.Table) -> pa.Table:
        """Return rows by trial in the order of creation, attempt and iteration (stable)."""
        known = self._table("trials")["trial_id"].combine_chunks()
        order = pc.index_in(table["trial_id"], value_set=known)  # null for a trial yet unknown
        keys = ["order", "trial_id", "attempt", "training_iteration"]
        keyed = pa.table([order, *(table[key] for key in keys[1:])], names=keys)
        return table.take(pc.sort_indices(keyed, sort_keys=[(key, "ascending") for key in keys]))


def _values(trials: pa.Table, metric: str, at: At) -> list[Any]:
    """Return what each trial reached; None where it has no value, or diverged at its last."""
    column = f"{at}/{metric}"
    if column not in trials.column_names:
        return [None] * len(trials)
    pairs = zip(trials[column].to_pylist(), trials["outcome"].to_pylist(), strict=True)
    return [None if at == "last" and outcome == "diverged" else each for each, outcome in pairs]


def _found(path: Place) -> str:
    """Return what is at ``path`` instead of a sweep, with the sweeps nearby."""
    if isinstance(path, Uri):
        return "there is no sweep.json; list sweeps with: tuner ls STORAGE_PATH"
    if not path.exists():
        return "there is no such folder" + nearest(path.name, _sweeps_in(path.parent))
    if not path.is_dir():
        return "it is a file"
    names = _sweeps_in(path)
    if names:
        return f"it holds the sweeps {', '.join(names)}; name one of them"
    return "it has no sweep.json" if any(path.iterdir()) else "it is empty"


def _sweeps_in(folder: Path) -> list[str]:
    return sorted(file.parent.name for file in folder.glob("*/sweep.json"))
