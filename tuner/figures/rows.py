"""Axes with a row per arm, the first on top."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes

from tuner.figures.style import wrapped

__all__ = ["name_rows", "note_beside"]


def name_rows(axis: Axes, arms: Sequence[str]) -> None:
    """Give each arm a row with its name at the left."""
    axis.set_yticks(range(len(arms)), [wrapped(arm) for arm in arms])
    axis.set_ylim(len(arms) - 0.5, -0.5)
    axis.tick_params(axis="y", length=0)


def note_beside(axis: Axes, row: int, text: str) -> None:
    """Write a few characters at the right of a row."""
    axis.annotate(
        text,
        (1.02, row),
        xycoords=axis.get_yaxis_transform(),
        va="center",
        fontsize=6,
        color="0.35",
        annotation_clip=False,
    )
