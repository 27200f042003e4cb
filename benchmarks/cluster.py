"""Sweeps on three nodes of which some are lost: nothing is lost with them but minutes.

Raises a cluster of namespaces on this machine (root, iproute2), as `cluster/local` does. Takes
about 25 minutes, with ``--quick`` about 5. The figures with which a goal is judged are counts, so
that a slow machine changes none of them.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cluster" / "local"))

from clusters.proofs import beheading, churn, sharing, trouble
from harness import Goal, finish, options
from namespaces import why_no_namespaces
from ray_nodes import LocalCluster

ARMS = ("asha", "hyperband", "pbt:perturbation_interval=2")


def cases(quick: bool) -> Mapping[str, Callable[[LocalCluster], dict[str, Any]]]:
    """Return what is to be shown, by name."""
    cut_s, trials = (12.0, 14) if quick else (40.0, 28)
    rounds = {"trials": 60, "epochs": 5, "step_s": 0.5, "every_s": 30.0}
    if not quick:
        rounds = {"trials": 500, "epochs": 9, "step_s": 4.0, "every_s": 60.0}
    return {
        "sharing": lambda cluster: sharing(cluster, trials=60, share=0.25, step_s=1.0),
        **{
            f"trouble {arm}": lambda cluster, arm=arm: trouble(
                cluster, arm, trials=trials, epochs=9, step_s=1.0, cut_s=cut_s
            )
            for arm in ARMS
        },
        "beheading": lambda cluster: beheading(cluster, trials=trials, epochs=9, step_s=0.5),
        "churn": lambda cluster: churn(cluster, **rounds),
    }


def goals(figures: Mapping[str, Mapping[str, Any]]) -> list[Goal]:
    """Return each figure against its bound."""
    found = []
    for name, told in figures.items():
        if name == "sharing":
            found += [
                Goal(f"{name}: completed trials", told["completed"], told["trials"], "at least"),
                Goal(f"{name}: GPUs used", told["gpus_used"], told["gpus"], "at least"),
                Goal(f"{name}: most of a GPU, recorded", told["most_recorded"], 1.0, "at most"),
                Goal(f"{name}: most of a GPU, seen", told["most_seen"], 1.0, "at most"),
                Goal(f"{name}: trials elsewhere than recorded", told["misplaced"], 0, "at most"),
            ]
        else:
            found += [
                Goal(f"{name}: ended trials", told["ended"], told["trials"], "at least"),
                Goal(
                    f"{name}: epochs trained again, per loss", told["most_repeated"], 2, "at most"
                ),
            ]
        left = told["actors"] + told["groups"] + (not told["gpus_free"])
        found += [
            Goal(
                f"{name}: trials without a report of each epoch", told["unreported"], 0, "at most"
            ),
            Goal(f"{name}: actors and placement groups left", left, 0, "at most"),
        ]
    return found


def main() -> None:
    parser = options(__doc__ or "")
    parser.add_argument("--case", action="append", help="only those that begin so")
    arguments = parser.parse_args()
    reason = why_no_namespaces()
    if reason is not None:
        sys.exit(f"a cluster of namespaces cannot be raised here: {reason}")
    folder = Path(tempfile.mkdtemp(prefix="tuner-nodes-"))
    figures: dict[str, dict[str, Any]] = {}
    cluster = LocalCluster.up(folder, cpus=(1, 1, 1), gpus=(4, 2, 1))
    try:
        for name, show in cases(arguments.quick).items():
            if arguments.case and not name.startswith(tuple(arguments.case)):
                continue
            cluster.start(*(name for name, node in cluster.nodes.items() if not node.is_up))
            told = figures[name] = show(cluster)
            print(name, told, flush=True)
    finally:
        cluster.down()
        shutil.rmtree(folder, ignore_errors=True)
    finish(arguments, figures, goals(figures))


if __name__ == "__main__":
    main()
