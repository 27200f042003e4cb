"""What a sweep or a comparison shows, drawn from its folder: nothing here runs or writes.

- `plotting`: `plot`, a figure of a folder by its kind.
- `sweeps`: the kinds of a sweep; `rounds`: the rounds of refinement that led to it.
"""

from __future__ import annotations

from tuner.reporting.plotting import plot

__all__ = ["plot"]
