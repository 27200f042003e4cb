"""One trial on several processes: `torch.distributed` over the bundles that the trial takes.

- `running`: `run_ranks`, called in the trial: one process per bundle, watched until all ended.
- `rank`: `Rank`, what a function gets in each of them: its place, its device, `Rank.report`.
- `process`: the Ray actor around it.
- `layout`: which rank sits where, sees which GPUs, and how they talk; pure.
"""

from tuner.distributed.rank import Rank
from tuner.distributed.running import run_ranks

__all__ = ["Rank", "run_ranks"]
