"""The keywords of `tuner.run`: one list for Python, the command line and launch files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from tuner.errors import SpecError, nearest

if TYPE_CHECKING:
    from ray.tune import Callback
    from ray.tune.schedulers import TrialScheduler
    from ray.tune.search import Searcher

    from tuner.bundles import Placement
    from tuner.objectives import Mode
    from tuner.places import Uri
    from tuner.scenario.resources import Resources
    from tuner.spec import WorkerMode
    from tuner.store import Sweep

__all__ = ["CommonOptions", "SweepOptions", "check_option_names"]


class CommonOptions(TypedDict, total=False):
    """What `tuner.run` and `tuner.simulate` both accept; `SweepSpec` explains each.

    ``metric``, ``mode``, ``max_t``, ``grace_period`` and ``resources`` replace the scenario's own;
    ``resources`` may be a list of bundles, a function of the configuration, or have ``"gpu":
    "auto"``, which `tuner.run` measures.
    ``warm_start`` takes sweeps and the places where they lie.
    """

    scheduler: str | TrialScheduler
    searcher: str | Searcher
    metric: str | Sequence[str] | None
    mode: Mode | Sequence[Mode] | None
    num_samples: int | None
    max_concurrent_trials: int | None
    time_budget_s: float | None
    resources: Resources | None
    max_t: int | None
    grace_period: int | None
    points_to_evaluate: Sequence[Mapping[str, Any]] | None
    warm_start: Sequence[str | Path | Uri | Sweep] | None
    seed: int | None
    name: str | None
    max_failures: int
    checkpoint_frequency: int | None
    notes: str
    tags: Sequence[str]
    progress: str


class SweepOptions(CommonOptions, total=False):
    """What `tuner.run` and `tuner.resolve` accept beside the scenario; `SweepSpec` explains each.

    Two options are not part of the spec: ``callbacks`` (Ray Tune callbacks, called after tuner's
    own), and ``progress`` (``"auto"``, ``"live"``, ``"lines"`` or ``"none"``).
    """

    storage_path: str
    address: str | None
    num_cpus: int | None
    num_gpus: int | None
    placement: Placement | None
    share: float
    metrics: bool | None
    wait_for_resources_s: float | None
    fail_fast: bool
    trial_timeout_s: float | None
    keep_checkpoints: int
    keep_final: bool
    worker_mode: WorkerMode
    max_trials_per_worker: int
    fuse: int
    callbacks: Sequence[Callback]


def check_option_names(names: Mapping[str, Any]) -> None:
    """Refuse a keyword that `tuner.run` does not have.

    Raises:
        SpecError: With the nearest keyword.
    """
    known = SweepOptions.__annotations__
    for name in names:
        if name not in known:
            raise SpecError(f"tuner.run has no option {name!r}{nearest(name, known)}")
