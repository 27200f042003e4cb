"""One sweep by Ray Tune or by tuner, on a Ray that is up; called in a driver process.

- ``ray``: Ray Tune as it comes.
- ``reuse``: with ``reuse_actors=True``.
- ``lean``: with ``reuse_actors=True``, no loggers, no reporter, and no snapshots.
- ``tuner``: `tuner.run` as it comes; the scheduler is Ray Tune's default, FIFO.
- ``cold``: with ``worker_mode="cold"``, a process per trial.
- ``virtual``: as ``tuner``, over workers that live in the driver.
"""

from __future__ import annotations

import dataclasses
import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from overheads.virtual import use_virtual_workers
from overheads.work import Work, trainable

SEED = 0


@dataclass(frozen=True)
class Outcome:
    """What a sweep did.

    Attributes:
        reports: How many its trials made.
        failed: How many trials failed.
        replaced: How many workers were replaced though they had not crashed.
    """

    reports: int
    failed: int
    replaced: int = 0


@dataclass(frozen=True)
class Task:
    """What both sides are given; as in `tuner.Scenario`.

    Attributes:
        points: The configurations to try, where they decide what a trial costs.
    """

    trainable: Any
    space: dict[str, Any]
    metric: str
    mode: str
    time_attr: str
    max_t: int
    points: list[dict[str, Any]] | None = None


def _ray(work: Work, folder: Path, *, reuse: bool = False, lean: bool = False) -> Outcome:
    from ray import tune
    from ray.tune.search import BasicVariantGenerator

    if lean:
        os.environ["TUNE_DISABLE_AUTO_CALLBACK_LOGGERS"] = "1"
        os.environ["TUNE_GLOBAL_CHECKPOINT_S"] = "1000000"
    task = _task(work, folder)
    tuner = tune.Tuner(
        task.trainable,
        param_space=task.space,
        tune_config=tune.TuneConfig(
            metric=task.metric,
            mode=task.mode,
            num_samples=work.trials,
            reuse_actors=reuse,
            search_alg=BasicVariantGenerator(points_to_evaluate=task.points),
            scheduler=_ray_asha(task) if work.scenario else None,
        ),
        run_config=tune.RunConfig(
            storage_path=str(folder), name="sweep", verbose=0 if lean else None
        ),
    )
    results = tuner.fit()
    metrics = [result.metrics or {} for result in results]
    return Outcome(sum(each.get("training_iteration", 0) for each in metrics), results.num_errors)


def _ray_asha(task: Task) -> Any:
    from ray.tune.schedulers import ASHAScheduler

    return ASHAScheduler(task.time_attr, max_t=task.max_t, grace_period=1, reduction_factor=3)


def _tuner(work: Work, folder: Path, **options: Any) -> Outcome:
    import tuner

    task = _task(work, folder)
    fields = {field.name: getattr(task, field.name) for field in dataclasses.fields(task)}
    points = fields.pop("points")
    sweep = tuner.run(
        work.scenario or tuner.Scenario(name="overhead", **fields),
        scheduler="asha:grace_period=1,reduction_factor=3" if work.scenario else "fifo",
        searcher="random",
        num_samples=work.trials,
        points_to_evaluate=points,
        storage_path=str(folder),
        name="sweep",
        seed=SEED,
        progress="none",
        **options,
    )
    failed = int((sweep.trials()["outcome"] == "failed").sum())
    replaced = int(sweep.workers()["ended"].str.startswith("replaced").sum())
    return Outcome(len(sweep.reports()), failed, replaced)


def _virtual(work: Work, folder: Path) -> Outcome:
    use_virtual_workers(work.slots)
    return _tuner(work, folder)


@dataclass(frozen=True)
class Arm:
    """One way to run a sweep.

    Attributes:
        run: Runs it in a folder.
        module: What it takes to run it.
    """

    run: Callable[[Work, Path], Outcome]
    module: str = "tuner.sweep"

    def load(self) -> None:
        """Import what `run` needs."""
        importlib.import_module(self.module)


ARMS = {
    "ray": Arm(_ray, "ray.tune"),
    "reuse": Arm(lambda work, folder: _ray(work, folder, reuse=True), "ray.tune"),
    "lean": Arm(lambda work, folder: _ray(work, folder, reuse=True, lean=True), "ray.tune"),
    "tuner": Arm(_tuner),
    "cold": Arm(lambda work, folder: _tuner(work, folder, worker_mode="cold")),
    "virtual": Arm(_virtual),
}


def _task(work: Work, folder: Path) -> Task:
    if work.scenario is not None:
        return _bundled(work.scenario, work.trials)
    from ray import tune

    train = trainable(work, folder / "spans")
    return Task(train, {"x": tune.uniform(0, 1)}, "loss", "min", "epoch", work.reports)


def _bundled(name: str, trials: int) -> Task:
    import numpy as np

    import tuner

    found = tuner.load_scenario(name)
    np.random.seed(SEED)  # Ray's domains draw from it
    space = dict(found.space)
    points = [{key: space[key].sample() for key in space} for _ in range(trials)]
    return Task(
        found.trainable, space, found.metric, found.mode, found.time_attr, found.max_t, points
    )
