"""The Ray actor in which one rank of a trial runs."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import ray
from ray.tune import Checkpoint

from tuner.capping import ShareCap
from tuner.distributed.layout import Place, Seat
from tuner.distributed.rank import Rank, Report, Reports
from tuner.trainable.generators import seed_all

__all__ = ["RankProcess"]


class RankProcess:
    """Runs a function as one rank; two calls at a time: the function, and asking for reports.

    Args:
        cpus: How many CPUs it has.
        gpus: How many GPUs, or which share of one, to which it is held.
    """

    def __init__(self, cpus: float, gpus: float) -> None:
        self._cpus = cpus
        self._gpus = gpus
        self._reports = Reports()
        self._store: Any = None

    def seat(self) -> Seat:
        """Return where Ray put this process."""
        return Seat(
            node=ray.get_runtime_context().get_node_id(),
            host=ray.util.get_node_ip_address(),
            gpus=tuple(str(gpu) for gpu in ray.get_gpu_ids()),
            cpus=self._cpus,
        )

    def open_store(self, host: str, world_size: int) -> int:
        """Open the store by which the ranks find each other; return its port, a free one."""
        self._store = _store(host, 0, world_size, is_master=True, wait_for_workers=False)
        return int(self._store.port)

    def run(
        self,
        function: Callable[..., Any],
        args: Sequence[Any],
        place: Place,
        meeting: tuple[str, int],
        seed: int,
        checkpoint: Checkpoint | None,
        timeout_s: float,
    ) -> None:
        """Run ``function(rank, *args)`` with the other ranks, to its end.

        Args:
            function: A user's own.
            args: Its arguments.
            place: Of this rank.
            meeting: Host and port of the store.
            seed: The trial's.
            checkpoint: What the trial goes on from.
            timeout_s: How long the ranks wait for each other.
        """
        os.environ.update(place.environment() | _address(meeting))
        ShareCap(self._gpus, device=place.device)
        import torch  # not before it is known which GPUs the process sees
        from torch import distributed

        torch.set_num_threads(place.threads)
        if place.device is not None:
            torch.cuda.set_device(place.device)
        seed_all((seed + place.rank) % 2**32)
        distributed.init_process_group(
            place.backend,
            store=self._store or _store(*meeting, place.world_size),
            rank=place.rank,
            world_size=place.world_size,
            timeout=timedelta(seconds=timeout_s),
        )
        try:
            function(Rank(place, checkpoint, self._reports), *args)
        finally:
            self._reports.end()
        # After a failure the group stays: its end would make the other ranks fail as well.
        distributed.destroy_process_group()

    def next_report(self, after_one: bool) -> Report | None:
        """Wait for a report of this rank; see `Reports.next`."""
        return self._reports.next(after_one=after_one)


def _address(meeting: tuple[str, int]) -> dict[str, str]:
    host, port = meeting
    return {"MASTER_ADDR": host, "MASTER_PORT": str(port)}


def _store(host: str, port: int, world_size: int, **options: Any) -> Any:
    from torch.distributed import TCPStore  # type: ignore[attr-defined]

    return TCPStore(host, port, world_size, **options)
