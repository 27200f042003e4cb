"""Which rank sits where, which GPUs it sees, and how the ranks talk to each other. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["Backend", "Place", "Seat", "lay_out"]

Backend: TypeAlias = Literal["nccl", "gloo"]


@dataclass(frozen=True)
class Seat:
    """Where Ray put a process.

    Attributes:
        node: The node's id.
        host: Its address, for the other ranks.
        gpus: Ids of the GPUs, of which the process has all or a share.
        cpus: How many CPUs it has.
    """

    node: str
    host: str
    gpus: tuple[str, ...] = ()
    cpus: float = 1.0


@dataclass(frozen=True)
class Place:
    """A rank among the ranks of its trial.

    Attributes:
        rank: Its number, from 0.
        world_size: How many ranks there are.
        local_rank: Its number among those on its node, from 0.
        local_world_size: How many are on its node.
        node_rank: The number of its node, from 0.
        visible_gpus: Ids of the GPUs of all ranks on its node, those of lower ranks first: each
            process sees them all, as libraries that go by the local rank expect.
        device: Which of these is its own, the first if there are several; None without a GPU.
        backend: How the ranks talk: ``"nccl"`` where each has a GPU that no other rank uses.
        threads: How many threads its CPUs are good for.
    """

    rank: int
    world_size: int
    local_rank: int
    local_world_size: int
    node_rank: int
    visible_gpus: tuple[str, ...]
    device: int | None
    backend: Backend
    threads: int

    def environment(self) -> dict[str, str]:
        """Return the variables that `torch.distributed` and what builds on it look for."""
        numbers = {
            "RANK": self.rank,
            "WORLD_SIZE": self.world_size,
            "LOCAL_RANK": self.local_rank,
            "LOCAL_WORLD_SIZE": self.local_world_size,
            "NODE_RANK": self.node_rank,
        }
        variables = {name: str(number) for name, number in numbers.items()}
        if self.visible_gpus:
            variables["CUDA_VISIBLE_DEVICES"] = ",".join(self.visible_gpus)
        return variables


def lay_out(seats: Sequence[Seat]) -> tuple[Place, ...]:
    """Return the place of each rank, in the order of the seats."""
    nodes = list(dict.fromkeys(seat.node for seat in seats))
    neighbours = {node: [n for n, seat in enumerate(seats) if seat.node == node] for node in nodes}
    visible = {
        node: tuple(dict.fromkeys(gpu for n in ranks for gpu in seats[n].gpus))
        for node, ranks in neighbours.items()
    }
    backend = _backend(seats)
    return tuple(
        Place(
            rank=rank,
            world_size=len(seats),
            local_rank=neighbours[seat.node].index(rank),
            local_world_size=len(neighbours[seat.node]),
            node_rank=nodes.index(seat.node),
            visible_gpus=visible[seat.node],
            device=visible[seat.node].index(seat.gpus[0]) if seat.gpus else None,
            backend=backend,
            threads=max(1, int(seat.cpus)),
        )
        for rank, seat in enumerate(seats)
    )


def _backend(seats: Sequence[Seat]) -> Backend:
    """NCCL refuses two ranks on one GPU, and ranks without one."""
    held = [(seat.node, gpu) for seat in seats for gpu in seat.gpus]
    alone = len(held) == len(set(held)) and all(seat.gpus for seat in seats)
    return "nccl" if alone else "gloo"
