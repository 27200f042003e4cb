"""Figures of sweeps and of comparisons, to look at in a browser and to publish.

Each is a function of frames that returns a plotly figure: `themed` gives it another look (light,
dark, print), `write_figure` and `save_figures` write it (HTML and JSON by themselves; PNG, SVG and
PDF by a Chrome). `tuner.plot` draws them of a sweep's folder.

Of a sweep:

* ``learning``: `curves`; ``optimisation``: `history`, `edf`; ``foresight``: `prospects`;
  ``potential``: `improvement`.
* ``coordinates``: `parallel`; ``marginals``: `slices`; ``surfaces``: `contours`.
* ``effects``: `importance`; ``scientific``: `isolation`; ``rounds``: `refinement`.
* ``cluster``: `timeline`, of ``stretches`` in which trials held workers; ``paces``: `durations`.
* ``deciding``: `decisions`; ``ancestry``: `lineage`; ``fronts``: `pareto`, `hypervolume`.
* ``checks``: `audit`; ``examined``, what its checks look at: `positions`, `value_order`,
  `series`, `agreement`, `counts`, `repeats`.

Of a comparison, from the frames of `tuner.analysis`:

* ``bands``: `best_so_far`; ``ranks``: `critical_differences`; ``workloads``: `usage`.
* ``intervals``: `regret`, `waiting_times`, `speedups`; ``tables``: `regret_heat`, `win_rates`.

What they share: ``themes`` (colours and templates), ``labels`` (text, escaped), ``frames``,
``hyperparameters``, ``ranges`` and ``rails`` (axes), ``strength`` (which hyperparameters, where
there is no room for all), ``spending``, ``grids`` (panels), ``layouts`` (one figure for several
widths), ``overlays`` (several sweeps), ``hovering``, ``thinning`` (which of many trials are drawn),
``saving``, ``packing`` (plotly.js in a page); and the JavaScript of ``assets``.

Lines of many trials are one trace with gaps, and all is drawn as SVG: a browser has room for a
dozen WebGL canvases, and a report for more figures.
"""

from __future__ import annotations

from tuner.figures.ancestry import lineage
from tuner.figures.bands import best_so_far
from tuner.figures.checks import audit
from tuner.figures.cluster import timeline
from tuner.figures.coordinates import parallel
from tuner.figures.deciding import decisions
from tuner.figures.effects import importance
from tuner.figures.examined import (
    agreement,
    counts,
    positions,
    repeats,
    series,
    value_order,
)
from tuner.figures.foresight import prospects
from tuner.figures.fronts import hypervolume, pareto
from tuner.figures.intervals import regret, speedups, waiting_times
from tuner.figures.layouts import arranged, script
from tuner.figures.learning import curves
from tuner.figures.marginals import slices
from tuner.figures.optimisation import edf, history
from tuner.figures.paces import durations
from tuner.figures.potential import improvement
from tuner.figures.ranks import critical_differences
from tuner.figures.rounds import refinement
from tuner.figures.saving import Format, save_figures, write_figure
from tuner.figures.scientific import isolation
from tuner.figures.surfaces import contours
from tuner.figures.tables import regret_heat, win_rates
from tuner.figures.themes import COLUMN_PX, PAGE_PX, Theme, template, themed
from tuner.figures.workloads import usage

__all__ = [
    "COLUMN_PX",
    "PAGE_PX",
    "Format",
    "Theme",
    "agreement",
    "arranged",
    "audit",
    "best_so_far",
    "contours",
    "counts",
    "critical_differences",
    "curves",
    "decisions",
    "durations",
    "edf",
    "history",
    "hypervolume",
    "importance",
    "improvement",
    "isolation",
    "lineage",
    "parallel",
    "pareto",
    "positions",
    "prospects",
    "refinement",
    "regret",
    "regret_heat",
    "repeats",
    "save_figures",
    "script",
    "series",
    "slices",
    "speedups",
    "template",
    "themed",
    "timeline",
    "usage",
    "value_order",
    "waiting_times",
    "win_rates",
    "write_figure",
]
