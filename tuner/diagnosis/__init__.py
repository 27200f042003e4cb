"""What can be wrong with a cluster, judged from facts that were gathered elsewhere.

- `facts`: what was seen of the driver and of each node; plain values.
- `findings`: one thing that is well or wrong, with its remedy, and all of them.
- `judging`: from facts to findings, a rule per check.
- `admission`: whether a node can serve a sweep: it sees the folder and can load the trainable.

Imports no Ray: `tuner.runtime.examination` gathers, this judges.
"""

from __future__ import annotations

from tuner.diagnosis.admission import NodeAnswer, check_admissible, objection
from tuner.diagnosis.facts import ClusterFacts, Listener, NodeFacts, StorageSight, Versions
from tuner.diagnosis.findings import Diagnosis, Finding, Level
from tuner.diagnosis.judging import judge

__all__ = [
    "ClusterFacts",
    "Diagnosis",
    "Finding",
    "Level",
    "Listener",
    "NodeAnswer",
    "NodeFacts",
    "StorageSight",
    "Versions",
    "check_admissible",
    "judge",
    "objection",
]
