"""Learning curves drawn with characters: every trial faint, the best one bright.

The end of a stopped trial is ``✕``, the best value ``◆``. Values that range over orders of
magnitude get a logarithmic axis. A few values far worse than the rest, as of trials that
diverged, do not stretch the axis: they are drawn at its edge.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from rich.text import Text

from tuner.progress.axes import LABEL_WIDTH, Axes, Curve
from tuner.progress.canvas import COLUMNS_PER_CELL, ROWS_PER_CELL, Canvas
from tuner.progress.snapshot import Mode, ranking_key
from tuner.progress.wording import value_text

__all__ = ["curves_of", "draw_curves"]

_MOST_CURVES = 400
_LEAST_WIDTH, _LEAST_HEIGHT = 24, 4
_BEST_STYLE = "bold green"
_STOPPED_STYLE = "yellow"


def curves_of(reports: Any, metric: str, time_attr: str) -> dict[str, list[tuple[float, float]]]:
    """Return each trial's curve from a frame of reports.

    Args:
        reports: Columns ``trial_id``, ``metric`` and ``time_attr`` by name, such as a data frame or
            a dict of lists. Where a trial reported a time twice, as after a failure, the later
            report counts. Values that are no numbers are left out.
        metric: Which column is drawn.
        time_attr: Over which column.
    """
    curves: dict[str, dict[float, float]] = {}
    for trial, time, value in zip(
        reports["trial_id"], reports[time_attr], reports[metric], strict=True
    ):
        if isinstance(value, int | float) and isinstance(time, int | float):
            curves.setdefault(str(trial), {})[float(time)] = float(value)
    return {trial: sorted(points.items()) for trial, points in curves.items()}


def draw_curves(
    curves: Mapping[str, Curve],
    *,
    metric: str,
    mode: Mode,
    time_attr: str = "training_iteration",
    stopped: Collection[str] = (),
    width: int = 80,
    height: int = 16,
) -> Text:
    """Draw learning curves.

    Args:
        curves: Trial to its points in order of time. Values that are not finite leave a gap.
        metric: What the values are.
        mode: Which trial is best: the one with the lowest value (``"min"``) or the highest.
        time_attr: What the times are.
        stopped: Trials whose end is marked.
        width: Columns, at least 24.
        height: Lines, captions not counted, at least 4.

    Returns:
        Lines without a newline at the end; ``.plain`` is the drawing without colours.
    """
    drawn = {trial: points for trial, curve in curves.items() if (points := _finite(curve))}
    if not drawn:
        return Text(f"no finite value of {metric} to draw")
    axes = Axes.around(
        drawn.values(),
        mode=mode,
        width=max(width, _LEAST_WIDTH) - LABEL_WIDTH,
        height=max(height, _LEAST_HEIGHT),
    )
    best = min(drawn, key=lambda trial: ranking_key(_best_point(drawn[trial], mode)[1], mode))
    shown = _thin_out(list(drawn), best)
    picture = _Picture(axes, {trial: curves[trial] for trial in shown}, best, stopped).lines()
    title = Text(f"{metric} ({mode}{', log scale' if axes.log else ''})", "bold")
    best_time, best_value = _best_point(drawn[best], mode)
    caption = Text.assemble(
        ("◆", _BEST_STYLE), f" best {value_text(best_value)}, {best} at {best_time:g}"
    )
    if stopped:
        caption.append("  ").append("✕", _STOPPED_STYLE).append(" stopped")
    caption.append(f"  {_count_text(len(curves), len(drawn), len(shown))}", "dim")
    return Text("\n").join([title, *axes.around_picture(picture, time_attr), caption])


class _Picture:
    """Curves on the canvas: one layer for all, one for the best, and marks over them."""

    def __init__(
        self, axes: Axes, curves: Mapping[str, Curve], best: str, stopped: Collection[str]
    ) -> None:
        self._axes = axes
        self._others = Canvas(axes.width, axes.height)
        self._best = Canvas(axes.width, axes.height)
        self._marks: dict[tuple[int, int], tuple[str, str]] = {}
        for trial, curve in curves.items():
            self._draw(curve, self._best if trial == best else self._others)
            if trial in stopped:
                self._mark(_finite(curve)[-1], "✕", _STOPPED_STYLE)
        self._mark(_best_point(_finite(curves[best]), axes.mode), "◆", _BEST_STYLE)

    def lines(self) -> list[Text]:
        """Return the drawing, a Text per line."""
        return [
            Text.assemble(*(self._cell(cell, line) for cell in range(self._axes.width)))
            for line in range(self._axes.height)
        ]

    def _draw(self, curve: Curve, canvas: Canvas) -> None:
        previous = None
        for time, value in curve:
            if not _is_finite(time, value):
                previous = None
                continue
            place = self._axes.place(time, value)
            canvas.line(previous or place, place)
            previous = place

    def _mark(self, point: tuple[float, float], mark: str, style: str) -> None:
        column, row = self._axes.place(*point)
        self._marks[column // COLUMNS_PER_CELL, row // ROWS_PER_CELL] = (mark, style)

    def _cell(self, cell: int, line: int) -> tuple[str, str]:
        if (cell, line) in self._marks:
            return self._marks[cell, line]
        if character := self._best.character(cell, line):
            return character, _BEST_STYLE
        return self._others.character(cell, line) or " ", "dim"


def _is_finite(time: float, value: float) -> bool:
    return math.isfinite(time) and math.isfinite(value)


def _finite(curve: Curve) -> list[tuple[float, float]]:
    return [point for point in curve if _is_finite(*point)]


def _best_point(points: Curve, mode: Mode) -> tuple[float, float]:
    return min(points, key=lambda point: ranking_key(point[1], mode))


def _thin_out(trials: Sequence[str], best: str) -> Sequence[str]:
    """Choose trials to draw: all, or evenly many of them; the best is always among them."""
    if len(trials) <= _MOST_CURVES:
        return trials
    chosen = [trials[i * len(trials) // _MOST_CURVES] for i in range(_MOST_CURVES)]
    return chosen if best in chosen else [*chosen, best]


def _count_text(trials: int, finite: int, shown: int) -> str:
    text = f"{shown} of {finite} trials" if shown < finite else f"trials: {finite}"
    return text + (f", {trials - finite} without a finite value" if trials > finite else "")
