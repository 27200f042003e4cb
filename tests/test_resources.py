from __future__ import annotations

import pytest

from tuner.errors import ResourcesError
from tuner.resources import amount_text, bundle_of, check_fits, describe_nodes, slots

# Three GPU nodes of 4, 2 and 1, as in a small mixed cluster.
NODES = [{"CPU": 16.0, "GPU": 4.0}, {"CPU": 8.0, "GPU": 2.0}, {"CPU": 4.0, "GPU": 1.0}]


def test_a_bundle_speaks_rays_language_and_leaves_zeros_out() -> None:
    assert bundle_of({"cpu": 1, "gpu": 0, "licence": 2}) == {"CPU": 1.0, "licence": 2.0}


@pytest.mark.parametrize(
    ("bundle", "expected"),
    [
        ({"CPU": 1.0}, 28),
        ({"CPU": 1.0, "GPU": 0.25}, 28),  # 16 + 8 + 4: the CPUs are the bound
        ({"CPU": 0.5, "GPU": 0.25}, 28),  # 4 * 4 + 4 * 2 + 4 * 1: the GPUs are
        ({"GPU": 0.6}, 7),  # two of 0.6 do not fit one GPU
        ({"GPU": 1 / 3}, 21),  # 0.3333 three times is a whole GPU
        ({"GPU": 2.0}, 3),
        ({"GPU": 4.0}, 1),
        ({"GPU": 6.0}, 0),  # seven in all, but six on no node
        ({"CPU": 8.0, "GPU": 1.0}, 3),
        ({"licence": 1.0}, 0),
    ],
)
def test_slots_are_counted_per_node(bundle: dict[str, float], expected: int) -> None:
    assert slots(bundle, NODES) == expected


def test_what_no_node_has_is_refused_with_the_numbers() -> None:
    with pytest.raises(ResourcesError) as refusal:
        check_fits({"CPU": 1.0, "GPU": 6.0}, NODES)
    text = str(refusal.value)
    assert "a trial needs cpu=1, gpu=6, and no node has gpu=6 (most on one node: 4)" in text
    assert "3 nodes: cpu=16, gpu=4; cpu=4, gpu=1; cpu=8, gpu=2" in text


def test_what_no_node_has_together_is_refused() -> None:
    split = [{"CPU": 8.0}, {"GPU": 2.0}]
    with pytest.raises(ResourcesError, match="no node has all of it together"):
        check_fits({"CPU": 1.0, "GPU": 1.0}, split)


@pytest.mark.parametrize(
    ("name", "amount", "text"),
    [
        ("memory", 15.6e9, "14.5GiB"), ("memory", 2.0**30, "1.0GiB"), ("memory", 2.0**28, "256MiB"),
        ("object_store_memory", 2.0**31, "2.0GiB"), ("memory", 0.0, "0"),
        ("memory", 5e4, "0.04768MiB"),
        ("GPU", 0.25, "0.25"), ("CPU", 64.0, "64"), ("licence", 2.0**30, "1.07374e+09"),
    ],
)  # fmt: skip
def test_amounts_are_told_in_units(name: str, amount: float, text: str) -> None:
    assert amount_text(name, amount) == text


def test_memory_that_no_node_has_is_told_in_units() -> None:
    with pytest.raises(ResourcesError, match=r"memory=8\.0GiB \(most on one node: 4\.0GiB\)"):
        check_fits({"memory": 2.0**33}, [{"CPU": 1.0, "memory": 2.0**32}])


def test_nodes_are_described_without_rays_own_resources() -> None:
    node = {"CPU": 2.0, "memory": 2.0**34, "object_store_memory": 1e9, "node:10.0.0.1": 1.0}
    assert describe_nodes([node, node]) == "2 nodes: 2 nodes of cpu=2"
    assert describe_nodes([]) == "no node"
