#!/usr/bin/env python3
"""A Ray cluster of several nodes on one Linux machine.

    local_cluster.py up 3 --gpus 4,2,1 --cpus 4     # n1 is the head
    local_cluster.py exec n1 -- tuner run digits_mlp --address auto --storage-path FOLDER/shared
    local_cluster.py kill n2 | start n2 | notice n3 | cut n3 40 | status | down

As root, with iproute2, each node has namespaces of its own: an address, a private disk
(``FOLDER/disk``, another on each node), and all that Ray puts into ``/tmp/ray`` and ``/dev/shm``.
``FOLDER/shared`` is the same on all, and on this machine. Elsewhere, or with ``--plain``, the
nodes are groups of processes. GPUs are logical: Ray counts them.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from namespaces import why_no_namespaces
from ray_nodes import LocalCluster

_DEFAULT_FOLDER = Path(tempfile.gettempdir()) / "tuner-cluster"

_VERBS: Mapping[str, str] = {
    "exec": "run a command on a node",
    "kill": "kill all processes of a node",
    "start": "bring a node back",
    "notice": "send SIGTERM to a node's Ray, as spot machines get it",
    "cut": "take a node's network away for some seconds",
    "status": "show the nodes",
    "down": "end the cluster",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks for, and return the exit status."""
    asked = _parser().parse_args(arguments)
    try:
        return _carry_out(asked)
    except OSError as error:
        print(error, file=sys.stderr)
        return 1


def _carry_out(asked: argparse.Namespace) -> int:
    if asked.verb == "up":
        _up(asked)
        return 0
    if not (asked.dir / "cluster.json").exists():
        raise OSError(f"there is no cluster in {asked.dir}; raise one with `up`, or give --dir")
    cluster = LocalCluster(asked.dir)
    if asked.verb == "exec":
        argv = asked.command[1:] if asked.command[:1] == ["--"] else asked.command
        return subprocess.run(cluster.command(asked.node, argv), check=False).returncode
    if asked.verb == "status":
        for node in cluster.nodes.values():
            state = "up" if node.is_up else "down"
            print(f"{node.name}  {state:4}  cpus={node.cpus:g}  gpus={node.gpus:g}")
    elif asked.verb == "down":
        cluster.down()
    elif asked.verb == "cut":
        cluster.cut(asked.node, asked.seconds)
    else:
        getattr(cluster, asked.verb)(asked.node)
    return 0


def _up(asked: argparse.Namespace) -> None:
    reason = None if asked.plain else why_no_namespaces()
    if reason is not None:
        print(f"no namespaces here ({reason}): plain processes instead", file=sys.stderr)
    began = time.monotonic()
    cluster = LocalCluster.up(
        asked.dir,
        cpus=_sizes(asked.cpus, asked.nodes),
        gpus=_sizes(asked.gpus, asked.nodes),
        plain=asked.plain or reason is not None,
        token=not asked.no_token,
        dashboard=asked.dashboard,
    )
    print(f"{asked.nodes} nodes are up after {time.monotonic() - began:.0f} s; on any of them:")
    print("  " + " ".join(f"{name}={value}" for name, value in cluster.env.items()))
    print(f"shared folder: {cluster.shared}")


def _sizes(text: str, nodes: int) -> list[float]:
    sizes = [float(each) for each in text.split(",")]
    if len(sizes) not in (1, nodes):
        raise OSError(f"give one number, or one for each of {nodes} nodes; got {text!r}")
    return sizes * nodes if len(sizes) == 1 else sizes


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dir", type=Path, default=_DEFAULT_FOLDER, help="the cluster's folder")
    verbs = parser.add_subparsers(dest="verb", required=True)
    up = verbs.add_parser("up", help="raise a cluster")
    up.add_argument("nodes", type=int)
    up.add_argument("--cpus", default="2", help="logical CPUs: of each node, or N,N,...")
    up.add_argument("--gpus", default="0", help="logical GPUs: of each node, or N,N,...")
    up.add_argument("--plain", action="store_true", help="no namespaces")
    up.add_argument("--no-token", action="store_true", help="let anybody in")
    up.add_argument("--dashboard", action="store_true", help="start Ray's, which jobs need")
    for verb, what in _VERBS.items():
        each = verbs.add_parser(verb, help=what)
        if verb not in ("status", "down"):
            each.add_argument("node", metavar="NODE", help="n1, n2, ...")
        if verb == "cut":
            each.add_argument("seconds", type=float)
        if verb == "exec":
            each.add_argument("command", nargs=argparse.REMAINDER, metavar="-- COMMAND")
    return parser


if __name__ == "__main__":
    sys.exit(main())
