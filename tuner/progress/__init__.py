"""What a person sees while a sweep runs and when it ends. Imports no Ray.

* ``snapshot``: `Snapshot`, all that a view may show, with its `Rung` and `Member` rows.
* ``pace``: how fast a sweep goes and how long it may still take; pure.
* ``wording``: durations, values and configurations as short text.
* ``views``: the interface `View`, `SilentView` and `make_view`, which picks one.
* ``live``: `LiveView`, a panel that redraws itself in a terminal.
* ``lines``: `LineView`, plain lines for logs and pipes.
* ``curves``: `draw_curves`, learning curves drawn with characters (``best_so_far`` where trials
  report once; ``picture``, ``axes`` and ``canvas`` are what both are drawn with).
"""

from __future__ import annotations

from tuner.progress.curves import curves_of, draw_curves
from tuner.progress.snapshot import Member, Rung, Snapshot
from tuner.progress.views import SilentView, View, make_view

__all__ = [
    "Member",
    "Rung",
    "SilentView",
    "Snapshot",
    "View",
    "curves_of",
    "draw_curves",
    "make_view",
]
