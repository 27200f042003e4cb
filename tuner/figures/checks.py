"""The checks of an audit, as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import pandas as pd
import plotly.graph_objects as go

from tuner.figures.frames import names_in
from tuner.figures.labels import new_figure, plain, wrapped
from tuner.figures.layouts import offer
from tuner.figures.themes import faded

__all__ = ["audit"]

_VERDICTS = {"pass": "#009E73", "warn": "#E69F00", "fail": "#D55E00", "cannot tell": "#808080"}
_CLEAR = "rgba(0,0,0,0)"
_NO_LINE = {"width": 0, "color": _CLEAR}  # a check and its remedy are one
_BANDS = (_CLEAR, "rgba(128,128,128,0.1)")  # behind one check and the next
_LINES = {"narrow": 24, "medium": 34, "wide": 58}  # characters of what was found
_NAME = 14  # characters of a check


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
    rows = [
        row
        for number, check in enumerate(checks.to_dict("records"))
        for row in _table_rows(check, _BANDS[number % 2])
    ]
    bands = [row.band for row in rows]
    figure = new_figure(
        "Audit",
        [", ".join(f"{tally[each]} {each}" for each in _VERDICTS if each in tally)],
    )
    heights = {size: {"height": _height(rows, most)} for size, most in _LINES.items()}
    figure.layout.update(heights["wide"])
    offer(figure, **heights)
    figure.add_trace(
        go.Table(
            columnwidth=[32, 24, 72],
            header={"values": [f"<b>{head}</b>" for head in ("check", "verdict", "what was found")],
                    "align": "left", "fill": {"color": "rgba(128,128,128,0.2)"}, "line": _NO_LINE},
            cells={"values": [[row.check for row in rows],
                              [f"<b>{row.verdict}</b>" for row in rows],
                              [row.text for row in rows]],
                   "align": "left", "height": 26, "line": _NO_LINE,
                   "fill": {"color": [bands, [row.mark for row in rows], bands]}},
        )
    )  # fmt: skip
    return figure


def _height(rows: Sequence[_Row], most: int) -> int:
    """Return the height of the table where so many characters are a line."""
    lines = (max(-(-len(row.text) // most), row.check.count("<br>") + 1) for row in rows)
    return 124 + sum(30 + 17 * (each - 1) for each in lines)


class _Row(NamedTuple):
    check: str
    verdict: str
    text: str
    mark: str  # behind the verdict
    band: str  # behind the rest


def _table_rows(check: Mapping[Any, Any], band: str) -> Iterator[_Row]:
    """Yield what was found and, below it, what to do: plotly breaks lines of plain text only."""
    mark = faded(_VERDICTS[check["verdict"]], 0.3)
    yield _Row(
        wrapped(check["check"], _NAME), check["verdict"], plain(check["message"]), mark, band
    )
    if check["remedy"]:
        yield _Row("", "", f"→ {plain(check['remedy'])}", mark, band)
