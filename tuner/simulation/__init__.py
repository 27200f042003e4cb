"""A simulated cluster: the same schedulers and searchers, over learning curves, in virtual time.

- `engine`: makes the calls that Ray Tune's controller makes, event by event.
- `suggestions`: where trials come from.
- `trials`: as much of a Ray trial as schedulers look at.
- `cluster`: workers, and how long everything but training takes.
- `curves`: what a trial reports.
- `tasks`: a scenario with its curves.
"""

from __future__ import annotations

from tuner.simulation.cluster import ClusterModel
from tuner.simulation.curves import Curve, CurveSource
from tuner.simulation.engine import History, Simulation
from tuner.simulation.tasks import CurveTask, Known

__all__ = ["ClusterModel", "Curve", "CurveSource", "CurveTask", "History", "Known", "Simulation"]
