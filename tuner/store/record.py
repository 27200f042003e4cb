"""What was recorded of a sweep, wherever its tables lie: frames, and the best trials."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import fields
from typing import Any, Literal, cast, get_args, overload

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from tuner.display import Display, Displayed, facts
from tuner.errors import NoResultError, SpecError, StorageError, nearest
from tuner.objectives import Mode, Objective
from tuner.plurals import counted
from tuner.spec import SweepSpec
from tuner.store.attempts import surviving
from tuner.store.frames import to_frame
from tuner.store.node_usage import EVENTS_OF_NODES, NodeUsage, node_usage
from tuner.store.outcomes import FAILURES, SUCCESSES
from tuner.store.overview import overview
from tuner.store.pareto import pareto_front
from tuner.store.results import At, TrialResult, describe_failures, rank
from tuner.store.schema import TableName, rows_of

__all__ = ["SweepRecord"]

_WORKER_COLUMNS = [
    *("worker", "node", "trials", "start_s", "busy_s", "idle_s", "wasted_s", "ended", "timestamp")
]


class SweepRecord(Displayed, ABC):
    """The tables of a sweep, and what can be said of them."""

    @abstractmethod
    def _content(self) -> dict[str, Any]:
        """Return what ``sweep.json`` says: the spec under ``"spec"``, and the sweep's state."""

    @abstractmethod
    def _table(self, kind: TableName) -> pa.Table:
        """Return a whole table."""

    @property
    @abstractmethod
    def _whence(self) -> str:
        """Where it lies, for messages."""

    @property
    def spec(self) -> SweepSpec:
        """What the sweep was asked to do, resolved.

        Raises:
            StorageError: ``sweep.json`` lacks part of it.
        """
        try:
            return SweepSpec.from_json(self._content()["spec"])
        except TypeError as error:
            raise StorageError(f"sweep.json of {self._whence} is damaged: {error}") from error

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
        succeeded = outcomes.intersection(SUCCESSES) or self._has_cut_short(trials)
        if status == "failed" or not succeeded:
            return 1
        return 3 if outcomes.intersection(FAILURES) else 0

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

    def workers(self) -> pd.DataFrame:
        """Return a row per worker process that has ended, in the order in which they did.

        The columns are ``worker`` (its number, by start), ``node``, ``trials`` (how often it took
        one up), the seconds ``start_s`` (until its first trial), ``busy_s``, ``idle_s`` (without a
        trial) and ``wasted_s`` (of the busy ones, after the report with which a trial was
        stopped), ``ended`` (why) and ``timestamp``. Workers of a driver that was killed are
        missing.
        """
        events = self._table("events")
        ended = rows_of(events.filter(pc.equal(events["event"], "worker")))
        rows = [{**row["details"], "timestamp": row["timestamp"]} for row in ended]
        return pd.DataFrame(rows, columns=_WORKER_COLUMNS)

    def nodes(self) -> pd.DataFrame:
        """Return a row per node of the cluster that the sweep ran on, with what it was used for.

        The columns are those of `tuner.store.node_usage.NodeUsage`. Of a sweep that runs, workers
        that have not ended count as busy since their first trial.
        """
        events = self._table("events")
        kinds = events["event"].to_numpy(zero_copy_only=False)
        kept = np.isin(kinds, EVENTS_OF_NODES)
        kept[:-1] |= kinds[1:] == "resumed"
        ended = self._content().get("ended")
        until = time.time() if ended is None else ended
        usage = node_usage(rows_of(events.filter(pa.array(kept))), until)
        return pd.DataFrame(usage, columns=[column.name for column in fields(NodeUsage)])

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
            raise SpecError(f"no trial {trial_id!r} in {self._whence}{nearest(trial_id, known)}")
        return TrialResult.of_row(rows[0], self.metric, "best")

    def _display(self) -> Display:
        spec = self.spec
        return Display(f"{self._whence}: {spec.scenario}, {spec.arm}", (facts(self._facts()),))

    def _facts(self) -> Iterator[tuple[str, str]]:
        """Yield how the sweep stands."""
        try:
            best = self.best()
        except NoResultError:
            best = None
        yield from overview(self.state, self._table("trials"), self.objectives[0], best)
        if len(self.objectives) > 1:
            others = ", ".join(map(str, self.objectives[1:]))
            yield "Pareto front", f"{counted(len(self.pareto()), 'trial')}, also by {others}"

    def _has_cut_short(self, trials: pa.Table) -> bool:
        """Return whether the end of the sweep, not its own, ended a trial that had a result."""
        column = f"best/{self.metric}"
        if column not in trials.column_names:
            return False
        cut_short = trials.filter(pc.equal(trials["outcome"], "interrupted"))
        return bool(cut_short[column].null_count < len(cut_short))

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
