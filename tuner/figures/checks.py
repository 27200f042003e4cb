"""The checks of an audit, as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import pandas as pd
import plotly.graph_objects as go

from tuner.figures.frames import names_in
from tuner.figures.labels import new_figure, plain
from tuner.figures.themes import OTHERS, faded

__all__ = ["audit"]

_VERDICTS = {"pass": "#009E73", "warn": "#E69F00", "fail": "#D55E00", "cannot tell": "#808080"}
_CLEAR = "rgba(0,0,0,0)"
_LINE = 62  # characters of what was found, on a page


def audit(checks: pd.DataFrame) -> go.Figure:
    """Draw what an audit found as a table.

    Args:
        checks: ``check``, ``verdict`` (pass, warn, fail, cannot tell), ``message``, ``remedy``: a
            row per check.

    Raises:
        NoResultError: Nothing was checked.
    """
    names_in(checks, "check")
    tally = checks["verdict"].value_counts()
    rows = [row for check in checks.to_dict("records") for row in _table_rows(check)]
    inks = [_VERDICTS.get(row.verdict) for row in rows]
    fills = [_CLEAR, [faded(ink, 0.3) if ink else _CLEAR for ink in inks], _CLEAR]
    figure = new_figure(
        "Audit",
        [", ".join(f"{tally[each]} {each}" for each in _VERDICTS if each in tally)],
        height=120 + sum(30 + 18 * (len(row.text) // _LINE) for row in rows),
    )
    line = {"width": 0.5, "color": OTHERS}
    figure.add_trace(
        go.Table(
            columnwidth=[24, 14, 90],
            header={"values": [f"<b>{head}</b>" for head in ("check", "verdict", "what was found")],
                    "align": "left", "fill": {"color": "rgba(128,128,128,0.2)"}, "line": line},
            cells={"values": [[row.check for row in rows],
                              [f"<b>{row.verdict}</b>" for row in rows],
                              [row.text for row in rows]],
                   "align": "left", "height": 26, "line": line,
                   "fill": {"color": fills}},
        )
    )  # fmt: skip
    return figure


class _Row(NamedTuple):
    check: str
    verdict: str
    text: str


def _table_rows(check: Mapping[Any, Any]) -> Iterator[_Row]:
    """Yield what was found and, below it, what to do: plotly breaks lines of plain text only."""
    yield _Row(plain(check["check"]), plain(check["verdict"]), plain(check["message"]))
    if check["remedy"]:
        yield _Row("", "", f"→ {plain(check['remedy'])}")
