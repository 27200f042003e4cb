"""`automl`: from a table to a trained, measured and documented model.

All of it lies in one folder::

    plan.json  data.parquet  scenario.py  sweep/  final/

`scenario.py` is a scenario like any other, and `sweep` is a sweep of it; `final` is what
`tuner.finalize` makes of that. So whatever was killed goes on when the same call is made again,
and what is finished is returned.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict, Unpack

import pandas as pd

from tuner.budgets import parse_budget
from tuner.errors import SpecError, SweepFailedError, nearest
from tuner.options import SweepOptions
from tuner.places import Uri, place_of
from tuner.playbook.finalization.finalizing import finalize
from tuner.playbook.studied import has_ended, run_or_go_on
from tuner.plurals import counted
from tuner.scenario import Scenario
from tuner.store import Sweep
from tuner.tabular.building import default_configs
from tuner.tabular.families import available_families
from tuner.tabular.folder import lay_out
from tuner.tabular.outcome import AutoML, leaderboard
from tuner.tabular.reading import read_table
from tuner.tabular.scores import check_metric
from tuner.tabular.understanding import understand

__all__ = ["AutoMLOptions", "automl"]

_SWEEP = "sweep"
_FAMILY = "model/family"


class AutoMLOptions(TypedDict, total=False):
    """The keywords of `tuner.automl` that say how and where it searches.

    Attributes:
        scheduler: As `tuner.run` takes it, by name; ``asha:reduction_factor=3`` unless given.
        searcher: As `tuner.run` takes it, by name; ``hyperopt`` unless given.
        name: Of the folder; it follows from the file, or the target, unless it is given.
        storage_path: The folder to put it into; ``results`` unless it is given.
        address: Of a running Ray cluster; None for a local Ray.
        max_concurrent_trials: Bound on trainings at once.
        progress: As in `tuner.SweepOptions`.
    """

    scheduler: str
    searcher: str
    name: str | None
    storage_path: str | Path | None
    address: str | None
    max_concurrent_trials: int | None
    progress: str


def automl(
    data: str | Path | pd.DataFrame,
    *,
    target: str,
    task: str | None = None,
    metric: str | None = None,
    budget: str = "60trials",
    families: Sequence[str] | None = None,
    ensemble: int = 6,
    folds: int = 5,
    test: float = 0.2,
    seed: int = 0,
    **options: Unpack[AutoMLOptions],
) -> AutoML:
    """Search a model that predicts a column of a table, and make it.

    Sets test rows aside; searches preprocessing, feature selection, kind of model and its
    hyperparameters together by cross-validation, after a sensible default of each kind; trains
    the best configurations on every fold and combines them by what they predict out of fold;
    measures the result once on the test rows, and writes its card.

    Args:
        data: The path of a CSV or Parquet file, or a DataFrame.
        target: The column that is predicted. Rows without it are left out.
        task: ``"classification"`` or ``"regression"``; None for what the target looks like.
        metric: What is tuned; see `tuner.tabular_scenario`.
        budget: Of the search: trials (``60trials``) or wall time (``10m``).
        families: Of models; None for all of which the packages are installed.
        ensemble: How many configurations are combined, at most half of them of one family as long
            as there are others; 1 to train the best one alone again, on all rows but the test
            rows.
        folds: Of the cross-validations, stratified for classes.
        test: The share of rows set aside, ``0 <= test < 1``.
        seed: Of all that is drawn.
        **options: How and where; see `tuner.tabular.automatic.AutoMLOptions`.

    Raises:
        UsageError: The table or an argument cannot work, or the folder has the search of another
            table or with other arguments.
        NoResultError: No configuration could be trained.
        SweepFailedError: The search could not be carried on, or was interrupted.
    """
    searching = _searching(budget, ensemble, options)
    frame = read_table(data)
    problem = understand(frame, target, task)
    chosen = available_families() if families is None else tuple(families)
    keywords = {
        "target": target,
        "task": problem.task,
        "columns": dict(problem.columns),
        "families": list(chosen),
        "metric": check_metric(metric, problem.task),
        "folds": folds,
        "test": test,
        "seed": seed,
    }
    folder = _folder(options, _name(data, target))
    said = {"budget": budget, "ensemble": ensemble}
    said |= {name: searching[name] for name in ("scheduler", "searcher")}
    scenario = lay_out(folder, frame, keywords, said)
    first = default_configs(problem.columns, problem.task, chosen)
    searching |= {"seed": seed, "points_to_evaluate": first}
    searching |= {"name": _SWEEP, "storage_path": str(folder)}
    sweep = _searched(scenario, folder / _SWEEP, searching)
    made = finalize(
        sweep.path,
        ensemble=ensemble if ensemble > 1 else None,
        varied=_FAMILY if ensemble > 1 else None,
        folds=folds,
        storage_path=folder,
        address=options.get("address"),
        max_concurrent_trials=options.get("max_concurrent_trials"),
        progress=options.get("progress", "auto"),
    )
    return AutoML(str(folder), problem, sweep.metric, leaderboard(sweep), made)


def _searching(budget: str, ensemble: int, options: AutoMLOptions) -> SweepOptions:
    """Return how `tuner.run` is to search.

    Raises:
        SpecError: A word of it cannot work.
    """
    known = AutoMLOptions.__annotations__
    for name in options:
        if name not in known:
            raise SpecError(f"automl has no option {name!r}{nearest(name, known)}")
    if ensemble < 1:
        raise SpecError(f"a model consists of at least 1 configuration, got {ensemble}")
    searching: SweepOptions = {
        "scheduler": options.get("scheduler", "asha:reduction_factor=3"),
        "searcher": options.get("searcher", "hyperopt"),
        "address": options.get("address"),
        "max_concurrent_trials": options.get("max_concurrent_trials"),
        "progress": options.get("progress", "auto"),
    }
    allowed = parse_budget(budget)
    if allowed.unit == "trials":
        return {**searching, "num_samples": int(allowed.amount)}
    if allowed.unit == "seconds":
        return {**searching, "num_samples": -1, "time_budget_s": allowed.amount}
    raise SpecError(
        f"a search is given trials or wall time, such as 60trials or 10m, got {budget!r}"
    )


def _name(data: str | Path | pd.DataFrame, target: str) -> str:
    about = target if isinstance(data, pd.DataFrame) else Path(data).stem
    return f"automl-{about.replace('/', '-')}"


def _folder(options: AutoMLOptions, name: str) -> Path:
    """Return where all of it goes.

    Raises:
        SpecError: That is no folder of this machine.
    """
    storage = place_of(options.get("storage_path") or "results")
    if isinstance(storage, Uri):
        raise SpecError(
            f"the table and the model go into a folder, and {storage} is a URI; name a folder, on "
            "a cluster one that its nodes share (--storage-path, storage_path=)"
        )
    return storage.absolute() / (options.get("name") or name)


def _searched(scenario: Scenario, root: Path, options: SweepOptions) -> Sweep:
    """Return the sweep in ``root``, which is run or gone on with unless it has ended.

    Raises:
        SweepFailedError: It could not be carried on, or was interrupted.
    """
    sweep = run_or_go_on(scenario, root, options, has_ended)
    if not has_ended(sweep):
        done = counted(len(sweep.trials()), "trial")
        raise SweepFailedError(
            f"the search in {root} is {sweep.state.get('status')} after {done}; they are kept: "
            "give the same command again to go on"
        )
    return sweep
