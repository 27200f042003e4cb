"""A sweep whose trials report once: their values side by side, and the best so far as a line."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from rich.text import Text

from tuner.progress.axes import LABEL_WIDTH, Axes
from tuner.progress.picture import (
    BEST_MARK,
    BEST_STYLE,
    FAINT_STYLE,
    STOPPED_MARK,
    STOPPED_STYLE,
    Picture,
    best_caption,
)
from tuner.progress.snapshot import Mode, ranking_key
from tuner.progress.wording import value_text

__all__ = ["draw_best_so_far"]


def draw_best_so_far(
    values: Mapping[str, float],
    *,
    metric: str,
    mode: Mode,
    stopped: Collection[str],
    numbers: Mapping[str, int] | None = None,
    width: int,
    height: int,
) -> Text:
    """Draw the one value of each trial, in the order in which they came.

    Args:
        values: Trial to its finite value, in that order; at least one.
        metric: What the values are.
        mode: Whether the lowest value (``"min"``) or the highest is best.
        stopped: Trials that a scheduler stopped, marked as such.
        numbers: Which of all trials each is, from 1, where these are some of them.
        width: Columns of the whole drawing.
        height: Lines of the picture.

    Returns:
        A title, the picture with its axes, and a line that explains the marks.
    """
    places = range(1, len(values) + 1) if numbers is None else map(numbers.__getitem__, values)
    points = [(float(place), value) for place, value in zip(places, values.values(), strict=True)]
    axes = Axes.around([points], mode=mode, width=width - LABEL_WIDTH, height=height)
    picture = Picture(axes)
    crowded = len(points) > axes.width
    for trial, point in zip(values, points, strict=True):
        if trial in stopped:
            picture.mark(point, STOPPED_MARK, STOPPED_STYLE)
        elif crowded:
            picture.line([point], bright=False)
        else:
            picture.mark(point, "•", FAINT_STYLE)
    picture.line(list(_steps(points, mode)), bright=True)
    best = min(values, key=lambda trial: ranking_key(values[trial], mode))
    picture.mark(points[list(values).index(best)], BEST_MARK, BEST_STYLE)
    log = ", log scale" if axes.log else ""
    title = Text(f"{metric} ({mode}{log}), one report per trial", "bold")
    caption = best_caption(f"best {value_text(values[best])}, {best}", stopped)
    caption.append("  ").append("─", BEST_STYLE).append(" best so far")
    return Text("\n").join([title, *axes.around_picture(picture.lines(), "trial"), caption])


def _steps(points: Sequence[tuple[float, float]], mode: Mode) -> Iterator[tuple[float, float]]:
    """Yield the corners of the best value so far: level until a better one, then straight to it."""
    best = points[0][1]
    for number, value in points:
        yield number, best
        if ranking_key(value, mode) < ranking_key(best, mode):
            best = value
            yield number, best
