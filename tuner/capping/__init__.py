"""A process is held to its share of a GPU: a trial's worker, and each of the ranks of a trial.

- `share_cap`: `ShareCap`, the bounds of one process: of the memory, and of the compute under MPS.
- `on_import`: does something once torch is imported, without importing it.

Imports neither Ray nor torch: the processes to which it applies import it first.
"""

from tuner.capping.share_cap import CONTEXT_BYTES, ShareCap, memory_fraction, mps_answers

__all__ = ["CONTEXT_BYTES", "ShareCap", "memory_fraction", "mps_answers"]
