"""The best configurations of a sweep, and those that no other beats in all objectives."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tuner.errors import NoResultError
from tuner.reporting.parts import Code, Column, Fold, Line, Part, Section, Table, Tone
from tuner.reporting.sections.configurations import Leaves, columns_of, leaves_of, names_in
from tuner.short_text import config_text, value_text
from tuner.store.record import SweepRecord
from tuner.store.results import TrialResult
from tuner.store.values import to_json

__all__ = ["winners"]

_MOST = 10
_MOST_COLUMNS = 16


def winners(sweep: SweepRecord) -> Section:
    """Return the best trials with their configurations, best first."""
    try:
        best = sweep.best(max(2, min(_MOST, len(sweep.trials()))))
    except NoResultError as error:
        return Section("Best configurations", [Line(f"None: {error}", "faint")])
    parts: list[Part] = [_table(best, sweep.metric)]
    parts.append(Fold(f"{best[0].trial_id} in full, as JSON", [Code(to_json(best[0].config))]))
    if len(sweep.objectives) > 1:
        parts += _front(sweep)
    return Section("Best configurations", parts)


def _table(best: Sequence[TrialResult], metric: str) -> Table:
    """Return a column per hyperparameter where there are few enough, else one for all."""
    configs = [leaves_of(each.config) for each in best]
    names = names_in(configs)
    apart = len(names) <= _MOST_COLUMNS
    columns = [
        Column("trial"),
        Column(metric, numeric=True),
        Column("iteration", numeric=True),
        Column("seconds", numeric=True),
        Column("outcome"),
        *(columns_of(configs, names) if apart else [Column("configuration")]),
    ]
    rows = [_row(each, names if apart else None) for each in best]
    others: list[Tone] = ["plain"] * (len(best) - 1)
    return Table(f"The best {len(best)} trials" if best[1:] else "The best trial", columns, rows,
                 ["good", *others])  # fmt: skip


def _row(each: TrialResult, names: Iterable[str] | None) -> list[str]:
    leaves = leaves_of(each.config)
    known = [_cell(leaves, name) for name in names] if names is not None else None
    return [
        each.trial_id,
        value_text(each.value),
        value_text(each.iteration),
        value_text(each.seconds),
        each.outcome or "running",
        *(known if known is not None else [config_text(each.config)]),
    ]


def _cell(leaves: Leaves, name: str) -> str:
    """Return the value of a hyperparameter; nothing where the configuration lacks it."""
    if name not in leaves:
        return ""
    return "None" if leaves[name] is None else value_text(leaves[name])


def _front(sweep: SweepRecord) -> list[Part]:
    """Return the trials of the Pareto front."""
    rows = sweep.pareto()
    if not len(rows):
        return [Line("No trial ended with finite values of all objectives.", "faint")]
    columns = [
        Column("trial"),
        *(Column(each.metric, numeric=True) for each in sweep.objectives),
        Column("configuration"),
    ]
    cells = [
        [
            str(row["trial_id"]),
            *(value_text(row[f"last/{each.metric}"]) for each in sweep.objectives),
            config_text(row["config"] or {}),
        ]
        for row in rows.to_dict("records")
    ]
    title = "Trials that no other beats in all objectives, by their last reports"
    return [Table(title, columns, cells)]
