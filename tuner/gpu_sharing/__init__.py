"""How many trials share a GPU: measured, not guessed.

- `measurements`: what a probe finds, and what follows from it.
- `choosing`: how many trials fit, and how many pay; pure.
- `representatives`: the configurations that are tried, the largest of the space among them.
- `procedure`: which measurements are made, in which order, on whatever stands in for a GPU.

`tuner.runtime.bench` measures on real ones.
"""

from __future__ import annotations

from tuner.gpu_sharing.choosing import choose, share_of, trials_that_fit
from tuner.gpu_sharing.measurements import Alone, Probe, Together
from tuner.gpu_sharing.procedure import Bench, run_probe
from tuner.gpu_sharing.representatives import representatives

__all__ = [
    "Alone",
    "Bench",
    "Probe",
    "Together",
    "choose",
    "representatives",
    "run_probe",
    "share_of",
    "trials_that_fit",
]
