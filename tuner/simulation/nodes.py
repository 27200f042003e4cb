"""The nodes of a simulated cluster, and how they are spelled: ``8x4gpu``, ``2x(cpu=32,gpu=8)``."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tuner.errors import ResourcesError, SpecError, nearest
from tuner.resources import bundle_of, slots

__all__ = ["ONE_NODE_EACH", "Node", "parse_nodes", "places_on", "spell_nodes"]

ONE_NODE_EACH = "the bundles of a trial count as one, which takes room on one node"
"""What is not modelled of trials that take several bundles."""

_GROUP = re.compile(r"(?:(\d+)\s*x\s*)?(?:(\d+(?:\.\d+)?)\s*(cpu|gpu)|\(([^()]*)\))")
_SPELLINGS = "spell nodes as 8x4gpu, 16cpu or 2x(cpu=32,gpu=8)+1x(cpu=64)"


@dataclass(frozen=True)
class Node:
    """A machine. Whatever else trials ask for, such as memory, it has in plenty.

    Attributes:
        cpu: Its CPUs; infinite where they are no bound.
        gpu: Its GPUs, a whole number of them.

    Raises:
        SpecError: There is less than nothing of something, or part of a GPU, or nothing at all.
    """

    cpu: float = math.inf
    gpu: float = 0

    def __post_init__(self) -> None:
        if not self.cpu >= 0:
            raise SpecError(f"a node has a number of CPUs >= 0, got cpu={self.cpu}")
        if not (0 <= self.gpu < math.inf and self.gpu == int(self.gpu)):
            raise SpecError(f"a node has a whole number of GPUs >= 0, got gpu={self.gpu}")
        if self.gpu == 0 and not 0 < self.cpu < math.inf:
            raise SpecError(f"a node without GPUs needs CPUs, got cpu={self.cpu}, gpu=0")

    def __str__(self) -> str:
        cpu, gpu = (np.format_float_positional(n, trim="-") for n in (self.cpu, self.gpu))
        if math.isinf(self.cpu):
            return f"{gpu}gpu"
        return f"(cpu={cpu},gpu={gpu})" if self.gpu else f"{cpu}cpu"


def places_on(nodes: Sequence[Node], resources: Mapping[str, float]) -> tuple[int, ...]:
    """Return how many trials each node holds at once.

    A share of a GPU never spans two of them, and a trial never spans nodes.

    Args:
        nodes: The cluster.
        resources: What a trial takes, as in a scenario; other than CPUs and GPUs is ignored.

    Raises:
        ResourcesError: No node holds a trial, or one would hold any number of them.
    """
    wanted = {name: n for name, n in bundle_of(resources).items() if name in ("CPU", "GPU")}
    counts = {node: _places(wanted, node) for node in set(nodes)}
    if not any(counts.values()):
        takes = ", ".join(f"{name.lower()}={amount:g}" for name, amount in wanted.items())
        raise ResourcesError(
            f"a trial takes {takes}, and no node of {spell_nodes(nodes)} holds one: take larger "
            "nodes, or give a trial less"
        )
    return tuple(counts[node] for node in nodes)


def _places(wanted: Mapping[str, float], node: Node) -> int:
    bounded = {name: n for name, n in wanted.items() if name == "GPU" or math.isfinite(node.cpu)}
    if not bounded:
        raise ResourcesError(
            f"a trial takes no GPU, and a node of {node} says nothing of its CPUs: write "
            f"(cpu=16,gpu={node.gpu:g}), or give a trial a GPU or a share of one"
        )
    return slots(bounded, [{"CPU": node.cpu, "GPU": node.gpu}])


def spell_nodes(nodes: Sequence[Node]) -> str:
    """Return the text that `parse_nodes` reads as these nodes."""
    groups = ((node, len(list(same))) for node, same in itertools.groupby(nodes))
    return "+".join(f"{count}x{node}" for node, count in groups)


def parse_nodes(text: str) -> tuple[Node, ...]:
    """Read ``"2x(cpu=32,gpu=8)+1x(cpu=64)"``; without a number there is one node of a kind.

    Raises:
        SpecError: It is spelled otherwise, or there can be no such node.
    """
    nodes: list[Node] = []
    for part in text.split("+"):
        group = _GROUP.fullmatch(part.strip())
        if group is None:
            raise SpecError(f"{part.strip()!r} is no group of nodes in {text!r}: {_SPELLINGS}")
        count, amount, name, listed = group.groups()
        if count is not None and int(count) < 1:
            raise SpecError(f"a group has at least one node, got {part.strip()!r} in {text!r}")
        has = {name: float(amount)} if amount else _parse_listed(listed, text)
        nodes += [Node(has.get("cpu", math.inf), has.get("gpu", 0))] * int(count or 1)
    return tuple(nodes)


def _parse_listed(listed: str, text: str) -> dict[str, float]:
    has: dict[str, float] = {}
    for part in listed.split(","):
        name, _, amount = (piece.strip() for piece in part.partition("="))
        if name not in ("cpu", "gpu"):
            raise SpecError(f"a node has CPUs and GPUs, got {name!r} in {text!r}{_near(name)}")
        if name in has:
            raise SpecError(f"{name} is given twice in {text!r}: leave one of them out")
        try:
            has[name] = float(amount)
        except ValueError:
            raise SpecError(f"{name}={amount!r} in {text!r} is no number: {_SPELLINGS}") from None
    return has


def _near(name: str) -> str:
    return nearest(name, ("cpu", "gpu"))
