from __future__ import annotations

import pytest

from tuner.distributed.layout import Seat, lay_out

CPU = [Seat("a", "10.0.0.1"), Seat("b", "10.0.0.2"), Seat("a", "10.0.0.1", cpus=4)]


def test_ranks_are_numbered_by_bundle_and_within_their_node() -> None:
    first, second, third = lay_out(CPU)

    assert [place.rank for place in (first, second, third)] == [0, 1, 2]
    assert [place.local_rank for place in (first, second, third)] == [0, 0, 1]
    assert [place.local_world_size for place in (first, second, third)] == [2, 1, 2]
    assert [place.node_rank for place in (first, second, third)] == [0, 1, 0]
    assert {place.world_size for place in (first, second, third)} == {3}
    assert [place.threads for place in (first, second, third)] == [1, 1, 4]
    assert third.environment() == {
        "RANK": "2",
        "WORLD_SIZE": "3",
        "LOCAL_RANK": "1",
        "LOCAL_WORLD_SIZE": "2",
        "NODE_RANK": "0",
    }


def test_ranks_see_the_gpus_of_their_node_and_own_one_of_them() -> None:
    first, second, third = lay_out(
        [Seat("a", "h", ("2",)), Seat("b", "i", ("0",)), Seat("a", "h", ("0",))]
    )

    assert first.environment()["CUDA_VISIBLE_DEVICES"] == "2,0"
    assert (first.device, third.device) == (0, 1)  # as their local ranks
    assert (second.visible_gpus, second.device) == (("0",), 0)
    assert {place.backend for place in (first, second, third)} == {"nccl"}


@pytest.mark.parametrize(
    "seats",
    [
        CPU,
        [Seat("a", "h", ("0",)), Seat("a", "h", ("0",))],  # shares of one GPU
        [Seat("a", "h", ("0",)), Seat("a", "h")],  # one rank has none
    ],
)
def test_where_ranks_share_gpus_or_lack_them_gloo_connects(seats: list[Seat]) -> None:
    assert {place.backend for place in lay_out(seats)} == {"gloo"}


def test_a_rank_of_two_gpus_starts_on_its_first() -> None:
    first, second = lay_out([Seat("a", "h", ("0", "1")), Seat("a", "h", ("2", "3"))])

    assert (first.device, second.device) == (0, 2)
    assert first.backend == "nccl"
