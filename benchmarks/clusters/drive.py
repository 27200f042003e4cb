"""Runs a sweep, or goes on with one, on the Ray cluster of the node that this is started on.

    drive.py ORDER.json

The order holds ``work``, the ``options`` of the sweep, ``resume`` (its folder, or null) and
``outcome``: the file that in the end tells how long it took, and what is left on the cluster.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


import ray
from ray import cloudpickle
from ray._private import state
from ray.util import placement_group_table

import tuner
from clusters import work as work_module
from clusters.work import Work, scenario

_ENDS_WITHIN_S = 30.0


def main(order_file: Path) -> None:
    order = json.loads(order_file.read_text())
    cloudpickle.register_pickle_by_value(work_module)  # so that workers need no path to it
    tuned = scenario(Work(**order["work"]))
    began = time.monotonic()
    if order["resume"] is None:
        tuner.run(tuned, address="auto", progress="lines", **order["options"])
    else:
        tuner.resume(order["resume"], scenario=tuned, address="auto", progress="lines")
    wall_s = time.monotonic() - began
    left = leftovers()
    Path(order["outcome"]).write_text(json.dumps({"wall_s": wall_s, **left}))


def leftovers() -> dict[str, Any]:
    """Return what of the sweep is left on the cluster once its ends have had time to spread."""
    deadline = time.monotonic() + _ENDS_WITHIN_S
    while True:
        actors = state.state.actor_table(None, None, "ALIVE")
        groups = {
            name: group["state"]
            for name, group in placement_group_table().items()
            if group["state"] != "REMOVED"
        }
        free = ray.available_resources().get("GPU", 0) == ray.cluster_resources().get("GPU", 0)
        if (not actors and not groups and free) or time.monotonic() > deadline:
            return {"actors": len(actors), "groups": len(groups), "gpus_free": free}
        time.sleep(0.5)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
