"""How what a table compares is trained: as one sweep of repeats, and read from its record."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from tuner import space as spaces
from tuner.errors import NoResultError, SpecError, nearest
from tuner.objectives import Objective
from tuner.options import SweepOptions
from tuner.playbook.repeats import Candidate, Repeats, repeated
from tuner.playbook.studied import SWEEP_FOLDER, run_to_end, settle
from tuner.playbook.tables.asking import Effort
from tuner.scenario import Scenario
from tuner.store import Sweep
from tuner.store.outcomes import BAD

__all__ = ["candidates", "held", "measurements", "train", "value_text"]

_OWN = ("scheduler", "searcher", "num_samples", "points_to_evaluate", "warm_start")


def candidates(
    scenario: Scenario, base: Mapping[str, Any], values: Mapping[str, Mapping[str, Any]]
) -> Iterator[Candidate]:
    """Yield the configuration of each value: the base with what the value changes.

    Args:
        scenario: In whose space they lie.
        base: A whole configuration.
        values: By label, what differs, by flat name.

    Raises:
        SpecError: One lies outside of the scenario's space.
    """
    flat = spaces.flatten(base)
    for label, changes in values.items():
        config = spaces.unflatten({**flat, **changes})
        problems = spaces.contains(scenario.space, config)
        if not problems and not scenario.is_feasible(config):
            problems = ["the scenario's constraint refuses it"]
        if problems:
            raise SpecError(
                f"what a table trains lies in the space of {scenario.name!r}, but for {label!r} "
                f"{'; '.join(problems)}"
            )
        yield Candidate(label, config)


def held(base: Mapping[str, Any], values: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the hyperparameters of the base that some value leaves as they are, by flat name."""
    flat = spaces.flatten(base)
    return {
        name: value
        for name, value in flat.items()
        if any(name not in changes for changes in values.values())
    }


def train(
    scenario: Scenario,
    repeats: Repeats,
    folder: Path,
    effort: Effort,
    options: Mapping[str, Any],
) -> Sweep:
    """Train all repeats to their end as a sweep in ``folder``, or go on with it.

    Raises:
        SpecError: The folder holds other repeats, or an option would have some trained less.
        SweepFailedError: They could not be carried on.
    """
    derived, root = repeated(scenario, repeats), folder / SWEEP_FOLDER
    chosen = _sweep_options(options, root, effort)
    if repeats.predictions:
        chosen["keep_final"] = True
    how = {name: chosen.get(name) for name in ("metric", "mode", "max_t")}
    settle(folder, {**repeats.to_json(), "scenario": scenario.name, **how})
    return run_to_end(derived, root, chosen)


def measurements(
    sweep: Sweep, objective: Objective, metrics: Sequence[str] = (), target: float | None = None
) -> pd.DataFrame:
    """Return what each repeat reported last, as `tuner.playbook.tables.judging` takes it.

    Args:
        sweep: Of repeats.
        objective: The metric that counts.
        metrics: Those beside it.
        target: The value of the metric whose first time is noted; None for none.

    Raises:
        NoResultError: A metric was never reported.
    """
    trials = sweep.trials()
    columns = {name: _numbers(trials, name) for name in (objective.metric, *metrics)}
    found = pd.DataFrame(columns, index=trials.index)
    nothing = trials["outcome"].isin(BAD) | found[objective.metric].isna()
    found = found.mask(nothing)
    folds = trials["config/fold"] if "config/fold" in trials else pd.Series(0, trials.index)
    found["value"] = trials["config/candidate"].astype(str)
    found["repeat"] = trials["config/seed"].astype(str) + "/" + folds.astype(str)
    if target is not None:
        times = _first_times(sweep, objective, target)
        found["time_to_target"] = trials["trial_id"].map(times).fillna(math.inf).astype(float)
    return found


def value_text(value: Any) -> str:
    """Return a value of a hyperparameter as a table shows it."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _sweep_options(options: Mapping[str, Any], root: Path, effort: Effort) -> SweepOptions:
    for name in _OWN:
        if name in options:
            raise SpecError(
                f"a table trains every value to its end, as often as the others, got {name}="
                f"{options[name]!r}; leave it out, or search with tuner.run"
            )
    chosen = {"seed": 0, **options, "scheduler": "fifo", "searcher": "random", "num_samples": 1}
    chosen |= {"name": root.name, "storage_path": str(root.parent)}
    if effort.epochs is not None:
        chosen["max_t"] = effort.epochs
    return cast(SweepOptions, chosen)


def _numbers(trials: pd.DataFrame, metric: str) -> pd.Series[float]:
    """Return the last value of a metric by trial; NaN where there is no finite one."""
    if f"last/{metric}" not in trials:
        names = [str(name) for name in trials if str(name).startswith("last/")]
        reported = [name.removeprefix("last/") for name in names]
        raise NoResultError(
            f"no training reported a number called {metric!r}{nearest(metric, reported)}"
        )
    values: pd.Series[float] = pd.to_numeric(trials[f"last/{metric}"], errors="coerce")
    return values.astype(float).where(np.isfinite)


def _first_times(sweep: Sweep, objective: Objective, target: float) -> pd.Series[float]:
    """Return by trial the first time at which the metric was as good as the target."""
    reports = sweep.reports()
    values = pd.to_numeric(reports[objective.metric], errors="coerce").to_numpy(float)
    there = values <= target if objective.mode == "min" else values >= target
    times: pd.Series[float] = reports[there].groupby("trial_id")[sweep.spec.time_attr].min()
    return times
