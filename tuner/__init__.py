"""tuner: large hyperparameter sweeps on Ray Tune, every report kept in Parquet.

```python
from ray import tune
import tuner

scenario = tuner.Scenario(
    name="quadratic", trainable=train, space={"lr": tune.loguniform(1e-4, 1.0)},
    metric="loss", mode="min", max_t=27,
)
sweep = tuner.run(scenario, scheduler="asha", searcher="hyperopt", num_samples=64, seed=0)
sweep.best().config
```

Define what is tuned: `Scenario`, `EpochTrainable`, `load_scenario`, `bundled_scenarios`;
`above_start`, `below_start`: when a trial has diverged; `cached`: data that all trials share;
`run_ranks`, `Rank`: one trial on several processes.
Run it: `run`, `resume`, `resolve` (its spec, without running), `SweepOptions`, `ResumeOptions`,
`SweepSpec`.
Read it: `load`, `Sweep`, `TrialResult`. From Ray Tune itself: `import_ray`.
Know how many trials share a GPU: `probe`, `Probe`.
Know what it will take: `plan`, `Forecast`; what another scheduler would have done: `replay`,
`Hindsight`.
Simulate it over learning curves that are known: `simulate`, `SimulatedSweep`.
Run one trial again and compare: `reproduce`, `Reproduction`.
Compare arms at one budget: `compare`, `Comparison`, `load_comparison`, `resume_comparison`.
Is a cluster fit for sweeps: `doctor`, `Diagnosis`.
What can go wrong: `TunerError`, `UsageError` and their kinds, in `tuner.errors`.

Everything is imported on first use, so that ``import tuner`` is quick.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tuner.caching import cached
    from tuner.comparison import Comparison, compare, load_comparison, resume_comparison
    from tuner.diagnosing import doctor
    from tuner.diagnosis import Diagnosis
    from tuner.distributed import Rank, run_ranks
    from tuner.errors import TunerError, UsageError
    from tuner.exchange import import_ray
    from tuner.forecast import Forecast, plan
    from tuner.gpu_sharing import Probe
    from tuner.hindsight import Hindsight, replay
    from tuner.options import SweepOptions
    from tuner.planning import resolve
    from tuner.probing import probe
    from tuner.replanning import ResumeOptions
    from tuner.reproducing import Reproduction, reproduce
    from tuner.scenario import Scenario, bundled_scenarios, load_scenario
    from tuner.schedulers.divergence import above_start, below_start
    from tuner.simulating import simulate
    from tuner.simulation.result import SimulatedSweep
    from tuner.spec import SweepSpec
    from tuner.store import Sweep, TrialResult, load
    from tuner.sweep import resume, run
    from tuner.trainable import EpochTrainable

__all__ = [
    "Comparison",
    "Diagnosis",
    "EpochTrainable",
    "Forecast",
    "Hindsight",
    "Probe",
    "Rank",
    "Reproduction",
    "ResumeOptions",
    "Scenario",
    "SimulatedSweep",
    "Sweep",
    "SweepOptions",
    "SweepSpec",
    "TrialResult",
    "TunerError",
    "UsageError",
    "__version__",
    "above_start",
    "below_start",
    "bundled_scenarios",
    "cached",
    "compare",
    "doctor",
    "import_ray",
    "load",
    "load_comparison",
    "load_scenario",
    "plan",
    "probe",
    "replay",
    "reproduce",
    "resolve",
    "resume",
    "resume_comparison",
    "run",
    "run_ranks",
    "simulate",
]

__version__ = "0.1.0"

_HOMES = {
    "Comparison": "tuner.comparison",
    "Diagnosis": "tuner.diagnosis",
    "EpochTrainable": "tuner.trainable",
    "Forecast": "tuner.forecast",
    "Hindsight": "tuner.hindsight",
    "Probe": "tuner.gpu_sharing",
    "Rank": "tuner.distributed",
    "Reproduction": "tuner.reproducing",
    "ResumeOptions": "tuner.replanning",
    "Scenario": "tuner.scenario",
    "SimulatedSweep": "tuner.simulation.result",
    "Sweep": "tuner.store",
    "SweepOptions": "tuner.options",
    "SweepSpec": "tuner.spec",
    "TrialResult": "tuner.store",
    "TunerError": "tuner.errors",
    "UsageError": "tuner.errors",
    "above_start": "tuner.schedulers.divergence",
    "below_start": "tuner.schedulers.divergence",
    "bundled_scenarios": "tuner.scenario",
    "cached": "tuner.caching",
    "compare": "tuner.comparison",
    "doctor": "tuner.diagnosing",
    "import_ray": "tuner.exchange",
    "load": "tuner.store",
    "load_comparison": "tuner.comparison",
    "load_scenario": "tuner.scenario",
    "plan": "tuner.forecast",
    "probe": "tuner.probing",
    "replay": "tuner.hindsight",
    "reproduce": "tuner.reproducing",
    "resolve": "tuner.planning",
    "resume": "tuner.sweep",
    "resume_comparison": "tuner.comparison",
    "run": "tuner.sweep",
    "run_ranks": "tuner.distributed",
    "simulate": "tuner.simulating",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
