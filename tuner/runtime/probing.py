"""Finds the share of a GPU for a sweep that asks for it; Ray is connected."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import PurePath

from tuner.gpu_sharing import Probe, representatives, run_probe
from tuner.planning import Plan
from tuner.runtime.bench import PROBES, RayBench
from tuner.runtime.storage import Checkpoints, TrialStorage

__all__ = ["measure_share", "with_share"]


def measure_share(plan: Plan, checkpoints: Checkpoints, say: Callable[[str], None]) -> Probe:
    """Try configurations of a sweep on a GPU of the cluster, alone and together.

    Args:
        plan: The sweep.
        checkpoints: Where trials save that do so unasked.
        say: Shows a line to the user.

    Raises:
        ResourcesError: No GPU is free or in use by torch, or no configuration fits one.
        SweepFailedError: A configuration fails for another reason than want of memory.
    """
    scenario = plan.scenario
    storage = TrialStorage(checkpoints, None, plan.spec.name)
    try:
        configs = representatives(scenario.space, scenario.constraint, seed=plan.spec.seed)
        with RayBench(plan, storage, say=say) as bench:
            probe = run_probe(bench, configs, say)
    finally:
        storage.remove_temporary_files()
        for path in checkpoints.found():
            if PurePath(path).parent.name.startswith(PROBES):
                checkpoints.remove(path)
    for line in probe.lines():
        say(line)
    return probe


def with_share(plan: Plan, probe: Probe) -> Plan:
    """Return the plan of a sweep whose trials take the share that was found."""
    resources = {**plan.spec.resources, "gpu": probe.share}
    return dataclasses.replace(plan, spec=dataclasses.replace(plan.spec, resources=resources))
