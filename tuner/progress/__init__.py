"""What a person sees while a sweep runs and when it ends. Imports no Ray.

* ``snapshot``: `Snapshot`, all that a view may show, with its `Rung` and `Member` rows.
* ``meter``: how busy something was, over time; ``curve_book``: curves in bounded memory;
  ``rung_book`` and ``occupancy``: rungs and how busy all is, from a record; ``recorded``: all of
  these for a sweep of which one sees the folder only. Pure.
* ``pace``: how fast a sweep goes and how long it may still take; pure.
* ``wording``: durations, values and configurations as short text.
* ``views``: the interface `View`, `SilentView` and `make_view`, which picks one.
* ``live``: `LiveView`, a panel that redraws itself in a terminal.
* ``panel``: what that draws, of ``panel_parts`` and ``tables``; ``svg``: the same as a picture.
* ``notebook``: `NotebookView`, the same below a cell of a notebook.
* ``lines``: `LineView`, plain lines for logs and pipes.
* ``curves``: `draw_curves`, learning curves drawn with characters (``best_so_far`` where trials
  report once; ``picture``, ``axes`` and ``canvas`` are what both are drawn with);
  ``sparkline``: a course of values in one line.
"""

from __future__ import annotations

from tuner.progress.curve_book import CurveBook
from tuner.progress.curves import curves_of, draw_curves
from tuner.progress.meter import Meter
from tuner.progress.snapshot import CurveSample, Gauge, Member, Rung, Snapshot
from tuner.progress.svg import panel_svg
from tuner.progress.views import SilentView, View, make_view

__all__ = [
    "CurveBook",
    "CurveSample",
    "Gauge",
    "Member",
    "Meter",
    "Rung",
    "SilentView",
    "Snapshot",
    "View",
    "curves_of",
    "draw_curves",
    "make_view",
    "panel_svg",
]
