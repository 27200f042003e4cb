"""What `isolate` returns: what the values of scientific hyperparameters bring."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from tuner.display import Display, Displayed, Grid
from tuner.objectives import Objective

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

__all__ = ["FEWEST", "Isolation"]

FEWEST = 5
"""A value with fewer trials is not compared: the best of them is the luck of the draw."""


@dataclass(frozen=True)
class Isolation(Displayed):
    """What the values of scientific hyperparameters bring.

    Attributes:
        place: Where the sweep lies.
        objective: The metric and its direction; of several, the first.
        scientific: The hyperparameters, by path.
        draws: How many trials of each value the expected best is of; 0 with too few to compare.
        level: Of the intervals.
        table: A row per value, the best expected one first and those with too few trials last:
            ``value``; ``trials``; ``best`` and ``best_trial``; ``expected`` (the best of ``draws``
            trials, on average), ``low``, ``high``; ``behind`` (how much worse than the first row,
            0 or more), ``behind_low``, ``behind_high`` (at a level that allows for all
            comparisons with it).
        winner: The value that is better than all others; None if the sweep cannot tell.
        remarks: What is left out or taken otherwise, a line each.
    """

    place: str
    objective: Objective
    scientific: tuple[str, ...]
    draws: int
    level: float
    table: pd.DataFrame
    winner: str | None
    remarks: tuple[str, ...]

    @property
    def conclusion(self) -> str:
        """What it comes to, in a line."""
        names = ", ".join(self.scientific)
        rows = self.table[self.table["expected"].notna()]
        if len(rows) < 2:
            return (
                f"not enough: fewer than two values of {names} have {FEWEST} trials; run more with "
                f"these values"
            )
        first = str(rows["value"].iloc[0])
        if self.winner is not None:
            return f"{names} = {first} is better than every other value"
        close = rows[~(rows["behind_low"] > 0)]["value"].iloc[1:]
        return (
            f"not enough: {names} = {first} leads, and {', '.join(map(str, close))} "
            f"{'are' if len(close) > 1 else 'is'} not surely worse; run more trials of these"
        )

    def __str__(self) -> str:
        return "\n".join([f"{self.heading}\n", self.to_markdown(), "", *self.notes()])

    def _display(self) -> Display:
        heads, *rows = self.cells()
        return Display(
            self.heading, (Grid(tuple(map(tuple, rows)), tuple(heads)),), tuple(self.notes())
        )

    @property
    def heading(self) -> str:
        """What was compared, in a line."""
        return f"{self.place}: {', '.join(self.scientific)}, {self.objective}"

    def notes(self) -> Iterator[str]:
        """Yield the conclusion and the remarks."""
        yield self.conclusion
        yield from (f"note: {remark}" for remark in self.remarks)

    def cells(self) -> list[list[str]]:
        """Return the table as text, its headings first; empty where there is no number."""
        share = f"{self.level:.0%} interval"
        heads = [", ".join(self.scientific), "trials", "best", f"best of {self.draws}", share,
                 "behind", "interval"]  # fmt: skip
        rows = [
            [row["value"], str(row["trials"]), _number(row["best"]), _number(row["expected"]),
             _interval(row, ""), _number(row["behind"]), _interval(row, "behind_") if place else ""]
            for place, row in enumerate(self.table.to_dict("records"))
        ]  # fmt: skip
        return [heads, *rows]

    def to_markdown(self) -> str:
        """Return the table as Markdown."""
        heads, *rows = self.cells()
        rules = ["---", *["---:"] * (len(heads) - 1)]
        return "\n".join(f"| {' | '.join(line)} |" for line in [heads, rules, *rows])

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-able values."""
        return {
            "path": self.place,
            "metric": self.objective.metric,
            "mode": self.objective.mode,
            "scientific": list(self.scientific),
            "draws": self.draws,
            "level": self.level,
            "winner": self.winner,
            "conclusion": self.conclusion,
            "values": json.loads(self.table.to_json(orient="records")),
            "remarks": list(self.remarks),
        }

    def figure(self) -> Figure:
        """Draw the expected best by value, with intervals and the trials themselves.

        Raises:
            NoResultError: No value has enough trials.
        """
        from tuner import figures

        return figures.isolation(
            self.table, name=", ".join(self.scientific), objective=self.objective, draws=self.draws
        )


def _number(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.4g}"


def _interval(row: Mapping[Any, Any], prefix: str) -> str:
    low, high = row[f"{prefix}low"], row[f"{prefix}high"]
    return "" if math.isnan(low) else f"[{_number(low)}, {_number(high)}]"
