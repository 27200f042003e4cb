"""What ``sweep.json`` says of a sweep beside its spec: where it came from, and how it stands."""

from __future__ import annotations

import time
from typing import Any

from tuner.gpu_sharing import Probe
from tuner.planning import Plan
from tuner.provenance import provenance
from tuner.runtime.connect import nodes
from tuner.schedulers import milestones_of
from tuner.store import SweepLayout, write_spec

__all__ = ["SpecRecord"]


class SpecRecord:
    """Writes ``sweep.json``: the spec, where it came from, and how the sweep stands.

    Args:
        plan: The sweep.
        layout: Its folder.
        before: What ``sweep.json`` said of a sweep that is resumed; its beginning is kept.
        probe: What was measured before it began, if anything was.
    """

    def __init__(
        self,
        plan: Plan,
        layout: SweepLayout,
        before: dict[str, Any] | None,
        probe: Probe | None = None,
    ) -> None:
        self._layout = layout
        now = {**provenance(), "nodes": nodes()}
        if before is None:
            self._fixed: dict[str, Any] = {"started": time.time(), **now, "resumed": []}
        else:
            resumed = [*before.get("resumed", ()), {"started": time.time(), **now}]
            self._fixed = {**before, "resumed": resumed}
        self._fixed["spec"] = plan.spec.to_json()
        self._fixed["rungs"] = milestones_of(plan.scheduler)
        if probe is not None:
            self._fixed["probe"] = probe.to_json()

    def write(self, status: str, message: str = "") -> None:
        """Replace the file; ``message`` says why the sweep is what it is, where that is a question.

        Raises:
            StorageError: The disk refuses.
        """
        ended = None if status == "running" else time.time()
        write_spec(
            self._layout, {**self._fixed, "status": status, "message": message, "ended": ended}
        )
