"""`Table`: what the values of one factor bring, measured, and what can be said of it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from tuner.display import Display, Displayed, Grid
from tuner.objectives import Objective
from tuner.playbook.tables.judging import Judgement

__all__ = ["Table"]


@dataclass(frozen=True)
class Table(Displayed):
    """What the values of one factor bring, with everything else held.

    Attributes:
        name: A word for it.
        question: What is asked, in a line.
        factor: What is varied.
        objective: The metric that values are compared by, and its direction.
        metrics: Which else were measured.
        time_attr: What counts as time.
        target: The value of the metric whose first time is noted; None for none.
        held: What stays the same, by flat name, where a value does not say otherwise.
        measured: What of it was measured on which examples.
        judgement: The rows, and how they differ.
        remarks: What to know beside that, a line each.
        place: Where what was measured lies.
    """

    name: str
    question: str
    factor: str
    objective: Objective
    metrics: tuple[str, ...]
    time_attr: str
    target: float | None
    held: Mapping[str, Any]
    measured: str
    judgement: Judgement
    remarks: tuple[str, ...]
    place: str

    @property
    def rows(self) -> pd.DataFrame:
        """A row per value, as `Judgement` has them."""
        return self.judgement.rows

    @property
    def conclusion(self) -> str:
        """What it comes to, in a line: no more than the tests say."""
        return self.judgement.conclusion

    def __str__(self) -> str:
        return "\n".join([self.question, "", self.to_markdown(), "", *self.notes()])

    def _display(self) -> Display:
        heads, *rows = self.cells()
        return Display(
            self.question, (Grid(tuple(map(tuple, rows)), tuple(heads)),), tuple(self.notes())
        )

    def notes(self) -> Iterator[str]:
        """Yield the conclusion, and what it rests on, a line each."""
        yield f"{self.conclusion}."
        yield f"Measured: {self.measured}."
        if self.held:
            told = ", ".join(f"{name} {_text(value)}" for name, value in self.held.items())
            yield f"Held where a value does not say otherwise: {told}."
        for remark in self.remarks:
            yield f"Note: {remark}."

    def to_markdown(self) -> str:
        """Return the rows as a table in Markdown."""
        heads, *lines = self.cells()
        rules = ["---", *["---:"] * (len(heads) - 1)]
        return "\n".join(f"| {' | '.join(line)} |" for line in [heads, rules, *lines])

    def cells(self) -> list[list[str]]:
        """Return the rows as text, the headings first; empty where there is no number."""
        first, level = self.objective.metric, self.judgement.level
        heads = [self.factor, "repeats", first, f"{level:.0%} interval", *self.metrics]
        if self.target is not None:
            heads.append(f"{self.time_attr}s to {self.target:g}")
        heads += ["behind", "p"]
        return [heads, *(self._line(row) for row in self.rows.to_dict("records"))]

    def _line(self, row: Mapping[Any, Any]) -> list[str]:
        metric, repeats = self.objective.metric, row["repeats"]
        missing = f" of {repeats + row['missing']}" if row["missing"] else ""
        low, high = _number(row[f"{metric}_low"]), _number(row[f"{metric}_high"])
        line = [row["value"], f"{repeats}{missing}", _number(row[metric])]
        line += [f"{low} to {high}" if low else "", *(_number(row[each]) for each in self.metrics)]
        if self.target is not None:
            line.append(_time(row))
        return [*line, _number(row["behind"]), _p_text(row["p"])]

    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain values."""
        return {
            "name": self.name,
            "question": self.question,
            "factor": self.factor,
            "metric": self.objective.metric,
            "mode": self.objective.mode,
            "metrics": list(self.metrics),
            "time_attr": self.time_attr,
            "target": self.target,
            "held": dict(self.held),
            "measured": self.measured,
            "level": self.judgement.level,
            "leader": self.judgement.leader,
            "conclusion": self.conclusion,
            "rows": json.loads(self.rows.to_json(orient="records")),
            "pairs": json.loads(self.judgement.pairs.to_json(orient="records")),
            "remarks": list(self.remarks),
            "path": self.place,
        }


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _number(value: float) -> str:
    if math.isnan(value):
        return ""
    return f"{value:,.0f}" if 1e4 <= abs(value) < 1e9 else f"{value:.4g}"


def _p_text(p: float) -> str:
    if math.isnan(p):
        return ""
    return f"{p:.2g}" if p >= 1e-3 else "< 0.001"


def _time(row: Mapping[Any, Any]) -> str:
    """Return the median time, and in how many repeats there was one where that is not all."""
    share = f"{row['reached']} of {row['repeats']}"
    if math.isfinite(row["time_to_target"]):
        told = f"{row['time_to_target']:g}"
        return told if row["reached"] == row["repeats"] else f"{told} ({share})"
    return f"not reached ({share})" if row["reached"] else "not reached"
