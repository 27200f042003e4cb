"""The trials of a simulation as columns: some 200 bytes of each, however many have ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from ray.tune.experiment import Trial

from tuner.objectives import Objective
from tuner.seeds import trial_seed
from tuner.simulation.report_columns import Column, Reports
from tuner.spec import SweepSpec
from tuner.store.schema import TRIALS, RowSchema, concatenated, reports_schema
from tuner.store.values import flatten

__all__ = ["TrialColumns"]

_STATUSES = (Trial.PENDING, Trial.RUNNING, Trial.PAUSED, Trial.TERMINATED, Trial.ERROR)
_OUTCOMES = ("completed", "stopped", "diverged", "failed", "interrupted")
_CODES = {word: code for words in (_STATUSES, _OUTCOMES) for code, word in enumerate(words)}

_ROWS_PER_SLICE = 2**16

_FACTS = np.dtype(
    [
        ("status", "i1"),
        ("outcome", "i1"),
        ("attempts", "i4"),
        ("iterations", "i8"),
        ("best_iteration", "i8"),
        ("best_seq", "i8"),
        ("seconds", "f8"),
        ("started", "f8"),
        ("ended", "f8"),
    ]
)
_AT_FIRST = (_CODES[Trial.PENDING], -1, 1, 0, 0, -1, np.nan, np.nan, np.nan)
_SUGGESTED = pa.schema([TRIALS.field(name) for name in ("trial_id", "config", "seed")])


class TrialColumns:
    """A row of ``trials.parquet`` per trial, by the number of the trial.

    Args:
        spec: The sweep.
    """

    def __init__(self, spec: SweepSpec) -> None:
        self._spec = spec
        self._objective: Objective = spec.objectives[0]
        self._count = 0
        self._facts: Column = np.empty(0, _FACTS)
        self._last: dict[str, Column] = {}
        self._best: dict[str, Column] = {}
        self._errors: dict[int, str] = {}
        self._suggested: list[pa.Table] = []
        self._former: dict[int, list[tuple[int, Any]]] = {}
        self._present: dict[int, Any] = {}

    @property
    def reported(self) -> int:
        """How many trials have reported."""
        return int(np.count_nonzero(self._facts["iterations"][: self._count]))

    def suggest(self, trial_ids: Sequence[str], configs: Sequence[Mapping[str, Any]]) -> list[str]:
        """Take the next trials, and return their configurations as exact JSON."""
        schema = RowSchema(_SUGGESTED)
        rows = [
            schema.coerced(
                {
                    "trial_id": trial_id,
                    "seed": trial_seed(self._spec.seed, trial_id),
                    "config": config,
                    **flatten({"config": config}),
                }
            )
            for trial_id, config in zip(trial_ids, configs, strict=True)
        ]
        for row in rows:
            schema.widen(row)
        self._suggested.append(schema.tabulate(rows))
        return list(self._suggested[-1]["config"].to_pylist())

    def add(self) -> None:
        """There is a trial more, of which `suggest` will be told."""
        if self._count == len(self._facts):
            self._grow(max(1024, self._count + self._count // 4))
        self._count += 1

    def set(self, number: int, *, status: str | None = None, **facts: float) -> None:
        """Change the facts of a trial: its status, and when it started or ended."""
        row = self._facts[number]
        if status is not None:
            row["status"] = _CODES[status]
        for name, value in facts.items():
            row[name] = value

    def fail(self, number: int, cause: str) -> None:
        """An attempt at a trial failed, which waits again."""
        self.set(number, status=Trial.PENDING)
        self._errors[number] = cause

    def end(self, number: int, status: str, outcome: str, now: float) -> None:
        """A trial has ended."""
        self.set(number, status=status, outcome=_CODES[outcome], ended=now)

    def reconfigure(
        self, number: int, seq: int, former: Mapping[str, Any], config: Mapping[str, Any]
    ) -> None:
        """From ``seq`` on a trial has another configuration than the ``former`` one."""
        self._former.setdefault(number, []).append((seq, former))
        self._present[number] = config

    def report(self, reports: Reports, seqs: Column) -> None:
        """Take reports: the last of each trial, and the best.

        The best is the first with the best finite value of the metric.

        Args:
            reports: Later ones than those before.
            seqs: Theirs.
        """
        numbers, metrics = reports.numbers, self._metrics(reports)
        order = np.argsort(numbers, kind="stable")
        ordered = numbers[order]
        starts = np.flatnonzero(np.diff(ordered, prepend=-1))
        last = order[np.append(starts[1:], len(order)) - 1]
        trials = ordered[starts]
        self._facts["iterations"][trials] = reports.iterations[last]
        self._facts["seconds"][trials] = reports.seconds[last]
        self._facts["attempts"][trials] = reports.attempts[last]
        self._highlight(self._last, metrics, trials, last)
        costs = self._costs(metrics, len(numbers))[order]
        lowest = np.minimum.reduceat(costs, starts)
        hits = np.flatnonzero(costs == np.repeat(lowest, np.diff(starts, append=len(order))))
        best = order[hits[np.searchsorted(hits, starts)]]
        better = lowest < self._lowest_costs(trials)
        trials, best = trials[better], best[better]
        self._facts["best_iteration"][trials] = reports.iterations[best]
        self._facts["best_seq"][trials] = seqs[best]
        self._highlight(self._best, metrics, trials, best)

    def slices(self) -> Iterator[pa.Table]:
        """Yield all rows in the order of the trials' numbers, some ten thousand at a time."""
        suggested = self._all_suggested()
        for start in range(0, self._count or 1, _ROWS_PER_SLICE):
            rows = range(start, min(start + _ROWS_PER_SLICE, self._count))
            yield self._slice(rows, suggested.slice(start, len(rows)))

    def _slice(self, rows: range, suggested: pa.Table) -> pa.Table:
        facts = self._facts[rows.start : rows.stop]
        reported, ranked = facts["iterations"] > 0, facts["best_iteration"] > 0
        columns: dict[str, Any] = {name: suggested[name] for name in suggested.column_names}
        columns |= {
            "status": _words(_STATUSES, facts["status"]),
            "outcome": _words(_OUTCOMES, facts["outcome"]),
            "iterations": _where(reported, facts["iterations"]),
            "best_iteration": _where(ranked, facts["best_iteration"]),
            "best_config": self._best_configs(rows),
            "seconds": _where(reported, facts["seconds"]),
            "attempts": pa.array(facts["attempts"].copy()),
            "started": _where(~np.isnan(facts["started"]), facts["started"]),
            "ended": _where(~np.isnan(facts["ended"]), facts["ended"]),
            "error": pa.array([self._errors.get(number) for number in rows], pa.string()),
        }
        for name in ("cpu", "gpu"):
            amount = float(self._spec.resources.get(name, 0))
            columns[name] = pa.repeat(pa.scalar(amount), len(rows))
        for prefix, known, values in (("last", reported, self._last), ("best", ranked, self._best)):
            for name, column in values.items():
                columns[f"{prefix}/{name}"] = _where(known, column[rows.start : rows.stop])
        fields = {field.name: field for field in (*suggested.schema, *TRIALS)}
        measured = [pa.field(name, pa.float64()) for name in columns if name not in fields]
        schema = pa.schema([*(fields[name] for name in columns if name in fields), *measured])
        return concatenated([pa.table(columns, schema=schema)], TRIALS)

    def _metrics(self, reports: Reports) -> dict[str, Column]:
        """Return what a row keeps of reports: the objectives, and all else that is measured."""
        time_attr = self._spec.time_attr
        apart = reports_schema(time_attr).names
        kept = {name: each for name, each in reports.metrics.items() if name not in apart}
        for objective in self._spec.objectives:
            values = reports.values(objective.metric, time_attr)
            if values is not None:
                kept[objective.metric] = values
        return kept

    def _grow(self, capacity: int) -> None:
        self._facts = _grown(self._facts, capacity, np.array(_AT_FIRST, _FACTS))
        for values in (self._last, self._best):
            for name, column in values.items():
                values[name] = _grown(column, capacity, np.nan)

    def _highlight(
        self, kept: dict[str, Column], metrics: Mapping[str, Column], trials: Column, rows: Column
    ) -> None:
        for name, values in metrics.items():
            if name not in kept:
                kept[name] = np.full(len(self._facts), np.nan)
            kept[name][trials] = values[rows]

    def _costs(self, metrics: Mapping[str, Column], count: int) -> Column:
        """Return the values of the metric so that lower is better; inf where not finite."""
        values = metrics.get(self._objective.metric)
        if values is None:
            return np.full(count, np.inf)
        return np.where(np.isfinite(values), values * self._sign, np.inf)

    def _lowest_costs(self, trials: Column) -> Column:
        """Return the best so far of trials as `_costs` has it."""
        known = self._best.get(self._objective.metric)
        if known is None:
            return np.full(len(trials), np.inf)
        return np.where(np.isnan(known[trials]), np.inf, known[trials] * self._sign)

    @property
    def _sign(self) -> int:
        return 1 if self._objective.mode == "min" else -1

    def _all_suggested(self) -> pa.Table:
        """Return ids, seeds and present configurations."""
        table = concatenated(self._suggested, _SUGGESTED)
        if not self._present:
            return table
        numbers = sorted(self._present)
        schema = RowSchema(_SUGGESTED)
        kept = table.take(numbers).select(["trial_id", "seed"]).to_pylist()
        rows = [
            schema.coerced({**row, "config": config, **flatten({"config": config})})
            for row, config in zip(kept, map(self._present.__getitem__, numbers), strict=True)
        ]
        for row in rows:
            schema.widen(row)
        places = np.arange(len(table))
        places[numbers] = len(table) + np.arange(len(numbers))
        return concatenated([table, schema.tabulate(rows)], _SUGGESTED).take(places)

    def _best_configs(self, rows: range) -> pa.Array:
        """Return the configurations at the best reports, where those are not the present ones."""
        field = TRIALS.field("best_config")
        changed = rows if self._former else ()
        schema = RowSchema(pa.schema([field]))
        configs = [self._config_at_best(number) for number in changed]
        if not any(configs):
            return pa.nulls(len(rows), field.type)
        return schema.tabulate([schema.coerced({"best_config": each}) for each in configs])[0]

    def _config_at_best(self, number: int) -> Any:
        """Return that configuration; None where it is the present one, or there is no best."""
        best = int(self._facts["best_seq"][number])
        former = self._former.get(number, ()) if best >= 0 else ()
        return next((config for seq, config in former if seq > best), None)


def _grown(column: Column, capacity: int, unknown: Any) -> Column:
    more = np.full(capacity - len(column), unknown, column.dtype)
    return np.concatenate([column, more])


def _words(words: Sequence[str], codes: Column) -> pa.Array:
    """Return the words that codes stand for; null for -1."""
    taken = pa.array(codes.astype(np.int32), mask=codes < 0)
    return pa.DictionaryArray.from_arrays(taken, pa.array(words)).cast(pa.string())


def _where(known: Column, values: Column) -> pa.Array:
    """Return a column with nulls where a value is not known."""
    return pa.array(np.ascontiguousarray(values), mask=~known)
