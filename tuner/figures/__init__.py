"""Figures of comparisons for publication: PDF and SVG with text as text, and PNG.

Each takes a frame of `tuner.analysis` and returns a matplotlib figure; `save_figure` writes it.

* ``style``: sizes and colours; ``saving``: `save_figure`.
* ``panels``: figures with panels; ``rows``: axes with a row per arm; ``frames``: what is asked of
  frames.
* ``curves``: `draw_best_so_far`.
* ``intervals``: `draw_regret`, `draw_waiting_times`, `draw_speedups`.
* ``heat``: `draw_regret_heat`.
* ``ranks``: `draw_critical_differences`.
* ``usage``: `draw_usage`.
"""

from __future__ import annotations

from tuner.figures.curves import draw_best_so_far
from tuner.figures.heat import draw_regret_heat
from tuner.figures.intervals import draw_regret, draw_speedups, draw_waiting_times
from tuner.figures.ranks import draw_critical_differences
from tuner.figures.saving import Format, save_figure
from tuner.figures.style import COLUMN_IN, PAGE_IN
from tuner.figures.usage import draw_usage

__all__ = [
    "COLUMN_IN",
    "PAGE_IN",
    "Format",
    "draw_best_so_far",
    "draw_critical_differences",
    "draw_regret",
    "draw_regret_heat",
    "draw_speedups",
    "draw_usage",
    "draw_waiting_times",
    "save_figure",
]
