"""One rank by itself, in this process; what Ray adds is in `test_running`."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import pytest

from tuner.distributed import process
from tuner.distributed.layout import Seat, lay_out
from tuner.distributed.process import RankProcess
from tuner.distributed.rank import Rank


def test_a_rank_is_held_to_its_share_of_the_gpu_that_is_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import torch

    bounds: list[Any] = []
    ran: list[int] = []

    def cap(share: float, *, device: int | None) -> None:
        assert not torch.distributed.is_initialized()  # nothing has used CUDA by then
        bounds.append((share, device, os.environ["CUDA_VISIBLE_DEVICES"]))

    monkeypatch.setattr(process, "ShareCap", cap)
    monkeypatch.setattr(torch.cuda, "set_device", lambda device: None)
    monkeypatch.setattr(os, "environ", dict(os.environ))
    # Two GPUs are in sight, as of a trial whose other rank has the first one.
    place = lay_out([Seat("n", "h", ("3",)), Seat("n", "h", ("5",))])[1]
    alone = lay_out([Seat("n", "h")])[0]  # but there is nobody to meet in this process
    own = replace(alone, visible_gpus=place.visible_gpus, device=place.device)
    rank = RankProcess(cpus=1.0, gpus=0.25)
    port = rank.open_store("127.0.0.1", 1)
    threads = torch.get_num_threads()
    try:
        rank.run(lambda r: ran.append(_sum(r)), (), own, ("127.0.0.1", port), 7, None, 30.0)
    finally:
        torch.set_num_threads(threads)

    assert bounds == [(0.25, 1, "3,5")]
    assert ran == [1]


def _sum(rank: Rank) -> int:
    import torch

    ones = torch.ones(1)
    torch.distributed.all_reduce(ones)
    return int(ones.item())
