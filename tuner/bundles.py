"""What a trial takes where that is several bundles, each on one node: how many trials fit at once?

Pure, over lists of nodes, like `tuner.resources`, which knows the simple case of one bundle.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from tuner.errors import ResourcesError, SpecError, nearest
from tuner.resources import Bundle, bundle_of, check_fits, describe_bundle, describe_nodes, slots

__all__ = [
    "Placement",
    "Room",
    "Shape",
    "check_placement",
    "check_shape_fits",
    "room_beside",
    "shape_slots",
    "total",
]

Placement: TypeAlias = Literal["pack", "spread", "strict_pack", "strict_spread"]
"""Ray's words for where bundles go: onto as few nodes as possible, or onto as many; the strict ones
keep all bundles of a trial on one node, or each on another, and wait until that is possible."""

_STEP = 1e-4  # Ray counts resources in ten-thousandths


@dataclass(frozen=True)
class Shape:
    """What one trial takes, and where.

    Attributes:
        bundles: Each lies on one node, in Ray's spelling; the first is the trial's own process,
            which may take nothing where there are others.
        placement: How bundles go to nodes, and trials of one bundle likewise.
    """

    bundles: tuple[Bundle, ...]
    placement: Placement = "pack"

    @classmethod
    def of(
        cls,
        resources: Mapping[str, float],
        bundles: Sequence[Mapping[str, float]] = (),
        placement: Placement = "pack",
    ) -> Shape:
        """Return the shape of a trial.

        Args:
            resources: All that it takes, as in a scenario.
            bundles: How that is divided, as in a scenario; empty for a single bundle.
            placement: Where the bundles go.
        """
        return cls(tuple(bundle_of(bundle) for bundle in bundles or (resources,)), placement)

    def times(self, number: int) -> Shape:
        """Return what so many trials take together, each of them as this one."""
        if number == 1:
            return self
        bundles = [
            {name: round(number * amount, 4) for name, amount in bundle.items()}
            for bundle in self.bundles
        ]
        return Shape(tuple(bundles), self.placement)

    def __str__(self) -> str:
        return " + ".join(describe_bundle(bundle) or "nothing" for bundle in self.bundles)


@dataclass(frozen=True)
class Room:
    """What is left of a node.

    Attributes:
        rest: Of everything but GPUs, by name.
        gpus: Of each GPU, from 0 to 1.
    """

    rest: Bundle
    gpus: tuple[float, ...]

    @classmethod
    def of(cls, node: Bundle) -> Room:
        """Return a whole node, of which that are the total resources in Ray's spelling."""
        rest = {name: amount for name, amount in node.items() if name != "GPU"}
        return cls(rest, (1.0,) * int(node.get("GPU", 0)))

    def without(self, bundle: Bundle) -> Room | None:
        """Return what is left beside a bundle; None where it does not fit."""
        wanted = {name: amount for name, amount in bundle.items() if name != "GPU"}
        if any(self.rest.get(name, 0) < amount - _STEP / 2 for name, amount in wanted.items()):
            return None
        gpus = list(self.gpus)
        for gpu in self._gpus_for(bundle.get("GPU", 0)):
            gpus[gpu] -= min(bundle["GPU"], 1)
        if sum(self.gpus) - sum(gpus) < bundle.get("GPU", 0) - _STEP / 2:
            return None
        left = {name: amount - wanted.get(name, 0) for name, amount in self.rest.items()}
        return Room(left, tuple(gpus))

    def _gpus_for(self, wanted: float) -> list[int]:
        """Return GPUs that hold a request, fullest first: shares of a GPU don't span GPUs."""
        share = min(wanted, 1)
        fitting = [gpu for gpu, left in enumerate(self.gpus) if left >= share - _STEP / 2]
        return sorted(fitting, key=self.gpus.__getitem__)[: math.ceil(wanted - _STEP / 2)]


def total(bundles: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Return what all bundles take together."""
    summed: dict[str, float] = {}
    for bundle in bundles:
        for name, amount in bundle.items():
            summed[name] = summed.get(name, 0) + amount
    return summed


def check_placement(given: object) -> Placement:
    """Return how bundles are placed, checked.

    Raises:
        SpecError: Ray has no such strategy.
    """
    known: tuple[Placement, ...] = get_args(Placement)
    for placement in known:
        if given == placement:
            return placement
    raise SpecError(f"unknown placement {given!r}{nearest(str(given), known)}")


def shape_slots(shape: Shape, nodes: Sequence[Bundle]) -> int:
    """Return how many trials of a shape the nodes hold at once.

    For several bundles that is what a greedy placement finds, as Ray's own is one.

    Args:
        shape: What a trial takes.
        nodes: Each node's total resources, in Ray's spelling.
    """
    bundles = [bundle for bundle in shape.bundles if bundle]
    if len(bundles) < 2:
        return slots(total(bundles), nodes)
    rooms: Sequence[Room] | None = [Room.of(node) for node in nodes]
    count = -1
    while rooms is not None:
        rooms = room_beside(shape, rooms)
        count += 1
    return count


def room_beside(shape: Shape, rooms: Sequence[Room]) -> list[Room] | None:
    """Return what is left of the nodes beside one more trial; None where it does not fit.

    Args:
        shape: What it takes.
        rooms: What is left of each node so far.
    """
    # The large ones while there is room.
    bundles = sorted((bundle for bundle in shape.bundles if bundle), key=_size, reverse=True)
    if shape.placement != "strict_pack":
        return _placed(bundles, shape.placement, rooms, range(len(rooms)))
    places = (_placed(bundles, "strict_pack", rooms, [room]) for room in range(len(rooms)))
    return next((left for left in places if left is not None), None)


def check_shape_fits(shape: Shape, nodes: Sequence[Bundle]) -> None:
    """Refuse a trial that the nodes can never hold.

    Raises:
        ResourcesError: With what it takes, and what each node has.
    """
    for bundle in shape.bundles:
        check_fits(bundle, nodes)
    if shape_slots(shape, nodes) > 0:
        return
    where = {
        "strict_pack": " on one node (placement='strict_pack'; 'pack' would divide them)",
        "strict_spread": " on a node of its own each (placement='strict_spread')",
    }.get(shape.placement, "")
    raise ResourcesError(
        f"a trial takes {len(shape.bundles)} bundles, {shape}, which do not fit at once{where}; "
        f"the cluster has {describe_nodes(nodes)}. Ask for fewer or smaller ones, or join a "
        "cluster that has them and say --wait-for-resources if they are still to come"
    )


def _placed(
    bundles: Sequence[Bundle],
    placement: Placement,
    rooms: Sequence[Room],
    candidates: Sequence[int],
) -> list[Room] | None:
    left, used = list(rooms), list[int]()
    for bundle in bundles:
        for room in _in_order(placement, used, candidates):
            beside = left[room].without(bundle)
            if beside is not None:
                left[room] = beside
                used = [room, *(other for other in used if other != room)]
                break
        else:
            return None
    return left


def _in_order(placement: Placement, used: Sequence[int], rooms: Sequence[int]) -> list[int]:
    """Return the rooms that the next bundle may go to, the preferred one first."""
    others = [room for room in rooms if room not in used]
    if placement == "strict_spread":
        return others
    return [*others, *used] if placement == "spread" else [*used, *others]


def _size(bundle: Bundle) -> tuple[float, float]:
    return bundle.get("GPU", 0), sum(bundle.values())
