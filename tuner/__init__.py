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
`FusedTrainable`: trials that one process trains together;
`above_start`, `below_start`: when a trial has diverged; `cached`: data that all trials share;
`run_ranks`, `Rank`: one trial on several processes; `Examples`, `Split`: what it learns from.
Run it: `run`, `resume`, `resolve` (its spec, without running), `SweepOptions`, `ResumeOptions`,
`SweepSpec`.
Read it: `load`, `Sweep`, `TrialResult`. From Ray Tune itself: `import_ray`.
Know how many trials share a GPU: `probe`, `Probe`.
Know what it will take: `plan`, `Forecast`; what another scheduler would have done: `replay`,
`Hindsight`.
Simulate it over learning curves that are known: `simulate`, `SimulatedSweep`; `find_task`: one
that is known by name. `find_data`: public data on this machine.
Run one trial again and compare: `reproduce`, `Reproduction`.
Tell how far a sweep can be trusted, and what a hyperparameter brings: `audit`, `Audit`;
`isolate`, `Isolation`; what each value of a factor brings, all else held: `tabulate`, `Table`.
Compare arms at one budget: `compare`, `Comparison`, `load_comparison`, `resume_comparison`.
From a scenario and a budget to a model, with the reasons: `study`, `Study`, `StudyOptions`,
`resume_study`, `load_study`.
Look at it: `report`, one HTML file of sweeps, comparisons and studies that opens offline; `plot`,
a figure of a sweep or of a comparison.
Tune in steps: `explore` covers the space evenly, `refine` proposes the next one and says why,
`Refinement`.
Trust what was found, and use it: `adopt`, `Adoption`; `finalize`, `Finalization`;
`TrainingOptions`; `load_model`, `Model`.
From a table to a model in one line: `automl`, `AutoML`; its scenario: `tabular_scenario`.
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
    from tuner.examples import Examples, Split
    from tuner.exchange import import_ray
    from tuner.forecast import Forecast, plan
    from tuner.gpu_sharing import Probe
    from tuner.hindsight import Hindsight, replay
    from tuner.options import SweepOptions
    from tuner.pipeline.outcome import Study
    from tuner.pipeline.request import StudyOptions
    from tuner.pipeline.studying import load_study, resume_study, study
    from tuner.planning import resolve
    from tuner.playbook.adoption.adopting import adopt
    from tuner.playbook.adoption.outcome import Adoption
    from tuner.playbook.audit import Audit, audit
    from tuner.playbook.exploration.exploring import explore
    from tuner.playbook.finalization.finalizing import finalize
    from tuner.playbook.finalization.model_card import Finalization
    from tuner.playbook.finalization.models import Model, load_model
    from tuner.playbook.isolation.isolating import isolate
    from tuner.playbook.isolation.outcome import Isolation
    from tuner.playbook.refinement.refining import Refinement
    from tuner.playbook.refinement.rounds import refine
    from tuner.playbook.studied import TrainingOptions
    from tuner.playbook.tables.table import Table
    from tuner.playbook.tables.tabulating import tabulate
    from tuner.probing import probe
    from tuner.public_data import find_data
    from tuner.replanning import ResumeOptions
    from tuner.reporting import plot, report
    from tuner.reproducing import Reproduction, reproduce
    from tuner.scenario import Scenario, bundled_scenarios, load_scenario
    from tuner.schedulers.divergence import above_start, below_start
    from tuner.simulating import simulate
    from tuner.simulation.result import SimulatedSweep
    from tuner.simulation.sources import find_task
    from tuner.spec import SweepSpec
    from tuner.store import Sweep, TrialResult, load
    from tuner.sweep import resume, run
    from tuner.tabular.automatic import automl
    from tuner.tabular.building import tabular_scenario
    from tuner.tabular.outcome import AutoML
    from tuner.trainable import EpochTrainable, FusedTrainable

__all__ = [
    "Adoption",
    "Audit",
    "AutoML",
    "Comparison",
    "Diagnosis",
    "EpochTrainable",
    "Examples",
    "Finalization",
    "Forecast",
    "FusedTrainable",
    "Hindsight",
    "Isolation",
    "Model",
    "Probe",
    "Rank",
    "Refinement",
    "Reproduction",
    "ResumeOptions",
    "Scenario",
    "SimulatedSweep",
    "Split",
    "Study",
    "StudyOptions",
    "Sweep",
    "SweepOptions",
    "SweepSpec",
    "Table",
    "TrainingOptions",
    "TrialResult",
    "TunerError",
    "UsageError",
    "__version__",
    "above_start",
    "adopt",
    "audit",
    "automl",
    "below_start",
    "bundled_scenarios",
    "cached",
    "compare",
    "doctor",
    "explore",
    "finalize",
    "find_data",
    "find_task",
    "import_ray",
    "isolate",
    "load",
    "load_comparison",
    "load_model",
    "load_scenario",
    "load_study",
    "plan",
    "plot",
    "probe",
    "refine",
    "replay",
    "report",
    "reproduce",
    "resolve",
    "resume",
    "resume_comparison",
    "resume_study",
    "run",
    "run_ranks",
    "simulate",
    "study",
    "tabular_scenario",
    "tabulate",
]

__version__ = "0.1.0"

_HOMES = {
    "Adoption": "tuner.playbook.adoption.outcome",
    "Audit": "tuner.playbook.audit",
    "AutoML": "tuner.tabular.outcome",
    "Comparison": "tuner.comparison",
    "Diagnosis": "tuner.diagnosis",
    "EpochTrainable": "tuner.trainable",
    "FusedTrainable": "tuner.trainable",
    "Examples": "tuner.examples",
    "Finalization": "tuner.playbook.finalization.model_card",
    "Forecast": "tuner.forecast",
    "Hindsight": "tuner.hindsight",
    "Isolation": "tuner.playbook.isolation.outcome",
    "Model": "tuner.playbook.finalization.models",
    "Probe": "tuner.gpu_sharing",
    "Rank": "tuner.distributed",
    "Refinement": "tuner.playbook.refinement.refining",
    "Reproduction": "tuner.reproducing",
    "ResumeOptions": "tuner.replanning",
    "Scenario": "tuner.scenario",
    "SimulatedSweep": "tuner.simulation.result",
    "Split": "tuner.examples",
    "Study": "tuner.pipeline.outcome",
    "StudyOptions": "tuner.pipeline.request",
    "Sweep": "tuner.store",
    "SweepOptions": "tuner.options",
    "SweepSpec": "tuner.spec",
    "Table": "tuner.playbook.tables.table",
    "TrainingOptions": "tuner.playbook.studied",
    "TrialResult": "tuner.store",
    "TunerError": "tuner.errors",
    "UsageError": "tuner.errors",
    "above_start": "tuner.schedulers.divergence",
    "adopt": "tuner.playbook.adoption.adopting",
    "audit": "tuner.playbook.audit",
    "automl": "tuner.tabular.automatic",
    "below_start": "tuner.schedulers.divergence",
    "bundled_scenarios": "tuner.scenario",
    "cached": "tuner.caching",
    "compare": "tuner.comparison",
    "doctor": "tuner.diagnosing",
    "finalize": "tuner.playbook.finalization.finalizing",
    "find_data": "tuner.public_data",
    "find_task": "tuner.simulation.sources",
    "explore": "tuner.playbook.exploration.exploring",
    "import_ray": "tuner.exchange",
    "isolate": "tuner.playbook.isolation.isolating",
    "load": "tuner.store",
    "load_comparison": "tuner.comparison",
    "load_model": "tuner.playbook.finalization.models",
    "load_scenario": "tuner.scenario",
    "load_study": "tuner.pipeline.studying",
    "plan": "tuner.forecast",
    "plot": "tuner.reporting",
    "probe": "tuner.probing",
    "refine": "tuner.playbook.refinement.rounds",
    "replay": "tuner.hindsight",
    "report": "tuner.reporting",
    "reproduce": "tuner.reproducing",
    "resolve": "tuner.planning",
    "resume": "tuner.sweep",
    "resume_comparison": "tuner.comparison",
    "resume_study": "tuner.pipeline.studying",
    "run": "tuner.sweep",
    "run_ranks": "tuner.distributed",
    "simulate": "tuner.simulating",
    "study": "tuner.pipeline.studying",
    "tabular_scenario": "tuner.tabular.building",
    "tabulate": "tuner.playbook.tables.tabulating",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
