"""Figures for publication: PDF and SVG with text as text, and PNG.

Each takes a frame of `tuner.analysis` and returns a matplotlib figure; `save_figure` writes it.

* ``style``: sizes and colours; ``saving``: `save_figure`.
* ``panels``: figures with panels; ``rows``: axes with a row per arm; ``frames``: what is asked of
  frames.
* ``curves``: `draw_best_so_far`.
* ``intervals``: `draw_regret`, `draw_waiting_times`, `draw_speedups`.
* ``heat``: `draw_regret_heat`.
* ``ranks``: `draw_critical_differences`.
* ``usage``: `draw_usage`.
* ``importance``: `draw_importance`; ``isolation``: `draw_isolation`.
* ``auditing``: `draw_positions`, `draw_value_order`, `draw_training_curves`, `draw_agreement`,
  `draw_counts`, `draw_repeats`.
"""

from __future__ import annotations

from tuner.figures.auditing import (
    draw_agreement,
    draw_counts,
    draw_positions,
    draw_repeats,
    draw_training_curves,
    draw_value_order,
)
from tuner.figures.curves import draw_best_so_far
from tuner.figures.heat import draw_regret_heat
from tuner.figures.importance import draw_importance
from tuner.figures.intervals import draw_regret, draw_speedups, draw_waiting_times
from tuner.figures.isolation import draw_isolation
from tuner.figures.ranks import draw_critical_differences
from tuner.figures.saving import Format, save_figure
from tuner.figures.style import COLUMN_IN, PAGE_IN
from tuner.figures.usage import draw_usage

__all__ = [
    "COLUMN_IN",
    "PAGE_IN",
    "Format",
    "draw_agreement",
    "draw_best_so_far",
    "draw_counts",
    "draw_critical_differences",
    "draw_importance",
    "draw_isolation",
    "draw_positions",
    "draw_regret",
    "draw_regret_heat",
    "draw_repeats",
    "draw_speedups",
    "draw_training_curves",
    "draw_usage",
    "draw_value_order",
    "draw_waiting_times",
    "save_figure",
]
