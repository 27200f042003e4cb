"""A simulated cluster: the same schedulers and searchers, over learning curves, in virtual time.

- `engine`: makes the calls that Ray Tune's controller makes, event by event; over `staffing`, which
  gives trials their workers, and `recovery`, which starts failed ones again.
- `suggestions`: where trials come from.
- `trials`: as much of a Ray trial as schedulers look at, its worker, and what it saves (`saves`).
- `cluster`: `nodes`, and how long everything but training takes.
- `incidents`, `pace`: what goes wrong on it, and what is slow; from a seed alone.
- `workers`: who is where (`places`), and what each second was used for (`usage`, `node_sheet`).
- `curves`: what a trial reports.
- `history`: all that happens as the tables of a sweep, by columns (`report_columns`,
  `trial_columns`), in memory or in a folder (`keeping`); `result` reads them.
- `onlooker`: a history for those who care about little of what happens.
- `options`: the keywords of `tuner.simulate`.
- `tasks`: a scenario with its curves; `sources` finds one by its spelling.
"""

from __future__ import annotations

from tuner.simulation.cluster import ClusterModel, parse_cluster
from tuner.simulation.curves import Curve, CurveSource
from tuner.simulation.engine import History, Simulation
from tuner.simulation.nodes import Node
from tuner.simulation.tasks import CurveTask, Known
from tuner.simulation.usage import Usage

__all__ = [
    "ClusterModel",
    "Curve",
    "CurveSource",
    "CurveTask",
    "History",
    "Known",
    "Node",
    "Simulation",
    "Usage",
    "parse_cluster",
]
