"""What a sweep will take before it runs: rungs, epochs, hours, money, disk.

- `planner`: `plan`, from the options of a sweep to a `Forecast`.
- `results`: what a forecast holds.
- `wording`: that as short texts.
- `rungs`: what follows from a scheduler by arithmetic.
- `accounting`: from simulated sweeps to a forecast.
- `rehearsal`: what a simulated sweep costs; `exchangeable`: its trials.
- `pace`: how long an epoch takes.
- `advice`: what is wasted, and what to change.
- `estimates`: numbers within bounds.
"""

from __future__ import annotations

from tuner.forecast.estimates import Estimate, PlannedRung
from tuner.forecast.planner import plan
from tuner.forecast.results import Forecast

__all__ = ["Estimate", "Forecast", "PlannedRung", "plan"]
