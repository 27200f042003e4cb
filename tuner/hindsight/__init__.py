"""What other schedulers would have done on a finished sweep.

- `looking_back`: `replay`, from a sweep and arms to a `Hindsight`.
- `results`: what it holds; bounds and chances over orderings.
- `wording`: the answers as short texts.
- `recorded`: the learning curves of a sweep, and how far each is known.
- `replaying`: one arm over them in one order, as far as they are known.
"""

from __future__ import annotations

from tuner.hindsight.looking_back import replay
from tuner.hindsight.results import ArmInHindsight, Hindsight

__all__ = ["ArmInHindsight", "Hindsight", "replay"]
