"""A sweep that a step of the playbook looks at, its scenario, and the sweeps derived from it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict, cast

import numpy as np
import pandas as pd

from tuner.errors import NoResultError, SpecError, SweepFailedError, nearest
from tuner.objectives import Objective
from tuner.options import SweepOptions
from tuner.places import Uri
from tuner.playbook.repeats import Repeats, repeated
from tuner.scenario import Scenario
from tuner.store import Sweep, SweepLayout, load
from tuner.store.drivers import holder
from tuner.store.layout import refused, write_atomically
from tuner.stored_scenarios import scenario_again
from tuner.sweep import resume, run

__all__ = [
    "Studied",
    "TrainingOptions",
    "best_time",
    "carry_out",
    "has_ended",
    "last_checkpoint",
    "run_or_go_on",
    "run_to_end",
    "settle",
    "studied_sweep",
]

PLAN_FILE = "plan.json"
SWEEP_FOLDER = "sweep"


class TrainingOptions(TypedDict, total=False):
    """The keywords that `tuner.adopt` and `tuner.finalize` share: where, and with what.

    Attributes:
        scenario: Where to get the scenario from, if it is not stored or has moved.
        name: Of the folder.
        storage_path: The folder to put it into, in place of the sweep's own.
        address: Of a running Ray cluster; None for a local Ray.
        max_concurrent_trials: Bound on trainings at once.
        progress: As in `tuner.SweepOptions`.
    """

    scenario: str | Scenario | None
    name: str
    storage_path: str | Path | None
    address: str | None
    max_concurrent_trials: int | None
    progress: str


@dataclass(frozen=True)
class Studied:
    """A sweep that has ended, and where what is derived from it goes.

    Attributes:
        sweep: Its record.
        scenario: What was tuned, with the sweep's own objectives.
        base: The folder of this machine for all that is derived from it.
        folder: The one in it for what is derived now.
        running: How that is trained; options of `tuner.run`.
    """

    sweep: Sweep
    scenario: Scenario
    base: Path
    folder: Path
    running: SweepOptions

    @property
    def objective(self) -> Objective:
        """The first metric, which everything goes by."""
        return Objective(self.sweep.metric, self.sweep.mode)


def studied_sweep(path: str | Path | Uri | Sweep, name: str, options: TrainingOptions) -> Studied:
    """Return a sweep that has ended, with its scenario.

    Args:
        path: The sweep, or its folder or URI.
        name: Of the folder of what is derived from it, unless the options name another.
        options: How that is made.

    Raises:
        UsageError: There is no such sweep, it still runs, its scenario cannot be loaded, or an
            option is unknown.
    """
    _check_option_names(options)
    sweep = path if isinstance(path, Sweep) else load(path)
    found = holder(SweepLayout(sweep.path))
    if found is not None and found.alive:
        raise SpecError(
            f"a winner is known when a sweep has ended, and {sweep.place} is driven by {found}; "
            f"wait for it, or end it: tuner stop {sweep.place}"
        )
    storage_path = options.get("storage_path")
    if storage_path is None and isinstance(sweep.place, Uri):
        raise SpecError(
            f"what is trained again goes into the sweep's folder, and {sweep.place} is a URI; "
            "name a folder (--storage-path, storage_path=)"
        )
    base = Path(sweep.path if storage_path is None else storage_path).expanduser().absolute()
    chosen = scenario_again(
        sweep.spec,
        options.get("scenario"),
        remedy="give it (scenario=...)",
        rule="what is trained again is compared with the sweep",
    )
    running: SweepOptions = {
        "address": options.get("address"),
        "max_concurrent_trials": options.get("max_concurrent_trials"),
        "progress": options.get("progress", "auto"),
    }
    return Studied(sweep, chosen, base, base / options.get("name", name), running)


def _check_option_names(options: TrainingOptions) -> None:
    known = TrainingOptions.__annotations__
    for name in options:
        if name not in known:
            raise SpecError(f"adopt and finalize have no option {name!r}{nearest(name, known)}")


def carry_out(studied: Studied, repeats: Repeats) -> Sweep:
    """Run the repeats in the folder of what is derived, or go on with them; return their sweep.

    Raises:
        SpecError: The folder holds other repeats.
        SweepFailedError: They could not be carried on, or were interrupted.
    """
    settle(studied.folder, repeats.to_json())
    root = studied.folder / SWEEP_FOLDER
    return run_to_end(repeated(studied.scenario, repeats), root, _options(studied, repeats, root))


def run_to_end(scenario: Scenario, root: Path, options: SweepOptions) -> Sweep:
    """Run a sweep in the folder ``root``, or go on with it, until each of its trials has ended.

    Args:
        scenario: Of the sweep.
        root: Its folder, which the options name too.
        options: Of `tuner.run`; of a sweep that is there only where and how it is shown counts.

    Raises:
        SweepFailedError: It could not be carried on, or was interrupted.
    """
    sweep = run_or_go_on(scenario, root, options, _is_complete)
    if not _is_complete(sweep):
        raise SweepFailedError(
            f"the trainings in {root} ended before all were done "
            f"({sweep.state.get('message') or sweep.state.get('status')}); what is done is kept: "
            "give the same command again to go on"
        )
    return sweep


def has_ended(sweep: Sweep) -> bool:
    """Say whether a sweep has run to its end, which a budget may have set."""
    return sweep.state.get("status") == "finished"


def run_or_go_on(
    scenario: Scenario, root: Path, options: SweepOptions, has_ended: Callable[[Sweep], bool]
) -> Sweep:
    """Run a sweep in the folder ``root``, go on with the one that is there, or load it.

    Args:
        scenario: Of the sweep.
        root: Its folder, which the options name too.
        options: Of `tuner.run`; of a sweep that is there only where and how it is shown counts.
        has_ended: Says whether nothing is left to do for the one that is there.

    Returns:
        The sweep as it was left, ended or not.
    """
    if not SweepLayout(root).spec_file.exists():
        return run(scenario, **options)
    there = load(root)
    if has_ended(there):
        return there
    where, progress = options.get("address"), options.get("progress", "auto")
    return resume(root, scenario=scenario, address=where, progress=progress)


def settle(folder: Path, plan: Mapping[str, Any]) -> None:
    """Write down what is to be made, before anything is; a plan that is there must be the same.

    Args:
        folder: Made if it is missing.
        plan: As plain values.

    Raises:
        SpecError: It is another one.
        StorageError: The folder cannot be written.
    """
    file = folder / PLAN_FILE
    text = json.dumps(plan, indent=1, sort_keys=True, default=str)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        there = file.read_text(encoding="utf-8") if file.exists() else None
    except OSError as error:
        raise refused(folder, error) from error
    if there is None:
        write_atomically(file, text.encode())
    elif there != text:
        raise SpecError(
            f"{folder} was made with other {_differing(json.loads(there), json.loads(text))}, and "
            "nothing is overwritten; choose another name (--name, name=)"
        )


def last_checkpoint(sweep: Sweep, trial_id: str) -> Path | None:
    """Return the folder of the last checkpoint that a trial has kept; None where there is none."""
    names = [name for name in sweep.checkpoints() if name.partition("/")[0] == trial_id]
    if not names or isinstance(sweep.place, Uri):
        return None
    return SweepLayout(sweep.path).checkpoints_dir / max(names)


def best_time(reports: pd.DataFrame, objective: Objective, time_attr: str) -> float:
    """Return the time at which the mean of several curves is best, the first of equals.

    Only times that every curve has count: a mean over those that went on alone would compare
    different trials. Curves without a common time give the median of their own best times.

    Args:
        reports: Rows with ``trial_id``, the time and the metric, of at least one trial.
        objective: The metric, and its better direction.
        time_attr: What counts as time.

    Raises:
        NoResultError: No curve has a finite value.
    """
    values = pd.to_numeric(reports[objective.metric], errors="coerce").to_numpy(float)
    costs = pd.DataFrame(
        {
            "trial": reports["trial_id"].to_numpy(),
            "time": reports[time_attr].to_numpy(float),
            "cost": values if objective.mode == "min" else -values,
        }
    )
    costs = costs[np.isfinite(costs["cost"])]
    if costs.empty:
        raise NoResultError(f"no report has a finite {objective.metric!r}")
    table = costs.pivot_table(index="time", columns="trial", values="cost", aggfunc="last")
    common = table.dropna()
    if len(common):
        return float(common.mean(axis=1).idxmin())
    return float(table.idxmin().median())


def _differing(then: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    return " and ".join(name for name in {**then, **now} if then.get(name) != now.get(name))


def _is_complete(sweep: Sweep) -> bool:
    """Return whether every training of a derived sweep has ended by itself."""
    return has_ended(sweep) and not sweep.state.get("message")


def _options(studied: Studied, repeats: Repeats, root: Path) -> SweepOptions:
    spec = studied.sweep.spec
    ends = [each.until for each in repeats.candidates if each.until is not None]
    given: dict[str, Any] = {
        "scheduler": "fifo",
        "searcher": "random",
        "num_samples": 1,
        "seed": spec.seed,
        "max_t": max(1, int(np.ceil(max(ends)))) if ends else spec.max_t,
        "resources": list(spec.bundles) or spec.resources or None,
        "placement": spec.placement,
        "max_failures": spec.max_failures,
        "trial_timeout_s": spec.trial_timeout_s,
        "checkpoint_frequency": spec.checkpoint_frequency,
        "keep_final": repeats.predictions or repeats.part == "all",
        "name": root.name,
        "storage_path": str(root.parent),
        **studied.running,
    }
    return cast(SweepOptions, given)
