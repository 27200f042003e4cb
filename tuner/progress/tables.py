"""The tables of the live panel: rungs, and a population. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from tuner.progress.snapshot import Member, Rung, Snapshot, ranking_key
from tuner.progress.wording import config_text, value_text

__all__ = ["population_table", "rung_table"]

_LEFT = frozenset({"rung", "trial", "from", "configuration"})


def rung_table(rungs: Sequence[Rung], rows: int) -> Table:
    """Return how many trials reached, passed and wait at each rung, its cut and its best value."""
    table = _table("rung", "reached", "passed", "waiting", "cut", "best")
    for rung in rungs[:rows]:
        table.add_row(
            Text(rung.label),
            str(rung.trials),
            value_text(rung.passed),
            str(rung.waiting or "-"),
            value_text(rung.cutoff),
            value_text(rung.best),
        )
    return _with_rest(table, len(rungs) - rows)


def population_table(snapshot: Snapshot, rows: int) -> Table:
    """Return the members of a population, the best first."""

    def rank(member: Member) -> float:
        return ranking_key(member.value, snapshot.mode)

    columns = 5 if any(member.config for member in snapshot.population) else 4
    headings = ("trial", snapshot.metric, "iteration", "from", "configuration")
    table = _table(*headings[:columns])
    for member in sorted(snapshot.population, key=rank)[:rows]:
        cells = (
            Text(member.trial_id),
            value_text(member.value),
            str(member.iteration),
            Text(member.parent or "-"),
            Text(config_text(member.config), no_wrap=True, overflow="ellipsis"),
        )
        table.add_row(*cells[:columns])
    return _with_rest(table, len(snapshot.population) - rows)


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for heading in headings:
        # Where room is short, rich narrows the columns that may wrap before the others.
        fixed = heading != "configuration"
        justify = "left" if heading in _LEFT else "right"
        table.add_column(Text(heading), justify=justify, no_wrap=fixed)  # type: ignore[arg-type]
    return table


def _with_rest(table: Table, rest: int) -> Table:
    if rest > 0:
        table.add_row(Text(f"+ {rest} more", "dim"))
    return table
