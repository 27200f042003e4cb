"""What a sweep or a comparison shows, drawn from its folder: nothing here runs or writes.

- `plotting`: `plot`, a figure of a folder by its kind.
- `sweeps`: the kinds of a sweep; `overlays`: those of several; `targets`: other values than the
  metric, and `matters`, which hyperparameters matter for them; `rounds`: the rounds of refinement.
- `writing`: `report`, everything as one HTML file. `sources`: what a path holds (`snapshots`: a
  sweep, read once); ``sections``: what is said of it, as the plain `parts` of a page; `page`: from
  parts to HTML (`markup`: escaped; `prose`: Markdown; `embedding`: figures, scripts and style).
- `live`: the same file, kept up to date while something runs; `serving`: it alone, on loopback.
"""

from __future__ import annotations

from tuner.reporting.plotting import plot
from tuner.reporting.writing import report

__all__ = ["plot", "report"]
