"""What ``tuner show --trial`` prints for a person: everything that is stored of one trial."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from tuner.cli.grid import GAP, empty_table
from tuner.cli.tables import facts, notes_table
from tuner.progress.wording import config_leaves, duration_text, value_text

__all__ = ["trial_parts"]

_LONG_S = 10.0  # from here on whole seconds tell enough
_WRAPPED = 40  # columns that a long text makes do with, on several lines


def trial_parts(trial: Mapping[str, Any], metric: str, width: int) -> Iterator[RenderableType]:
    """Yield the text and tables of one trial.

    Args:
        trial: As `tuner.cli.contents.trial_details` returns it.
        metric: What its value is.
        width: Columns of the console.
    """
    yield Text.assemble(
        (trial["trial_id"], "bold"), f"  {trial['status']}  ", (str(trial["outcome"] or ""), "dim")
    )
    best = f"{metric}={value_text(trial['value'])} at iteration {value_text(trial['iteration'])}"
    yield facts(
        {"best": best, "took": _seconds_text(trial["seconds"]), "seed": value_text(trial["seed"])}
    )
    yield Text("\nconfiguration", "dim")
    config = {path: str(value) for path, value in config_leaves(trial["config"])}
    yield Padding(facts(config), (0, 0, 0, 2), expand=False)
    for name in ("reports", "decisions"):
        if trial[name]:
            yield Text(f"\n{name}", "dim")
            yield _rows_table(trial[name], width)
    if trial["notes"]:
        yield Text("\nnotes", "dim")
        yield notes_table(trial["notes"])
    if trial["error"]:
        yield Text("\nerror", "dim")
        yield Text(trial["error"].rstrip())


def _rows_table(rows: Sequence[Mapping[str, Any]], width: int) -> Table:
    """Return rows with their names as headings, broken at underscores where room is short."""
    hidden = {"trial_id", "timestamp", "details", "seq"}  # rows are in the order of seq
    if all(row.get("attempt") == 1 for row in rows):
        hidden.add("attempt")
    names = [name for name in {name: 0 for row in rows for name in row} if name not in hidden]
    cells = [[_cell_text(row.get(name)) for name in names] for row in rows]
    columns = zip(names, *cells, strict=True)
    widest = (min(max(map(len, column)), _WRAPPED) for column in columns)
    is_wide = sum(each + GAP for each in widest) - GAP > width
    marks = [">" if _is_number_column(rows, name) else "" for name in names]
    headings = [name.replace("_", "_\n") if is_wide else name for name in names]
    table = empty_table(*map(str.__add__, marks, headings))
    for row in cells:
        table.add_row(*map(Text, row))
    return table


def _cell_text(value: object) -> str:
    """Return a value in few characters, but a text, such as a reason, whole."""
    return " ".join(value.split()) if isinstance(value, str) else value_text(value)


def _is_number_column(rows: Sequence[Mapping[str, Any]], name: str) -> bool:
    return all(isinstance(row.get(name), int | float | None) for row in rows)


def _seconds_text(seconds: float | None) -> str:
    """Return how long a trial took: many take less than a second."""
    if seconds is None:
        return "-"
    return duration_text(seconds) if seconds >= _LONG_S else f"{seconds:.2g}s"
