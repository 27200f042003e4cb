"""`probe`: what share of a GPU should a scenario's trials take?"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tuner.gpu_sharing import Probe
from tuner.planning import resolve_plan
from tuner.progress import make_view
from tuner.runtime.connect import connect, quiet_ray
from tuner.runtime.hiding import check_nothing_hides_tuner
from tuner.runtime.probing import measure_share
from tuner.runtime.storage import Checkpoints
from tuner.runtime.waiting import wait_until_fits
from tuner.scenario import Scenario

__all__ = ["probe"]


def probe(
    scenario: str | Scenario,
    *,
    resources: Mapping[str, float] | None = None,
    address: str | None = None,
    num_cpus: int | None = None,
    num_gpus: int | None = None,
    seed: int = 0,
    progress: str = "auto",
) -> Probe:
    """Measure how many trials of a scenario should share a GPU, and what each takes of it then.

    Up to eight configurations, the largest of the space among them, train for a few reports each
    with a GPU to themselves; then 1, 2, 4, ... trials train at once, as many as its memory holds,
    as long as they do more together. `tuner.run` does the same for ``resources={"gpu": "auto"}``.

    Args:
        scenario: As of `tuner.run`.
        resources: What a trial takes beside the GPU; None for what the scenario says.
        address: Of a running Ray cluster; None for a local Ray.
        num_cpus: Logical CPUs of the local Ray; None for what the machine has.
        num_gpus: Logical GPUs of the local Ray; None for what the machine has.
        seed: Of the configurations that are drawn.
        progress: Whether lines say what is being measured: ``"none"`` for not.

    Returns:
        The share, with the evidence for it.

    Raises:
        UsageError: The scenario cannot be loaded, no GPU is free, trials use none, or none fits.
        SweepFailedError: A configuration fails for another reason than want of memory.
    """
    plan = resolve_plan(
        scenario,
        {
            "resources": {**(resources or {}), "gpu": "auto"},
            "scheduler": "fifo",
            "searcher": "random",
            "seed": seed,
        },
    )
    view = make_view(progress, sys.stderr)
    try:
        with quiet_ray(), tempfile.TemporaryDirectory(prefix="tuner-probe-") as folder:
            check_nothing_hides_tuner()
            connect(address, num_cpus=num_cpus, num_gpus=num_gpus, say=view.message)
            wait_until_fits(plan.spec.shape, None, view.message)
            return measure_share(plan, Checkpoints.local(Path(folder)), view.message)
    finally:
        view.close()
