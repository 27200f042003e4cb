"""Learning curves drawn with characters: every trial faint, the best one bright.

The end of a stopped trial is ``✕``, the best value ``◆``. Values that range over orders of
magnitude get a logarithmic axis. A few values far worse than the rest, as of trials that
diverged, do not stretch the axis: they are drawn at its edge. Trials that report once have no
curves: their values stand side by side.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any

from rich.text import Text

from tuner.progress.axes import LABEL_WIDTH, Axes, Curve
from tuner.progress.best_so_far import draw_best_so_far
from tuner.progress.picture import (
    BEST_MARK,
    BEST_STYLE,
    STOPPED_MARK,
    STOPPED_STYLE,
    Picture,
    best_caption,
    finite_points,
)
from tuner.progress.snapshot import CurveSample, Mode, ranking_key
from tuner.progress.wording import value_text

__all__ = ["curves_of", "draw_curves"]

_MOST_CURVES = 400
_LEAST_WIDTH, _LEAST_HEIGHT = 24, 4


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
    sample: CurveSample | None = None,
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
        sample: Of which sample these curves are, where there are more.
        width: Columns, at least 24.
        height: Lines, captions not counted, at least 4.

    Returns:
        Lines without a newline at the end; ``.plain`` is the drawing without colours.
    """
    drawn = {trial: points for trial, curve in curves.items() if (points := finite_points(curve))}
    if not drawn:
        return Text(f"no finite value of {metric} to draw")
    count_text = partial(
        _count_text,
        sample.trials if sample else len(curves),
        sample.finite if sample else len(drawn),
    )
    width, height = max(width, _LEAST_WIDTH), max(height, _LEAST_HEIGHT)
    if len(drawn) > 1 and all(len(points) == 1 for points in drawn.values()):
        values = {trial: points[0][1] for trial, points in drawn.items()}
        drawing = draw_best_so_far(
            values,
            metric=metric,
            mode=mode,
            stopped=stopped,
            numbers=None if sample is None else sample.numbers,
            width=width,
            height=height,
        )
        return drawing.append(f"  {count_text(len(drawn))}", "dim")
    axes = Axes.around(drawn.values(), mode=mode, width=width - LABEL_WIDTH, height=height)
    best = min(drawn, key=lambda trial: ranking_key(_best_point(drawn[trial], mode)[1], mode))
    best_time, best_value = _best_point(drawn[best], mode)
    shown = _thin_out(list(drawn), best)
    picture = Picture(axes)
    for trial in shown:
        picture.line(curves[trial], bright=trial == best)
        if trial in stopped:
            picture.mark(drawn[trial][-1], STOPPED_MARK, STOPPED_STYLE)
    picture.mark((best_time, best_value), BEST_MARK, BEST_STYLE)
    title = Text(f"{metric} ({mode}{', log scale' if axes.log else ''})", "bold")
    caption = best_caption(f"best {value_text(best_value)}, {best} at {best_time:g}", stopped)
    caption.append(f"  {count_text(len(shown))}", "dim")
    return Text("\n").join([title, *axes.around_picture(picture.lines(), time_attr), caption])


def _best_point(points: Curve, mode: Mode) -> tuple[float, float]:
    return min(points, key=lambda point: ranking_key(point[1], mode))


def _thin_out(trials: Sequence[str], best: str) -> Sequence[str]:
    """Choose trials to draw: all, or evenly many of them; the best is always among them."""
    if len(trials) <= _MOST_CURVES:
        return trials
    chosen = [trials[i * len(trials) // _MOST_CURVES] for i in range(_MOST_CURVES)]
    return chosen if best in chosen else [*chosen, best]


def _count_text(trials: int, finite: int, shown: int) -> str:
    text = f"{shown:,} of {finite:,} trials" if shown < finite else f"trials: {finite}"
    return text + (f", {trials - finite} without a finite value" if trials > finite else "")
