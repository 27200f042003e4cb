"""What the verbs print of the workers of a sweep and of the nodes that they ran on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from tuner.cli.grid import empty_table
from tuner.plurals import counted
from tuner.progress.wording import duration_text

__all__ = ["nodes_parts", "workers_text"]

_MOST_NODES = 20


def workers_text(workers: Mapping[str, Any]) -> Text:
    """Return how many worker processes there were, and how they spent their time."""
    started, busy_s = workers["started"], workers["busy_s"]
    held_s = workers["start_s"] + busy_s + workers["idle_s"]
    told = [
        f"{counted(started, 'worker')}, reused {counted(workers['reused'], 'time')}",
        f"busy {busy_s / held_s:.0%} of their time" if held_s else "",
        f"starting {workers['start_s'] / started:.1f} s each",
        f"idle {workers['idle_s'] / started:.1f} s each",
        f"{workers['wasted_s']:.1f} s wasted" if workers["wasted_s"] else "",
    ]
    replaced = sum(n for why, n in workers["ended"].items() if why.startswith("replaced"))
    if replaced:
        told.append(f"{replaced} replaced")
    return Text(", ".join(filter(None, told)))


def nodes_parts(nodes: Sequence[Mapping[str, Any]]) -> Iterator[RenderableType]:
    """Yield what each node was used for, the least used one first."""
    if len(nodes) < 2:
        return
    table = empty_table(
        *("#node", ">cpus", ">gpus", ">there", ">workers", ">cpu busy", ">gpu busy"),
        *(">idle/worker", ">unused"),
    )
    by_use = sorted(nodes, key=lambda node: -node["unused_s"])
    for node in by_use[:_MOST_NODES]:
        workers = node["workers"]
        table.add_row(
            Text(node["node"]),
            *(f"{node[name]:g}" for name in ("cpu", "gpu")),
            duration_text(node["present_s"]),
            str(workers),
            *(_share_text(node[name]) for name in ("cpu_busy", "gpu_busy")),
            f"{node['idle_s'] / workers:.1f}s" if workers else "-",
            duration_text(node["unused_s"]),
        )
    yield Text()
    yield table
    told = [
        f"{len(nodes) - _MOST_NODES} more nodes (--json)" if len(nodes) > _MOST_NODES else "",
        _waste_text(nodes),
    ]
    if any(told):
        yield Text("; ".join(filter(None, told)), style="dim")


def _waste_text(nodes: Sequence[Mapping[str, Any]]) -> str:
    """Return which nodes stood by for nothing, if any did."""
    never = [node["node"] for node in nodes if not node["workers"]]
    if not never:
        return ""
    names = ", ".join(never[:3]) + (", ..." if len(never) > 3 else "")
    return f"{counted(len(never), 'node')} of {len(nodes)} never had a worker: {names}"


def _share_text(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"
