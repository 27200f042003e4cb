from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tuner.bundles import Placement, Shape, check_placement, check_shape_fits, shape_slots, total
from tuner.errors import ResourcesError, SpecError
from tuner.resources import slots

# Three GPU nodes of 4, 2 and 1, as in a small mixed cluster.
NODES = [{"CPU": 16.0, "GPU": 4.0}, {"CPU": 8.0, "GPU": 2.0}, {"CPU": 4.0, "GPU": 1.0}]
ONE_GPU = {"cpu": 1, "gpu": 1}


def shape(*bundles: dict[str, float], placement: Placement = "pack") -> Shape:
    return Shape.of(total(bundles), bundles, placement)


@pytest.mark.parametrize(
    ("bundles", "placement", "expected"),
    [
        ([{}, ONE_GPU, ONE_GPU], "pack", 3),  # 7 GPUs: two pairs on 4, one on 2, one GPU is left
        ([{}, ONE_GPU, ONE_GPU], "strict_pack", 3),
        ([{}, ONE_GPU, ONE_GPU], "strict_spread", 3),  # (4, 2), (4, 2), (4, 1)
        ([{}, *[ONE_GPU] * 3], "strict_pack", 1),  # only the node of 4 has three
        ([{}, *[ONE_GPU] * 3], "pack", 2),  # 3 of 4; and 1 of it with the 2
        ([{}, *[ONE_GPU] * 3], "strict_spread", 1),
        ([{}, *[ONE_GPU] * 4], "strict_spread", 0),  # there are three nodes
        ([{}, *[ONE_GPU] * 7], "pack", 1),
        ([{}, *[ONE_GPU] * 8], "pack", 0),
        ([{"cpu": 1}, {"gpu": 4}, {"gpu": 2}], "pack", 1),
        ([{"cpu": 1}, {"gpu": 4}, {"gpu": 4}], "pack", 0),
        ([{}, {"gpu": 0.6}, {"gpu": 0.6}], "strict_pack", 3),  # a share never spans two GPUs
        ([{}, {"gpu": 0.5}, {"gpu": 0.5}], "pack", 7),
        ([{"cpu": 14}, {"cpu": 14}], "pack", 0),  # 28 CPUs in all, 14 of them on one node
    ],
)
def test_trials_of_several_bundles_are_counted(
    bundles: list[dict[str, float]], placement: Placement, expected: int
) -> None:
    assert shape_slots(shape(*bundles, placement=placement), NODES) == expected


amounts = st.sampled_from([0.25, 0.3, 0.5, 1.0, 2.0])
single = st.fixed_dictionaries({"cpu": amounts}, optional={"gpu": amounts})
machines = st.lists(
    st.fixed_dictionaries({"CPU": st.integers(0, 6), "GPU": st.integers(0, 3)}), max_size=4
)


@given(single, machines)
def test_a_shape_of_one_bundle_is_that_bundle(bundle: dict[str, float], nodes: Any) -> None:
    one = Shape.of(bundle)
    assert shape_slots(one, nodes) == slots(one.bundles[0], nodes)


@given(single, machines, st.integers(2, 3))
def test_several_bundles_never_take_more_than_there_is(
    bundle: dict[str, float], nodes: Any, number: int
) -> None:
    several = shape(*[bundle] * number)
    pieces = slots(several.bundles[0], nodes)
    # Equal bundles waste nothing where they may go anywhere, and no more where they must not.
    assert shape_slots(several, nodes) == pieces // number
    for placement in ("spread", "strict_pack", "strict_spread"):
        confined = shape(*[bundle] * number, placement=placement)
        assert shape_slots(confined, nodes) <= pieces // number


def test_what_does_not_fit_is_refused_with_its_bundles_and_the_nodes() -> None:
    check_shape_fits(shape({}, ONE_GPU, ONE_GPU), NODES)
    with pytest.raises(ResourcesError, match="no node has gpu=5") as refusal:
        check_shape_fits(shape({}, {"gpu": 5}, ONE_GPU), NODES)
    with pytest.raises(ResourcesError) as refusal:
        check_shape_fits(shape({}, *[{"gpu": 2}] * 4), NODES)
    text = str(refusal.value)
    assert "takes 5 bundles, nothing + gpu=2 + gpu=2 + gpu=2 + gpu=2, which do not fit" in text
    with pytest.raises(ResourcesError, match=r"on one node .*'pack' would divide them"):
        check_shape_fits(shape({}, *[ONE_GPU] * 5, placement="strict_pack"), NODES)


def test_a_placement_is_one_of_rays() -> None:
    assert check_placement("spread") == "spread"
    with pytest.raises(SpecError, match="did you mean 'strict_pack'"):
        check_placement("strictpack")
